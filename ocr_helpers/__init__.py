"""Helpers for reading Korean documents with PaddleOCR.

Names load their module on first use, so ``import ocr_helpers`` stays fast and paddle is imported only when it
is needed.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ocr_helpers.batch import BatchResult, read_documents
    from ocr_helpers.boxes import find_boxes
    from ocr_helpers.device import choose_device
    from ocr_helpers.drawing import show_line, show_page
    from ocr_helpers.drawing.stages import show_stages
    from ocr_helpers.engines.comparison import compare_engines
    from ocr_helpers.environment.preflight import preflight
    from ocr_helpers.error_report import ErrorReport
    from ocr_helpers.errors import OcrHelpersError
    from ocr_helpers.export import load_records, save_results
    from ocr_helpers.labels import load_labelled_pages
    from ocr_helpers.loading import load_text_detection, load_text_recognition
    from ocr_helpers.loading.pipeline import load_pipeline
    from ocr_helpers.pages import Page, iter_pages, load_pages
    from ocr_helpers.samples import SampleLine, load_sample_lines, shrink_line
    from ocr_helpers.scoring import score_boxes, score_lines, score_page_text, score_result
    from ocr_helpers.settings import DetectionSettings
    from ocr_helpers.settings.pipeline import PipelineSettings
    from ocr_helpers.spacing import restore_spacing
    from ocr_helpers.stages import StagedPipeline
    from ocr_helpers.text import unsupported_characters
    from ocr_helpers.tuning import sweep_detection
    from ocr_helpers.weights import ModelWeights, find_weights
    from ocr_helpers.widgets.detection_tuner import DetectionTuner
    from ocr_helpers.widgets.line_review import LineReview
    from ocr_helpers.widgets.line_upload import LineUpload
    from ocr_helpers.widgets.module_toggles import ModuleToggles

_MODULE_OF = {
    "BatchResult": "batch",
    "DetectionSettings": "settings",
    "DetectionTuner": "widgets.detection_tuner",
    "ErrorReport": "error_report",
    "LineReview": "widgets.line_review",
    "LineUpload": "widgets.line_upload",
    "ModelWeights": "weights",
    "ModuleToggles": "widgets.module_toggles",
    "OcrHelpersError": "errors",
    "Page": "pages",
    "PipelineSettings": "settings.pipeline",
    "SampleLine": "samples",
    "StagedPipeline": "stages",
    "choose_device": "device",
    "compare_engines": "engines.comparison",
    "find_boxes": "boxes",
    "find_weights": "weights",
    "iter_pages": "pages",
    "load_labelled_pages": "labels",
    "load_pages": "pages",
    "load_pipeline": "loading.pipeline",
    "load_records": "export",
    "load_sample_lines": "samples",
    "load_text_detection": "loading",
    "load_text_recognition": "loading",
    "preflight": "environment.preflight",
    "read_documents": "batch",
    "restore_spacing": "spacing",
    "save_results": "export",
    "score_boxes": "scoring",
    "score_lines": "scoring",
    "score_page_text": "scoring",
    "score_result": "scoring",
    "show_line": "drawing",
    "show_page": "drawing",
    "show_stages": "drawing.stages",
    "shrink_line": "samples",
    "sweep_detection": "tuning",
    "unsupported_characters": "text",
}

__all__ = [
    "BatchResult",
    "DetectionSettings",
    "DetectionTuner",
    "ErrorReport",
    "LineReview",
    "LineUpload",
    "ModelWeights",
    "ModuleToggles",
    "OcrHelpersError",
    "Page",
    "PipelineSettings",
    "SampleLine",
    "StagedPipeline",
    "choose_device",
    "compare_engines",
    "find_boxes",
    "find_weights",
    "iter_pages",
    "load_labelled_pages",
    "load_pages",
    "load_pipeline",
    "load_records",
    "load_sample_lines",
    "load_text_detection",
    "load_text_recognition",
    "preflight",
    "read_documents",
    "restore_spacing",
    "save_results",
    "score_boxes",
    "score_lines",
    "score_page_text",
    "score_result",
    "show_line",
    "show_page",
    "show_stages",
    "shrink_line",
    "sweep_detection",
    "unsupported_characters",
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
