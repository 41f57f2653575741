"""Exact-line accuracy on labelled line pictures: ``python -m benchmarks.exact_lines``.

The figure that PaddleOCR's model cards state: the share of lines read without any wrong character, spaces and
punctuation included. Where the official weights and the 5,007 Korean lines that PaddleOCR measures on are at
hand (its ``rec_gt.txt`` and pictures do not come with the model), this is the command that measures the
88.0 % stated for korean_PP-OCRv5_mobile_rec::

    python -m benchmarks.exact_lines --labels rec_gt.txt --images DIR --weights official --as-paddleocr

``--as-paddleocr`` prepares lines as the ``Eval`` part of PaddleOCR 3's ``korean_PP-OCRv5_mobile_rec.yml``
does, which is kinder than what a user meets. A line longer than 320 pixels at 48 pixels of height is squeezed
to that; characters that the dictionary cannot spell are dropped from the truth; and lines of 24 or more
characters are left out (``NRTRLabelEncode`` refuses them at ``max_text_length`` 25; PaddleOCR counts the line
after such a one twice instead). Without it every line is read at its own width against its whole truth.

A label file has a line ``path<TAB>text`` for each picture. Without one the lines of ``data/samples`` are
read. Pictures that cannot be read are listed at the end and are not counted. Ends with 1 if there are any.
"""

import argparse
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

import ocr_helpers
from ocr_helpers.samples import samples_dir
from ocr_helpers.scoring.text import LineScores, score_lines
from ocr_helpers.text import comparable_text, dictionary_characters, spellable_lines

SQUEEZED_WH = 320, 48
MOST_CHARACTERS = 23
TOGETHER = 64
"""Pictures in memory at a time."""


@dataclass(frozen=True)
class LabelledLine:
    """Where a line's picture is, and what stands there."""

    name: str
    path: Path
    text: str


@dataclass
class Outcome:
    """Scores so far, and what was not counted."""

    scores: LineScores = field(default_factory=LineScores)
    spellable: LineScores = field(default_factory=LineScores)
    unreadable: list[str] = field(default_factory=list)
    left_out: int = 0
    seconds: float = 0.0


def read_labels(labels: Path, images: Path, unreadable: list[str]) -> Iterator[LabelledLine]:
    """Yield the lines of a label file as they come; add what is no ``path<TAB>text`` to ``unreadable``.

    Args:
        labels: UTF-8, with or without a byte order mark.
        images: the folder that paths are relative to.
        unreadable: gets a sentence for each broken line.

    """
    with labels.open("rb") as stream:
        for number, raw in enumerate(stream, 1):
            try:
                row = raw.decode("utf-8-sig" if number == 1 else "utf-8").rstrip("\r\n")
            except UnicodeDecodeError as error:
                unreadable.append(f"{labels.name}, line {number}: not UTF-8 ({error.reason})")
                continue
            name, tab, text = row.partition("\t")
            if tab and name:
                yield LabelledLine(name, images / name, text)
            elif row.strip():
                unreadable.append(f"{labels.name}, line {number}: no tab between path and text: {row[:60]!r}")


def sample_lines() -> Iterator[LabelledLine]:
    """Yield the line pictures of ``data/samples/lines``."""
    for line in ocr_helpers.load_sample_lines():
        yield LabelledLine(line.name, samples_dir() / "lines" / f"{line.name}.png", line.text)


