"""A list of lines to check and correct: crop, text, score; from the keyboard, with any input method."""

from collections import OrderedDict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import anywidget
import cv2
import numpy as np
import traitlets
from numpy.typing import NDArray

from ocr_helpers.errors import OcrHelpersError
from ocr_helpers.figures import score_color, score_label
from ocr_helpers.ground_truth import PageTruth
from ocr_helpers.labels import LabelledPage
from ocr_helpers.labels.rows import LabelConflictError
from ocr_helpers.line_review import LineCorrections
from ocr_helpers.line_review.journal import JournalError
from ocr_helpers.samples import crop_quad
from ocr_helpers.settings.pipeline import PipelineSettings
from ocr_helpers.widgets.tuner_data import page_picture

__all__ = ["LineReview"]

_FOLDER = Path(__file__).with_suffix("")
_CROP_HEIGHT_PX, _CROP_WIDTH_PX = 96, 1800
_UPRIGHT_RATIO = 1.5
_JPEG = [cv2.IMWRITE_JPEG_QUALITY, 85]
_CROPS = 1_000
_MOST_ROWS = 200


def _joined(names: Sequence[str]) -> str:
    return "\n".join((_FOLDER / name).read_text(encoding="utf-8") for name in names)


class LineReview(anywidget.AnyWidget):
    """Check the lines of pages one by one, and take them away as labels and ground truth.

    Enter takes a line as right and goes to the next. Every correction is written to a journal at once; show
    the same pages again, after a kernel restart too, and it is there. The next cell reads ``review.truths``.
    A line that was not found is drawn on the page's picture; a box that is no line is marked as such.

    Args:
        source: what ``PaddleOCR.predict`` or ``StagedPipeline.run`` returned for one or several pages;
            labelled pages; or a pipeline, together with ``pages``.
        pages: with a pipeline: a Page, an array, a path, labelled pages, or several of these.
        settings: with a pipeline: how pages are read.
        autosave: the journal, a file of JSON lines; ``"auto"``: ``line_review_….jsonl`` in the working
            directory, named after the pages; None: nothing is saved.
        folder: where the buttons save labels, until the panel says otherwise.
        pipeline: reads the lines that are added, in the background; by default ``source`` where that is one.
            Without one, their texts are typed.

    Attributes:
        corrections: the :class:`ocr_helpers.line_review.LineCorrections` under it.

    Raises:
        as :class:`ocr_helpers.line_review.LineCorrections`.

    """

    _esm = _joined((_FOLDER / "parts.txt").read_text(encoding="utf-8").split())
    _css = _joined(sorted(path.name for path in _FOLDER.glob("*.css")))

    document = traitlets.Unicode().tag(sync=True)
    pages: Any = traitlets.List().tag(sync=True)
    folder = traitlets.Unicode().tag(sync=True)
    status = traitlets.Dict().tag(sync=True)

    def __init__(
        self,
        source: Any,
        pages: Any = None,
        *,
        settings: PipelineSettings | None = None,
        autosave: str | Path | None = "auto",
        folder: str | Path = "labels",
        pipeline: Any = None,
    ) -> None:
        self.corrections = LineCorrections(
            source, pages, settings=settings, autosave=autosave, pipeline=pipeline
        )
        self._crops: OrderedDict[int, bytes] = OrderedDict()
        self._picture: tuple[int, bytes] | None = None
        super().__init__(
            document=self.corrections.document,
            pages=[
                {"name": page.name, "size": list(page.size_wh), "is_line": page.is_line}
                for page in self.corrections.pages
            ],
            folder=str(folder),
            status=self._status(),
        )
        self.on_msg(self._on_message)
        self.corrections.observe(self._tell_reading)

    def close(self) -> None:
        """Stop reading added lines and take the widget away."""
        self.corrections.stop()
        super().close()

    @property
    def truths(self) -> list[PageTruth]:
        """Boxes and texts of the lines that can be read, page by page; open lines as they were read."""
        return self.corrections.truths

    @property
    def labels(self) -> list[LabelledPage]:
        """The pages with all lines that are not deleted; unreadable ones have the text ``###``."""
        return self.corrections.labels

    def save_labels(self, folder: str | Path | None = None, *, replace: bool = False) -> Path:
        """Write PaddleOCR's label files; see :func:`ocr_helpers.line_review.export.save_labels`."""
        return self.corrections.save_labels(self.folder if folder is None else folder, replace=replace)

    def save_ground_truth(self, folder: str | Path | None = None, *, replace: bool = False) -> list[Path]:
        """Write ground truth; see :func:`ocr_helpers.line_review.export.save_ground_truth`."""
        return self.corrections.save_ground_truth(self.folder if folder is None else folder, replace=replace)

    def _status(self) -> dict[str, Any]:
        made = self.corrections
        return {
            "counts": made.counts,
            "can_undo": made.can_undo,
            "can_redo": made.can_redo,
            "autosave": "" if made.autosave is None else str(made.autosave),
            "damaged": made.damaged,
        }

    def _on_message(self, _widget: Any, content: Any, _buffers: Any) -> None:
        """Take a message from the browser, and answer it."""
        kind, answer = content.get("kind"), str(content.get("id", ""))
        asked: dict[str, Callable[[Any, str], tuple[dict[str, Any], list[bytes]]]] = {
            "find": self._find,
            "rows": self._rows,
            "page": self._page,
        }
        actions: dict[str, Callable[[Any, str], list[int] | str]] = {
            "add": self._add,
            "edit": self._edit,
            "accept": lambda content, id: self.corrections.accept_above(content["score"], id=id),
            "undo": lambda _, id: self.corrections.undo(id=id),
            "redo": lambda _, id: self.corrections.redo(id=id),
            "save_labels": self._save_labels,
            "save_ground_truth": self._save_ground_truth,
        }
        try:
            if kind in asked:
                message, buffers = asked[kind](content, answer)
                self.send({"kind": "answer", "id": answer} | message, buffers)
            elif kind in actions:
                done = actions[kind](content, answer)
                said = {"lines": done} if isinstance(done, list) else {"text": done}
                if isinstance(done, list) and done:
                    self.send(self._changed(done))
                self.status = self._status()
                self.send({"kind": "accepted", "id": answer} | said)
        except (OcrHelpersError, OSError, LookupError, TypeError, ValueError) as error:
            known = isinstance(error, OcrHelpersError | OSError)
            self.send(
                {
                    "kind": "refused",
                    "id": answer,
                    "text": str(error) if known else f"{type(error).__name__}: {error}",
                    "conflict": isinstance(error, LabelConflictError),
                    "journal": isinstance(error, JournalError),
                }
            )

    def _edit(self, content: Any, id: str) -> list[int]:
        return self.corrections.correct(str(content["key"]), content.get("text"), content["state"], id=id)

    def _add(self, content: Any, id: str) -> list[int]:
        return [self.corrections.add_line(content["page"], content["quad"], id=id)]

    def _changed(self, numbers: list[int]) -> dict[str, Any]:
        """What tells the browser that these lines are not as they were, or not there, or there again."""
        there = [number for number in numbers if self.corrections.is_there(number)]
        added = [number for number in there if self.corrections.line(number).found.added]
        order = [line.number for line in self.corrections.lines()] if added else []
        after = [[number, ([-1, *order])[order.index(number)]] for number in added]
        gone = sorted(set(numbers) - set(there))
        return {"kind": "changed", "lines": numbers, "gone": gone, "added": after}

    def _tell_reading(self, numbers: list[int], error: str) -> None:
        """Show what was read of an added line; called from the thread that reads."""
        self.send(self._changed(numbers) | {"text": error})

    def _page(self, content: Any, _id: str) -> tuple[dict[str, Any], list[bytes]]:
        """Boxes of a page, and its picture where it is asked for."""
        number = int(content["page"])
        boxes = [
            {
                "line": line.number,
                "quad": line.found.quad_xy.tolist(),
                "state": line.now.state,
                "text": line.now.text,
            }
            for line in self.corrections.lines(number)
        ]
        buffers = []
        if content.get("picture") is True:
            if self._picture is None or self._picture[0] != number:
                self._picture = number, page_picture(self.corrections.pages[number].load())[0]
            buffers = [self._picture[1]]
        return {"page": number, "boxes": boxes}, buffers

    def _find(self, content: Any, _id: str) -> tuple[dict[str, Any], list[bytes]]:
        found = self.corrections.find(
            below=content.get("below"),
            search=str(content.get("search", "")),
            page=content.get("page"),
            show=content.get("show", "all"),
        )
        return {"lines": found}, []

    def _rows(self, content: Any, _id: str) -> tuple[dict[str, Any], list[bytes]]:
        """Rows of the lines asked for, and a JPEG of each."""
        numbers = [n for n in list(content["lines"])[:_MOST_ROWS] if not self._is_gone(n)]
        return {"rows": [self._row(number) for number in numbers]}, [self._crop(n) for n in numbers]

    def _is_gone(self, number: Any) -> bool:
        """Whether its adding was undone in the meantime; a number that never was is an error."""
        known = isinstance(number, int) and 0 <= number < self.corrections.number_count
        return known and not self.corrections.is_there(number)

    def _row(self, number: int) -> dict[str, Any]:
        """A line as the browser lists it; texts are data, to be set as text only."""
        line = self.corrections.line(number)
        score = line.found.score
        return {
            "line": number,
            "key": line.key,
            "page": line.page,
            "read": line.found.text,
            "text": line.now.text,
            "state": line.now.state,
            "score": "" if score is None else score_label(score, 2),
            "color": "" if score is None else score_color(score),
            "added": line.found.added,
            "waiting": self.corrections.is_waiting(number),
        }

    def _crop(self, number: int) -> bytes:
        if number not in self._crops:
            line = self.corrections.line(number)
            page = self.corrections.pages[line.page]
            image = page.load() if page.is_line else _cut(page.load(), line.found.quad_xy)
            scale = min(1.0, _CROP_HEIGHT_PX / image.shape[0], _CROP_WIDTH_PX / image.shape[1])
            size_wh = max(1, round(image.shape[1] * scale)), max(1, round(image.shape[0] * scale))
            shown = image if scale == 1 else cv2.resize(image, size_wh, interpolation=cv2.INTER_AREA)
            self._crops[number] = cv2.imencode(".jpg", shown, _JPEG)[1].tobytes()
            while len(self._crops) > _CROPS:
                self._crops.popitem(last=False)
        self._crops.move_to_end(number)
        return self._crops[number]

    def _save_labels(self, content: Any, _id: str) -> str:
        self.folder = str(content["folder"])
        path = self.save_labels(replace=content.get("replace") is True)
        return f"Saved {path} and what belongs to it.{self._left()}"

    def _save_ground_truth(self, content: Any, _id: str) -> str:
        self.folder = str(content["folder"])
        paths = self.save_ground_truth(replace=content.get("replace") is True)
        more = f" and {len(paths) - 1} more" if len(paths) > 1 else ""
        return f"Saved {paths[0]}{more}.{self._left()}"

    def _left(self) -> str:
        left = self.corrections.counts["open"]
        return f" {left} lines nobody has looked at are saved as they were read." if left else ""


def _cut(image_bgr: NDArray[np.uint8], quad_xy: NDArray[np.float32]) -> NDArray[np.uint8]:
    """A line with a little of what surrounds it, so that one sees whether the box cuts something off."""
    cut = crop_quad(image_bgr, quad_xy)
    upright = cut.shape[0] / cut.shape[1] >= _UPRIGHT_RATIO
    return np.ascontiguousarray(np.rot90(cut)) if upright else cut
