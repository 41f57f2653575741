"""Paragraphs and tables on a Canvas: line breaking as Korean typesetting does it, cells with rules."""

from collections.abc import Sequence

from training.sample_canvas import Canvas, Colour, Type

_NEVER_FIRST = frozenset(".,!?)」』》〉】’”…·:;%℃㎡㎏")
_NEVER_LAST = frozenset("(「『《〈【‘“₩")
_RULE: Colour = (70, 70, 74)


def paragraph(
    canvas: Canvas,
    x: float,
    y: float,
    width: float,
    text: str,
    kind: Type,
    leading: float = 1.6,
    indent: float = 0.0,
    hanging: float = 0.0,
    justify: bool = True,
    split_words: bool = False,
) -> float:
    """Set a paragraph from first baseline y; returns the baseline where the next line would stand.

    split_words breaks inside a word, as books and newspapers do; otherwise only spaces break. The indents, in
    pixels, move the first line (indent) or all others (hanging).
    """
    rest = text
    first = True
    while rest:
        shift = indent if first else hanging
        cut = _fit(rest, kind, width - shift, split_words)
        line, rest = rest[:cut].rstrip(), rest[cut:].lstrip()
        words = line.split(" ")
        gap = _gap(words, kind, width - shift) if justify and rest else kind.width(" ")
        at = x + shift
        placed = []
        for word in words:
            placed.append((at, word))
            at += kind.width(word) + gap
        canvas.words(placed, y, kind)
        y += kind.size * leading
        first = False
    return y


def _fit(text: str, kind: Type, width: float, split_words: bool) -> int:
    """How many characters go on the line: the longest legal prefix that fits."""
    if kind.width(text) <= width:
        return len(text)
    best = 0
    for cut in range(1, len(text)):
        if kind.width(text[:cut].rstrip()) > width:
            break
        if _may_break(text[cut - 1], text[cut], split_words):
            best = cut
    return best or max(1, cut - 1)


def _may_break(before: str, after: str, split_words: bool) -> bool:
    if after == " " or before == " ":
        return True
    if not split_words or after in _NEVER_FIRST or before in _NEVER_LAST:
        return False
    return not (before.isascii() and after.isascii())


def _gap(words: Sequence[str], kind: Type, width: float) -> float:
    """The word space that fills the width, unless it would tear the line apart."""
    natural = kind.width(" ")
    if len(words) < 2:
        return natural
    gap = (width - sum(map(kind.width, words))) / (len(words) - 1)
    return gap if gap < natural + 0.6 * kind.size else natural


def table(
    canvas: Canvas,
    x: float,
    y: float,
    column_widths: Sequence[float],
    rows: Sequence[Sequence[str]],
    kind: Type,
    row_height: float,
    align: str = "",
    head: Type | None = None,
    shade: Colour | None = (236, 238, 242),
    rule: Colour = _RULE,
    vertical: bool = True,
) -> float:
    """A ruled table; the first row is its head where a head type is given. Returns the y of its bottom rule.

    align has one letter of l, m, r per column (all m by default). Empty cells stay empty.
    """
    align = align or "m" * len(column_widths)
    edges = [x]
    for column_width in column_widths:
        edges.append(edges[-1] + column_width)
    if head is not None and shade is not None:
        canvas.draw.rectangle([round(x), round(y), round(edges[-1]), round(y + row_height)], fill=shade)
    top = y
    for number, row in enumerate(rows):
        is_head = number == 0 and head is not None
        face = head if is_head and head is not None else kind
        canvas.rule(x, top, edges[-1], top, 2 if number in (0, 1) and head else 1, rule)
        for column, cell in enumerate(row):
            if cell:
                how = "m" if is_head else align[column]
                _cell(canvas, (edges[column], top, edges[column + 1], top + row_height), cell, face, how)
        top += row_height
    canvas.rule(x, top, edges[-1], top, 2 if head else 1, rule)
    for edge in edges if vertical else []:
        canvas.rule(edge, y, edge, top, 1, rule)
    return top


def _cell(canvas: Canvas, box: tuple[float, float, float, float], text: str, kind: Type, how: str) -> None:
    left, top, right, bottom = box
    at = {"l": left + 0.6 * kind.size, "m": (left + right) / 2, "r": right - 0.6 * kind.size}[how]
    canvas.text(at, (top + bottom) / 2 + 0.36 * kind.size, text, kind, how)
