"""Helpers for reading Korean documents with PaddleOCR.

Names load their module on first use, so ``import ocr_helpers`` stays fast and paddle is imported only when it
is needed.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ocr_helpers.boxes import find_boxes
    from ocr_helpers.device import choose_device, preflight
    from ocr_helpers.drawing import show_line, show_page
    from ocr_helpers.errors import OcrHelpersError
    from ocr_helpers.loading import load_text_detection, load_text_recognition
    from ocr_helpers.pages import Page, iter_pages, load_pages
    from ocr_helpers.pipeline_loading import load_pipeline
    from ocr_helpers.pipeline_settings import PipelineSettings
    from ocr_helpers.samples import SampleLine, load_sample_lines, shrink_line
    from ocr_helpers.settings import DetectionSettings
    from ocr_helpers.stage_figures import show_stages
    from ocr_helpers.stages import StagedPipeline
    from ocr_helpers.weights import ModelWeights, find_weights
    from ocr_helpers.widgets.detection_tuner import DetectionTuner
    from ocr_helpers.widgets.line_upload import LineUpload
    from ocr_helpers.widgets.module_toggles import ModuleToggles

_MODULE_OF = {
    "DetectionSettings": "settings",
    "DetectionTuner": "widgets.detection_tuner",
    "LineUpload": "widgets.line_upload",
    "ModelWeights": "weights",
    "ModuleToggles": "widgets.module_toggles",
    "OcrHelpersError": "errors",
    "Page": "pages",
    "PipelineSettings": "pipeline_settings",
    "SampleLine": "samples",
    "StagedPipeline": "stages",
    "choose_device": "device",
    "find_boxes": "boxes",
    "find_weights": "weights",
    "iter_pages": "pages",
    "load_pages": "pages",
    "load_pipeline": "pipeline_loading",
    "load_sample_lines": "samples",
    "load_text_detection": "loading",
    "load_text_recognition": "loading",
    "preflight": "device",
    "show_line": "drawing",
    "show_page": "drawing",
    "show_stages": "stage_figures",
    "shrink_line": "samples",
}

__all__ = [
    "DetectionSettings",
    "DetectionTuner",
    "LineUpload",
    "ModelWeights",
    "ModuleToggles",
    "OcrHelpersError",
    "Page",
    "PipelineSettings",
    "SampleLine",
    "StagedPipeline",
    "choose_device",
    "find_boxes",
    "find_weights",
    "iter_pages",
    "load_pages",
    "load_pipeline",
    "load_sample_lines",
    "load_text_detection",
    "load_text_recognition",
    "preflight",
    "show_line",
    "show_page",
    "show_stages",
    "shrink_line",
]


def __getattr__(name: str) -> Any:
    if name not in _MODULE_OF:
        raise AttributeError(
            f"module 'ocr_helpers' has no attribute {name!r}; it offers {', '.join(__all__)}"
        )
    value = getattr(import_module(f"ocr_helpers.{_MODULE_OF[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
