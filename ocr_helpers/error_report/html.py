"""An error report as HTML. Every text that was read or expected is escaped: it comes from a picture."""

import math
from collections.abc import Iterable, Sequence
from functools import lru_cache
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from ocr_helpers.error_report.counts import Context, ErrorKind
from ocr_helpers.error_report.marks import difference, picture, shown
from ocr_helpers.text import comparable_text

if TYPE_CHECKING:
    from ocr_helpers.error_report import ErrorReport, ReportLine

__all__ = ["document", "fragment"]

_KINDS_SHOWN = 10

# Nothing is fetched and nothing runs, whatever a recognised text contains.
_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"

_JAMO_NAMES = {"initial": "initial 초성", "vowel": "vowel 중성", "final": "final 종성"}


def document(report: "ErrorReport", worst: int) -> str:
    """The report as a document of its own."""
    title = escape(report.title.encode("utf-8", "replace").decode())
    return (
        '<!DOCTYPE html>\n<html lang="en" class="ocr-report-page">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        f"<title>{title}</title>\n</head>\n"
        f"<body>\n{fragment(report, worst)}\n</body>\n</html>\n"
    )


def fragment(report: "ErrorReport", worst: int) -> str:
    """The report with its style, to stand in a page or a notebook."""
    parts = [
        f"<style>\n{_style()}</style>",
        '<div class="ocr-report">',
        f"<header><h1>{shown(report.title)}</h1><p>{_subtitle(report)}</p></header>",
        _figures(report),
        _pages(report),
        _counts(report),
        _line_section(
            "Worst lines",
            "Lines with the highest share of wrong characters first.",
            report.worst_lines,
            worst,
        ),
        _line_section(
            "Lines that were not found", "No box lies where these stand.", report.missing_lines, worst
        ),
        _line_section("Read where no line stands", "", report.surplus_lines, worst),
        "</div>",
    ]
    return "\n".join(part for part in parts if part)


@lru_cache(maxsize=1)
def _style() -> str:
    return Path(__file__).with_name("report.css").read_text(encoding="utf-8")


def _subtitle(report: "ErrorReport") -> str:
    names = list(dict.fromkeys(line.page for line in report.lines))
    pages = f"{_number(len(names), 'page')}, " if names != [""] and names else ""
    return f"{pages}{_number(len(report.lines), 'line')}"


def _figures(report: "ErrorReport") -> str:
    scores = report.scores
    found = ""
    if report.page_score is not None:
        page, boxes = report.page_score, report.page_score.boxes
        rows = [
            ("Precision", _percent(boxes.precision), f"{boxes.matched:,} of {boxes.found:,} found boxes"),
            ("Recall", _percent(boxes.recall), f"{boxes.matched:,} of {boxes.expected:,} true boxes"),
            ("H-mean", _percent(boxes.hmean), "of the two, at an overlap of 0.5"),
            ("Split, merged", f"{page.split_lines}, {page.merged_lines}", "in pieces; several in a box"),
            ("End-to-end CER", _percent(page.cer, 2), "missed and surplus lines included"),
            ("End-to-end exact", _percent(page.exact_line_accuracy), "of all true lines"),
        ]  # fmt: skip
        found = f"<h2>Lines found</h2>{_cards(rows)}"
    rows = [
        ("Exact lines", _percent(scores.exact_line_accuracy), f"{scores.exact_lines:,} of {scores.lines:,}"),
        (
            "Ignoring spaces",
            _percent(scores.exact_line_accuracy_ignoring_spaces),
            f"{scores.exact_lines_ignoring_spaces:,} of {scores.lines:,}",
        ),
        ("CER", _percent(scores.cer, 2), f"{scores.character_edits:,} of {scores.characters:,} characters"),
        ("Jamo CER", _percent(scores.jamo_cer, 2), f"{scores.jamo_edits:,} of {scores.jamo:,} jamo"),
        ("WER", _percent(scores.wer), f"{scores.word_edits:,} of {scores.words:,} words"),
        (
            "Spacing F1",
            _percent(scores.spacing_f1),
            f"precision {_percent(scores.spacing_precision)}, recall {_percent(scores.spacing_recall)}",
        ),
    ]
    return f"<h2>Lines read</h2>{_cards(rows)}{found}"


def _cards(rows: Iterable[tuple[str, str, str]]) -> str:
    cells = (f"<div><dt>{name}</dt><dd>{value}</dd><dd>{note}</dd></div>" for name, value, note in rows)
    return f'<dl class="ocr-cards">{"".join(cells)}</dl>'


def _pages(report: "ErrorReport") -> str:
    if len(report.pages) < 2:
        return ""
    head = "".join(
        f"<th>{name}</th>"
        for name in ("Page", "Lines", "Exact", "CER", "Missed", "Surplus", "Split", "Merged", "H-mean")
    )
    rows = []
    for name, page in report.pages.items():
        cells = [
            str(page.boxes.expected),
            _percent(page.exact_line_accuracy),
            _percent(page.cer, 2),
            *(str(count or "–") for count in (page.missing_lines, page.surplus_lines)),
            *(str(count or "–") for count in (page.split_lines, page.merged_lines)),
            _percent(page.boxes.hmean),
        ]
        rows.append(f"<tr><th>{shown(name)}</th>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>")
    return (
        "<h2>Pages</h2><p>Exact and CER from end to end: a missed line counts as not read.</p>"
        "<div class='ocr-wide'><table class='ocr-pages'>"
        f"<thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table></div>"
    )


