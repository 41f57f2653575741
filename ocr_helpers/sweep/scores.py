"""One page under many settings: every distinct box is found, matched and read once.

Settings differ in which of these boxes they keep; those that keep the same ones are scored once. The scores
are those of ``ocr_helpers.scoring``.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ocr_helpers.ground_truth import PageTruth
from ocr_helpers.pages import Page
from ocr_helpers.scoring import intersections_over_unions
from ocr_helpers.scoring.pages import TEXT_OVERLAP
from ocr_helpers.settings import DetectionSettings
from ocr_helpers.settings.pipeline import PipelineSettings
from ocr_helpers.stages import PageMap, StagedPipeline
from ocr_helpers.text import comparable_text

__all__ = ["PageBoxes", "Reading", "cer_of", "find_page_boxes", "hmean_of", "proxy_of"]

_HMEAN_OVERLAP = 0.5
_READ_TOGETHER = 256
"""Lines between two chances to stop."""

Rows = NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class PageBoxes:
    """The boxes of one page under all settings of a sweep.

    Attributes:
        page_map: the page; of whichever input size came last.
        quads_xy: int16 (D, 4, 2): every box that some setting keeps, once.
        kept: per setting the places of its boxes in ``quads_xy``, intp, ascending. A place comes twice where
            PaddleX gives the same box twice.

    """

    page_map: PageMap
    quads_xy: NDArray[np.int16]
    kept: tuple[Rows, ...]


@dataclass(frozen=True, eq=False)
class Reading:
    """What stands in each of the distinct boxes.

    Attributes:
        texts: as they are compared, see ``ocr_helpers.text.comparable_text``.
        scores: float64 (D,), 0…1.

    """

    texts: tuple[str, ...]
    scores: NDArray[np.float64]

    @classmethod
    def of(
        cls,
        staged: StagedPipeline,
        boxes: PageBoxes,
        settings: PipelineSettings,
        tell: Callable[[float], None],
    ) -> "Reading":
        """Read every distinct box once; ``tell`` hears which share of them is done, a few at a time."""
        count = len(boxes.quads_xy)
        texts, scores = [""] * count, np.zeros(count)
        # Lines of equal width share a run of the network: neighbours in this order have about the same.
        order = np.argsort(_aspects(boxes.quads_xy))
        for first in range(0, count, _READ_TOGETHER):
            places = order[first : first + _READ_TOGETHER]
            lines = staged.read(boxes.page_map, list(boxes.quads_xy[places]), settings)
            for place, (text, score) in zip(places.tolist(), lines, strict=True):
                texts[place], scores[place] = comparable_text(text), score
            tell(len(places) / count)
        return cls(tuple(texts), scores)


def find_page_boxes(
    staged: StagedPipeline,
    page: Page,
    settings: Sequence[DetectionSettings],
    others: PipelineSettings,
) -> PageBoxes:
    """Find the boxes of a page under each setting.

    The network runs once for each input size. Boxes are found once for each thresh and unclip_ratio, under
    the lowest box_thresh: a higher one keeps those whose score reaches it.
    """
    lowest: dict[tuple[float, float], float] = {}
    by_limits: dict[tuple[Any, ...], list[int]] = {}
    for number, one in enumerate(settings):
        shape = one.thresh, one.unclip_ratio
        lowest[shape] = min(lowest.get(shape, 1.0), one.box_thresh)
        by_limits.setdefault((one.limit_side_len, one.limit_type, one.max_side_limit), []).append(number)
    found: dict[tuple[Any, ...], tuple[int, NDArray[np.float64]]] = {}
    quads: list[NDArray[np.int16]] = [np.empty((0, 4, 2), np.int16)]
    size = 0
    parts: list[tuple[int, NDArray[np.float64]]] = [(0, np.empty(0))] * len(settings)
    for members in by_limits.values():
        page_map = staged.probability_map(page, replace(others, detection=settings[members[0]]))
        # By thresh: the finder remembers a few, and the longest part of finding depends on nothing else.
        for number in sorted(members, key=lambda n: (settings[n].thresh, settings[n].unclip_ratio)):
            one = settings[number]
            shape = one.thresh, one.unclip_ratio
            key = (page_map.probabilities.shape, *shape)
            if key not in found:
                candidates = page_map.finder.find(replace(one, box_thresh=lowest[shape]))
                found[key] = size, candidates.kept_scores
                quads.append(candidates.kept_quads_xy)
                size += len(candidates.kept_quads_xy)
            parts[number] = found[key]
    distinct, places = _distinct(np.concatenate(quads))
    kept = []
    for one, (first, scores) in zip(settings, parts, strict=True):
        kept.append(np.sort(places[first : first + len(scores)][scores >= one.box_thresh]))
    return PageBoxes(page_map, distinct, tuple(kept))


def hmean_of(boxes: PageBoxes, truth: PageTruth) -> NDArray[np.float64]:
    """Float64, one per setting: H-mean of detection at an overlap of 0.5, 0…1."""
    shares = intersections_over_unions(boxes.quads_xy, truth.quads_xy)

    def score(rows: Rows) -> float:
        pairs, _ = _matched(shares[rows], _HMEAN_OVERLAP)
        return 2 * len(pairs) / (len(rows) + len(truth.texts))

    return _each(boxes.kept, score)


def cer_of(
    boxes: PageBoxes, reading: Reading, truth: PageTruth, least_score: float = 0.0
) -> NDArray[np.float64]:
    """Float64, one per setting: the page's character error rate, from 0; lines below ``least_score`` out."""
    from rapidfuzz.distance import Levenshtein

    true = [comparable_text(text) for text in truth.texts]
    shares = intersections_over_unions(boxes.quads_xy, truth.quads_xy)
    edits = np.zeros(shares.shape)
    for row, column in np.argwhere(shares >= TEXT_OVERLAP).tolist():
        edits[row, column] = Levenshtein.distance(reading.texts[row], true[column])
    lengths = np.array([len(text) for text in reading.texts], float)
    true_lengths = np.array([len(text) for text in true], float)
    characters = true_lengths.sum()

    def score(rows: Rows) -> float:
        i, j = _matched(shares[rows], TEXT_OVERLAP)
        wrong = edits[rows[i], j].sum()
        too_many = lengths[rows].sum() - lengths[rows[i]].sum()
        missing = characters - true_lengths[j].sum()
        return float((wrong + too_many + missing) / characters)

    return _each([rows[reading.scores[rows] >= least_score] for rows in boxes.kept], score)


