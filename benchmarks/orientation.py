"""How well pages and lines are set upright, and how fast: ``python -m benchmarks.orientation``.

Pages in layouts or fonts that training never saw, each in four turns; lines in fonts that training never saw,
each upright and upside down. All go through PaddleOCR's own classes, in both forms of the weights. Ends with
1 if the two forms answer differently anywhere.
"""

import argparse
import math
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.orientation_lines import LONG_ENOUGH, make_upright_lines
from benchmarks.orientation_pages import make_pages
from benchmarks.recognition_lines import QUALITIES
from benchmarks.recognition_texts import KINDS
from ocr_helpers.loading import plan_loading
from training.fonts import KEPT_OUT
from training.sample_fonts import FontMissingError

ENGINES = ("onnxruntime", "paddle")
TURNS = (0, 90, 180, 270)  # degrees clockwise, which are PaddleX's labels
BATCH = 16  # lines classified together, as PaddleOCR does
PAGES_TARGET, LINES_TARGET, WRONG_TURNS_TARGET = 0.99, 0.99, 0.003


@dataclass
class Count:
    """Right answers of how many, by group."""

    right: Counter[tuple[str, ...]] = field(default_factory=Counter)
    total: Counter[tuple[str, ...]] = field(default_factory=Counter)

    def add(self, right: bool, *groups: tuple[str, ...]) -> None:
        """Count one answer in each of the groups."""
        for group in groups:
            self.right[group] += right
            self.total[group] += 1

    def share(self, *group: str) -> float:
        """Share of right answers; nan where there are none."""
        return self.right[group] / self.total[group] if self.total[group] else math.nan

    def table(self, title: str, kind: str) -> str:
        """One row per group whose first word is ``kind``."""
        rows = [f"{title:<34}{'right':>8}{'of':>7}"]
        for group in (group for group in self.total if group[0] == kind):
            name = ", ".join(group[1:]) or "all"
            rows.append(f"{name:<34}{self.share(*group):>8.2%}{self.total[group]:>7}")
        return "\n".join(rows)


@dataclass
class Classifier:
    """One of PaddleOCR's two orientation classes on one engine, and the seconds it took."""

    model: Any
    seconds: float = 0.0
    pictures: int = 0

    @staticmethod
    def load(module: str, engine: str, model_dir: Path | None) -> "Classifier":
        """The starter weights, or those in ``model_dir``; on the CPU."""
        import paddleocr

        weights: str | dict[str, str] = {module: str(model_dir)} if model_dir else "starter"
        plan = plan_loading(module, weights=weights, device="cpu", engine=engine)
        names = {
            "doc_orientation": "DocImgOrientationClassification",
            "textline_orientation": "TextLineOrientationClassification",
        }
        model = getattr(paddleocr, names[module])(**plan.kwargs)
        model.predict([np.full((64, 256, 3), 255, np.uint8)], batch_size=1)
        return Classifier(model)

    def labels(self, images: Sequence[NDArray[np.uint8]], batch_size: int) -> list[str]:
        """The label of each BGR image, as ``inference.yml`` names it."""
        began = time.perf_counter()
        results = self.model.predict(list(images), batch_size=batch_size)
        self.seconds += time.perf_counter() - began
        self.pictures += len(images)
        return [str(result["label_names"][0]) for result in results]

    @property
    def milliseconds(self) -> float:
        """Per picture, PaddleX's shrinking included."""
        return 1e3 * self.seconds / max(1, self.pictures)


