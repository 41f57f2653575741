"""What is worth keeping of one page's result, as plain frozen values without pictures."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from numbers import Real
from typing import Any

from ocr_helpers.errors import OcrHelpersError, shown

__all__ = ["LineRecord", "ModelRecord", "PageRecord", "Quad", "RecordValueError"]

Quad = tuple[tuple[float, float], ...]


class RecordValueError(OcrHelpersError, ValueError):
    """A value that no record of a page can hold."""


@dataclass(frozen=True, slots=True)
class LineRecord:
    """One recognised line.

    Attributes:
        text: exactly what was recognised. Two halves of a surrogate pair become their one character.
        score: 0…1, a finite number.
        quad_xy: four (x, y) corners in pixels of the picture that was read (turned, flattened), clockwise
            from the top left as PaddleOCR gives them.
        original_quad_xy: the same in pixels of the page as it was given; None for an unwarped page, whose
            pixels cannot be traced back.
        textline_angle: 180 where the line was turned before it was read, 0 where not; None where text line
            orientation was off.
        paddleocr_index: the line's place in PaddleOCR's own order.
        spaced_text: the text with its spacing restored; None where that was not done.

    """

    text: str
    score: float
    quad_xy: Quad
    original_quad_xy: Quad | None = None
    textline_angle: int | None = None
    paddleocr_index: int = 0
    spaced_text: str | None = None

    def __post_init__(self) -> None:
        """Check the values, and bring them to Python's own types."""
        object.__setattr__(self, "text", _text("text", self.text))
        object.__setattr__(self, "score", _number("score", self.score))
        object.__setattr__(self, "quad_xy", _quad("quad_xy", self.quad_xy))
        if self.original_quad_xy is not None:
            original = _quad("original_quad_xy", self.original_quad_xy)
            object.__setattr__(self, "original_quad_xy", original)
        if self.textline_angle not in (None, 0, 180):
            raise RecordValueError(
                f"textline_angle is {shown(self.textline_angle)}; expected None, 0 or 180."
            )
        _whole("paddleocr_index", self.paddleocr_index)
        if self.spaced_text is not None:
            object.__setattr__(self, "spaced_text", _text("spaced_text", self.spaced_text))

    @property
    def best_text(self) -> str:
        """The text with its spacing restored where that was done, else the text."""
        return self.text if self.spaced_text is None else self.spaced_text


@dataclass(frozen=True, slots=True)
class ModelRecord:
    """One of the five models: PaddleOCR's name of it, whose weights (``"starter"``, …), and the engine."""

    module: str
    name: str
    source: str
    engine: str

    def __post_init__(self) -> None:
        """Check the values."""
        for name in ("module", "name", "source", "engine"):
            object.__setattr__(self, name, _text(name, getattr(self, name)))


@dataclass(frozen=True, slots=True)
class PageRecord:
    """Everything of one page's result that is worth keeping; no pixels.

    Attributes:
        source: the file's path or address, as ``Page.source``.
        index: zero-based number of the page within its source.
        size_wh: width and height of the page as it was given, in pixels.
        read_size_wh: of the picture that was read (turned, flattened), to which ``quad_xy`` belong.
        dpi: dots per inch of the page as it was given, above 0, or None.
        angle: degrees by which document orientation turned the page counter-clockwise: 0, 90, 180 or 270;
            None where it was off.
        unwarped: whether the page was flattened.
        lines: in reading order.
        settings: as ``dataclasses.asdict`` of a PipelineSettings.
        models: of the modules, in the order in which a page passes them; empty where nobody said.
        milliseconds: step → wall time; empty where nobody measured.

    """

    source: str
    index: int
    size_wh: tuple[int, int]
    read_size_wh: tuple[int, int]
    dpi: float | None = None
    angle: int | None = None
    unwarped: bool = False
    lines: tuple[LineRecord, ...] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)
    models: tuple[ModelRecord, ...] = ()
    milliseconds: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Check the values, and bring them to Python's own types."""
        object.__setattr__(self, "source", _text("source", self.source))
        _whole("index", self.index)
        for name in ("size_wh", "read_size_wh"):
            size = getattr(self, name)
            if not (isinstance(size, tuple | list) and len(size) == 2):
                raise RecordValueError(f"{name} is {shown(size)}; expected (width, height) in pixels.")
            for side in size:
                _whole(name, side, least=1)
            object.__setattr__(self, name, tuple(size))
        if self.dpi is not None:
            object.__setattr__(self, "dpi", _number("dpi", self.dpi))
            if not self.dpi > 0:
                raise RecordValueError(f"dpi is {self.dpi}; expected a number above 0, or None.")
        if self.angle not in (None, 0, 90, 180, 270):
            raise RecordValueError(f"angle is {shown(self.angle)}; expected None, 0, 90, 180 or 270.")
        object.__setattr__(self, "lines", tuple(self.lines))
        object.__setattr__(self, "models", tuple(self.models))
        object.__setattr__(self, "settings", _plain(self.settings))
        times = {name: _number(name, value) for name, value in self.milliseconds.items()}
        object.__setattr__(self, "milliseconds", times)

    @property
    def page_number(self) -> int:
        """The page's number as people count, from 1."""
        return self.index + 1


def _plain(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return a copy that JSON keeps as it is."""
    try:
        copied: dict[str, Any] = json.loads(json.dumps(dict(settings), allow_nan=False))
    except (TypeError, ValueError, RecursionError) as error:
        raise RecordValueError(
            f"settings cannot be kept: {error}. Pass dataclasses.asdict(settings)."
        ) from None
    if copied != settings:
        raise RecordValueError(f"settings is {shown(settings)}; expected names with plain values.")
    return copied


def _text(name: str, value: object) -> str:
    if not isinstance(value, str):
        raise RecordValueError(f"{name} is {shown(value)}, of type {type(value).__name__}; expected text.")
    # JSON spells a character beyond U+FFFF as two surrogates, so it cannot keep such a pair apart from it.
    return str(value).encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")


def _number(name: str, value: object) -> float:
    is_number = (isinstance(value, Real) or type(value).__module__ == "numpy") and not isinstance(value, bool)
    if not is_number or not math.isfinite(float(value)):  # type: ignore[arg-type]
        raise RecordValueError(f"{name} is {shown(value)}; expected a finite number.")
    return float(value) + 0.0  # type: ignore[arg-type]  # never -0.0: equal numbers, equal bytes


def _whole(name: str, value: object, least: int = 0) -> None:
    if type(value) is not int or value < least:
        raise RecordValueError(f"{name} is {shown(value)}; expected a whole number from {least} on.")


def _quad(name: str, value: Any) -> Quad:
    corners = [list(corner) for corner in value] if hasattr(value, "__len__") else []
    if len(corners) != 4 or any(len(corner) != 2 for corner in corners):
        raise RecordValueError(f"{name} is {shown(value)}; expected four (x, y) corners.")
    return tuple((_number(name, x), _number(name, y)) for x, y in corners)
