"""The recognised text as people read it: plain, and as Markdown in which no mark of it acts as syntax."""

import re
import unicodedata
from collections.abc import Sequence

import numpy as np

from ocr_helpers.export.records import LineRecord
from ocr_helpers.reading_order.columns import LevelBoxes, level_boxes

__all__ = ["escape_markdown", "markdown_page", "plain_page", "printable", "without_shapeless"]

# Line breaks and tabs stand for a space. What else has no shape of its own is shown as a replacement: control
# characters, halves of surrogate pairs, code points that are no characters, and the marks that reverse the
# direction of what follows, with which a text can look like another (Unicode Technical Report 36).
_BLANKS = re.compile("[\t\n\v\f\r\x1c-\x1f\x85\u2028\u2029]")
_SHAPELESS = re.compile(
    "[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufeff\ufff9-\ufffb\ufffe\uffff"
    "\u202a-\u202e\u2066-\u2069\U000e0000-\U000e007f"
    + "".join(f"{chr(plane * 0x10000 + 0xFFFE)}{chr(plane * 0x10000 + 0xFFFF)}" for plane in range(1, 17))
    + "]"
)
# CommonMark 0.31 and GitHub's additions: emphasis, code, links, HTML, entities, tables, formulas.
_INLINE = re.compile(r"[\\`*_\[\]>&|~$]")
# Headings, quotations, lists, rulers and underlines of headings act at the start of a line only.
_AT_START = re.compile(r"^(?:[#+\-=>:]|\d{1,9}(?=[.)]))")

# Headings: in units of the page's usual line height.
_LARGE, _LARGER = 1.35, 1.8
_LONGEST_HEADING = 60
# Lines of one paragraph are set closer than this.
_CLOSE = 0.8
# Their left edges differ by no more than an indent.
_INDENT = 2.0


def printable(text: str) -> str:
    """Return the text in NFC on one line, with U+FFFD for what has no shape; see the comments above."""
    return unicodedata.normalize("NFC", without_shapeless(text))


def without_shapeless(text: str) -> str:
    """Return the text on one line, with U+FFFD for what has no shape; NFC or not, as it was."""
    return _SHAPELESS.sub("\N{REPLACEMENT CHARACTER}", _BLANKS.sub(" ", text))


def plain_page(lines: Sequence[LineRecord]) -> str:
    """Return the lines of a page in their order, each with a line feed."""
    return "".join(f"{printable(line.best_text)}\n" for line in lines)


def escape_markdown(text: str) -> str:
    """Return Markdown that shows exactly this one line of text, blanks at its ends aside.

    For CommonMark, GitHub's form and Jupyter, whose ``$`` begins a formula.
    """
    text = _INLINE.sub(r"\\\g<0>", printable(text).strip())
    # Not a backslash: the text must be no markup either where somebody puts it into a page as it is.
    text = text.replace("<", "&lt;")
    start = _AT_START.match(text)
    if start is None:
        return text
    # Of a numbered list it is the mark after the number that must not act.
    return f"{start[0]}\\{text[start.end() :]}" if start[0].isdigit() else f"\\{text}"


def markdown_page(lines: Sequence[LineRecord]) -> str:
    """Return a page as Markdown, in the order of the lines.

    Paragraphs are lines set close below each other, from about the same left edge, in type of one size; each
    line stays a line. A line is a heading where it stands alone and its box is at least 1.35 times (level 2)
    or 1.8 times (level 1) as high as the page's usual line. Nothing else is guessed: cells of tables are
    paragraphs, row by row.

    Args:
        lines: of the page, in reading order.

    """
    shown = [(line, printable(line.best_text)) for line in lines]
    shown = [(line, text) for line, text in shown if text.strip()]
    if not shown:
        return ""
    boxes = level_boxes(np.array([line.quad_xy for line, _ in shown], np.float64))
    usual = _usual_height(boxes, [len(text) for _, text in shown])
    blocks: list[str] = []
    after_heading = True
    for place, (_, text) in enumerate(shown):
        escaped = escape_markdown(text)
        level = _heading_level(boxes, place, usual) if len(text) <= _LONGEST_HEADING else 0
        if level:
            # A number sign after a blank at the end would be taken for a part of the heading's mark.
            blocks.append("#" * level + " " + re.sub(r"(?<=\s)#(?=#*$)", r"\\#", escaped))
        elif not after_heading and _continues(boxes, place):
            blocks[-1] += f"\\\n{escaped}"
        else:
            blocks.append(escaped)
        after_heading = bool(level)
    return "\n\n".join(blocks) + "\n"


def _usual_height(boxes: LevelBoxes, lengths: Sequence[int]) -> float:
    """Return the height of the line in which the middle one of the page's characters stands."""
    order = np.argsort(boxes.line, kind="stable")
    total = np.cumsum(np.asarray(lengths)[order])
    return float(boxes.line[order[np.searchsorted(total, total[-1] / 2)]])


def _heading_level(boxes: LevelBoxes, place: int, usual: float) -> int:
    """Return 1 or 2 for a line much higher than usual with nothing beside it, else 0."""
    beside = np.abs(boxes.y - boxes.y[place]) < 0.5 * boxes.height[place]
    ratio = boxes.height[place] / max(usual, 1e-9)
    if ratio < _LARGE or beside.sum() > 1:
        return 0
    return 1 if ratio >= _LARGER else 2


def _continues(boxes: LevelBoxes, place: int) -> bool:
    """Whether a line belongs to the paragraph of the one before it."""
    before, height = place - 1, max(float(boxes.height[place]), 1e-9)
    gap = float(boxes.y0[place] - boxes.y1[before]) / height
    indent = abs(float(boxes.x0[place] - boxes.x0[before])) / height
    ratio = float(boxes.height[before]) / height
    return -0.5 < gap < _CLOSE and indent < _INDENT and 0.75 < ratio < 1.33
