"""What only the CER tells: boxes that count as found, and read badly all the same."""

from collections.abc import Mapping

from ocr_helpers.detection.figure_words import CER, HMEAN
from ocr_helpers.detection.figures import Best
from ocr_helpers.detection.frames import FrameFigures

__all__ = ["BAD_CER", "HIGH_HMEAN", "WORSE_BY", "cer_hint"]

HIGH_HMEAN = 0.9
"""From here on the H-mean looks well. A box that shares half its area with a true one counts in it, even
where it cuts characters."""
WORSE_BY = 0.01
"""A CER that is higher by so much is worse; less is a matter of a few characters on a page."""
BAD_CER = 0.1
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
    if now.boxes is None or now.cer is None or not now.boxes.hmean >= HIGH_HMEAN:
        return None
    whole = now.boxes.hmean == 1
    en = f"{'All' if whole else 'Most'} boxes are found (H-mean {HMEAN.word(now)}), yet"
    ko = f"상자는 {'모두' if whole else '대부분'} 찾았지만(H-mean {HMEAN.word(now)})"
    others = [(best["cer"].value, "best yet", "지금까지 최저")] if "cer" in best else []
    if pinned is not None and pinned.cer is not None:
        others.append((pinned.cer, "A", "A는"))
    lowest, name, name_ko = min(others, key=lambda other: other[0], default=(now.cer, "", ""))
    if now.cer - lowest >= WORSE_BY:
        figures = f"CER {CER.word(now)}, {{}} {CER.written(lowest)}."
        return {
            "en": f"{en} they read worse: {figures.format(name)}",
            "ko": f"{ko} 더 많이 틀립니다: {figures.format(name_ko)}",
        }
    if now.cer >= BAD_CER:
        figures = f"CER {CER.word(now)}."
        return {
            "en": f"{en} many characters are wrong: {figures}",
            "ko": f"{ko} 틀린 글자가 많습니다: {figures}",
        }
    return None
