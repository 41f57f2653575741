"""How well curved pages are flattened and flat ones left alone: ``python -m benchmarks.unwarping``.

Pages with the samples' layouts, in font families that training never saw, bent by formulas that training does
not use, and ``data/samples/curved.jpg``. Displacement is the mean distance, over points along the outlines of
all lines, from their place on the flat page scaled to the size of the photo: with the module, the place where
its grid puts them; without it, where they are in the photo. Lines are found and read by PaddleOCR with the
starter weights, matched to the ground truth by overlap, and right when every character is. The displacement
of flat pages needs no measure: their lines are read again wherever the module changed a pixel.
"""

import argparse
import json
import sys
import time
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.scores import fold_twins
from benchmarks.unwarping_grid import UnwarpingGrid, flattened_points
from benchmarks.unwarping_pages import (
    CURLED,
    BenchmarkPhoto,
    along_edges,
    curved_photos,
    flat_pages,
    flat_photos,
)
from ocr_helpers.device import cpu_thread_count
from ocr_helpers.models.starter import STARTER_MODELS_DIR, starter_model_dir

SAMPLES = Path("data/samples")
DETECTION, RECOGNITION, UNWARPING = "PP-OCRv5_mobile_det", "korean_PP-OCRv5_mobile_rec", "UVDoc"
LESS_DISPLACED, MORE_LINES = 0.93, 2.0
OVERLAP = 0.4  # intersection over union from which a found box stands for a line
Image8 = NDArray[np.uint8]


@dataclass(frozen=True)
class Outcome:
    """One photo: lines, those read right without and with the module, mean displacement without and with."""

    name: str
    kind: str
    lines: int
    right_before: int
    right_after: int
    before_px: float = 0.0
    after_px: float = 0.0
    changed: bool = True


class Reader:
    """PaddleOCR's detection and recognition, and the unwarping module, on onnxruntime or paddle."""

    def __init__(self, unwarping_dir: Path, engine: str) -> None:
        import paddleocr

        self.pipeline = paddleocr.PaddleOCR(
            text_detection_model_name=DETECTION,
            text_detection_model_dir=str(starter_model_dir(DETECTION)),
            text_recognition_model_name=RECOGNITION,
            text_recognition_model_dir=str(starter_model_dir(RECOGNITION)),
            use_doc_orientation_classify=False,
            use_doc_unwarping=False,
            use_textline_orientation=False,
            engine="onnxruntime",
            device="cpu",
        )
        self.unwarping = paddleocr.TextImageUnwarping(
            model_name=UNWARPING, model_dir=str(unwarping_dir), engine=engine, device="cpu"
        )
        self.seconds: list[float] = []

    def flatten(self, image_bgr: Image8) -> Image8:
        """The module's page; its result has the channels in the other order, as PaddleX's pipeline knows."""
        began = time.perf_counter()
        (result,) = self.unwarping.predict(image_bgr)
        self.seconds.append(time.perf_counter() - began)
        return np.ascontiguousarray(np.asarray(result["doctr_img"], np.uint8)[..., ::-1])

    def right_lines(
        self, image_bgr: Image8, outlines_xy: NDArray[np.float64], texts: Sequence[str]
    ) -> list[bool]:
        """Which lines are read without an error, by the box that overlaps each most."""
        (result,) = self.pipeline.predict(image_bgr)
        boxes = [np.asarray(box, np.float32) for box in result["rec_polys"]]
        read = [fold_twins(unicodedata.normalize("NFC", text)) for text in result["rec_texts"]]
        right = []
        for outline, text in zip(outlines_xy, texts, strict=True):
            shares = [overlap(outline.astype(np.float32), box) for box in boxes]
            best = int(np.argmax(shares)) if shares else -1
            right.append(bool(shares) and shares[best] >= OVERLAP and read[best] == fold_twins(text))
        return right


def overlap(outline_xy: NDArray[np.float32], box_xy: NDArray[np.float32]) -> float:
    """Intersection over union of the rectangle round an outline and a found box, 0 to 1."""
    around = cv2.boxPoints(cv2.minAreaRect(outline_xy))
    shared, _ = cv2.intersectConvexConvex(around, box_xy)
    both = float(cv2.contourArea(around)) + float(cv2.contourArea(box_xy)) - shared
    return float(shared / both) if both > 0 else 0.0


def sample_photo() -> BenchmarkPhoto:
    """``data/samples/curved.jpg`` with its ground truth; its flat places are those of the page drawn anew."""
    truth = json.loads((SAMPLES / "curved.json").read_text(encoding="utf-8"))
    image = cv2.imread(str(SAMPLES / "curved.jpg"))
    (page,) = (page for page in flat_pages() if page.name == "curved.jpg")
    texts = tuple(line["text"] for line in truth["lines"])
    if texts != tuple(line.text for line in page.lines):
        raise RuntimeError(
            f"{SAMPLES / 'curved.json'} is not of the page drawn now: run python -m training.samples"
        )
    seen = np.stack([np.array(line["outline"], np.float64) for line in truth["lines"]])
    size = np.array(image.shape[1::-1]) / page.image_bgr.shape[1::-1]
    flat = np.stack([along_edges(line.outline_xy) for line in page.lines]) * size
    return BenchmarkPhoto("curved.jpg", CURLED, np.asarray(image, np.uint8), texts, seen, flat)


