"""Which of many settings to recommend from scores on a few pages: the first, unless another is surely better.

The best of 500 settings on some pages is partly the luckiest: on other pages it gains less, or loses. So the
whole choice is repeated with each document left out, and judged on that document alone (leave-one-out cross
validation: M. Stone, 1974). Within one choice the one-standard-error rule holds (L. Breiman and others,
1984): of all settings as good as the leading ones within the noise, those nearest to the first.
"""

import itertools
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ocr_helpers.settings import DetectionSettings

__all__ = ["LEAST_UNITS", "MOST_P", "Evidence", "choose", "distances", "weigh"]

MOST_P = 0.01
"""Both tests must fall to it: the chance that settings without any merit look this good."""
LEAST_UNITS = 7
"""With fewer documents or pages no outcome is that unlikely: all of six better is 1 in 64 by chance."""

_EXACT_FLIPS = 14
_RANDOM_FLIPS = 20_000
_EQUAL = 1e-12
_UNITS = {
    "thresh": 0.1,
    "box_thresh": 0.1,
    "unclip_ratio": 0.3,
    "limit_side_len": 1.0,
    "max_side_limit": 1.0,
}

Losses = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Evidence:
    """What was seen on documents, or pages, that the settings were not chosen on.

    Attributes:
        unit: ``"document"`` where there are at least seven, else ``"page"``.
        chosen: intp (N,): per unit the place of the settings that the others led to.
        gains: float64 (N,): by how much they were better there than the first settings; below 0 worse.
        mean_p: chance of such a mean gain without any merit (sign flips; R. A. Fisher, 1935), one-sided.
        sign_p: chance of so many units better among those that differ (sign test), one-sided.
        candidate: the place of the settings that all units together lead to.
        predicted: the least mean gain to expect on as many other units, at 99 %: the lower end of Student's
            prediction interval (G. J. Hahn, 1969). It is what was gained on the units left out, less what the
            spread between them makes uncertain.
        reliable: there are at least seven units; both chances are at most 0.01, for the units left out and
            for the candidate on all of them; and ``predicted`` is not below 0.

    """

    unit: str
    chosen: NDArray[np.intp]
    gains: NDArray[np.float64]
    mean_p: float
    sign_p: float
    predicted: float
    candidate: int
    reliable: bool

    @property
    def better(self) -> int:
        """Units left out on which the choice was better than the first settings."""
        return int((self.gains > _EQUAL).sum())

    @property
    def worse(self) -> int:
        """Units left out on which it was worse."""
        return int((self.gains < -_EQUAL).sum())

    @property
    def mean_gain(self) -> float:
        """Mean gain over the units left out; nan without any."""
        return float(self.gains.mean()) if len(self.gains) else float("nan")


def distances(settings: Sequence[DetectionSettings]) -> NDArray[np.float64]:
    """How far each is from the first: steps of 0.1 for thresholds, 0.3 for the ratio, doublings for sides."""

    def apart(one: DetectionSettings) -> float:
        total = float(one.limit_type != settings[0].limit_type)
        for name, step in _UNITS.items():
            a, b = getattr(one, name), getattr(settings[0], name)
            total += abs(np.log2(a / b)) if name.endswith(("len", "limit")) else abs(a - b) / step
        return float(total)

    return np.array([apart(one) for one in settings])


def choose(losses: Losses, far: NDArray[np.float64]) -> int:
    """Place of the settings to choose on these units.

    Args:
        losses: float64 (S, N), lower is better; N at least 1.
        far: float64 (S,), how far each is from the first.

    """
    means = losses.mean(axis=1)
    leader = int(np.lexsort((far, means))[0])
    behind = losses - losses[leader]
    count = losses.shape[1]
    noise = behind.std(axis=1, ddof=1) / np.sqrt(count) if count > 1 else np.full(len(losses), np.inf)
    # The noise is that of the pair: pages that are hard for both do not count as doubt.
    close = np.flatnonzero(behind.mean(axis=1) <= noise + _EQUAL)
    return int(close[np.lexsort((means[close], far[close]))[0]])


def weigh(losses: Losses, far: NDArray[np.float64], documents: Sequence[Hashable]) -> Evidence:
    """Choose with each document left out, and see what it is worth there.

    Args:
        losses: float64 (S, P), lower is better, one column per page.
        far: float64 (S,), as for `choose`.
        documents: P, what the pages belong to: pages of one document are no independent witnesses.

    """
    unit = "document" if len(set(documents)) >= LEAST_UNITS else "page"
    by_unit = _by_document(losses, documents) if unit == "document" else losses
    count = by_unit.shape[1]
    if count == 0:
        return Evidence(unit, np.empty(0, np.intp), np.empty(0), 1.0, 1.0, -np.inf, 0, False)
    candidate = choose(by_unit, far)
    chosen = np.zeros(count, np.intp)
    if count > 1:
        chosen[:] = [choose(np.delete(by_unit, left_out, axis=1), far) for left_out in range(count)]
    gains = by_unit[0] - by_unit[chosen, np.arange(count)]
    mean_p, sign_p = _flip_p(gains), _sign_p(gains)
    seen = by_unit[0] - by_unit[candidate]
    worst_p = max(mean_p, sign_p, _flip_p(seen), _sign_p(seen))
    predicted = _predicted(gains)
    reliable = count >= LEAST_UNITS and worst_p <= MOST_P and predicted >= -_EQUAL
    return Evidence(unit, chosen, gains, mean_p, sign_p, predicted, candidate, reliable)


def _by_document(losses: Losses, documents: Sequence[Hashable]) -> Losses:
    numbers = {document: number for number, document in enumerate(dict.fromkeys(documents))}
    places = np.array([numbers[document] for document in documents])
    return np.stack([losses[:, places == number].mean(axis=1) for number in numbers.values()], axis=1)


def _flip_p(gains: NDArray[np.float64]) -> float:
    """Share of all ways to flip the signs of these gains whose mean is at least theirs."""
    gains = gains[np.abs(gains) > _EQUAL]  # a flipped zero is a zero
    if not len(gains):
        return 1.0
    if len(gains) <= _EXACT_FLIPS:
        signs = np.array(list(itertools.product((1.0, -1.0), repeat=len(gains))))
        return float((signs @ gains >= gains.sum() - _EQUAL).mean())
    signs = np.random.default_rng(0).choice((1.0, -1.0), (_RANDOM_FLIPS, len(gains)))
    return float(((signs @ gains >= gains.sum() - _EQUAL).sum() + 1) / (_RANDOM_FLIPS + 1))


def _predicted(gains: NDArray[np.float64]) -> float:
    from scipy.stats import t

    count = len(gains)
    if count < 2:
        return -np.inf
    doubt = t.ppf(1 - MOST_P, count - 1) * gains.std(ddof=1) * np.sqrt(2 / count)
    return float(gains.mean() - doubt)


def _sign_p(gains: NDArray[np.float64]) -> float:
    """Chance that of the gains that are not zero at least so many are above it, were it a toss of a coin."""
    from scipy.stats import binom

    better, worse = int((gains > _EQUAL).sum()), int((gains < -_EQUAL).sum())
    return float(binom.sf(better - 1, better + worse, 0.5)) if better else 1.0
