"""The pipeline of five modules as one ``paddleocr.PaddleOCR``: planned, checked, loaded once, shared."""

import threading
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ocr_helpers.device import EngineNotAvailableError, choose_device, choose_engine, engine_of
from ocr_helpers.fonts import set_paddlex_font
from ocr_helpers.loading import LoadPlan, ModelLoadError, load_plan, plan_weights
from ocr_helpers.loading.pipeline_arguments import (
    ENGINE_BUCKETS,
    PipelineArguments,
    engine_defaults,
    sort_arguments,
)
from ocr_helpers.messages import announce, quiet_paddle
from ocr_helpers.models.names import ENGINES, MODULES
from ocr_helpers.weights import ModelWeights, WeightsSource, find_weights

if TYPE_CHECKING:
    from paddleocr import PaddleOCR

    from ocr_helpers.loading.pipeline_object import SwitchablePaddleOCR

__all__ = ["describe_pipeline", "forget_pipelines", "load_pipeline", "plan_pipeline"]

_SECTIONS: Final[Mapping[str, tuple[str, str]]] = {
    "doc_orientation": ("DocOrientationClassify", "doc_orientation_classify"),
    "unwarping": ("DocUnwarping", "doc_unwarping"),
    "text_detection": ("TextDetection", "text_detection"),
    "textline_orientation": ("TextLineOrientation", "textline_orientation"),
    "text_recognition": ("TextRecognition", "text_recognition"),
}
"""Module → its section of PaddleX's configuration, and what PaddleOCR's arguments for it begin with."""

_MODEL_FILES: Final = ("inference.yml", "inference.json", "inference.pdiparams", "inference.onnx")

_loaded: dict[str, tuple[object, "SwitchablePaddleOCR"]] = {}
"""What was loaded, by the models and how they run; beside each the state of its files then."""
_loading = threading.Lock()


def plan_pipeline(
    weights: WeightsSource = "auto",
    device: str = "auto",
    engine: str | Mapping[str, str] = "auto",
    *,
    model_names: Mapping[str, str] | None = None,
    allow_download: bool = True,
    **kwargs: Any,
) -> dict[str, LoadPlan]:
    """Decide device, weights and engine of all five modules, and check their files, without loading them.

    Args and errors: as :func:`load_pipeline`; ``allow_download=False`` never looks at the network.

    Returns:
        Module → LoadPlan, in the order in which a page passes the modules. ``load_plan`` loads any of them
        alone.

    """
    return _plan(weights, device, engine, model_names, allow_download, sort_arguments(kwargs))


