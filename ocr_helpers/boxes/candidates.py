"""Every candidate box of one page under one setting: kept, or rejected and why.

Plain arrays for programs that draw hundreds of boxes many times a second; a `Candidate` of each for people.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args, overload

import numpy as np
from numpy.typing import NDArray

from ocr_helpers.boxes.geometry import MIN_SIDE
from ocr_helpers.boxes.regions import Regions

__all__ = ["Candidate", "Candidates", "Reason"]

Reason: TypeAlias = Literal["too_small", "low_score", "too_small_after_unclip", "beyond_limit"]
REASONS: tuple[Reason, ...] = get_args(Reason)
KEPT, TOO_SMALL, LOW_SCORE, TOO_SMALL_AFTER_UNCLIP = range(4)
"""Values of ``Candidates.states``: 0 for kept, else the place of the reason in `Reason`, from 1."""


@dataclass(frozen=True, slots=True, eq=False)
class Candidate:
    """One connected area of the thresholded probability map, or a hole in one, and what became of it.

    Attributes:
        index: its place in PaddleX's order.
        kept: it is one of the boxes.
        reason: why not: ``"too_small"``: ``side`` is below 3; ``"low_score"``: ``score`` is below
            box_thresh; ``"too_small_after_unclip"``: ``unclipped_side`` is below 5; ``"beyond_limit"``:
            PaddleX looks at 1,000 areas only. None where it is kept.
        quad_before_xy: float32 (4, 2): the rectangle round the area in pixels of the page, from the upper
            left corner clockwise, before unclipping. It may reach beyond the page.
        quad_xy: int16 (4, 2): the box in pixels of the page, after unclipping; None where PaddleX does not
            get that far.
        score: mean probability inside the rectangle, 0…1; None beyond the limit.
        area: of the rectangle before unclipping, in square pixels of the page. Measured from pixel centre to
            pixel centre, as PaddleX measures sides: a single pixel has none.
        side: its shorter side, in pixels of the probability map.
        unclipped_side: shorter side of the box in pixels of the map; None where ``quad_xy`` is.

    """

    index: int
    kept: bool
    reason: Reason | None
    quad_before_xy: NDArray[np.float32]
    quad_xy: NDArray[np.int16] | None
    score: float | None
    area: float
    side: float
    unclipped_side: float | None


@dataclass(frozen=True, eq=False, repr=False)
class Candidates(Sequence[Candidate]):
    """All candidates of a page under one setting, in PaddleX's order; ``candidates[i]`` is a `Candidate`.

    The arrays below cover the M ≤ 1,000 that PaddleX looks at, and are read-only; those beyond the limit
    are counted, and their rectangles computed when asked for.

    Attributes:
        states: uint8 (M,): 0 kept, 1 too small, 2 low score, 3 too small after unclipping.
        unclipped: intp (U,): indices of those that were unclipped: kept, or too small after it.
        unclipped_quads_xy: int16 (U, 4, 2): their boxes, as ``quad_xy`` of `Candidate`.
        unclipped_sides: float64 (U,): as ``unclipped_side`` of `Candidate`.
        kept: intp (K,): indices of the boxes.
        kept_quads_xy: int16 (K, 4, 2): the boxes, bit by bit those of PaddleX's ``DBPostProcess``.
        kept_scores: float64 (K,): their scores, likewise.

    """

    states: NDArray[np.uint8]
    unclipped: NDArray[np.intp]
    unclipped_quads_xy: NDArray[np.int16]
    unclipped_sides: NDArray[np.float64]
    kept: NDArray[np.intp]
    kept_quads_xy: NDArray[np.int16]
    kept_scores: NDArray[np.float64]
    _regions: Regions

    @classmethod
    def select(cls, regions: Regions, box_thresh: float, unclip_ratio: float) -> "Candidates":
        """Sort the candidates of one setting into kept and rejected."""
        passed = regions.large_scores >= box_thresh
        reached = regions.large[passed]
        quads, sides = regions.unclip(reached, unclip_ratio)
        wide = sides >= MIN_SIDE + 2
        kept = reached[wide]
        states = np.full(len(regions.quads), TOO_SMALL, np.uint8)
        states[regions.large] = LOW_SCORE
        states[reached] = TOO_SMALL_AFTER_UNCLIP
        states[kept] = KEPT
        arrays = states, reached, quads, sides, kept, quads[wide], regions.large_scores[passed][wide]
        for array in arrays:
            array.flags.writeable = False
        return cls(*arrays, _regions=regions)

    @property
    def quads_before_xy(self) -> NDArray[np.float32]:
        """Float32 (M, 4, 2): as ``quad_before_xy`` of `Candidate`."""
        return self._regions.quads_xy

    @property
    def scores(self) -> NDArray[np.float64]:
        """Float64 (M,): as ``score`` of `Candidate`, of rejected ones too."""
        return self._regions.scores

    @property
    def areas(self) -> NDArray[np.float64]:
        """Float64 (M,): as ``area`` of `Candidate`."""
        return self._regions.areas

    @property
    def counts(self) -> dict[Reason | Literal["kept"], int]:
        """How many are kept, and how many are rejected for each reason."""
        examined = np.bincount(self.states, minlength=len(REASONS)).tolist()
        beyond = len(self) - len(self.states)
        return dict(zip(("kept", *REASONS), (*examined, beyond), strict=True))

    def __repr__(self) -> str:
        return f"Candidates({', '.join(f'{name}={count}' for name, count in self.counts.items())})"

    def __len__(self) -> int:
        return len(self._regions.contours)

    @overload
    def __getitem__(self, index: int) -> Candidate: ...
    @overload
    def __getitem__(self, index: slice) -> list[Candidate]: ...
    def __getitem__(self, index: int | slice) -> Candidate | list[Candidate]:
        """One candidate, or a list of those that a slice names."""
        places = range(len(self))[index]
        return self._at(places) if isinstance(places, int) else [self._at(place) for place in places]

    def __iter__(self) -> Iterator[Candidate]:
        return map(self._at, range(len(self)))

    def _at(self, index: int) -> Candidate:
        if index >= len(self.states):
            return self._beyond(index)
        state = int(self.states[index])
        quad = side = None
        if state in (KEPT, TOO_SMALL_AFTER_UNCLIP):
            place = int(np.searchsorted(self.unclipped, index))
            quad, side = self.unclipped_quads_xy[place], float(self.unclipped_sides[place])
        return Candidate(
            index=index,
            kept=state == KEPT,
            reason=None if state == KEPT else REASONS[state - 1],
            quad_before_xy=self.quads_before_xy[index],
            quad_xy=quad,
            score=float(self.scores[index]),
            area=float(self.areas[index]),
            side=float(self._regions.sides[index, 0]),
            unclipped_side=side,
        )

    def _beyond(self, index: int) -> Candidate:
        quad, (side, _), area = self._regions.beyond_limit(index)
        return Candidate(
            index=index,
            kept=False,
            reason="beyond_limit",
            quad_before_xy=quad,
            quad_xy=None,
            score=None,
            area=area,
            side=side,
            unclipped_side=None,
        )
