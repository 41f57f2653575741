"""The lines of many pages as one table: CSV for spreadsheets, Parquet for programs. Importing it is quick."""

import csv
import io
import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, BinaryIO

from ocr_helpers.export.records import PageRecord
from ocr_helpers.export.text import without_shapeless

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["COLUMNS", "CsvLines", "ParquetLines", "guard_cell", "lines_table", "unguard_cell"]

_CORNERS = [f"{axis}{corner}" for corner in range(1, 5) for axis in "xy"]
COLUMNS = {
    "source": "string",
    "page_index": "int64",
    "line": "int64",
    "paddleocr_index": "int64",
    "text": "string",
    "text_spaced": "string",
    "score": "float64",
    **dict.fromkeys(_CORNERS, "float64"),
    **{f"original_{name}": "float64" for name in _CORNERS},
    "textline_angle": "Int64",
    "angle": "Int64",
    "unwarped": "bool",
    "dpi": "float64",
}
"""Column → pandas' type, in order.

``line`` counts from 0 in reading order. ``text`` is what was recognised; ``text_spaced`` the same with its
spacing restored, empty where that was not asked for. ``x1`` … ``y4``: corners in pixels of the picture that
was read; ``original_…``: of the page as it was given, empty for an unwarped one.
"""

# What a spreadsheet takes for the start of a formula, after any blanks; some convert full-width forms.
_FORMULA = re.compile(r"[\s\x00]*[=+\-@＝＋－＠]|[\t\r\n']")


def guard_cell(text: str) -> str:
    """Return the text with an apostrophe before it where a spreadsheet could take it for a formula.

    That is where it begins, after any blanks, with ``=``, ``+``, ``-`` or ``@`` (also full-width), or with a
    tab or a line break; and where it begins with an apostrophe itself, so that :func:`unguard_cell` is exact.
    """
    return f"'{text}" if _FORMULA.match(text) else text


def unguard_cell(text: str) -> str:
    """Return what :func:`guard_cell` was given."""
    return text[1:] if text.startswith("'") else text


def lines_table(records: Iterable[PageRecord]) -> "pd.DataFrame":
    """Return the lines of pages as a table, a row for each; see :data:`COLUMNS`."""
    import pandas as pd

    columns: dict[str, list[Any]] = {name: [] for name in COLUMNS}
    for record in records:
        for row in _rows(record):
            for name, value in zip(COLUMNS, row, strict=True):
                columns[name].append(value)
    return pd.DataFrame({name: pd.array(columns[name], dtype=kind) for name, kind in COLUMNS.items()})  # type: ignore[call-overload]


def _rows(record: PageRecord) -> Iterator[list[Any]]:
    for place, line in enumerate(record.lines):
        original = line.original_quad_xy or ((None, None),) * 4
        yield [
            without_shapeless(record.source),
            record.index,
            place,
            line.paddleocr_index,
            without_shapeless(line.text),
            None if line.spaced_text is None else without_shapeless(line.spaced_text),
            line.score,
            *(value for corner in line.quad_xy for value in corner),
            *(value for corner in original for value in corner),
            line.textline_angle,
            record.angle,
            record.unwarped,
            record.dpi,
        ]


class CsvLines:
    """Writes the table page by page as CSV (RFC 4180, UTF-8), its texts as :func:`guard_cell` has them.

    Args:
        stream: binary.
        bom: whether it begins with a byte order mark, without which Excel takes UTF-8 for another encoding.

    """

    def __init__(self, stream: BinaryIO, *, bom: bool = True) -> None:
        self._stream = stream
        stream.write(b"\xef\xbb\xbf" if bom else b"")
        self._write([list(COLUMNS)])

    def add(self, record: PageRecord) -> None:
        """Write the lines of one page."""
        self._write(
            [guard_cell(value) if isinstance(value, str) else value for value in row] for row in _rows(record)
        )

    def close(self) -> None:
        """Nothing is left to write."""

    def _write(self, rows: Iterable[list[Any]]) -> None:
        text = io.StringIO(newline="")
        csv.writer(text, quoting=csv.QUOTE_NONNUMERIC).writerows(rows)
        self._stream.write(text.getvalue().encode())


class ParquetLines:
    """Writes the table as Parquet, some pages at a time. Texts are not guarded: no spreadsheet opens it.

    Args:
        stream: binary.

    """

    _ROWS_AT_ONCE = 4_000

    def __init__(self, stream: BinaryIO) -> None:
        import pyarrow.parquet as pq

        self._waiting: list[PageRecord] = []
        self._rows = 0
        self._writer = pq.ParquetWriter(stream, _arrow([]).schema)

    def add(self, record: PageRecord) -> None:
        """Take the lines of one page."""
        self._waiting.append(record)
        self._rows += len(record.lines)
        if self._rows >= self._ROWS_AT_ONCE:
            self._write()

    def close(self) -> None:
        """Write what is left, and the end of the file."""
        self._write()
        self._writer.close()

    def _write(self) -> None:
        if self._rows:
            self._writer.write_table(_arrow(self._waiting))
        self._waiting, self._rows = [], 0


def _arrow(records: Iterable[PageRecord]) -> Any:
    import pyarrow as pa

    return pa.Table.from_pandas(lines_table(records), preserve_index=False)