def measure_pages(count: int, seed: int, model_dir: Path | None, mistakes: Path | None) -> tuple[Count, int]:
    """Classify ``count`` pages in four turns; prints times; the counts and how often the engines differ."""
    classifiers = [Classifier.load("doc_orientation", engine, model_dir) for engine in ENGINES]
    counted, differing = Count(), 0
    for number, page in enumerate(make_pages(count, seed)):
        images = [np.ascontiguousarray(np.rot90(page.image_bgr, -turn // 90)) for turn in TURNS]
        answers = [classifier.labels(images, batch_size=1) for classifier in classifiers]
        differing += sum(a != b for a, b in zip(*answers, strict=True))
        for turn, image, label in zip(TURNS, images, answers[0], strict=True):
            right = label == str(turn)
            counted.add(right, ("all",), ("turn", f"{turn}°"), ("kind", page.source, page.effect))
            if not right:
                print(f"  wrong: {page.name}, {page.effect}, turned by {turn}, taken for {label}", flush=True)
                if mistakes:
                    mistakes.mkdir(parents=True, exist_ok=True)
                    cv2.imwrite(str(mistakes / f"page_{number}_{turn}_{label}.png"), image)
    _print_times("page", classifiers)
    return counted, differing


def measure_lines(per_kind: int, seed: int, model_dir: Path | None) -> tuple[Count, int]:
    """Classify lines both ways up; prints times; the counts and how often the engines differ."""
    classifiers = [Classifier.load("textline_orientation", engine, model_dir) for engine in ENGINES]
    lines = list(make_upright_lines(per_kind, seed))
    upright = [line.image_bgr for line in lines]
    images = upright + [np.ascontiguousarray(image[::-1, ::-1]) for image in upright]
    answers = [classifier.labels(images, BATCH) for classifier in classifiers]
    counted = Count()
    for number, label in enumerate(answers[0]):
        line, turned = lines[number % len(lines)], number >= len(lines)
        length = "long" if len(line.text) >= LONG_ENOUGH else "short"
        way = "upside down" if turned else "upright"
        right = label == ("180_degree" if turned else "0_degree")
        counted.add(right, (length,), (length, way), ("kind", line.kind, line.quality, way))
        if not right and not turned and length == "long":
            print(f"  upright, called upside down: {line.text!r}, {line.family}, {', '.join(line.effects)}")
    _print_times("line", classifiers)
    return counted, sum(a != b for a, b in zip(*answers, strict=True))


def _print_times(what: str, classifiers: Sequence[Classifier]) -> None:
    times = ", ".join(f"{e} {c.milliseconds:.2f}" for e, c in zip(ENGINES, classifiers, strict=True))
    print(f"ms per {what}, shrinking included: {times}")


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Command line."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.orientation",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--pages", type=int, default=1200, help="page pictures, four per page (%(default)s)")
    parser.add_argument(
        "--lines", type=int, default=4000, help="line pictures besides the single words (%(default)s)"
    )
    parser.add_argument("--seed", type=int, default=0, help="other texts, sizes and damage (%(default)s)")
    parser.add_argument("--page-model", type=Path, metavar="DIR", help="measure this page classifier instead")
    parser.add_argument("--line-model", type=Path, metavar="DIR", help="measure this line classifier instead")
    parser.add_argument("--mistakes", type=Path, metavar="DIR", help="write the pages taken wrongly there")
    options = parser.parse_args(arguments)
    if options.pages < 0 or options.lines < 0 or options.pages + options.lines == 0:
        parser.error("--pages and --lines take whole numbers of at least 0, not both 0")
    return options


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, and return the exit status: 1 if the forms differ, 2 if fonts are missing."""
    options = parse(arguments)
    try:
        return _measure(options)
    except (FileNotFoundError, FontMissingError) as error:
        print(f"the pages and lines cannot be drawn: {error}", file=sys.stderr)
        return 2


def _measure(options: argparse.Namespace) -> int:
    print(f"seed {options.seed}; families kept out of training: {', '.join(KEPT_OUT)}")
    figures, differing, pictures = [], 0, 0
    if options.pages:
        pages, apart = measure_pages(
            math.ceil(options.pages / len(TURNS)), options.seed, options.page_model, options.mistakes
        )
        print(
            "\n" + pages.table("pages", "kind"), pages.table("pages turned clockwise by", "turn"), sep="\n\n"
        )
        differing, pictures = differing + apart, pictures + pages.total["all",]
        figures.append(_figure("pages right", pages.share("all"), PAGES_TARGET, pages.total["all",]))
    if options.lines:
        per_kind = math.ceil(options.lines / (2 * len(KINDS) * len(QUALITIES)))
        lines, apart = measure_lines(per_kind, options.seed, options.line_model)
        print("\n" + lines.table("lines", "kind"), lines.table(f"below {LONG_ENOUGH} characters", "short"),
              lines.table(f"{LONG_ENOUGH} characters and more", "long"), sep="\n\n")  # fmt: skip
        differing, pictures = differing + apart, pictures + lines.total["long",] + lines.total["short",]
        figures.append(_figure("lines right", lines.share("long"), LINES_TARGET, lines.total["long",]))
        wrong, of = 1 - lines.share("long", "upright"), lines.total["long", "upright"]
        reached = "reached" if wrong <= WRONG_TURNS_TARGET else "NOT REACHED"
        figures.append(
            f"upright lines called upside down {wrong:.2%} of {of} (≤ {WRONG_TURNS_TARGET:.1%} {reached})"
        )
    print(f"\n{' and '.join(ENGINES)} answer alike on {pictures - differing} of {pictures} pictures")
    print("; ".join(figures))
    return 1 if differing else 0


def _figure(name: str, share: float, target: float, of: int) -> str:
    reached = "reached" if share >= target else "NOT REACHED"
    return f"{name} {share:.2%} of {of} (≥ {target:.0%} {reached})"


if __name__ == "__main__":
    sys.exit(main())
