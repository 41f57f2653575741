"""Results as files: text, Markdown, JSON, CSV, Parquet, PaddleOCR's label files, searchable PDF."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

from ocr_helpers.errors import OcrHelpersError, shown
from ocr_helpers.export.json import dump_record, load_records, page_record
from ocr_helpers.export.pages import ExportPage, Images, export_pages
from ocr_helpers.export.pdf_image import check_quality
from ocr_helpers.export.tables import CsvLines, ParquetLines, lines_table
from ocr_helpers.export.text import markdown_page, plain_page
from ocr_helpers.export.writers import JoinedPages, PdfPages, TableLines, Writer
from ocr_helpers.output_files import FileNames, FileNotWrittenError, atomic_file

__all__ = [
    "FORMATS",
    "FileNotWrittenError",
    "PageOrderError",
    "UnknownFormatError",
    "lines_table",
    "load_records",
    "page_record",
    "save_results",
]

FORMATS = ("text", "markdown", "json", "csv", "parquet", "labels", "pdf")
"""What :func:`save_results` writes."""


_ENDINGS = {"text": ".txt", "markdown": ".md", "json": ".json", "pdf": ".pdf"}


class UnknownFormatError(OcrHelpersError, ValueError):
    """A name that is not one of :data:`FORMATS`."""


class PageOrderError(OcrHelpersError, ValueError):
    """The pages of a document do not come one after the other."""


def save_results(
    results: Any,
    out: str | Path,
    formats: Iterable[str] = ("text", "json", "pdf"),
    *,
    restore_spacing: bool = False,
    with_times: bool = True,
    csv_bom: bool = True,
    jpeg_quality: int | None = 85,
    created: datetime | None = None,
    images: "Images | None" = None,
    replace_labels: bool = False,
) -> dict[str, list[Path]]:
    """Write results as files. One page is in memory at a time where ``results`` is an iterator.

    For each document (all pages of one source) ``NAME.txt``, ``.md``, ``.json`` and ``.pdf``, NAME being the
    source's own without its ending, made safe and, where two sources share it, told apart by a hash. For all
    of them ``lines.csv``, ``lines.parquet`` and the folder ``labels``. Every file is complete or not there;
    one of the same name is replaced, except that labels changed by hand are kept.

    - text: the lines in reading order, in NFC; a form feed between pages.
    - markdown: see :func:`ocr_helpers.export.text.markdown_page`; a ruler between pages.
    - json: a list of records, lossless; :func:`load_records` reads it back.
    - csv, parquet: a row for each line; see :data:`ocr_helpers.export.tables.COLUMNS`. In CSV a text that a
      spreadsheet could take for a formula has an apostrophe before it; ``unguard_cell`` there takes it off.
    - labels: ``labels/Label.txt`` (pages) and ``labels/rec_gt.txt`` (lines) with their pictures, to correct
      and train with.
    - pdf: the page's picture with its text, invisible, where it stands, in the source's size. A turned page
      is shown upright, an unwarped one flattened. See ``ocr_helpers.export.pdf``.

    What is no printable character (controls, halves of surrogate pairs, marks that reverse the direction of
    writing) is U+FFFD everywhere but in JSON.

    Args:
        results: ``(Page, result)`` pairs, best from a generator; or results alone, which know no resolution;
            or PageRecords, whose pictures are read again from their source. Also a single one of these. The
            pages of a document must follow each other.
        out: a folder; made where it is missing.
        formats: some of :data:`FORMATS`.
        restore_spacing: put the spaces into Korean text that recognition leaves out, by
            :func:`ocr_helpers.spacing.restore_spacing`. JSON, CSV and Parquet keep what was recognised too.
        with_times: whether JSON has the milliseconds, the only part in which two runs over one page differ.
        csv_bom: whether the CSV begins with a byte order mark, by which Excel knows UTF-8.
        jpeg_quality: of pictures in the PDF, 1 to 100; None keeps every pixel. A page that is a JPEG file
            keeps that file's own compression.
        created: the date in the PDF; None leaves it out.
        images: what gives the picture that the lines of a record stand on, needed for records of unwarped
            pages only: a StagedPipeline, which turns and flattens the page again, or a function of the record
            that returns uint8 (H, W, 3) BGR.
        replace_labels: write over labels and their pictures that were changed since they were exported.

    Returns:
        Format → the files written.

    Raises:
        UnknownFormatError: see ``formats``.
        PageOrderError: a document's page comes after another document's.
        FileNotWrittenError: no space, no permission, …
        ocr_helpers.labels.rows.LabelConflictError: labels were changed by hand; see ``replace_labels``.
        ocr_helpers.export.pdf_image.JpegQualityError: see ``jpeg_quality``.
        ocr_helpers.export.records.RecordSourceError, RecordValueError: ``results`` holds something else.
        ocr_helpers.export.pages.UnwarpedPictureError, SourceChangedError: a record's picture is not there.

    """
    wanted = _checked_formats(formats)
    check_quality(jpeg_quality)
    out = Path(out)
    makers: dict[str, Callable[[BinaryIO, str], Writer]] = {
        "text": lambda stream, _: JoinedPages(
            stream, b"", b"\f", b"", lambda p: plain_page(p.record.lines).encode()
        ),
        "markdown": lambda stream, _: JoinedPages(
            stream, b"", b"\n---\n\n", b"", lambda p: markdown_page(p.record.lines).encode()
        ),
        "json": lambda stream, _: JoinedPages(
            stream, b"[\n", b",\n", b"]\n", lambda p: dump_record(p.record, with_times=with_times)
        ),
        "pdf": lambda stream, name: PdfPages(stream, name, jpeg_quality, created),
        "csv": lambda stream, _: TableLines(CsvLines(stream, bom=csv_bom)),
        "parquet": lambda stream, _: TableLines(ParquetLines(stream)),
    }
    written: dict[str, list[Path]] = {name: [] for name in wanted}
    pages = _with_spacing(export_pages(results, images), restore_spacing)
    with ExitStack() as whole_run:
        tables = []
        for name in ("csv", "parquet"):
            if name in wanted:
                path = out / f"lines.{name}"
                tables.append(whole_run.enter_context(_writing(path, makers[name], "", written[name])))
        passed = _through_documents(pages, out, wanted, makers, written, tables)
        if "labels" in wanted:
            from ocr_helpers.export.labels import write_labels

            written["labels"] = write_labels(out / "labels", passed, replace=replace_labels)
        else:
            for _ in passed:
                pass
    return written


def _checked_formats(formats: Iterable[str]) -> tuple[str, ...]:
    wanted = (formats,) if isinstance(formats, str) else tuple(formats)
    for name in wanted:
        if name not in FORMATS:
            raise UnknownFormatError(f"formats has {shown(name)}; expected some of {', '.join(FORMATS)}.")
    return tuple(dict.fromkeys(wanted))


def _with_spacing(pages: Iterable[ExportPage], restore: bool) -> Iterator[ExportPage]:
    if not restore:
        yield from pages
        return
    from ocr_helpers.spacing import restore_spacing

    for page in pages:
        lines = tuple(replace(line, spaced_text=restore_spacing(line.text)) for line in page.record.lines)
        yield replace(page, record=replace(page.record, lines=lines))


def _documents(pages: Iterable[ExportPage]) -> Iterator[tuple[str, ExportPage, bool]]:
    """Yield each page with the name of its document, and whether it is the first of it."""
    names, stem, before = FileNames(), "", None
    ended: set[str] = set()
    for page in pages:
        source, index = page.record.source, page.record.index
        first = before is None or before.source != source or index <= before.index
        if first:
            if before is not None:
                ended.add(before.source)
            if index and source in ended:
                raise PageOrderError(
                    f"Page {index + 1} of {shown(source)} comes after another document's page, or after a "
                    "later one of its own. Sort the results: the pages of a document follow each other."
                )
            stem = names.stem(source)
        before = page.record
        yield stem, page, first


def _through_documents(
    pages: Iterable[ExportPage],
    out: Path,
    wanted: tuple[str, ...],
    makers: dict[str, Callable[[BinaryIO, str], Writer]],
    written: dict[str, list[Path]],
    tables: list[Writer],
) -> Iterator[tuple[str, ExportPage]]:
    """Write every page to the files of its document and to the tables, and pass it on with its name."""
    endings = {name: ending for name, ending in _ENDINGS.items() if name in wanted}
    with ExitStack() as document:
        writers: list[Writer] = []
        for stem, page, first in _documents(pages):
            if first:
                document.close()  # the files of the document before are complete
                writers = []
                for name, ending in endings.items():
                    path = out / f"{stem}{ending}"
                    done = written[name]
                    writers.append(document.enter_context(_writing(path, makers[name], stem, done)))
            for writer in (*writers, *tables):
                writer.add(page)
            yield stem, page


@contextmanager
def _writing(
    path: Path, maker: Callable[[BinaryIO, str], Writer], name: str, written: list[Path]
) -> Iterator[Writer]:
    with atomic_file(path) as stream:
        writer = maker(stream, name)
        try:
            yield writer
        except BaseException:
            # Parquet's would otherwise write its end later, into a file that is closed, and complain.
            with suppress(Exception):
                writer.close()
            raise
        writer.close()
    written.append(path)
