"""Read a model's ``inference.yml`` without running it.

PaddleX evaluates the ``scale`` string of ``NormalizeImage`` as Python
(``paddlex/inference/models/text_detection/processors.py``, 3.7), so a model directory from elsewhere can run
code. Here only a number or a fraction such as ``1./255.`` passes, and the file is read with YAML's safe
loader.
"""

import math
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, TypeGuard

from ocr_helpers.errors import OcrHelpersError
from ocr_helpers.models.names import MODEL_NAMES

__all__ = ["ModelConfigError", "ModelNameMismatchError", "UnsafeModelConfigError", "read_model_config"]

_MAX_BYTES = 8 * 1024 * 1024  # the official Korean file, 11,945 characters, has 96 kB

_NUMBER = r"[0-9]+\.?[0-9]*(?:[eE][+-]?[0-9]{1,3})?|\.[0-9]+(?:[eE][+-]?[0-9]{1,3})?"
_SCALE = re.compile(rf"\s*({_NUMBER})\s*(?:/\s*({_NUMBER})\s*)?")

_TRANSFORM_OPS: Mapping[str, frozenset[str]] = {
    "doc_orientation": frozenset({"ResizeImage", "CropImage", "NormalizeImage", "ToCHWImage"}),
    "unwarping": frozenset(),
    "text_detection": frozenset(
        {"DecodeImage", "DetLabelEncode", "DetResizeForTest", "NormalizeImage", "ToCHWImage", "KeepKeys"}
    ),
    "textline_orientation": frozenset({"ResizeImage", "CropImage", "NormalizeImage", "ToCHWImage"}),
    "text_recognition": frozenset({"DecodeImage", "MultiLabelEncode", "RecResizeImg", "KeepKeys"}),
}
"""Module → the pre-processing steps that PaddleX 3.7 knows for it; others are a KeyError inside PaddleX."""

_REQUIRED_OPS: Mapping[str, frozenset[str]] = {
    "text_detection": frozenset({"DecodeImage", "DetResizeForTest", "NormalizeImage", "ToCHWImage"}),
    "text_recognition": frozenset({"DecodeImage", "RecResizeImg"}),
}


class ModelConfigError(OcrHelpersError):
    """``inference.yml`` is absent, not YAML, or not a configuration of this module."""


class ModelNameMismatchError(OcrHelpersError):
    """The directory holds another model than the one asked for."""


class UnsafeModelConfigError(OcrHelpersError):
    """``inference.yml`` holds something that PaddleX would run as Python. It was not run."""


def read_model_config(model_dir: Path, *, module: str, model_name: str) -> dict[str, Any]:
    """Read and check ``model_dir/inference.yml``; return it as plain data.

    Raises:
        ModelConfigError: absent, not YAML, or its steps are not those of ``module``.
        ModelNameMismatchError: ``Global.model_name`` is not ``model_name``.
        UnsafeModelConfigError: a ``scale`` that is neither a number nor a fraction, or a YAML tag that builds
            objects.

    """
    path = model_dir / "inference.yml"
    config = _parse(path)
    found = config.get("Global", {}).get("model_name") if isinstance(config.get("Global"), dict) else None
    if not isinstance(found, str):
        raise ModelConfigError(f"{path} does not say which model it is: Global.model_name is missing.")
    if found != model_name:
        raise ModelNameMismatchError(_mismatch(model_dir, module, found, model_name))
    for scale in _values_of("scale", config):
        _check_scale(scale, path)
    _check_preprocessing(config, module, path)
    _check_postprocessing(config, module, path)
    return config


def _mismatch(model_dir: Path, module: str, found: str, wanted: str) -> str:
    known = next((other for other, names in MODEL_NAMES.items() if found in names), None)
    if known == module:
        return (
            f"{model_dir} holds the model {found}, but {wanted} was asked for. "
            f"Pass model_name={found!r} (for several modules: model_names={{{module!r}: {found!r}}}), "
            f"or name the directory of {wanted}."
        )
    of = f", a model of the module {known}" if known else ""
    return (
        f"{model_dir} holds {found}{of}, but {module} needs {wanted}. "
        f"Name the directory of {wanted} for {module}."
    )


def _parse(path: Path) -> dict[str, Any]:
    import yaml

    if not path.is_file():
        raise ModelConfigError(
            f"{path} is missing. A PaddleOCR model directory holds inference.yml beside its weights."
        )
    if path.stat().st_size > _MAX_BYTES:
        raise ModelConfigError(f"{path} is larger than {_MAX_BYTES >> 20} MiB: not a model configuration.")
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # libyaml where built in: 20 times faster, as safe
    try:
        config = yaml.load(path.read_text(encoding="utf-8"), Loader=loader)
    except yaml.constructor.ConstructorError as error:
        raise UnsafeModelConfigError(
            f"{path} asks YAML to build something other than plain data: {_one_line(error)}. Refused."
        ) from error
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError, ValueError) as error:
        raise ModelConfigError(
            f"{path} cannot be read as YAML: {_one_line(error)}. Download it again."
        ) from error
    if not isinstance(config, dict):
        raise ModelConfigError(
            f"{path} holds {type(config).__name__}, expected a mapping with Global, PreProcess and "
            "PostProcess."
        )
    return config


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:200]


