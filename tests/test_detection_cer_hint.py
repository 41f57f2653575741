"""A high H-mean with a bad CER is said, in the figures' own words and never without them."""

import math

import pytest

from ocr_helpers.detection.cer_hint import cer_hint
from ocr_helpers.detection.figures import Best
from ocr_helpers.detection.frames import FrameFigures
from ocr_helpers.scoring import BoxScore
from ocr_helpers.settings import DetectionSettings


def figures(cer: float | None, matched: int | None = 40) -> FrameFigures:
    boxes = None if matched is None else BoxScore(matched, 40 if matched else 0, 40 if matched else 0)
    return FrameFigures(40, 0.9, 0.9, boxes, cer)


def best(cer: float) -> dict[str, Best]:
    return {"hmean": Best(1.0, DetectionSettings()), "cer": Best(cer, DetectionSettings(unclip_ratio=1.8))}


@pytest.mark.parametrize(
    ("now", "pinned", "best_cer"),
    [
        pytest.param(figures(0.3, None), None, None, id="no ground truth"),
        pytest.param(figures(None), None, 0.01, id="not read yet"),
        pytest.param(figures(0.3, 0), None, 0.01, id="no box at all"),
        pytest.param(figures(0.3, 35), figures(0.01), 0.01, id="the H-mean tells it already"),
        pytest.param(figures(0.014), None, 0.014, id="the best itself"),
        pytest.param(figures(0.02), figures(0.02), 0.014, id="hardly worse"),
        pytest.param(figures(0.09), figures(None), None, id="nothing known that is better"),
        pytest.param(figures(math.nan), None, 0.01, id="no text in the ground truth"),
    ],
)
def test_nothing_is_said_that_the_figures_do_not_show(
    now: FrameFigures, pinned: FrameFigures | None, best_cer: float | None
) -> None:
    assert cer_hint(now, pinned, {} if best_cer is None else best(best_cer)) is None


@pytest.mark.parametrize(
    ("now", "pinned", "best_cer", "en", "ko"),
    [
        pytest.param(
            figures(0.207), None, 0.014,
            "All boxes are found (H-mean 100.0%), yet they read worse: CER 20.7%, best yet 1.4%.",
            "상자는 모두 찾았지만(H-mean 100.0%) 더 많이 틀립니다: CER 20.7%, 지금까지 최저 1.4%.",
            id="worse than the best yet",
        ),
        pytest.param(
            figures(0.036), figures(0.012), 0.014,
            "All boxes are found (H-mean 100.0%), yet they read worse: CER 3.6%, A 1.2%.",
            "상자는 모두 찾았지만(H-mean 100.0%) 더 많이 틀립니다: CER 3.6%, A는 1.2%.",
            id="worse than A",
        ),
        pytest.param(
            figures(0.35, 38), figures(0.35), 0.35,
            "Most boxes are found (H-mean 95.0%), yet many characters are wrong: CER 35.0%.",
            "상자는 대부분 찾았지만(H-mean 95.0%) 틀린 글자가 많습니다: CER 35.0%.",
            id="bad, and never better",
        ),
    ],
)  # fmt: skip
def test_what_only_the_cer_tells(
    now: FrameFigures, pinned: FrameFigures | None, best_cer: float, en: str, ko: str
) -> None:
    assert cer_hint(now, pinned, best(best_cer)) == {"en": en, "ko": ko}
