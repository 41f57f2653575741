"""RapidOCR's own pipeline, given the networks and settings of ours, and whether two readings are the same."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from numpy.typing import NDArray

import ocr_helpers as ocr
from ocr_helpers.device import cpu_thread_count

__all__ = ["TextsDifferError", "equal_texts", "load_rapidocr", "same_lines", "texts_of"]

IMAGENET = {"mean": [0.485, 0.456, 0.406], "std": [0.229, 0.224, 0.225]}
"""What the detection network was trained with; RapidOCR's default is 0.5 and 0.5."""


class TextsDifferError(AssertionError):
    """Two programs that must read the same do not; their times are not comparable."""


def equal_texts(what: str, ours: Sequence[str], theirs: Sequence[str]) -> int:
    """How many lines there are, where every line is the same.

    Raises:
        TextsDifferError: a line differs, or one side has more of them.

    """
    if list(ours) == list(theirs):
        return len(ours)
    pairs = [f"{a!r} and {b!r}" for a, b in zip(ours, theirs, strict=False) if a != b]
    raise TextsDifferError(
        f"{what}: {len(ours)} and {len(theirs)} lines, {len(pairs)} of them different"
        + (f", the first {pairs[0]}" if pairs else "")
    )


def same_lines(ours: Sequence[str], theirs: Sequence[str]) -> int:
    """How many lines are in both readings, wherever they stand."""
    return (Counter(ours) & Counter(theirs)).total()


def load_rapidocr(directory: Path) -> Any:
    """A ``rapidocr.RapidOCR`` with the starter networks of detection and recognition, on the same threads.

    Its limits are PaddleOCR's for the Korean pipeline, so the detection network sees a page in the same size;
    its batches are its own default, 6 lines. It has no classifier: its pre-processing for one is not
    that of ``PP-LCNet_x1_0_textline_ori`` (padded, not stretched), so ours would not answer the same there.

    Args:
        directory: where the dictionary is written, one character a line.

    """
    import rapidocr

    found = ocr.find_weights(
        "starter", engine="onnxruntime", device="cpu", modules=["text_detection", "text_recognition"]
    )
    detection, recognition = (found[name].model_dir for name in ("text_detection", "text_recognition"))
    settings = yaml.safe_load((recognition / "inference.yml").read_text(encoding="utf-8"))
    characters = settings["PostProcess"]["character_dict"]
    dictionary = directory / "dictionary.txt"
    dictionary.write_text("".join(f"{character}\n" for character in characters), encoding="utf-8")
    limits = ocr.DetectionSettings()
    return rapidocr.RapidOCR(
        params={
            "Global.use_cls": False,
            "Global.text_score": 0.0,
            "Global.max_side_len": limits.max_side_limit,
            "Global.log_level": "error",
            "EngineConfig.onnxruntime.intra_op_num_threads": cpu_thread_count(),
            "Det.model_path": str(detection / "inference.onnx"),
            "Det.limit_side_len": limits.limit_side_len,
            "Det.limit_type": limits.limit_type,
            "Det.mean": IMAGENET["mean"],
            "Det.std": IMAGENET["std"],
            "Det.thresh": limits.thresh,
            "Det.box_thresh": limits.box_thresh,
            "Det.unclip_ratio": limits.unclip_ratio,
            "Det.use_dilation": False,
            "Rec.model_path": str(recognition / "inference.onnx"),
            "Rec.rec_keys_path": str(dictionary),
        }
    )


def texts_of(rapid: Any, image_bgr: NDArray[np.uint8]) -> list[str]:
    """The lines that RapidOCR reads on a page, those without any character left out."""
    return list(rapid(image_bgr).txts or ())
