"""Check a model directory before PaddleOCR sees it: are its files there, whole, and of the model asked for?

PaddleX takes any directory that exists as complete, so a download that broke off surfaces later as an error
deep in an engine, or as nonsense text. The checks here read no weights into memory and take milliseconds.
"""

import json
import math
import os
import struct
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from ocr_helpers.errors import OcrHelpersError
from ocr_helpers.models.config import read_model_config
from ocr_helpers.models.names import Engine, check_model_name

__all__ = ["ModelDirectoryMissingError", "ModelFilesIncompleteError", "check_model_dir"]

_ITEM_BYTES = {0: 1, 1: 2, 2: 4, 3: 8, 4: 2, 5: 4, 6: 8, 20: 1, 21: 1, 22: 2, 23: 8, 24: 16}
"""Bytes per element by number in Paddle's ``VarType.Type`` (``paddle/fluid/framework/framework.proto``)."""


class ModelDirectoryMissingError(OcrHelpersError):
    """The path given for a model is not a directory."""


class ModelFilesIncompleteError(OcrHelpersError):
    """A model directory lacks a file, or one of its files is cut short or damaged."""


def check_model_dir(
    model_dir: str | Path, *, module: str, model_name: str | None = None
) -> tuple[Engine, ...]:
    """Check a local model directory; return the engines that can run it.

    Paddle form: ``inference.json`` and ``inference.pdiparams``, whose tensors must have the shapes the graph
    names. Onnx form: ``inference.onnx``. Either form, or both, beside ``inference.yml``. A form that is there
    but damaged is
    an error, even where the other is whole: silently taking the other would hide it.

    Args:
        model_dir: the directory; ``~`` is expanded.
        module: one of ``ocr_helpers.models.names.MODULES``.
        model_name: what ``Global.model_name`` in ``inference.yml`` must be; None is the module's default.

    Raises:
        ModelDirectoryMissingError: not a directory.
        ModelFilesIncompleteError: a file is missing, cut short or damaged.
        ocr_helpers.models.config.ModelConfigError, ModelNameMismatchError, UnsafeModelConfigError: see there.
        ocr_helpers.models.names.UnknownModuleError, UnknownModelNameError: see there.

    """
    model_name = check_model_name(module, model_name)
    if not isinstance(model_dir, str | os.PathLike) or not str(model_dir).strip():
        raise ModelDirectoryMissingError(
            f"The directory of {model_name} is given as {model_dir!r}; expected a path (str or Path)."
        )
    directory = Path(model_dir).expanduser()
    if not directory.is_dir():
        what = "a file, not a directory" if directory.exists() else "not there"
        raise ModelDirectoryMissingError(
            f"{directory} is {what}. Name the directory that holds {model_name}'s inference.yml and weights."
        )
    read_model_config(directory, module=module, model_name=model_name)
    engines: list[Engine] = []
    graph, parameters = directory / "inference.json", directory / "inference.pdiparams"
    if graph.exists() or parameters.exists():
        _check_paddle_form(graph, parameters)
        engines.append("paddle")
    if (onnx := directory / "inference.onnx").exists():
        _check_onnx_form(onnx)
        engines.append("onnxruntime")
    if not engines:
        raise ModelFilesIncompleteError(
            f"{directory} has no weights. Expected inference.json and inference.pdiparams (for paddle) or "
            "inference.onnx (for onnxruntime) beside inference.yml."
        )
    return tuple(engines)


def _damaged(path: Path, what: str) -> ModelFilesIncompleteError:
    """The error for a damaged file, naming the two usual reasons where the first bytes betray them."""
    with path.open("rb") as file:
        start = file.read(64).lstrip()
    if start.startswith(b"version https://git-lfs"):
        what = "is a Git LFS pointer, not the file itself (run: git lfs pull)"
    elif start.startswith(b"<"):
        what = "is a web page, not a model file"
    return ModelFilesIncompleteError(f"{path} {what}. Delete {path.parent} and download it again.")


