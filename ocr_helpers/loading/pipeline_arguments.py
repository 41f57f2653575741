"""The arguments of ``load_pipeline``: defaults of ``predict``, options of a model, options of an engine.

PaddleOCR's names; each that it would ignore or fail on later gets an answer of its own before anything is
loaded.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from ocr_helpers.errors import OcrHelpersError
from ocr_helpers.loading.arguments import ENGINE_ARGUMENTS, PADDLE_ONLY, LoadingArgumentError, misfit
from ocr_helpers.models.names import MODULES, Engine

__all__ = [
    "ENGINE_BUCKETS",
    "PipelineArguments",
    "engine_defaults",
    "engine_options",
    "is_bucketed",
    "sort_arguments",
]

_TOGGLES: Final = ("use_doc_orientation_classify", "use_doc_unwarping", "use_textline_orientation")
_DETECTION: Final = {
    f"text_det_{name}": name
    for name in ("limit_side_len", "limit_type", "thresh", "box_thresh", "unclip_ratio")
}
_PREDICT: Final = frozenset({*_TOGGLES, *_DETECTION, "text_rec_score_thresh", "return_word_box"})
# PaddleX 3.7 gives every line of a batch the orientation of the first: BasePredictor.apply shares out lists
# only, and Topk returns its class numbers as one array (paddlex/inference/models/image_classification).
_DEFAULT_BATCH: Final = {"textline_orientation_batch_size": 1}
_BATCH_SIZES: Final = frozenset({"textline_orientation_batch_size", "text_recognition_batch_size"})
_INPUT_SHAPES: Final = {"text_det_input_shape": "text_detection", "text_rec_input_shape": "text_recognition"}
_ANY_SIZE: Final = frozenset({"unwarping", "text_detection", "text_recognition"})
"""Modules whose input has the size of the page or line."""
_ENGINE: Final = ENGINE_ARGUMENTS - {"input_shape"}
_ALLOWED: Final = _PREDICT | _BATCH_SIZES | _INPUT_SHAPES.keys() | _ENGINE

ENGINE_BUCKETS: Final[Mapping[Engine, str]] = {"paddle": "paddle_static", "onnxruntime": "onnxruntime"}
"""Engine → PaddleX's name for it in an ``engine_config`` that is sorted by engine."""

_MODEL_DIR = "Name the directory with weights={module: directory}."
_MODEL_NAME = "Name the model with model_names={module: name}."
_LANGUAGE = "All five models are named here; choose another with model_names={module: name}."
_HINTS: Final[Mapping[str, str]] = {
    "lang": _LANGUAGE,
    "ocr_version": _LANGUAGE,
    "text_det_max_side_limit": "PaddleOCR has no such argument; StagedPipeline takes DetectionSettings' own.",
    "settings": "Pass PipelineSettings to predict: pipeline.predict(image, **settings.as_kwargs()).",
    "enable_hpi": "The engine is always named here, and then PaddleOCR ignores it.",
    "paddlex_config": "It is written here, to give each module its engine.",
    "show_log": "PaddleOCR 3 has no such argument; nothing is logged here below warnings anyway.",
    "use_gpu": "PaddleOCR 3 has no such argument: device='gpu'.",
    "use_angle_cls": "PaddleOCR 3 calls it use_textline_orientation.",
    "cls": "PaddleOCR 3 calls it use_textline_orientation.",
    "det_db_thresh": "PaddleOCR 3 calls it text_det_thresh.",
    "det_db_box_thresh": "PaddleOCR 3 calls it text_det_box_thresh.",
    "det_db_unclip_ratio": "PaddleOCR 3 calls it text_det_unclip_ratio.",
    "det_limit_side_len": "PaddleOCR 3 calls it text_det_limit_side_len.",
    "det_limit_type": "PaddleOCR 3 calls it text_det_limit_type.",
    "rec_batch_num": "PaddleOCR 3 calls it text_recognition_batch_size.",
    "drop_score": "PaddleOCR 3 calls it text_rec_score_thresh.",
}


@dataclass(frozen=True, slots=True)
class PipelineArguments:
    """The caller's arguments, sorted by what they belong to.

    Attributes:
        predict: what ``predict`` takes where a call does not say otherwise.
        constructor: batch sizes and input shapes, for ``paddleocr.PaddleOCR(...)``.
        engine: threads and other options of the engines.

    """

    predict: Mapping[str, Any] = field(default_factory=dict)
    constructor: Mapping[str, Any] = field(default_factory=dict)
    engine: Mapping[str, Any] = field(default_factory=dict)

    def of_module(self, module: str, engines: Mapping[str, Engine]) -> dict[str, Any]:
        """The arguments of PaddleOCR's class for one module alone, where ``engines`` run the five.

        Raises:
            LoadingArgumentError: an argument that no module's engine would take.

        """
        arguments = engine_options(self.engine, module, engines)
        for name, owner in _INPUT_SHAPES.items():
            if owner == module and name in self.constructor:
                arguments["input_shape"] = self.constructor[name]
        return arguments


