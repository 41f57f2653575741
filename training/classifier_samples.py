"""A batch of pictures for an orientation classifier."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.fonts import Face

UNKNOWN = -100  # the label of a picture that shows no orientation: left out of the loss


@dataclass(frozen=True)
class Samples:
    """``images``: uint8 (N, H, W) grey; ``labels``: int64 (N,), a class or UNKNOWN; ``counted``: bool (N,).

    An evaluation looks at the counted ones only.
    """

    images: NDArray[np.uint8]
    labels: NDArray[np.int64]
    counted: NDArray[np.bool_]


# (seed, number, faces, weight of each face) to batch ``number`` of the stream ``seed``, the same every time.
MakeSamples = Callable[[int, int, Sequence[Face], Sequence[float]], Samples]
