"""The arguments that the loaders pass on to PaddleOCR: which exist, which fit, and what each engine takes.

PaddleOCR ignores some arguments without a word and answers others with errors from deep inside; here each
gets an answer of its own before anything is loaded.
"""

from collections.abc import Mapping
from typing import Any, Final

from ocr_helpers.device import cpu_thread_count, paddle_version
from ocr_helpers.errors import OcrHelpersError
from ocr_helpers.models.names import Engine

__all__ = [
    "ENGINE_ARGUMENTS",
    "PADDLE_ONLY",
    "LoadingArgumentError",
    "check_arguments",
    "engine_arguments",
    "misfit",
]

_BOOLEANS: Final = frozenset({"use_tensorrt", "enable_mkldnn", "enable_cinn"})
PADDLE_ONLY: Final = _BOOLEANS | {"precision", "mkldnn_cache_capacity"}
"""Arguments of PaddleOCR that only the engine paddle heeds."""
ENGINE_ARGUMENTS: Final = PADDLE_ONLY | {"cpu_threads", "engine_config", "input_shape"}
"""Arguments that every class of PaddleOCR takes."""
_DETECTION: Final = frozenset({"limit_side_len", "limit_type", "thresh", "box_thresh", "unclip_ratio"})
_HINTS: Final[Mapping[str, str]] = {
    "model_dir": "Name the directory with weights={module: directory}.",
    "max_side_limit": "PaddleOCR takes it per call: detector.predict(image, max_side_limit=...).",
    "enable_hpi": "The engine is always named here, and then PaddleOCR ignores it.",
    "batch_size": "PaddleOCR takes it per call: model.predict(images, batch_size=...).",
    "show_log": "PaddleOCR 3 has no such argument; nothing is logged here below warnings anyway.",
}


class LoadingArgumentError(OcrHelpersError):
    """An argument for PaddleOCR that it does not have, would ignore, or cannot use."""


def check_arguments(module: str, kwargs: Mapping[str, Any]) -> None:
    """Check names and values, whatever the engine.

    Raises:
        LoadingArgumentError: PaddleOCR has no such argument, or the value does not fit.
        ocr_helpers.settings.SettingRangeError, SettingTypeError: a parameter of detection does not fit.

    """
    allowed = ENGINE_ARGUMENTS | (_DETECTION if module == "text_detection" else frozenset())
    for name, value in kwargs.items():
        if name not in allowed:
            raise LoadingArgumentError(
                f"{module} has no argument {name!r}. {_HINTS.get(name, '')}".rstrip()
                + f" It takes {', '.join(sorted(allowed))}."
            )
        if (expected := misfit(name, value)) is not None:
            raise LoadingArgumentError(f"{name} is {value!r}; expected {expected}.")
    if chosen := {
        name: kwargs[name] for name in sorted(_DETECTION & kwargs.keys()) if kwargs[name] is not None
    }:
        from ocr_helpers.settings import DetectionSettings

        DetectionSettings(**chosen)  # PaddleOCR ignores a zero and crashes later on a wrong type


def misfit(name: str, value: Any) -> str | None:
    """None if the value can be used for that argument, else what was expected, in words."""
    if name in _BOOLEANS:
        return None if isinstance(value, bool) else "True or False"
    if name in ("cpu_threads", "mkldnn_cache_capacity"):
        return None if type(value) is int and value >= 1 else "a whole number of at least 1"
    if name == "precision":
        return None if value in ("fp32", "fp16") else "'fp32' or 'fp16'"
    if name == "engine_config":
        return None if isinstance(value, Mapping) else "a mapping of the engine's options"
    if name == "input_shape" and value is not None:
        whole = isinstance(value, list | tuple) and len(value) == 3
        fits = whole and all(type(size) is int and size > 0 for size in value)
        return None if fits else "three whole numbers: channels, height, width"
    return None


def engine_arguments(
    module: str, engine: Engine, device: str, kwargs: Mapping[str, Any]
) -> tuple[dict[str, Any], list[str]]:
    """The caller's arguments, plus threads and, on Paddle 3.3, oneDNN off; and notes on the latter.

    Raises:
        LoadingArgumentError: an argument would be ignored by this engine on this device.

    """
    arguments = dict(kwargs)
    config = arguments.get("engine_config")
    if config is not None and "cpu_threads" in arguments:
        raise LoadingArgumentError(
            "cpu_threads and engine_config exclude each other: PaddleOCR takes the threads from "
            "engine_config."
        )
    if engine == "onnxruntime":
        if ignored := sorted(PADDLE_ONLY & arguments.keys()):
            raise LoadingArgumentError(
                f"{', '.join(ignored)} would be ignored: {module} runs on onnxruntime here. "
                "Use engine='paddle', or leave it out."
            )
        threads = arguments.pop("cpu_threads", None)
        if config is None and device == "cpu":
            arguments["engine_config"] = {"intra_op_num_threads": threads or cpu_thread_count()}
        return arguments, []
    if device == "cpu" and arguments.get("use_tensorrt"):
        raise LoadingArgumentError("use_tensorrt needs a GPU, and this runs on cpu. Leave it out.")
    if device != "cpu" or config is not None:
        return arguments, []
    arguments.setdefault("cpu_threads", cpu_thread_count())
    version = paddle_version() or ""
    if version.startswith("3.3.") and "enable_mkldnn" not in arguments:
        # https://github.com/PaddlePaddle/Paddle/issues/77340: the official detection network crashes. Only
        # the constructor's argument helps, the FLAGS variable does not (PaddleOCR issue 17539).
        arguments["enable_mkldnn"] = False
        return arguments, [
            f"oneDNN is off, because paddlepaddle {version} crashes with it (slower; 3.2.2 does not)."
        ]
    return arguments, []
