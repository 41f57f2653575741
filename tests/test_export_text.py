"""Text, Markdown and tables: what was recognised, never acting as syntax, markup or a formula."""

import csv
import io
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import mistune
import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ocr_helpers.export.records import LineRecord, PageRecord
from ocr_helpers.export.tables import COLUMNS, CsvLines, ParquetLines, guard_cell, lines_table, unguard_cell
from ocr_helpers.export.text import escape_markdown, markdown_page, plain_page, printable, without_shapeless

ODD = "\x00\x07\x1b\x7f\x9f\ud800\udfff\ufeff\ufffe\U0001ffff\u202e\u2066\ufdd0"
# As GitHub and Jupyter read it.
READ_MARKDOWN = mistune.create_markdown(
    escape=False, plugins=["table", "strikethrough", "math", "footnotes", "task_lists", "def_list", "abbr"]
)
BODY = "본문 첫 줄이 여기에 있고 길게 이어진다. " * 4 + "끝"
syntax = st.text("\\`*_[](){}<>#+-.!|~=&:;$^/'\"1a 글\t\n", max_size=25)


def line(text: str, row: float = 0, height: float = 20, x: float = 100, width: float = 600) -> LineRecord:
    """A level line; rows are 30 pixels apart."""
    top = 100 + 30 * row
    return LineRecord(text, 0.9, ((x, top), (x + width, top), (x + width, top + height), (x, top + height)))


def page(*lines: LineRecord, **changes: Any) -> PageRecord:
    """A page of these lines."""
    return replace(PageRecord("scan.png", 0, (800, 1000), (800, 1000), lines=lines), **changes)


