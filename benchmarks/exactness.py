"""Does the staged run give what PaddleOCR gives? ``python -m benchmarks.exactness [your pages]``.

Every sample page, or every page of the files given, is read under a grid of settings, by
``StagedPipeline.run`` and ``PaddleOCR.predict``. The boxes must be the same integers and the page picture
the same bytes. Lines are compared twice: with PaddleOCR reading one line at a time (text the same, score
within 0.001, always), and with PaddleOCR's default batches of six. There it pads each line to the widest of
its batch, and PaddleX 3.7 takes the orientation of the first line for all of them. A line whose text differs
only from the latter is counted: its batch changed it.
"""

import argparse
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

import ocr_helpers as ocr
from ocr_helpers.messages import quiet_paddle
from ocr_helpers.pages import Page

SAMPLES = Path(__file__).resolve().parents[1] / "data/samples"
SCORE_TOLERANCE = 1e-3
DEFAULT_BATCH = 6  # PaddleOCR's, for line orientation and recognition
LOW = ocr.DetectionSettings(thresh=0.2, box_thresh=0.4, unclip_ratio=2.0)
SMALL = ocr.DetectionSettings(limit_side_len=960, limit_type="max")
GRID = {
    "defaults": ocr.PipelineSettings(),
    "all five modules": ocr.PipelineSettings(
        use_doc_orientation_classify=True, use_doc_unwarping=True, use_textline_orientation=True
    ),
    "low thresholds, lines turned": ocr.PipelineSettings(detection=LOW, use_textline_orientation=True),
    "small input, page turned": ocr.PipelineSettings(detection=SMALL, use_doc_orientation_classify=True),
    "unwarped, scores from 0.8": ocr.PipelineSettings(
        detection=replace(SMALL, limit_type="resize_long", unclip_ratio=1.2),
        use_doc_unwarping=True,
        text_rec_score_thresh=0.8,
    ),
}
ENGINES: dict[str, str | dict[str, str]] = {
    "onnxruntime": "onnxruntime",
    # The starter detection weights have the onnx form only.
    "paddle": {"text_detection": "onnxruntime"}
    | dict.fromkeys(("doc_orientation", "unwarping", "textline_orientation", "text_recognition"), "paddle"),
}


@dataclass(frozen=True, slots=True)
class Comparison:
    """One page under one setting.

    Attributes:
        boxes: how many PaddleOCR found.
        same_boxes: the staged run found the same, corner by corner, in the same order.
        same_page: the picture they belong to is the same, byte by byte.
        lines: recognised lines.
        different: lines that are not what PaddleOCR reads one at a time (text, or score by more than 0.001).
        batched: lines whose text differs from that of PaddleOCR's default batches.

    """

    boxes: int
    same_boxes: bool
    same_page: bool
    lines: int
    different: int
    batched: int

    @property
    def exact(self) -> bool:
        """Nothing differs but what PaddleOCR's own batches change."""
        return self.same_boxes and self.same_page and not self.different


def sample_pages() -> Iterator[Page]:
    """Every page of the samples, PDF pages included."""
    for path in sorted(SAMPLES.iterdir()):
        if path.suffix in (".png", ".jpg", ".pdf"):
            yield from ocr.load_pages(path)


def compare(
    staged: ocr.StagedPipeline, one_at_a_time: Any, batches: Any, page: Page, settings: ocr.PipelineSettings
) -> Comparison:
    """Read the page with each; the two PaddleOCR objects differ in their batch sizes only.

    ``batches`` may be None: then ``batched`` is 0, as where the boxes differ.
    """
    ours = staged.run(page, settings)
    pixels, arguments = np.array(page.image_bgr), settings.as_kwargs()
    theirs = one_at_a_time.predict(pixels, **arguments)[0]
    same_boxes = same_quads(ours["dt_polys"], theirs["dt_polys"])
    same_page = np.array_equal(ours.page_bgr, theirs["doc_preprocessor_res"]["output_img"])
    different = batched = 0
    if same_quads(ours["rec_polys"], theirs["rec_polys"]):
        rows = zip(
            ours["rec_texts"], ours["rec_scores"], theirs["rec_texts"], theirs["rec_scores"], strict=True
        )
        different = sum(
            text != other or abs(score - their) > SCORE_TOLERANCE for text, score, other, their in rows
        )
    else:  # a score stood at the threshold itself, or the boxes differ
        different = max(len(ours["rec_texts"]), len(theirs["rec_texts"]))
    if batches is not None and same_boxes:
        # Compared without a score threshold, for there both lists have every line.
        free = arguments | {"text_rec_score_thresh": 0.0}
        everything = staged.run(page, replace(settings, text_rec_score_thresh=0.0))
        texts = batches.predict(pixels, **free)[0]["rec_texts"]
        batched = sum(a != b for a, b in zip(everything["rec_texts"], texts, strict=True))
    return Comparison(
        len(theirs["dt_polys"]), same_boxes, same_page, len(ours["rec_texts"]), different, batched
    )


def same_quads(ours: Any, theirs: Any) -> bool:
    """Whether two lists of boxes hold the same integers in the same order."""
    return len(ours) == len(theirs) and all(map(np.array_equal, ours, theirs))


def load(engine: str | Mapping[str, str], batch_size: int = DEFAULT_BATCH) -> Any:
    """A pipeline with the starter weights, and lines in batches of this size."""
    return ocr.load_pipeline(
        weights="starter",
        device="cpu",
        engine=engine,
        text_recognition_batch_size=batch_size,
        textline_orientation_batch_size=batch_size,
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Compare, print, and return the exit status: 1 if a page differs."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--engine", choices=list(ENGINES), nargs="+", default=list(ENGINES))
    parser.add_argument("files", nargs="*", type=Path, help="pages to read instead of the samples")
    options = parser.parse_args(arguments)
    pages = [page for file in options.files for page in ocr.load_pages(file)] or list(sample_pages())
    total = exact = lines = batched = 0
    for engine in options.engine:
        with quiet_paddle():
            alone, batches = load(ENGINES[engine], 1), load(ENGINES[engine])
        staged = ocr.StagedPipeline(alone)
        for name, settings in GRID.items():
            with quiet_paddle():
                rows = [compare(staged, alone, batches, page, settings) for page in pages]
            total, exact = total + len(rows), exact + sum(row.exact for row in rows)
            lines, batched = (
                lines + sum(row.lines for row in rows),
                batched + sum(row.batched for row in rows),
            )
            print(
                f"{engine:<12}{name:<30}{sum(row.exact for row in rows):>3} of {len(rows)} pages exact, "
                f"{sum(row.boxes for row in rows)} boxes, {sum(row.lines for row in rows)} lines, "
                f"{sum(row.batched for row in rows)} changed by PaddleOCR's batches",
                flush=True,
            )
            for page, row in zip(pages, rows, strict=True):
                if not row.exact:
                    print(f"  {Path(page.source).name} page {page.index + 1}: {row}", flush=True)
    print(f"exact {exact} of {total} pages; {batched} of {lines} lines changed by PaddleOCR's own batches")
    return int(exact < total)


if __name__ == "__main__":
    sys.exit(main())