def load_pipeline(
    weights: WeightsSource = "auto",
    device: str = "auto",
    engine: str | Mapping[str, str] = "auto",
    *,
    model_names: Mapping[str, str] | None = None,
    **kwargs: Any,
) -> "PaddleOCR":
    """Load a ``paddleocr.PaddleOCR`` for Korean pages, with all five modules.

    Orientation, unwarping and line orientation are loaded but off: ``pipeline.predict(image)`` runs detection
    and recognition, ``pipeline.predict(image, use_doc_unwarping=True)`` unwarps before. Pass the same toggles
    here to make them the default.

    Models load once per process: a second call for the same files, engines and device returns a pipeline over
    the models that are there, whatever its defaults for ``predict``; see :func:`forget_pipelines`. Files that
    changed on disk since are loaded again.

    Args:
        weights: ``"official"``, ``"starter"``, ``"auto"``, or a mapping that gives each of the five modules a
            directory or one of these words; see ``ocr_helpers.weights``.
        device: ``"auto"``, ``"cpu"``, ``"gpu"`` or ``"gpu:N"``, for all five modules. ``"auto"`` is the CPU
            where one of the models cannot run on the GPU.
        engine: ``"auto"``, ``"paddle"``, ``"onnxruntime"``, or a mapping of module to one of them; a module
            left out is ``"auto"``: paddle on a GPU, onnxruntime on a CPU, where the weights have that form.
            The starter weights of detection have the onnx form only.
        model_names: module → PaddleOCR's name of the model where not the default, for instance
            ``{"text_detection": "PP-OCRv5_server_det"}``.
        **kwargs: as ``paddleocr.PaddleOCR`` takes them. Defaults for ``predict``: the three toggles,
            ``text_det_limit_side_len`` and the other four ``text_det_…``, ``text_rec_score_thresh``,
            ``return_word_box``. For the models: ``text_recognition_batch_size``, ``text_det_input_shape``,
            ``text_rec_input_shape``, and ``textline_orientation_batch_size`` (1 by default: in a larger batch
            PaddleX 3.7 gives every line the orientation of the first). For the engines: ``cpu_threads`` (the
            cores this process may use by default), ``engine_config`` (where both engines are in use:
            ``{"paddle_static": …, "onnxruntime": …}``), and for modules on paddle ``enable_mkldnn`` and the
            others that ``load_text_recognition`` names.

    Returns:
        A PaddleOCR; only the defaults of its ``predict`` and ``predict_iter`` are not PaddleOCR's. Not
        thread-safe, and pipelines that share models must not run at the same time.

    Raises:
        LoadingArgumentError: an unknown or unusable argument.
        ModelLoadError: an engine refused a model; the message names it.
        ocr_helpers.device.EngineNotAvailableError: a module has no form for the engine asked for.
        ocr_helpers.device.UnknownDeviceError, DeviceNotAvailableError, UnknownEngineError.
        ocr_helpers.settings.SettingRangeError, SettingTypeError: a default for ``predict`` does not fit.
        ocr_helpers.errors.OcrHelpersError: the others that ``ocr_helpers.weights.find_weights`` names. Each
            message begins with the module and names the directory; nothing has been loaded then.

    """
    arguments = sort_arguments(kwargs)
    plans = _plan(weights, device, engine, model_names, True, arguments)
    key = repr(([plan.kwargs for plan in plans.values()], sorted(arguments.constructor.items())))
    state = _file_state(plans)
    with _loading:
        there = _loaded.get(key)
        if there is not None and there[0] == state:
            announce("The pipeline's five models are loaded already, and shared.")
            return there[1].with_defaults(arguments.predict)
        _loaded.pop(key, None)
        pipeline = _load(plans, arguments)
        _loaded[key] = (state, pipeline)
    announce(describe_pipeline(plans))
    return pipeline.with_defaults(arguments.predict)


def forget_pipelines() -> None:
    """Let go of the models that :func:`load_pipeline` shares, so that the next call loads anew.

    Their memory is free once no pipeline over them is in use any more.
    """
    with _loading:
        _loaded.clear()


def describe_pipeline(plans: Mapping[str, LoadPlan]) -> str:
    """A line for each module: model, whose weights, engine, device and threads; then each note once."""
    widths = [max(len(text) for text in column) for column in zip(*map(_cells, plans.values()), strict=True)]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(_cells(plan), widths, strict=True)).rstrip()
        for plan in plans.values()
    ]
    return "\n".join([*lines, *dict.fromkeys(note for plan in plans.values() for note in plan.notes)])


def _cells(plan: LoadPlan) -> tuple[str, ...]:
    weights = plan.weights
    return weights.module, weights.model_name, f"{weights.origin} weights", plan.describe_engine()


def _plan(
    weights: WeightsSource,
    device: str,
    engine: str | Mapping[str, str],
    model_names: Mapping[str, str] | None,
    allow_download: bool,
    arguments: PipelineArguments,
) -> dict[str, LoadPlan]:
    resolved = choose_device(device)
    found = find_weights(
        weights,
        engine=engine,
        device=resolved,
        modules=MODULES,
        model_names=model_names,
        allow_download=allow_download,
    )
    try:
        return _plans_on(resolved, found, engine, arguments)
    except EngineNotAvailableError:
        if device != "auto" or resolved == "cpu":
            raise
    # PaddleX runs all models of a pipeline on one device, and the user left it open.
    note = f"Not on {resolved}: not every model has a form that can run there."
    return _plans_on("cpu", found, engine, arguments, (note,))


