"""A button that takes pictures of text lines from the reader's own disk and shows what stands in them."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import ipywidgets

from ocr_helpers.errors import OcrHelpersError
from ocr_helpers.pages import load_pages

if TYPE_CHECKING:
    from paddleocr import TextRecognition

__all__ = ["LineUpload", "UploadedLines", "read_uploads"]


@dataclass(frozen=True)
class UploadedLines:
    """What was read: PaddleOCR's results in order, and for each file that could not be read, why."""

    results: list[Any] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)


def read_uploads(recognizer: "TextRecognition", files: Iterable[tuple[str, bytes]]) -> UploadedLines:
    """Recognise each file as one line; a bad file is listed and the others are read all the same.

    Args:
        recognizer: a ``paddleocr.TextRecognition``.
        files: pairs of name and content.

    """
    read = UploadedLines()
    for name, content in files:
        try:
            for page in load_pages(content):
                read.results.extend(recognizer.predict(page.image_bgr))
        except OcrHelpersError as error:
            read.refused.append(f"{name}: {error}")
    return read


class LineUpload(ipywidgets.VBox):  # type: ignore[misc]
    """An upload button and, below it, the figure of the lines read; ``results`` holds PaddleOCR's results.

    Args:
        recognizer: a ``paddleocr.TextRecognition``.
        restore_spacing: whether the figure begins with spaces restored; the results never have them.

    """

    def __init__(self, recognizer: "TextRecognition", *, restore_spacing: bool = False) -> None:
        self.recognizer = recognizer
        self.results: list[Any] = []
        self.button = ipywidgets.FileUpload(
            accept=".png,.jpg,.jpeg,.webp,.bmp,.gif,.tif,.tiff,.pdf",
            multiple=True,
            description="Choose line images",
            layout=ipywidgets.Layout(width="16em"),
        )
        self.status = ipywidgets.Label("One text line per picture. Nothing leaves this computer.")
        self.figure = ipywidgets.Image(
            format="png", layout=ipywidgets.Layout(max_width="100%", display="none")
        )
        self.spacing = ipywidgets.Checkbox(
            value=restore_spacing, description="Restore spacing · 띄어쓰기 복원", indent=False
        )
        self.refused = ipywidgets.VBox()
        self.button.observe(self._read, names="value")
        self.spacing.observe(self._redraw, names="value")
        head = ipywidgets.HBox([self.button, self.status])
        super().__init__([head, self.spacing, self.refused, self.figure])

    def _read(self, change: dict[str, Any]) -> None:
        if not change["new"]:
            return
        self.button.disabled = True
        self.status.value = "Reading …"
        try:
            self.show(
                read_uploads(self.recognizer, [(f["name"], bytes(f["content"])) for f in change["new"]])
            )
        except Exception as error:
            # A callback's traceback goes to a log nobody sees: the panel has to say it.
            self.status.value = f"Failed: {type(error).__name__}: {error}"
        finally:
            self.button.disabled = False

    def _redraw(self, _change: dict[str, Any]) -> None:
        try:
            self._draw()
        except Exception as error:
            self.status.value = f"Failed: {type(error).__name__}: {error}"

    def show(self, read: UploadedLines) -> None:
        """Draw the results and list the files that were refused; labels show text, never HTML."""
        self.results = read.results
        self.refused.children = [ipywidgets.Label(text) for text in read.refused]
        self.status.value = f"{len(read.results)} read, {len(read.refused)} refused."
        self._draw()

    def _draw(self) -> None:
        from io import BytesIO

        from ocr_helpers.drawing import show_line

        if self.results:
            png = BytesIO()
            figure = show_line(self.results, restore_spacing=self.spacing.value)
            figure.savefig(png, format="png", dpi=110)
            self.figure.value = png.getvalue()
        self.figure.layout.display = "" if self.results else "none"
