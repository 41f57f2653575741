"""Matrices that resample along one axis; two of them, one per axis, resample a plane.

Pixel i of n lies at (i + 0.5) / n of the axis; node k of n lies at k / (n - 1), edges included. All are
float32, one row per output.
"""

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float32]


def linear_matrix(nodes: int, cells: int, margin: float = 0.0) -> Matrix:
    """(nodes, cells): straight lines between the middles of cells, level beyond them, read off at nodes.

    The cells reach ``margin`` beyond the axis at both ends.
    """
    at = (np.linspace(0, 1, nodes) + margin) / (1 + 2 * margin) * cells - 0.5
    distance = np.abs(np.clip(at, 0, cells - 1)[:, None] - np.arange(cells))
    return np.maximum(0, 1 - distance).astype(np.float32)


def extension(nodes: int) -> Matrix:
    """(nodes + 2, nodes): the nodes, and one more at each end on the straight line through the last two."""
    matrix = np.zeros((nodes + 2, nodes), np.float32)
    matrix[1:-1] = np.eye(nodes)
    matrix[0, :2] = 2, -1
    matrix[-1, -2:] = -1, 2
    return matrix


def spline_matrix(pixels: int, nodes: int) -> Matrix:
    """(pixels, nodes): Catmull-Rom curves through the nodes, read off at the pixels.

    Formula: Keys, Cubic convolution interpolation for digital image processing (1981), a = -1/2.
    """
    at = (np.arange(pixels) + 0.5) / pixels * (nodes - 1)
    t = np.minimum(np.abs(at[:, None] - np.arange(-1, nodes + 1)), 2)
    near = (1.5 * t - 2.5) * t * t + 1
    far = ((-0.5 * t + 2.5) * t - 4) * t + 2
    return (np.where(t < 1, near, far) @ extension(nodes)).astype(np.float32)


def shrink_matrix(pixels: int, shrunk: int) -> Matrix:
    """(shrunk, pixels): averages over areas, as OpenCV's INTER_AREA; a row's weights sum to 1."""
    edges, first = np.arange(shrunk + 1) / shrunk * pixels, np.arange(pixels)
    overlap = np.minimum(edges[1:, None], first + 1) - np.maximum(edges[:-1, None], first)
    return (np.maximum(0, overlap) * (shrunk / pixels)).astype(np.float32)
