"""What a sweep measured, and tables of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ocr_helpers.settings import DetectionSettings
from ocr_helpers.sweep.choice import Evidence
from ocr_helpers.sweep.grid import FIELDS

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["METRICS", "MetricText", "SweepPage", "held_out_table", "ranked_table"]


@dataclass(frozen=True, slots=True)
class MetricText:
    """How a metric is spoken of.

    Attributes:
        label: its name, for figures and texts.
        column: its name in tables.
        meaning: what it is.
        lower_is_better: which way is better.

    """

    label: str
    column: str
    meaning: str
    lower_is_better: bool = False


METRICS: Mapping[str, MetricText] = {
    "hmean": MetricText("H-mean", "hmean", "H-mean of detection at an overlap of 0.5, mean over pages"),
    "cer": MetricText("CER", "cer", "character error rate of the whole page, mean over pages", True),
    "proxy": MetricText(
        "PROXY (no ground truth)",
        "proxy (no ground truth)",
        "expected characters right less wrong by recognition scores, as a share of the most on the page: "
        "a proxy, not an accuracy",
    ),
}


@dataclass(frozen=True, eq=False)
class SweepPage:
    """One page of a sweep.

    Attributes:
        name: its file, and its number there.
        document: what it belongs to.
        digest: of its pixels.
        truth_digest: of its ground truth; "" where none was used.
        has_text: its ground truth has texts, not boxes alone.
        raw: float64 (S,), the metric under each setting; of the proxy in characters.
        read: float64 (S,), the character error rate where it was looked at to check a choice by H-mean; nan
            elsewhere.

    """

    name: str
    document: str
    digest: str
    truth_digest: str
    has_text: bool
    raw: NDArray[np.float64]
    read: NDArray[np.float64]


def ranked_table(
    metric: str,
    settings: Sequence[DetectionSettings],
    values: NDArray[np.float64],
    ranks: NDArray[np.intp],
    best: DetectionSettings,
) -> "pd.DataFrame":
    """See ``SweepResult.table``; ``values`` is float64 (S, P), ``ranks`` intp (S,), the best first."""
    import pandas as pd

    text, count = METRICS[metric], values.shape[1]
    gains = (values[:1] - values) if text.lower_is_better else values - values[:1]
    columns: dict[str, Any] = {name: [getattr(one, name) for one in settings] for name in FIELDS}
    columns |= {
        text.column: _mean(values),
        "spread": _deviation(values),
        "pages": count,
        "gain": _mean(gains),
        "gain_error": _deviation(gains) / np.sqrt(max(count, 1)),
        "pages_better": (gains > 0).sum(axis=1),
        "pages_worse": (gains < 0).sum(axis=1),
        "default": [number == 0 for number in range(len(settings))],
        "best": [one == best for one in settings],
    }
    frame = pd.DataFrame(columns).iloc[ranks]
    frame.index = pd.RangeIndex(1, len(frame) + 1, name="rank")
    return frame


def held_out_table(
    settings: Sequence[DetectionSettings], pages: Sequence[SweepPage], evidence: Evidence
) -> "pd.DataFrame":
    """See ``SweepResult.held_out``."""
    import pandas as pd

    names = [page.name for page in pages]
    if evidence.unit == "document":
        names = list(dict.fromkeys(page.document for page in pages))
    columns: dict[str, Any] = {f"{evidence.unit}_left_out": names, "gain": evidence.gains}
    columns |= {name: [getattr(settings[number], name) for number in evidence.chosen] for name in FIELDS}
    return pd.DataFrame(columns)


def _mean(values: NDArray[np.float64]) -> NDArray[np.float64]:
    mean: NDArray[np.float64] = values.mean(axis=1) if values.shape[1] else np.full(len(values), np.nan)
    return mean


def _deviation(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Of a sample: one page has none."""
    if values.shape[1] < 2:
        return np.full(len(values), np.nan)
    deviation: NDArray[np.float64] = values.std(axis=1, ddof=1)
    return deviation
