"""The five modules of PaddleOCR's pipeline, and the models each of them can load.

PaddleOCR 3.7's own default detection and recognition are PP-OCRv6, which knows no Korean, so this package
always names the model of every module.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Literal

from ocr_helpers.errors import OcrHelpersError

__all__ = [
    "ENGINES",
    "MODEL_NAMES",
    "MODULES",
    "Engine",
    "UnknownModelNameError",
    "UnknownModuleError",
    "check_model_name",
    "check_module",
]

Engine = Literal["paddle", "onnxruntime"]
"""What runs a network. ``paddle`` needs the paddle form of the weights, ``onnxruntime`` the onnx form."""

ENGINES: Final[tuple[Engine, ...]] = ("paddle", "onnxruntime")

MODEL_NAMES: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "doc_orientation": ("PP-LCNet_x1_0_doc_ori",),
        "unwarping": ("UVDoc",),
        "text_detection": (
            "PP-OCRv5_mobile_det",
            "PP-OCRv5_server_det",
            "PP-OCRv6_tiny_det",
            "PP-OCRv6_small_det",
            "PP-OCRv6_medium_det",
        ),
        "textline_orientation": ("PP-LCNet_x1_0_textline_ori", "PP-LCNet_x0_25_textline_ori"),
        "text_recognition": (
            "korean_PP-OCRv5_mobile_rec",
            "latin_PP-OCRv5_mobile_rec",
            "en_PP-OCRv5_mobile_rec",
            "PP-OCRv5_mobile_rec",
            "PP-OCRv5_server_rec",
        ),
    }
)
"""Module → PaddleOCR model names, the default first, modules in the order a page passes them.

All of them are published in paddle and in onnx form (``paddlex.inference.utils.official_models``, PaddleX
3.7).
"""

MODULES: Final[tuple[str, ...]] = tuple(MODEL_NAMES)


class UnknownModuleError(OcrHelpersError):
    """A name that is none of the five modules."""


class UnknownModelNameError(OcrHelpersError):
    """A model name that the module does not know."""


def check_module(module: object) -> str:
    """Return ``module`` if it names one of :data:`MODULES`.

    Raises:
        UnknownModuleError: anything else; the message lists the five.

    """
    if not isinstance(module, str) or module not in MODEL_NAMES:
        raise UnknownModuleError(f"There is no module {module!r}. Choose from: {', '.join(MODULES)}.")
    return module


def check_model_name(module: str, model_name: object = None) -> str:
    """Return ``model_name``, or the module's default where it is None.

    Raises:
        UnknownModuleError: ``module`` is none of the five.
        UnknownModelNameError: the module has no such model; the message lists those it has.

    """
    names = MODEL_NAMES[check_module(module)]
    if model_name is None:
        return names[0]
    if not isinstance(model_name, str) or model_name not in names:
        raise UnknownModelNameError(
            f"{module} has no model {model_name!r}. Choose from: {', '.join(names)}. "
            "Weights fine-tuned from one of these keep its name."
        )
    return model_name