def _plans_on(
    device: str,
    found: Mapping[str, ModelWeights],
    engine: str | Mapping[str, str],
    arguments: PipelineArguments,
    notes: tuple[str, ...] = (),
) -> dict[str, LoadPlan]:
    engines = {}
    for module, weights in found.items():
        try:
            engines[module] = choose_engine(
                engine_of(engine, module), device=device, available=weights.engines
            )
        except EngineNotAvailableError as error:
            raise EngineNotAvailableError(
                f"{module} ({weights.model_name} in {weights.model_dir}): {error}"
                + _engines_that_fit(found, engine, device)
            ) from None
    return {
        module: plan_weights(weights, device, engines[module], arguments.of_module(module, engines), notes)
        for module, weights in found.items()
    }


def _engines_that_fit(found: Mapping[str, ModelWeights], engine: str | Mapping[str, str], device: str) -> str:
    """The mapping that keeps the engine asked for wherever it fits, as a sentence; empty if there is none."""
    fitting = {}
    for module, weights in found.items():
        for candidate in dict.fromkeys((engine_of(engine, module), *ENGINES)):
            try:
                choose_engine(candidate, device=device, available=weights.engines)
            except EngineNotAvailableError:
                continue
            fitting[module] = candidate
            break
        else:
            return ""
    named = {module: name for module, name in fitting.items() if name != "auto"}
    return f" In a pipeline each module can have its own: engine={named!r}."


def _file_state(plans: Mapping[str, LoadPlan]) -> list[tuple[str, str, int, int]]:
    """(module, name, size in bytes, time of change in ns) of every file that is loaded."""
    state = []
    for module, plan in plans.items():
        for name in _MODEL_FILES:
            path = Path(plan.weights.model_dir, name)
            if path.exists():
                found = path.stat()
                state.append((module, name, found.st_size, found.st_mtime_ns))
    return state


def _load(plans: Mapping[str, LoadPlan], arguments: PipelineArguments) -> "SwitchablePaddleOCR":
    set_paddlex_font()
    constructor: dict[str, Any] = dict(arguments.constructor)
    for module, plan in plans.items():
        _, prefix = _SECTIONS[module]
        # Beside the configuration, where PaddleOCR would overwrite them with its defaults.
        constructor[f"{prefix}_model_name"] = plan.weights.model_name
        constructor[f"{prefix}_model_dir"] = str(plan.weights.model_dir)
        if plan.engine == "paddle":
            own = ("model_name", "model_dir", "device", "engine", "engine_config", "input_shape")
            constructor |= {name: value for name, value in plan.kwargs.items() if name not in own}
    with quiet_paddle():
        from ocr_helpers.loading.pipeline_object import TOGGLES_OFF, SwitchablePaddleOCR

        try:
            pipeline = SwitchablePaddleOCR(
                **constructor,
                **dict.fromkeys(TOGGLES_OFF, True),  # PaddleX loads only what is on
                device=plans["text_detection"].device,
                paddlex_config=_configuration(plans),
            )
            pipeline.weights = {module: plan.weights for module, plan in plans.items()}
            return pipeline
        except Exception as error:  # the engines raise types of their own, some straight from C++
            failure = error
    for plan in plans.values():  # PaddleX does not say at which of the five it failed
        load_plan(plan, quiet=True)
    raise ModelLoadError(
        f"PaddleOCR could not load the pipeline, though each model loads alone: {type(failure).__name__}: "
        f"{' '.join(str(failure).split())[:300]}"
    ) from failure


def _configuration(plans: Mapping[str, LoadPlan]) -> dict[str, Any]:
    """PaddleX's configuration of its OCR pipeline, with the engine of each module in it."""
    from paddlex.inference import load_pipeline_config

    config: dict[str, Any] = load_pipeline_config("OCR")
    sections = config["SubModules"] | config["SubPipelines"]["DocPreprocessor"]["SubModules"]
    for module, plan in plans.items():
        section = sections[_SECTIONS[module][0]]
        section["engine"] = plan.engine
        options = plan.kwargs.get("engine_config")
        if options is not None or plan.engine == "onnxruntime":
            defaults = engine_defaults(module, plan.engine, plan.device)
            section["engine_config"] = {ENGINE_BUCKETS[plan.engine]: {**defaults, **(options or {})}}
    return config
