"""From a page and its result to the record of it. Paddle is imported only where there is a result."""

import dataclasses
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from ocr_helpers.errors import OcrHelpersError, shown
from ocr_helpers.export.records import LineRecord, ModelRecord, PageRecord

if TYPE_CHECKING:
    from ocr_helpers.loading import LoadPlan
    from ocr_helpers.pages import Page
    from ocr_helpers.settings.pipeline import PipelineSettings

__all__ = ["RecordSourceError", "model_records", "page_record"]


class RecordSourceError(OcrHelpersError, TypeError):
    """A page and a result that do not belong together, or are something else."""


def page_record(
    page: "Page",
    result: Mapping[str, Any],
    settings: "PipelineSettings | None" = None,
    models: Iterable[ModelRecord] = (),
) -> PageRecord:
    """Keep what is worth keeping of one page's result.

    Args:
        page: what was read.
        result: a StagedResult, or the OCRResult of ``PaddleOCR.predict``. Only the first knows its times.
        settings: what it was read with; where None, what the result itself says.
        models: of :func:`model_records`.

    Raises:
        RecordSourceError: the result is something else, or of a page of another size.
        RecordValueError: a value that cannot be kept, such as a score that is not a number.

    """
    from paddlex.inference.pipelines.ocr.result import OCRResult

    from ocr_helpers.pages import Page
    from ocr_helpers.reading_order import reading_order
    from ocr_helpers.stages.result import StagedResult

    if not isinstance(page, Page):
        raise RecordSourceError(f"page is {type(page).__name__}; expected a Page, as load_pages makes them.")
    if not isinstance(result, OCRResult):
        raise RecordSourceError(
            f"result is {type(result).__name__}; expected a StagedResult, or what PaddleOCR.predict yields."
        )
    prepared = result["doc_preprocessor_res"]
    switched = prepared.get("model_settings", {})
    turned = bool(switched.get("use_doc_orientation_classify", False))
    unwarped = bool(switched.get("use_doc_unwarping", False))
    angle = int(prepared["angle"]) if turned else None
    read_height, read_width = prepared["output_img"].shape[:2]
    height, width = prepared.get("input_img", prepared["output_img"]).shape[:2]
    if (width, height) != page.size_wh:
        raise RecordSourceError(
            f"The result is of a page of {width} × {height} pixels, and {shown(page.source)}, page "
            f"{page.index + 1}, has {page.size_wh[0]} × {page.size_wh[1]}. Pass the page that was read."
        )
    originals: list[Any] = [None] * len(result["rec_texts"])
    if not unwarped:
        staged = StagedResult(
            result, steps={}, original_bgr=page.image_bgr, angle=angle or 0, unwarped=unwarped
        )
        originals = list(staged.polys_on_original())
    angles = _textline_angles(result)
    lines = tuple(
        LineRecord(
            result["rec_texts"][place],
            result["rec_scores"][place],
            result["rec_polys"][place],
            originals[place],
            angles[place],
            int(place),
        )
        for place in reading_order(result["rec_polys"])
    )
    steps = getattr(result, "steps", {})
    return PageRecord(
        source=page.source,
        index=page.index,
        size_wh=page.size_wh,
        read_size_wh=(read_width, read_height),
        dpi=page.dpi,
        angle=angle,
        unwarped=unwarped,
        lines=lines,
        settings=_settings(result, turned, unwarped) if settings is None else dataclasses.asdict(settings),
        models=tuple(models),
        milliseconds={name: step.milliseconds for name, step in steps.items() if step.on},
    )


def model_records(plans: "Mapping[str, LoadPlan]") -> tuple[ModelRecord, ...]:
    """Say which models a pipeline runs, by what ``ocr_helpers.loading.pipeline.plan_pipeline`` returns."""
    return tuple(
        ModelRecord(module, plan.weights.model_name, plan.weights.origin, plan.engine)
        for module, plan in plans.items()
    )


def _settings(result: Mapping[str, Any], turned: bool, unwarped: bool) -> dict[str, Any]:
    """What a result says of its settings, in the form of PipelineSettings."""
    return {
        "use_doc_orientation_classify": turned,
        "use_doc_unwarping": unwarped,
        "use_textline_orientation": bool(result["model_settings"]["use_textline_orientation"]),
        "detection": dict(result["text_det_params"]),
        "text_rec_score_thresh": float(result["text_rec_score_thresh"]),
    }


def _textline_angles(result: Mapping[str, Any]) -> list[int | None]:
    """Per recognised line 0, 180 or None; PaddleOCR lists them per found box, before low scores drop out."""
    said = list(result.get("textline_orientation_angles", ()))
    found = list(result.get("dt_polys", ()))
    if not result["model_settings"]["use_textline_orientation"] or len(said) != len(found):
        return [None] * len(result["rec_texts"])
    angles: list[int | None] = []
    boxes = iter(zip(found, said, strict=True))
    for quad in result["rec_polys"]:
        turn = next((turn for box, turn in boxes if (box == quad).all()), None)
        angles.append(None if turn is None else 180 if turn == 1 else 0)
    return angles