def as_paddleocr(image_bgr: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The picture squeezed where it is longer than PaddleOCR's evaluation allows; uint8 (H, W, 3).

    Shorter ones are padded to 320 pixels by PaddleX itself.
    """
    height, width = image_bgr.shape[:2]
    if width * SQUEEZED_WH[1] <= height * SQUEEZED_WH[0]:
        return image_bgr
    return np.asarray(cv2.resize(image_bgr, SQUEEZED_WH), np.uint8)


def paddleocr_truth(text: str, known: frozenset[str]) -> str | None:
    """The truth as PaddleOCR's evaluation encodes and decodes it; None where it leaves the line out."""
    spelled = "".join(character for character in text if character in known)
    return (
        spelled if spelled and len(text) <= MOST_CHARACTERS + 2 and len(spelled) <= MOST_CHARACTERS else None
    )


def measure(
    recognizer: Any, lines: Iterable[LabelledLine], batch_size: int, like_paddleocr: bool, outcome: Outcome
) -> None:
    """Read the lines, a few at a time, and add to ``outcome``.

    Args:
        recognizer: a ``paddleocr.TextRecognition``.
        lines: may be a generator: only `TOGETHER` pictures are in memory.
        batch_size: lines recognised together; above 1 PaddleX pads them to the widest, which can change them.
        like_paddleocr: see the module.
        outcome: what is added to.

    """
    known = dictionary_characters(recognizer)
    stream = iter(lines)
    while chunk := list(islice(stream, TOGETHER)):
        texts, images = [], []
        for line in chunk:
            truth: str | None = comparable_text(line.text)
            if like_paddleocr and (truth := paddleocr_truth(comparable_text(line.text), known)) is None:
                outcome.left_out += 1
                continue
            try:
                (page,) = ocr_helpers.load_pages(line.path)
            except (ocr_helpers.OcrHelpersError, OSError, ValueError) as error:
                outcome.unreadable.append(f"{line.name}: {' '.join(str(error).split())}")
                continue
            images.append(as_paddleocr(page.image_bgr) if like_paddleocr else page.image_bgr)
            texts.append(truth or "")
        began = time.perf_counter()
        results = recognizer.predict(images, batch_size=batch_size) if images else []
        read = [result["rec_text"] for result in results]
        outcome.seconds += time.perf_counter() - began
        able = spellable_lines(texts, known)
        outcome.scores += score_lines(read, texts)
        outcome.spellable += score_lines([read[n] for n in able], [texts[n] for n in able])


def report(outcome: Outcome) -> str:
    """The tables, what was not counted, and last the figures in one line."""
    columns = {"all lines": outcome.scores}
    if outcome.spellable.lines < outcome.scores.lines:
        columns["spellable"] = outcome.spellable
    rows = [f"{'':<26}" + "".join(f"{name:>14}" for name in columns)]
    rows.append(f"{'lines':<26}" + "".join(f"{found.lines:>14,}" for found in columns.values()))
    for title, name in (
        ("exact lines", "exact_line_accuracy"),
        ("exact, ignoring spaces", "exact_line_accuracy_ignoring_spaces"),
        ("CER", "cer"),
        ("jamo CER", "jamo_cer"),
        ("WER", "wer"),
        ("spacing precision", "spacing_precision"),
        ("spacing recall", "spacing_recall"),
        ("spacing F1", "spacing_f1"),
    ):
        rows.append(f"{title:<26}" + "".join(f"{getattr(found, name):>14.2%}" for found in columns.values()))
    if "spellable" in columns:
        rows.append("spellable: lines whose characters are all in the model's dictionary")
    if outcome.left_out:
        rows.append(f"{outcome.left_out:,} lines left out, as PaddleOCR's evaluation does")
    if outcome.unreadable:
        rows += [f"{len(outcome.unreadable):,} not counted:", *(f"  {why}" for why in outcome.unreadable)]
    found = outcome.scores
    rows.append(
        f"{found.exact_line_accuracy:.1%} of {found.lines:,} lines exact; CER {found.cer:.2%}, "
        f"jamo CER {found.jamo_cer:.2%}, spacing F1 {found.spacing_f1:.1%}, "
        f"{found.lines / outcome.seconds if outcome.seconds else 0:.1f} lines/s"
    )
    return "\n".join(rows)


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Command line."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.exact_lines",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--labels", type=Path, help="PaddleOCR's rec_gt.txt: path<TAB>text, UTF-8")
    parser.add_argument("--images", type=Path, help="folder its paths belong to (default: the label file's)")
    parser.add_argument("--weights", default="starter", choices=["starter", "official", "auto"])
    parser.add_argument("--model-dir", type=Path, help="measure the recogniser in this directory instead")
    parser.add_argument("--engine", default="auto", choices=["auto", "paddle", "onnxruntime"])
    parser.add_argument("--device", default="auto", help="cpu, gpu:0, … (%(default)s)")
    parser.add_argument("--batch-size", type=int, default=1, help="lines recognised together (%(default)s)")
    parser.add_argument(
        "--as-paddleocr", action="store_true", help="as PaddleOCR's own evaluation, see above"
    )
    options = parser.parse_args(arguments)
    if options.batch_size < 1:
        parser.error("--batch-size takes a whole number of at least 1")
    if options.images and not options.labels:
        parser.error("--images needs --labels")
    for path in (options.labels, options.images):
        if path and not path.exists():
            parser.error(f"{path} is not there")
    return options


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, and return the exit status."""
    options = parse(arguments)
    weights = {"text_recognition": str(options.model_dir)} if options.model_dir else options.weights
    recognizer = ocr_helpers.load_text_recognition(
        weights=weights, device=options.device, engine=options.engine
    )
    outcome = Outcome()
    lines = sample_lines()
    if options.labels:
        lines = read_labels(options.labels, options.images or options.labels.parent, outcome.unreadable)
    measure(recognizer, lines, options.batch_size, options.as_paddleocr, outcome)
    print(report(outcome))
    return 1 if outcome.unreadable else 0


if __name__ == "__main__":
    sys.exit(main())