def sort_arguments(kwargs: Mapping[str, Any]) -> PipelineArguments:
    """Check names and values, and sort them. None is taken for "not given", as PaddleOCR does.

    Raises:
        LoadingArgumentError: PaddleOCR has no such argument, or the value does not fit.
        ocr_helpers.settings.SettingRangeError, SettingTypeError: a value that ``PipelineSettings`` refuses.

    """
    for name in kwargs:
        if name not in _ALLOWED:
            hint = _HINTS.get(name) or (_MODEL_DIR if name.endswith("_model_dir") else "")
            hint = hint or (_MODEL_NAME if name.endswith("_model_name") else "")
            raise LoadingArgumentError(
                f"load_pipeline has no argument {name!r}. {hint}".rstrip()
                + f" It takes weights, device, engine, model_names, {', '.join(sorted(_ALLOWED))}."
            )
    given = {name: value for name, value in kwargs.items() if value is not None}
    for name, value in given.items():
        like = "input_shape" if name in _INPUT_SHAPES else "cpu_threads" if name in _BATCH_SIZES else name
        if name not in _PREDICT and (expected := misfit(like, value)) is not None:
            raise LoadingArgumentError(f"{name} is {value!r}; expected {expected}.")
    return PipelineArguments(
        _checked_predict({name: given[name] for name in given if name in _PREDICT}),
        _DEFAULT_BATCH
        | {name: given[name] for name in given if name in _BATCH_SIZES or name in _INPUT_SHAPES},
        {name: given[name] for name in given if name in _ENGINE},
    )


def _checked_predict(given: dict[str, Any]) -> dict[str, Any]:
    from ocr_helpers.settings import DetectionSettings
    from ocr_helpers.settings.checks import checked_bool
    from ocr_helpers.settings.pipeline import PipelineSettings

    checked = {name: checked_bool(name, given[name]) for name in given if name == "return_word_box"}
    others = {name: given[name] for name in given if name in (*_TOGGLES, "text_rec_score_thresh")}
    settings = PipelineSettings(**others)
    checked |= {name: getattr(settings, name) for name in others}
    try:
        detection = DetectionSettings(
            **{_DETECTION[name]: given[name] for name in given if name in _DETECTION}
        )
    except OcrHelpersError as error:
        error.args = (f"text_det_{error}",)  # its messages begin with the setting's name
        raise
    return checked | {
        name: getattr(detection, setting) for name, setting in _DETECTION.items() if name in given
    }


def engine_options(given: Mapping[str, Any], module: str, engines: Mapping[str, Engine]) -> dict[str, Any]:
    """Of the engines' options, those for the engine of ``module``.

    Raises:
        LoadingArgumentError: an option that no engine in use takes, or that fits only some of them.

    """
    used = sorted(set(engines.values()))
    if (ignored := sorted(PADDLE_ONLY & given.keys())) and "paddle" not in used:
        raise LoadingArgumentError(
            f"{', '.join(ignored)} would be ignored: all {len(MODULES)} modules run on onnxruntime here. "
            "Use engine='paddle', or leave it out."
        )
    config = given.get("engine_config")
    if config is not None and is_bucketed(config):
        if missing := [ENGINE_BUCKETS[engine] for engine in used if ENGINE_BUCKETS[engine] not in config]:
            raise LoadingArgumentError(
                f"engine_config has options for {', '.join(config)}, but none for {', '.join(missing)}, "
                f"which runs modules here. Add {missing[0]!r}: {{}}."
            )
    elif config is not None and len(used) > 1:
        raise LoadingArgumentError(
            f"engine_config is {config!r}, and the modules run on {' and '.join(used)} here. "
            "Say what is for which: engine_config={'paddle_static': {...}, 'onnxruntime': {...}}."
        )
    options = dict(given)
    if engines[module] != "paddle":
        options = {name: value for name, value in options.items() if name not in PADDLE_ONLY}
    if config is not None and is_bucketed(config):
        options["engine_config"] = dict(config[ENGINE_BUCKETS[engines[module]]])
    return options


def engine_defaults(module: str, engine: Engine, device: str) -> dict[str, Any]:
    """Options of ``module``'s engine where the caller gave none.

    onnxruntime plans the memory of a run per input size, and takes it in one piece. Without these plans the
    process took 360 MB less after 60 sample pages, and detection and unwarping on two cores took 0.96 to 1.01
    times as long as with them, whether all inputs had one size or each its own.
    """
    if module in _ANY_SIZE and engine == "onnxruntime" and device == "cpu":
        return {"enable_mem_pattern": False}
    return {}


def is_bucketed(config: Mapping[str, Any]) -> bool:
    """Whether an ``engine_config`` is sorted by engine, as PaddleX allows."""
    return bool(config) and config.keys() <= set(ENGINE_BUCKETS.values())