def _values_of(key: str, node: Any, depth: int = 0) -> Iterator[Any]:
    """Every value under ``key`` anywhere in nested mappings and lists."""
    if depth > 20:
        return
    if isinstance(node, dict):
        for name, value in node.items():
            if name == key:
                yield value
            yield from _values_of(key, value, depth + 1)
    elif isinstance(node, list):
        for value in node:
            if isinstance(value, dict | list):
                yield from _values_of(key, value, depth + 1)


def _check_scale(scale: Any, path: Path) -> None:
    value: float | None = None
    if isinstance(scale, int | float) and not isinstance(scale, bool):
        value = float(scale)
    elif isinstance(scale, str):
        if (match := _SCALE.fullmatch(scale)) is None:
            raise UnsafeModelConfigError(
                f"{path}: scale is {scale[:80]!r}. PaddleX would run it as Python; only a number or a "
                "fraction such as 1./255. is accepted. It was not run. Do not use this model unless you "
                "trust its source; if you do, write the number instead."
            )
        denominator = float(match[2] or 1)
        value = float(match[1]) / denominator if denominator else None
    if value is None or not math.isfinite(value) or value <= 0:
        raise ModelConfigError(f"{path}: scale is {scale!r}, expected a positive number such as 1./255.")


def _check_preprocessing(config: Mapping[str, Any], module: str, path: Path) -> None:
    allowed = _TRANSFORM_OPS[module]
    if not allowed:
        return
    steps = config.get("PreProcess")
    steps = steps.get("transform_ops") if isinstance(steps, dict) else None
    if not isinstance(steps, list) or not all(isinstance(step, dict) and len(step) == 1 for step in steps):
        raise ModelConfigError(f"{path}: PreProcess.transform_ops must be a list of steps, one name each.")
    operations = {name: arguments for step in steps for name, arguments in step.items()}
    if unknown := sorted(str(name) for name in operations.keys() - allowed):
        raise ModelConfigError(
            f"{path}: PaddleX knows no pre-processing step {', '.join(unknown)} for {module}. "
            f"It knows {', '.join(sorted(allowed))}."
        )
    if missing := sorted(_REQUIRED_OPS.get(module, frozenset()) - operations.keys()):
        raise ModelConfigError(f"{path}: {module} needs the pre-processing step {', '.join(missing)}.")
    if "NormalizeImage" in operations:
        _check_mean_and_std(operations["NormalizeImage"] or {}, path)
    if "RecResizeImg" in operations:
        shape = (operations["RecResizeImg"] or {}).get("image_shape")
        if not _is_numbers(shape) or len(shape) != 3 or not all(type(n) is int and n > 0 for n in shape):
            raise ModelConfigError(f"{path}: RecResizeImg.image_shape is {shape!r}, expected [3, 48, 320].")


def _is_numbers(value: Any) -> TypeGuard[list[int | float]]:
    return isinstance(value, list) and all(type(n) in (int, float) and math.isfinite(n) for n in value)


def _check_mean_and_std(arguments: Any, path: Path) -> None:
    for name in ("mean", "std"):
        value = arguments.get(name, [1, 1, 1]) if isinstance(arguments, dict) else None
        if not _is_numbers(value) or len(value) != 3 or (name == "std" and 0 in value):
            raise ModelConfigError(f"{path}: NormalizeImage.{name} is {value!r}, expected three numbers.")


def _check_postprocessing(config: Mapping[str, Any], module: str, path: Path) -> None:
    expected = {"text_detection": "DBPostProcess", "text_recognition": "CTCLabelDecode"}.get(module)
    if expected is None:
        return
    step = config.get("PostProcess")
    name = step.get("name") if isinstance(step, dict) else None
    if not isinstance(step, dict) or name != expected:
        raise ModelConfigError(f"{path}: PostProcess.name is {name!r}, but {module} needs {expected!r}.")
    if module == "text_recognition":
        characters = step.get("character_dict")
        if not isinstance(characters, list) or not characters:
            raise ModelConfigError(f"{path}: PostProcess.character_dict must list the model's characters.")
        for index, character in enumerate(characters):
            if not isinstance(character, str):  # an unquoted 1 or ~ in YAML is a number or null
                raise ModelConfigError(
                    f"{path}: character_dict[{index}] is {character!r}, not text. Put it in quotes."
                )