def measure_curved(photo: BenchmarkPhoto, reader: Reader, grid: UnwarpingGrid) -> Outcome:
    """Displacement and lines of a curved page, without and with the module."""
    size = (photo.image_bgr.shape[1], photo.image_bgr.shape[0])
    moved = flattened_points(grid.displacement(photo.image_bgr), photo.seen_xy, size)
    before, after = (np.linalg.norm(xy - photo.flat_xy, axis=-1).mean() for xy in (photo.seen_xy, moved))
    read = reader.right_lines(photo.image_bgr, photo.seen_xy, photo.texts)
    again = reader.right_lines(reader.flatten(photo.image_bgr), moved, photo.texts)
    return Outcome(photo.name, photo.kind, len(read), sum(read), sum(again), float(before), float(after))


def measure_flat(photo: BenchmarkPhoto, reader: Reader, grid: UnwarpingGrid) -> Outcome:
    """Lines of a flat page; those lost count one by one, lines won elsewhere make up for none."""
    flattened = reader.flatten(photo.image_bgr)
    if np.array_equal(flattened, photo.image_bgr):
        return Outcome(photo.name, photo.kind, len(photo.texts), 0, 0, changed=False)
    size = (photo.image_bgr.shape[1], photo.image_bgr.shape[0])
    moved = flattened_points(grid.displacement(photo.image_bgr), photo.seen_xy, size)
    before = reader.right_lines(photo.image_bgr, photo.seen_xy, photo.texts)
    after = reader.right_lines(flattened, moved, photo.texts)
    kept = sum(a and b for a, b in zip(before, after, strict=True))
    return Outcome(photo.name, photo.kind, len(before), sum(before), kept)


def table(outcomes: Sequence[Outcome]) -> str:
    """Curved pages by kind of bend."""
    rows = [f"{'bend':<28}{'pages':>6}{'lines':>7}{'right':>7}{'with':>6}{'px':>8}{'with':>7}{'less':>8}"]
    for kind in sorted({outcome.kind for outcome in outcomes}):
        own = [outcome for outcome in outcomes if outcome.kind == kind]
        before, after = (np.mean([getattr(o, f"{when}_px") for o in own]) for when in ("before", "after"))
        counts = [sum(getattr(o, name) for o in own) for name in ("lines", "right_before", "right_after")]
        rows.append(
            f"{kind:<28}{len(own):>6}{counts[0]:>7}{counts[1]:>7}{counts[2]:>6}"
            f"{before:>8.1f}{after:>7.1f}{1 - after / before:>8.1%}"
        )
    return "\n".join(rows)


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Command line."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.unwarping",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--pages", type=int, default=35, help="curved pages beside the sample (%(default)s)")
    parser.add_argument("--flat-pages", type=int, default=96, help="flat pages in six variants (%(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="other bends, light and noise (%(default)s)")
    parser.add_argument("--model-dir", type=Path, default=STARTER_MODELS_DIR / UNWARPING)
    parser.add_argument("--engine", choices=["onnxruntime", "paddle"], default="onnxruntime")
    parser.add_argument("--each", action="store_true", help="also a line per curved page")
    options = parser.parse_args(arguments)
    if options.pages < 1 or options.flat_pages < 1:
        parser.error("--pages and --flat-pages take a whole number of at least 1")
    return options


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, and return 0 where all three targets are met, else 1."""
    options = parse(arguments)
    reader = Reader(options.model_dir, options.engine)
    grid = UnwarpingGrid(options.model_dir / "inference.onnx", cpu_thread_count())
    curved: list[Outcome] = []
    for photo in (sample_photo(), *curved_photos(options.pages, options.seed)):
        curved.append(o := measure_curved(photo, reader, grid))
        if options.each:
            print(f"{o.name:<28}{o.kind:<28}{o.lines:>4}{o.right_before:>4}{o.right_after:>4}"
                  f"{o.before_px:>7.1f}{o.after_px:>6.1f}", flush=True)  # fmt: skip
    flat = [measure_flat(photo, reader, grid) for photo in flat_photos(options.seed, options.flat_pages)]
    print(table(curved))
    for outcome in flat:
        if outcome.changed:
            lost = outcome.right_before - outcome.right_after
            print(f"changed: {outcome.name}, {outcome.kind}: {lost} of {outcome.right_before} lines lost")
    return _print_figures(curved, flat, reader)


def _print_figures(curved: Sequence[Outcome], flat: Sequence[Outcome], reader: Reader) -> int:
    before, after = (float(np.mean([getattr(o, f"{w}_px") for o in curved])) for w in ("before", "after"))
    lines, read, again = (
        sum(getattr(o, n) for o in curved) for n in ("lines", "right_before", "right_after")
    )
    lost = sum(o.right_before - o.right_after for o in flat)
    changed = sum(o.changed for o in flat)
    milliseconds = 1000 * float(np.median(reader.seconds))
    less, more = 1 - after / before, again / max(1, read)
    results: list[tuple[str, bool]] = [
        (
            f"displacement {before:.1f} px without, {after:.1f} px with: {less:.1%} less "
            f"(at least {LESS_DISPLACED:.0%})",
            less >= LESS_DISPLACED,
        ),
        (
            f"lines exact on {len(curved)} curved pages: {read} of {lines} without, {again} with: "
            f"{more:.2f} times (at least {MORE_LINES:g})",
            more >= MORE_LINES,
        ),
        (
            f"lines lost on {len(flat)} flat pages, {len(flat) - changed} of them unchanged to the last bit: "
            f"{lost} (none)",
            lost == 0,
        ),
    ]
    print(f"\nmedian time of the module: {milliseconds:.0f} ms a page")
    for figure, met in results:
        print(f"{figure}: {'met' if met else 'missed'}")
    return 0 if all(met for _, met in results) else 1


if __name__ == "__main__":
    sys.exit(main())