def _counts(report: "ErrorReport") -> str:
    counts = report.counts
    panels = [
        _panel("Read as another character", "syllables, digits, marks", counts.replaced),
        _panel("Jamo that differ", "of syllables read as other syllables", counts.jamo),
        _panel("Missing spaces", "between these two characters", counts.missing_spaces),
        _panel("Surplus spaces", "between these two characters", counts.surplus_spaces),
        _panel("Missing characters", "", counts.missing),
        _panel("Surplus characters", "", counts.surplus),
    ]
    return f'<h2>What was confused</h2><div class="ocr-panels">{"".join(panels)}</div>'


def _panel(title: str, note: str, kinds: Sequence[ErrorKind]) -> str:
    total = sum(kind.count for kind in kinds)
    heading = f"<h3>{title} <span>{total:,}</span></h3>" + (f"<p>{note}</p>" if note and kinds else "")
    if not kinds:
        return f"<section>{heading}<p>None.</p></section>"
    most = kinds[0].count
    rows = "".join(_kind_row(kind, most) for kind in kinds[:_KINDS_SHOWN])
    rest = len(kinds) - _KINDS_SHOWN
    more = f"<p>… and {_number(rest, 'other kind')}</p>" if rest > 0 else ""
    return f"<section>{heading}<table><tbody>{rows}</tbody></table>{more}</section>"


def _kind_row(kind: ErrorKind, most: int) -> str:
    expected, read = (
        shown(text.replace(" ", "␣")) if text else '<i class="ocr-none">none</i>'
        for text in (kind.expected, kind.read)
    )
    what = f'<b lang="ko">{expected}</b> <i>→</i> <b lang="ko">{read}</b>'
    if kind.position:
        what += f"<small>{_JAMO_NAMES[kind.position]}</small>"
    width = max(4, round(100 * kind.count / most))
    return (
        f"<tr><th>{what}</th><td class='ocr-count'>{kind.count:,}<span style='width:{width}%'></span></td>"
        f'<td class="ocr-context" lang="ko"><div>{"".join(map(_context, kind.contexts))}</div></td></tr>'
    )


def _context(context: Context) -> str:
    kind = "replaced" if context.expected and context.read else "missing" if context.expected else "surplus"
    middle = shown(context.expected or context.read, marked=True)
    return (
        f'<span>{shown(context.before)}<mark class="ocr-{kind}">{middle}</mark>{shown(context.after)}</span>'
    )


def _line_section(title: str, note: str, lines: Sequence["ReportLine"], most: int) -> str:
    if not lines:
        return ""
    rows = "".join(_line_row(line) for line in lines[:most])
    rest = len(lines) - most
    more = f"<p>… and {_number(rest, 'more line')}</p>" if rest > 0 else ""
    legend = ""
    if title == "Worst lines":
        legend = (
            '<p class="ocr-legend"><mark class="ocr-replaced">replaced</mark> '
            '<mark class="ocr-missing">missing</mark> <mark class="ocr-surplus">surplus</mark> '
            "␣ a space that differs</p>"
        )
    return (
        f"<h2>{title} <span>{len(lines):,}</span></h2>{f'<p>{note}</p>' if note else ''}{legend}"
        f'<ol class="ocr-lines">{rows}</ol>{more}'
    )


def _line_row(line: "ReportLine") -> str:
    texts = []
    if line.read is not None and line.expected is not None:
        expected, read = difference(line.read, line.expected)
        empty = '<i class="ocr-none">nothing</i>'
        texts = [("expected", expected or empty), ("read", read or empty)]
    elif line.expected is not None:
        texts = [("expected", shown(comparable_text(line.expected)))]
    else:
        texts = [("read", shown(comparable_text(line.read or "")))]
    rows = "".join(f'<dt>{name}</dt><dd lang="ko">{text}</dd>' for name, text in texts)
    notes = [shown(line.page)] if line.page else []
    if line.read is not None and line.expected is not None:
        notes.append(f"{_number(line.scores.character_edits, 'edit')}, CER {_percent(line.scores.cer)}")
    if line.score is not None and math.isfinite(line.score):
        notes.append(f"score {line.score:.3f}")
    crop = picture(line.crop_bgr) if line.crop_bgr is not None else ""
    return f"<li>{crop}<dl>{rows}</dl><p>{' · '.join(notes)}</p></li>"


def _number(count: int, one: str) -> str:
    return f"{count:,} {one if count == 1 else one + 's'}"


def _percent(share: float, digits: int = 1) -> str:
    return "–" if math.isnan(share) else f"{share:.{digits}%}"