class _Shown(HTMLParser):
    """The text of HTML, and the elements in it."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.text, self.elements = "", list[str]()
        self.feed(html)
        self.close()

    def handle_data(self, data: str) -> None:
        self.text += data

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.elements.append(tag)

    def handle_comment(self, data: str) -> None:
        self.elements.append("comment")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("", ""),
        ("한글 ABC 1,000원 ₩℃㎡「」㈜", "한글 ABC 1,000원 ₩℃㎡「」㈜"),
        ("\u1112\u1161\u11ab", "한"),
        ("a\tb\r\nc\x0bd\x0ce\x85f\u2028g\u2029h", "a b  c d e f g h"),
        (ODD, "\ufffd" * len(ODD)),
        ("שלום \u200d", "שלום \u200d"),
        ("<script>", "<script>"),
    ],
)
def test_printable_text_is_one_line_without_what_has_no_shape(text: str, shown: str) -> None:
    assert printable(text) == shown


def test_only_the_raw_form_keeps_decomposed_text() -> None:
    assert without_shapeless("\u1112\u1161\u11ab\x00") == "\u1112\u1161\u11ab\ufffd"


def test_plain_text_has_a_line_for_each_line() -> None:
    assert plain_page([]) == ""
    assert plain_page([line("하나\n둘"), line(""), line("셋")]) == "하나 둘\n\n셋\n"


@given(syntax)
@example("<script>alert(1)</script>")
@example("<!-- -->")
@example("[여기](javascript:alert(1))")
@example("![](x)")
@example("# 제목 ##")
@example("1) 하나")
@example("- 일시")
@example("---")
@example("***")
@example("===")
@example("> 인용")
@example("|a|b|")
@example("`코드`")
@example("$5 ~ $10")
@example("9~18시 ~")
@example("&lt;&#65;")
@example("[^1]: x")
@example(": 정의")
@example("*[a]: b")
@example("[a]: b")
@example("끝\\")
def test_markdown_shows_exactly_the_text(text: str) -> None:
    for height in (20, 60):
        lines = [line("보통 글 하나가 있다", 5), line(text, 20, height), line("보통 글 둘", 30)]
        shown = _Shown(str(READ_MARKDOWN(markdown_page(lines))))
        assert set(shown.elements) <= {"p", "h1", "h2"}
        texts = ["보통 글 하나가 있다", printable(text), "보통 글 둘"]
        assert shown.text.split() == " ".join(texts).split()


@given(syntax, syntax)
@example("제목", "===")
@example("제목", "---")
@example("| a |", "|---|")
@example("a", "    b")
@example("용어", ": 정의")
def test_lines_of_one_paragraph_do_not_act_on_each_other(first: str, second: str) -> None:
    shown = _Shown(str(READ_MARKDOWN(markdown_page([line("가"), line(first, 1), line(second, 2)]))))
    assert set(shown.elements) <= {"p", "br"}
    assert shown.text.split() == f"가 {printable(first)} {printable(second)}".split()


def test_markup_is_none_even_without_a_markdown_reader() -> None:
    assert escape_markdown("<script>alert(1)</script>") == r"&lt;script\>alert(1)&lt;/script\>"


@pytest.mark.parametrize("skew", [0.0, 3.0])
def test_markdown_has_paragraphs_and_sober_headings(skew: float) -> None:
    lines = [
        line("큰 제목", 0, 45, 250, 300),
        line(BODY, 3, x=120, width=580),
        line("본문 둘째 줄이 여기에 있다", 4),
        line("작은 제목", 6, 29, width=200),
        line("다음 문단의 글이 이어진다", 9),
        line("멀리 떨어진 문단", 14),
        line("칸 하나", 17, 30, 100, 100),
        line("칸 둘", 17, 30, 400, 100),
        line("큰 글씨로 쓴 긴 문장이 이어지는데 " * 4, 20, 45),
    ]
    turn = np.exp(1j * np.radians(skew))
    lines = [
        LineRecord(
            found.text,
            1.0,
            tuple(
                ((complex(*corner) * turn).real, (complex(*corner) * turn).imag) for corner in found.quad_xy
            ),
        )
        for found in lines
    ]
    assert markdown_page(lines) == (
        "# 큰 제목\n\n"
        f"{BODY}\\\n본문 둘째 줄이 여기에 있다\n\n"
        "## 작은 제목\n\n"
        "다음 문단의 글이 이어진다\n\n"
        "멀리 떨어진 문단\n\n"
        "칸 하나\n\n칸 둘\n\n" + ("큰 글씨로 쓴 긴 문장이 이어지는데 " * 4).strip() + "\n"
    )
    assert markdown_page([]) == markdown_page([line(" \x0b")]) == ""


def test_columns_do_not_run_into_one_paragraph() -> None:
    left = [line(f"왼쪽 {row}", row, width=300) for row in range(3)]
    right = [line(f"오른쪽 {row}", row, x=450, width=300) for row in range(3)]
    blocks = markdown_page([*left, *right]).split("\n\n")
    assert [block.count("\n") for block in blocks] == [2, 3]


@pytest.mark.parametrize(
    ("text", "guarded"),
    [
        ("", False),
        ("보통 글", False),
        ("1 - 2 = -1", False),
        ("=1+1", True),
        ("+82-2-123", True),
        ("-5", True),
        ("- 일시", True),
        ("@SUM(A1)", True),
        ("  =cmd|' /C calc'!A0", True),
        ("\u3000=1", True),
        ("＝1", True),
        ("＠a", True),
        ("\t1", True),
        ("\r1", True),
        ("'=1", True),
        ("'인용'", True),
    ],
)
def test_what_a_spreadsheet_could_calculate_is_guarded_and_comes_back(text: str, guarded: bool) -> None:
    assert guard_cell(text) == (f"'{text}" if guarded else text)
    assert unguard_cell(guard_cell(text)) == text


@given(st.text())
def test_guarding_is_undone_exactly(text: str) -> None:
    assert unguard_cell(guard_cell(text)) == text
    assert guard_cell(text)[:1] not in {"=", "+", "-", "@"}


RECORDS = [
    page(line("=1+1"), line('따옴표 " 쉼표, 줄\n바꿈'), source='a"b,\n.png', dpi=150.0, angle=90),
    page(),
    page(
        LineRecord("\ud800\x00글", 1 / 3, ((0, 0),) * 4, ((1, 2),) * 4, 180, 7, "글 글"),
        index=2,
        unwarped=True,
    ),
]


def _csv(records: list[PageRecord], **options: Any) -> bytes:
    stream = io.BytesIO()
    table = CsvLines(stream, **options)
    for record in records:
        table.add(record)
    table.close()
    return stream.getvalue()


def _parquet(records: list[PageRecord]) -> bytes:
    stream = io.BytesIO()
    table = ParquetLines(stream)
    for record in records:
        table.add(record)
    table.close()
    return stream.getvalue()


def test_the_table_has_a_row_for_each_line() -> None:
    table = lines_table(RECORDS)
    assert list(table) == list(COLUMNS)
    assert {name: str(kind) for name, kind in table.dtypes.items()} == COLUMNS
    assert table["text"].tolist() == ["=1+1", '따옴표 " 쉼표, 줄 바꿈', "\ufffd\ufffd글"]
    assert table["line"].tolist() == [0, 1, 0] and table["page_index"].tolist() == [0, 0, 2]
    assert table["score"].tolist() == [0.9, 0.9, 1 / 3]
    assert table["text_spaced"].isna().tolist() == [True, True, False]
    assert table["original_x1"].isna().tolist() == [True, True, False]
    assert table["angle"].tolist()[0] == 90 and pd.isna(table["textline_angle"].tolist()[0])
    assert lines_table([]).dtypes.equals(table.dtypes)


def test_csv_reads_back_as_the_table() -> None:
    table = lines_table(RECORDS)
    found = pd.read_csv(io.BytesIO(_csv(RECORDS)), dtype=COLUMNS, keep_default_na=False, na_values=[""])
    for name in ("source", "text"):
        found[name] = found[name].map(unguard_cell).astype("string")
    pd.testing.assert_frame_equal(found, table)


def test_csv_is_what_spreadsheets_expect() -> None:
    raw = _csv(RECORDS)
    assert raw.startswith(b"\xef\xbb\xbf") and not _csv(RECORDS, bom=False).startswith(b"\xef\xbb\xbf")
    text = raw.decode("utf-8-sig")
    assert text.count("\r\n") == 4 and text.replace("\r\n", "").isprintable()
    rows = list(csv.reader(io.StringIO(text, newline="")))
    assert rows[1][4] == "'=1+1" and {len(row) for row in rows} == {len(COLUMNS)}
    assert list(csv.reader(io.StringIO(_csv([]).decode("utf-8-sig")))) == [list(COLUMNS)]


@pytest.mark.parametrize("at_once", [1, 2, 4_000])
def test_parquet_reads_back_as_the_table(monkeypatch: pytest.MonkeyPatch, at_once: int) -> None:
    monkeypatch.setattr(ParquetLines, "_ROWS_AT_ONCE", at_once)
    found = pd.read_parquet(io.BytesIO(_parquet(RECORDS)))
    pd.testing.assert_frame_equal(found, lines_table(RECORDS))
    assert list(pd.read_parquet(io.BytesIO(_parquet([])))) == list(COLUMNS)


def test_importing_stays_quick(repository: Path) -> None:
    import subprocess
    import sys

    code = (
        "import sys, ocr_helpers.export; print({'pandas', 'pyarrow', 'paddle', 'cv2', 'fpdf', 'fontTools', "
        "'kiwipiepy', 'matplotlib'} & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=repository, check=True
    )
    assert done.stdout.strip() == "set()"
