"""How well a page was read where nothing says where its lines stood: its text as a whole."""

from collections.abc import Mapping, Sequence
from typing import Any

from ocr_helpers.ground_truth import GroundTruthError, PageTruth
from ocr_helpers.scoring.text import LineScores, score_lines
from ocr_helpers.text import TextsError

__all__ = ["check_comparable", "score_page_text"]


def score_page_text(
    read: Mapping[str, Any] | Sequence[str], expected: PageTruth | Sequence[str]
) -> LineScores:
    """Compare the text of a page with its ground truth, without boxes.

    For pages whose boxes and ground truth do not share a picture: unwarped ones, or ground truth that is text
    alone. All lines of a page are joined by single spaces, on both sides, and compared as one text. So it
    does not matter where a line was cut in two; but lines read in another order are errors, and what is
    missing, surplus and misread cannot be told apart. On a page that was not unwarped,
    :func:`ocr_helpers.scoring.score_result` says more.

    Args:
        read: the result of ``StagedPipeline.run`` or ``PaddleOCR.predict``, whose lines are taken in reading
            order; or the lines in that order.
        expected: the true lines in reading order, which ground truth in the form of ``data/samples`` has.

    Returns:
        Counts of one "line", the page: ``cer``, ``jamo_cer``, ``wer`` and the spacing scores are the page's.
        Add those of several pages for the rates over all.

    Raises:
        ocr_helpers.text.TextsError: no result and no lines.

    """
    texts = _lines_of(read) if isinstance(read, Mapping) else _checked("read", read)
    true = list(expected.texts) if isinstance(expected, PageTruth) else _checked("expected", expected)
    return score_lines([_joined(texts)], [_joined(true)])


def check_comparable(result: Mapping[str, Any], truth: PageTruth | None) -> None:
    """Refuse a result and a ground truth whose boxes cannot be compared.

    Args:
        result: of ``StagedPipeline.run`` or ``PaddleOCR.predict``.
        truth: in pixels of the page as it was given.

    Raises:
        ocr_helpers.ground_truth.GroundTruthError: there is no ground truth with boxes.
        ocr_helpers.stages.result.PageMappingError: the page was unwarped; or PaddleOCR turned it and only its
            own result is there, which does not keep the original.

    """
    if not isinstance(truth, PageTruth):
        raise GroundTruthError(
            f"truth is {type(truth).__name__}; expected PageTruth. Of a labelled page it is None where only "
            "texts are known: compare these with ocr_helpers.scoring.score_page_text(result, page.texts)."
        )
    prepared = result.get("doc_preprocessor_res", {})
    unwarped = prepared.get("model_settings", {}).get("use_doc_unwarping", False)
    turned = not hasattr(result, "polys_on_original") and prepared.get("angle", -1) not in (0, -1)
    if not unwarped and not turned:
        return
    from ocr_helpers.stages.result import PageMappingError

    if unwarped:
        raise PageMappingError(
            "The boxes belong to the unwarped page, and the ground truth to the page before that: the "
            "unwarping network gives a flat picture and does not tell where its pixels came from. Compare "
            "the texts alone with ocr_helpers.scoring.score_page_text(result, truth), which takes the lines "
            "in reading order; or run with use_doc_unwarping=False."
        )
    raise PageMappingError(
        f"The page was turned by {prepared['angle']} degrees, and the boxes belong to the turned page. "
        "Run it with ocr_helpers.StagedPipeline, whose result is mapped back; or compare the texts alone "
        "with ocr_helpers.scoring.score_page_text(result, truth)."
    )


def _lines_of(result: Mapping[str, Any]) -> list[str]:
    from ocr_helpers.reading_order import reading_order

    if missing := [key for key in ("rec_texts", "rec_polys") if key not in result]:
        raise TextsError(
            f"read has no {' and no '.join(missing)}; expected a result of StagedPipeline.run or "
            "PaddleOCR.predict, or the lines as str."
        )
    texts = result["rec_texts"]
    return [texts[index] for index in (reading_order(result["rec_polys"]) if len(texts) else ())]


def _checked(name: str, lines: Any) -> list[str]:
    if isinstance(lines, str):
        return lines.splitlines()
    try:
        texts = list(lines)
    except TypeError:
        texts = [lines]
    for number, text in enumerate(texts):
        if not isinstance(text, str):
            raise TextsError(f"{name}[{number}] is {type(text).__name__}; expected str.")
    return texts


def _joined(lines: Sequence[str]) -> str:
    return " ".join(filter(None, (line.strip() for line in lines)))
