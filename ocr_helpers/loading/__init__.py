"""PaddleOCR's own objects, loaded with weights that are there and an engine that does not crash.

Importing this module imports neither paddle nor paddleocr. Each load says in one line what is used, for
example ``text_recognition: korean_PP-OCRv5_mobile_rec (starter weights), onnxruntime on cpu, 2 threads``; see
``ocr_helpers.messages`` for how to silence it, and :func:`plan_loading` to ask beforehand.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from ocr_helpers.device import EngineNotAvailableError, choose_device, choose_engine
from ocr_helpers.errors import OcrHelpersError
from ocr_helpers.fonts import set_paddlex_font
from ocr_helpers.loading.arguments import LoadingArgumentError, check_arguments, engine_arguments
from ocr_helpers.messages import announce, quiet_paddle
from ocr_helpers.models.names import Engine, check_module
from ocr_helpers.weights import ModelWeights, WeightsSource, find_weights

if TYPE_CHECKING:
    from paddleocr import TextDetection, TextRecognition

__all__ = [
    "LoadPlan",
    "LoadingArgumentError",
    "ModelLoadError",
    "load_plan",
    "load_text_detection",
    "load_text_recognition",
    "plan_loading",
    "plan_weights",
]

_CLASSES: Final[Mapping[str, str]] = {
    "doc_orientation": "DocImgOrientationClassification",
    "unwarping": "TextImageUnwarping",
    "text_detection": "TextDetection",
    "textline_orientation": "TextLineOrientationClassification",
    "text_recognition": "TextRecognition",
}
"""Module → the class of PaddleOCR that runs it alone."""


class ModelLoadError(OcrHelpersError):
    """PaddleOCR or the engine refused a model whose files passed every check here."""


@dataclass(frozen=True, slots=True)
class LoadPlan:
    """What will be loaded, and how.

    Attributes:
        weights: which model, from where.
        device: ``"cpu"`` or ``"gpu:N"``.
        engine: ``"paddle"`` or ``"onnxruntime"``.
        kwargs: all arguments for the PaddleOCR class.
        notes: what was decided against a default, and why; each a sentence.

    """

    weights: ModelWeights
    device: str
    engine: Engine
    kwargs: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def describe(self) -> str:
        """One line: module, model, whose weights, engine, device, threads."""
        weights = self.weights
        line = f"{weights.module}: {weights.model_name} ({weights.origin} weights), {self.describe_engine()}"
        return " ".join([line + ("." if self.notes else ""), *self.notes])

    def describe_engine(self) -> str:
        """Engine, device and threads, such as ``onnxruntime on cpu, 2 threads``."""
        threads = self.kwargs.get("cpu_threads") or (self.kwargs.get("engine_config") or {}).get(
            "intra_op_num_threads"
        )
        on = f"{self.device}, {threads} thread{'s' if threads != 1 else ''}" if threads else self.device
        return f"{self.engine} on {on}"


def plan_loading(
    module: str,
    weights: WeightsSource = "auto",
    device: str = "auto",
    engine: str = "auto",
    *,
    model_name: str | None = None,
    allow_download: bool = True,
    **kwargs: Any,
) -> LoadPlan:
    """Decide device, weights and engine of one module, without loading it.

    Args and errors: as :func:`load_text_recognition`; ``allow_download=False`` never looks at the network.
    """
    check_module(module)
    resolved_device = choose_device(device)
    check_arguments(module, kwargs)
    names = {} if model_name is None else {module: model_name}
    found = find_weights(
        weights,
        engine=engine,
        device=resolved_device,
        modules=[module],
        model_names=names,
        allow_download=allow_download,
    )[module]
    try:
        return plan_weights(found, resolved_device, engine, kwargs)
    except EngineNotAvailableError:
        if device != "auto" or resolved_device == "cpu":
            raise
    # The user left the device open, and nothing here can run these weights on the GPU.
    note = f"Not on {resolved_device}: these weights have no form that can run there."
    return plan_weights(found, "cpu", engine, kwargs, (note,))


def plan_weights(
    weights: ModelWeights, device: str, engine: str, kwargs: Mapping[str, Any], notes: tuple[str, ...] = ()
) -> LoadPlan:
    """Decide the engine and its arguments for weights that were found.

    Args:
        weights: what ``find_weights`` found.
        device: ``"cpu"`` or ``"gpu:N"``.
        engine: ``"auto"``, ``"paddle"`` or ``"onnxruntime"``.
        kwargs: arguments for the PaddleOCR class that `check_arguments` let pass.
        notes: what was decided before; the plan's notes begin with them.

    Raises:
        ocr_helpers.device.UnknownEngineError, EngineNotAvailableError: see ``engine``.
        LoadingArgumentError: an argument that the engine would ignore.

    """
    chosen = choose_engine(engine, device=device, available=weights.engines)
    arguments, more = engine_arguments(weights.module, chosen, device, kwargs)
    arguments |= {
        "model_name": weights.model_name,
        "model_dir": str(weights.model_dir),
        "device": device,
        "engine": chosen,
    }
    return LoadPlan(weights, device, chosen, arguments, (*notes, *more))


def load_text_recognition(
    weights: WeightsSource = "auto",
    device: str = "auto",
    engine: str = "auto",
    *,
    model_name: str | None = None,
    **kwargs: Any,
) -> "TextRecognition":
    """Load a ``paddleocr.TextRecognition`` that reads Korean lines.

    Args:
        weights: ``"official"``, ``"starter"``, ``"auto"``, or ``{"text_recognition": directory}``; see
            ``ocr_helpers.weights``.
        device: ``"auto"``, ``"cpu"``, ``"gpu"`` or ``"gpu:N"``.
        engine: ``"auto"``, ``"paddle"`` or ``"onnxruntime"``.
        model_name: PaddleOCR's name of the model; by default ``korean_PP-OCRv5_mobile_rec``.
        **kwargs: passed to the class: ``input_shape``, ``engine_config``, ``cpu_threads``, and for the engine
            paddle ``enable_mkldnn``, ``mkldnn_cache_capacity``, ``use_tensorrt``, ``precision``,
            ``enable_cinn``. ``cpu_threads`` defaults to the cores this process may use, for either engine.

    Returns:
        PaddleOCR's own object; nothing is added to it. Not thread-safe (see PaddleOCR).

    Raises:
        LoadingArgumentError: an unknown or unusable argument.
        ModelLoadError: the engine refused the model.
        ocr_helpers.device.UnknownDeviceError, DeviceNotAvailableError, UnknownEngineError,
        EngineNotAvailableError. ocr_helpers.errors.OcrHelpersError: the others that
        ``ocr_helpers.weights.find_weights`` names.

    """
    plan = plan_loading("text_recognition", weights, device, engine, model_name=model_name, **kwargs)
    return load_plan(plan)


def load_text_detection(
    weights: WeightsSource = "auto",
    device: str = "auto",
    engine: str = "auto",
    *,
    model_name: str | None = None,
    **kwargs: Any,
) -> "TextDetection":
    """Load a ``paddleocr.TextDetection`` that finds text lines.

    Args:
        weights: as for :func:`load_text_recognition`. The starter weights have the onnx form only.
        device: as for :func:`load_text_recognition`.
        engine: as for :func:`load_text_recognition`.
        model_name: by default ``PP-OCRv5_mobile_det``; for instance ``PP-OCRv5_server_det``.
        **kwargs: as for :func:`load_text_recognition`, and ``limit_side_len``, ``limit_type``, ``thresh``,
            ``box_thresh``, ``unclip_ratio``, which are checked by ``DetectionSettings``.

    Returns:
        PaddleOCR's own object; nothing is added to it. Not thread-safe (see PaddleOCR).

    Raises:
        As :func:`load_text_recognition`, and the errors of ``ocr_helpers.settings.DetectionSettings``.

    """
    plan = plan_loading("text_detection", weights, device, engine, model_name=model_name, **kwargs)
    return load_plan(plan)


def load_plan(plan: LoadPlan, *, quiet: bool = False) -> Any:
    """Load what :func:`plan_loading` decided: the module's PaddleOCR class. ``quiet`` leaves out the line
    that says so.

    Raises:
        ModelLoadError: the engine refused the model.
        ocr_helpers.fonts.HangulFontError, PaddlexFontError: PaddleOCR's pictures would need the network.

    """
    class_name = _CLASSES[plan.weights.module]
    set_paddlex_font()
    with quiet_paddle():
        import paddleocr

        try:
            model = getattr(paddleocr, class_name)(**plan.kwargs)
        except Exception as error:  # the engines raise types of their own, some straight from C++
            raise ModelLoadError(
                f"{plan.engine} on {plan.device} could not load {plan.weights.model_name} from "
                f"{plan.weights.model_dir}: {type(error).__name__}: {' '.join(str(error).split())[:300]}"
            ) from error
    if not quiet:
        announce(plan.describe())
    return model