def _check_paddle_form(graph: Path, parameters: Path) -> None:
    for path, other in ((graph, parameters), (parameters, graph)):
        if not path.is_file():
            raise ModelFilesIncompleteError(
                f"{path} is missing beside {other.name}: the paddle form needs both. Download the model "
                "again."
            )
        if path.stat().st_size == 0:
            raise _damaged(path, "is empty")
    try:
        expected = Counter(_graph_shapes(json.loads(graph.read_text(encoding="utf-8"))))
    except (ValueError, KeyError, TypeError, IndexError, AttributeError, RecursionError) as error:
        raise _damaged(graph, "is not a whole Paddle 3 graph") from error
    with parameters.open("rb") as file:
        found = Counter(_stored_shapes(file, parameters))
    if found != expected:
        lacking, extra = (expected - found).total(), (found - expected).total()
        raise _damaged(
            parameters,
            f"does not fit {graph.name}: {lacking} of its {expected.total()} tensors are missing and "
            f"{extra} are not of this graph, so the download broke off or the two files are of different "
            "models",
        )


def _graph_shapes(document: Any) -> Iterator[tuple[int, ...]]:
    """Shapes of a graph's parameters: the ``p`` operations of Paddle's PIR JSON."""
    for operation in document["program"]["regions"][0]["blocks"][0]["ops"]:
        if operation["#"] == "p":
            yield tuple(int(size) for size in operation["O"]["TT"]["D"][1])


def _stored_shapes(file: BinaryIO, path: Path) -> Iterator[tuple[int, ...]]:
    """Shapes in a ``.pdiparams`` file, skipping the data.

    Per tensor: u32 version, u64 level-of-detail count, u32 version, i32 length of a protobuf ``TensorDesc``,
    that description, then the raw data (``paddle/phi/core/framework/dense_tensor_serialize.cc``).
    """
    end = path.stat().st_size
    while (position := file.tell()) < end:
        header = file.read(20)
        if len(header) < 20:
            raise _damaged(path, f"is cut short: it ends inside a tensor header at byte {position}")
        _, levels, _, length = struct.unpack("<IQIi", header)
        if levels or not 0 < length <= 1024:
            raise _damaged(path, f"is damaged at byte {position}")
        try:
            fields = list(_protobuf_fields(file, file.tell() + length))
            (kind,) = (value for number, value in fields if number == 1)
            shape = tuple(value for number, value in fields if number == 2)
            size = math.prod(shape) * _ITEM_BYTES[kind]
        except (ValueError, KeyError) as error:
            raise _damaged(path, f"is damaged at byte {position}") from error
        if file.tell() + size > end:
            raise _damaged(
                path, f"is cut short: it has {end} bytes, and a tensor needs {file.tell() + size} at least"
            )
        file.seek(size, os.SEEK_CUR)
        yield shape


def _check_onnx_form(path: Path) -> None:
    """Walk the top-level fields of the ``ModelProto``; the graph, field 7, is nearly the whole file."""
    end = path.stat().st_size
    if end == 0:
        raise _damaged(path, "is empty")
    with path.open("rb") as file:
        try:
            numbers = {number for number, _ in _protobuf_fields(file, end)}
        except ValueError as error:
            raise _damaged(path, f"is cut short or damaged ({error})") from error
    if 7 not in numbers or not numbers <= {1, 2, 3, 4, 5, 6, 7, 8, 14, 20, 25, 26}:
        raise _damaged(path, "is not an ONNX model")


def _protobuf_fields(file: BinaryIO, end: int) -> Iterator[tuple[int, int]]:
    """Yield (field number, value) up to ``end``; for length-delimited fields the value is the length, data
    skipped.

    Raises:
        ValueError: a field does not fit, or the bytes are not protobuf.

    """
    while file.tell() < end:
        tag = _varint(file)
        number, wire = tag >> 3, tag & 7
        if number == 0:
            raise ValueError("not protobuf")
        if wire == 0:
            yield number, _varint(file)
        else:
            value = {1: 8, 5: 4}.get(wire)
            if wire == 2:
                value = _varint(file)
            if value is None:
                raise ValueError("not protobuf")
            if file.tell() + value > end:
                raise ValueError(f"it needs {file.tell() + value} bytes and has {end}")
            file.seek(value, os.SEEK_CUR)
            yield number, value
    if file.tell() != end:
        raise ValueError("a field crosses the end")


def _varint(file: BinaryIO) -> int:
    value = 0
    for shift in range(0, 70, 7):
        byte = file.read(1)
        if not byte:
            raise ValueError("it ends inside a number")
        value |= (byte[0] & 0x7F) << shift
        if byte[0] < 0x80:
            return value
    raise ValueError("not protobuf")
