"""The layers of the two orientation classifiers, as the network and both its exported forms are built."""

from collections.abc import Iterator

# Per stage: channels, stride (down, across), residual convolutions after the one that strides.
Plan = tuple[tuple[int, tuple[int, int], int], ...]
DOCUMENT: Plan = ((16, (2, 2), 0), (32, (2, 2), 0), (48, (2, 2), 1), (96, (2, 2), 1), (128, (2, 2), 1))
LINE: Plan = ((16, (2, 2), 0), (32, (2, 2), 0), (64, (1, 2), 1), (96, (2, 2), 1), (128, (2, 1), 1))


def convolutions(plan: Plan) -> Iterator[tuple[int, tuple[int, int], bool]]:
    """Of each 3 × 3 convolution: channels, stride, whether its input is added to its output."""
    for channels, stride, residuals in plan:
        yield channels, stride, False
        for _ in range(residuals):
            yield channels, (1, 1), True
