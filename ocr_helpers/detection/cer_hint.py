"""What only the CER tells: boxes that count as found, and read badly all the same."""

from collections.abc import Mapping

from ocr_helpers.detection.figure_words import CER, HMEAN
from ocr_helpers.detection.figures import Best
from ocr_helpers.detection.frames import FrameFigures

__all__ = ["cer_hint"]

_HIGH_HMEAN = 0.9
"""From here on the H-mean looks well. A box of an intersection over union of a half counts in it, even where
it cuts characters."""
_WORSE_BY = 0.01
"""A CER that is higher by so much is worse; less is a matter of a few characters on a page."""
_BAD_CER = 0.1
"""A CER from here on is bad even where none was better."""


def cer_hint(
    now: FrameFigures, pinned: FrameFigures | None, best: Mapping[str, Best]
) -> dict[str, str] | None:
    """A sentence in English (``"en"``) and one in Korean (``"ko"``), where a high H-mean hides a bad CER.

    It says the figures and not why: a tight box cuts characters, and a recogniser fails on whole ones too.

    Args:
        now: figures of the look; without ground truth, or before all its lines are read, there is no hint.
        pinned: those of the pinned look, or None.
        best: the best figures so far, by their names; the ``"cer"`` counts.

    """
    if now.boxes is None or now.cer is None or not now.boxes.hmean >= _HIGH_HMEAN:
        return None
    whole = now.boxes.hmean == 1
    en = f"{'All' if whole else 'Most'} boxes are found (H-mean {HMEAN.word(now)}), yet"
    ko = f"상자는 {'모두' if whole else '대부분'} 찾았지만(H-mean {HMEAN.word(now)})"
    others = [(best["cer"].value, "best yet", "지금까지 최저")] if "cer" in best else []
    if pinned is not None and pinned.cer is not None:
        others.append((pinned.cer, "A", "A는"))
    lowest, name, name_ko = min(others, key=lambda other: other[0], default=(now.cer, "", ""))
    beside = beside_ko = ""
    if now.cer - lowest >= _WORSE_BY:
        wrong, wrong_ko = "they read worse", "더 많이 틀립니다"
        beside, beside_ko = (f", {which} {CER.written(lowest)}" for which in (name, name_ko))
    elif now.cer >= _BAD_CER:
        wrong, wrong_ko = "many characters are wrong", "틀린 글자가 많습니다"
    else:
        return None
    cer = f"CER {CER.word(now)}"
    return {"en": f"{en} {wrong}: {cer}{beside}.", "ko": f"{ko} {wrong_ko}: {cer}{beside_ko}."}