def proxy_of(boxes: PageBoxes, reading: Reading, least_score: float = 0.0) -> NDArray[np.float64]:
    """Float64, one per setting: see ``ocr_helpers.tuning``."""
    lengths = np.array([len(text) for text in reading.texts], float)
    worth = lengths * (2 * reading.scores - 1)
    return _each(
        [rows[reading.scores[rows] >= least_score] for rows in boxes.kept],
        lambda rows: float(worth[rows].sum()),
    )


def _aspects(quads_xy: NDArray[np.int16]) -> NDArray[np.float64]:
    sides = np.linalg.norm(quads_xy - np.roll(quads_xy.astype(float), -1, axis=1), axis=2)
    across, down = np.maximum(sides[:, 0], sides[:, 2]), np.maximum(sides[:, 1], sides[:, 3])
    ratio: NDArray[np.float64] = across / np.maximum(down, 1)
    return ratio


def _distinct(quads_xy: NDArray[np.int16]) -> tuple[NDArray[np.int16], Rows]:
    """The different boxes, and the place of each given one among them."""
    if not len(quads_xy):
        return quads_xy, np.empty(0, np.intp)
    rows = np.ascontiguousarray(quads_xy).reshape(-1, 8)
    distinct, places = np.unique(rows, axis=0, return_inverse=True)
    return distinct.reshape(-1, 4, 2), places.reshape(-1).astype(np.intp)


def _each(kept: Sequence[Rows], score: Callable[[Rows], float]) -> NDArray[np.float64]:
    """The score of each set of boxes; equal sets are scored once."""
    known: dict[bytes, float] = {}
    values = np.empty(len(kept))
    for number, rows in enumerate(kept):
        key = rows.tobytes()
        if key not in known:
            known[key] = score(rows)
        values[number] = known[key]
    return values


def _matched(shares: NDArray[np.float64], least: float) -> tuple[Rows, Rows]:
    """Rows and columns of the pairs that ``ocr_helpers.scoring.match_boxes`` makes of these overlaps.

    A pair whose box and whose line overlap nothing else belongs together whatever the others do: only the
    rest, a few or none, is assigned.
    """
    enough = shares >= least
    rivals_by_row, rivals_by_column = enough.sum(1), enough.sum(0)
    if rivals_by_row.max(initial=0) <= 1 and rivals_by_column.max(initial=0) <= 1:
        i, j = np.nonzero(enough)
        return i, j
    from scipy.optimize import linear_sum_assignment

    alone = enough & (rivals_by_row == 1)[:, None] & (rivals_by_column == 1)
    rest = enough & ~alone
    rows, columns = np.flatnonzero(rest.any(1)), np.flatnonzero(rest.any(0))
    part = shares[np.ix_(rows, columns)]
    worth = np.where(part >= least, 1 + part / (1 + min(shares.shape)), 0)
    i, j = linear_sum_assignment(worth, maximize=True)
    real = part[i, j] >= least
    i_alone, j_alone = np.nonzero(alone)
    return np.concatenate([i_alone, rows[i[real]]]), np.concatenate([j_alone, columns[j[real]]])
