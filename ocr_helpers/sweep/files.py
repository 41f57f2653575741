"""The file that a sweep is kept in, and what a later sweep takes over from an earlier one."""

import json
import os
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ocr_helpers.errors import OcrHelpersError
from ocr_helpers.settings import DetectionSettings
from ocr_helpers.settings.pipeline import TOGGLES, PipelineSettings
from ocr_helpers.sweep.pages import ModelProbe
from ocr_helpers.sweep.tables import METRICS, SweepPage

if TYPE_CHECKING:
    from ocr_helpers.sweep.result import SweepResult

__all__ = ["Earlier", "SweepFileError", "read_sweep", "write_sweep"]

_FORMAT = "ocr_helpers sweep 1"
_MODULES = (*TOGGLES.values(), "text_rec_score_thresh")


class SweepFileError(OcrHelpersError, ValueError):
    """A result that cannot be read, or is of another metric, other modules or other models."""


def write_sweep(result: "SweepResult", path: str | Path) -> None:
    """See ``SweepResult.save``."""
    record = {
        "format": _FORMAT,
        "metric": result.metric,
        "complete": result.complete,
        "modules": _modules(result.modules),
        "probe": asdict(result.probe),
        "skipped": [list(each) for each in result.skipped],
        "settings": [asdict(one) for one in result.settings],
        "pages": [
            {**vars(page), "raw": page.raw.tolist(), "read": _known(page.read)} for page in result.pages
        ],
    }
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    # Whoever stops the program while this is written keeps the file of before.
    fresh = path.with_name(path.name + ".new")
    fresh.write_text(json.dumps(record, ensure_ascii=False), encoding="utf-8")
    os.replace(fresh, path)  # noqa: PTH105


def read_sweep(path: str | Path) -> dict[str, Any]:
    """The fields of the ``SweepResult`` in a file; see ``SweepResult.load``."""
    try:
        record: dict[str, Any] = json.loads(Path(path).read_text(encoding="utf-8"))
        if record["format"] != _FORMAT or record["metric"] not in METRICS:
            raise ValueError(f"its format is {record['format']!r}, its metric {record['metric']!r}")
        settings = tuple(DetectionSettings(**one) for one in record["settings"])
        pages = []
        for one in record["pages"]:
            raw = np.array(one.pop("raw"), np.float64)
            if raw.shape != (len(settings),) or not np.isfinite(raw).all():
                raise ValueError(f"{len(settings)} settings, but other values for {one['name']}")
            read = np.full(len(settings), np.nan)
            for place, value in one.pop("read"):
                read[place] = value
            pages.append(SweepPage(**one, raw=raw, read=read))
        return {
            "metric": record["metric"],
            "settings": settings,
            "pages": tuple(pages),
            "skipped": tuple((str(name), str(why)) for name, why in record["skipped"]),
            "complete": bool(record["complete"]),
            "modules": PipelineSettings(detection=settings[0], **record["modules"]),
            "probe": ModelProbe(record["probe"]["text"], tuple(record["probe"]["numbers"])),
        }
    except (OSError, ValueError, TypeError, KeyError, IndexError, OcrHelpersError) as error:
        raise SweepFileError(
            f"{str(path)!r} is no result of a sweep: {type(error).__name__}: {error}. Delete it, or give "
            "another name."
        ) from None


class Earlier:
    """Pages scored by an earlier sweep.

    Args:
        settings: those of the new sweep.

    Attributes:
        notes: what was noticed, in words.

    """

    def __init__(self, settings: Sequence[DetectionSettings]) -> None:
        self._settings = settings
        self._pages: dict[tuple[str, str], SweepPage] = {}
        self.notes: list[str] = []

    def take(self, earlier: "SweepResult", now: "SweepResult") -> None:
        """Remember the pages of a result, brought to the settings of the new sweep.

        Raises:
            SweepFileError: the two do not belong together.

        """
        for what, before, after in (
            ("metric", earlier.metric, now.metric),
            ("modules", _modules(earlier.modules), _modules(now.modules)),
        ):
            if before != after:
                raise SweepFileError(
                    f"The earlier sweep has the {what} {before}; this one has {after}. Leave resume out, "
                    "or give another file."
                )
        if not earlier.probe.agrees_with(now.probe):
            raise SweepFileError(
                "The earlier sweep was made with other models: they read a test picture as "
                f"{earlier.probe.text!r} with score {earlier.probe.numbers[0]:.3f}, these as "
                f"{now.probe.text!r} with {now.probe.numbers[0]:.3f}. Leave resume out, or give another file."
            )
        places = {one: place for place, one in enumerate(earlier.settings)}
        known = [(n, places[one]) for n, one in enumerate(self._settings) if one in places]
        for page in earlier.pages:
            raw, read = np.full((2, len(self._settings)), np.nan)
            for new, old in known:
                raw[new], read[new] = page.raw[old], page.read[old]
            self._pages[page.digest, page.truth_digest] = replace(page, raw=raw, read=read)

    def known_of(self, page: SweepPage) -> SweepPage:
        """The page with what is known of it."""
        known = self._pages.get((page.digest, page.truth_digest))
        if known is not None:
            return replace(page, raw=known.raw.copy(), read=known.read.copy())
        for other in self._pages.values():
            if (other.name, other.document) == (page.name, page.document):
                what = "picture" if other.digest != page.digest else "ground truth"
                self.notes.append(f"{page.name}: its {what} has changed since; it was scored again.")
                break
        return page

    def unvisited(self, visited: Sequence[SweepPage]) -> list[SweepPage]:
        """Pages wholly known that this sweep has not come to: they stay in its file until it has ended."""
        seen = {(page.name, page.document) for page in visited}
        return [
            page
            for page in self._pages.values()
            if (page.name, page.document) not in seen and not np.isnan(page.raw).any()
        ]


def _known(values: NDArray[np.float64]) -> list[list[float]]:
    """Place and value of those that are not nan, which JSON has not."""
    return [[place, values[place]] for place in np.flatnonzero(~np.isnan(values)).tolist()]


def _modules(settings: PipelineSettings) -> dict[str, Any]:
    return {name: getattr(settings, name) for name in _MODULES}
