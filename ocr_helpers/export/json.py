"""Records of pages as JSON: lossless, in the same bytes for the same record, checked when read back."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from ocr_helpers.errors import OcrHelpersError, shown
from ocr_helpers.export.records import LineRecord, ModelRecord, PageRecord, RecordValueError
from ocr_helpers.export.results import RecordSourceError, model_records, page_record

__all__ = [
    "LineRecord",
    "ModelRecord",
    "PageRecord",
    "RecordFormatError",
    "RecordSourceError",
    "RecordValueError",
    "dump_record",
    "iter_records",
    "load_records",
    "model_records",
    "page_record",
    "record_from_dict",
    "record_to_dict",
]

_FORMAT, _VERSION = "ocr_helpers.page_record", 1
_HALVES = re.compile("[\ud800-\udfff]")


class RecordFormatError(OcrHelpersError, ValueError):
    """A file, or a mapping out of one, that is not a record of a page as :func:`dump_record` writes it."""


def record_to_dict(record: PageRecord) -> dict[str, Any]:
    """Return the record as JSON's own types; :func:`record_from_dict` gives an equal record back."""
    return {"format": _FORMAT, "version": _VERSION, **asdict(record)}


def record_from_dict(values: Mapping[str, Any]) -> PageRecord:
    """Return the record that :func:`record_to_dict` was given, also after a way through JSON.

    Raises:
        RecordFormatError: something else, or from a later version of this package.

    """
    if not isinstance(values, Mapping) or values.get("format") != _FORMAT:
        raise RecordFormatError(f'expected a mapping with "format": "{_FORMAT}", not {shown(values)}.')
    if values.get("version") != _VERSION:
        raise RecordFormatError(
            f"version is {shown(values.get('version'))}; this package reads {_VERSION}. Update it."
        )
    try:
        found = {name: value for name, value in values.items() if name not in ("format", "version")}
        found["lines"] = tuple(LineRecord(**line) for line in found["lines"])
        found["models"] = tuple(ModelRecord(**model) for model in found["models"])
        if missing := {field.name for field in fields(PageRecord)} - set(found):
            raise RecordFormatError(f"{', '.join(sorted(missing))} missing; expected a whole record.")
        return PageRecord(**found)
    except (RecordValueError, TypeError, KeyError, AttributeError, ValueError) as error:
        raise RecordFormatError(
            f"This record of a page is damaged: {type(error).__name__}: {error} Write it again."
        ) from None


def dump_record(record: PageRecord, *, with_times: bool = True) -> bytes:
    """Return the record as UTF-8 JSON, a line of it for each line of text, with a line feed at the end.

    The same record gives the same bytes. Numbers are written so that they are read back exactly. What is no
    character (half a surrogate pair, as Python has it in names of files that are not UTF-8) is escaped.

    Args:
        record: what to write.
        with_times: False leaves the milliseconds out, the only part in which two runs over one page differ.

    """
    values = record_to_dict(record)
    if not with_times:
        values["milliseconds"] = {}
    # In which order a mapping was filled must not show; a line's fields have an order of their own.
    for name in ("settings", "milliseconds"):
        values[name] = json.loads(json.dumps(values[name], sort_keys=True))
    lines = ",\n".join(_json(line) for line in values.pop("lines"))
    head = ",\n".join(f"{_json(name)}: {_json(value)}" for name, value in values.items())
    return f'{{{head},\n"lines": [\n{lines}\n]}}\n'.encode()


def load_records(path_or_folder: str | Path) -> list[PageRecord]:
    """Read one file of records, or every one below a folder; see :func:`iter_records`."""
    return list(iter_records(path_or_folder))


def iter_records(path_or_folder: str | Path) -> Iterator[PageRecord]:
    """Yield the records of a file, or of all files below a folder, one in memory at a time.

    Args:
        path_or_folder: a file of :func:`dump_record` (one record) or of ``save_results`` (a list of them); or
            a folder, of which every ``.json`` is read in the order of the paths. In a folder, JSON that does
            not say it is a record of a page is passed over.

    Raises:
        RecordFormatError: a file that cannot be read or is damaged; one named itself that is something else.

    """
    path = Path(path_or_folder)
    if not path.is_dir():
        yield from _records_in(path, named=True)
        return
    for found in sorted(path.rglob("*.json")):
        if found.is_file():
            yield from _records_in(found, named=False)


def _records_in(path: Path, *, named: bool) -> Iterator[PageRecord]:
    try:
        values = json.loads(path.read_bytes(), parse_constant=_no_number)
    except (OSError, ValueError, RecursionError) as error:
        raise RecordFormatError(f"{shown(str(path))} cannot be read as JSON: {error}.") from None
    several = values if isinstance(values, list) else [values]
    ours = [isinstance(value, dict) and value.get("format") == _FORMAT for value in several]
    if not named and not any(ours):
        return
    for value in several:
        try:
            record = record_from_dict(value)
        except RecordFormatError as error:
            raise RecordFormatError(f"{shown(str(path))}: {error}") from None
        yield record


def _no_number(constant: str) -> float:
    raise ValueError(f"{constant} is not a number of JSON")


def _json(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return _HALVES.sub(lambda half: f"\\u{ord(half[0]):04x}", text)
