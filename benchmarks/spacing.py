"""What restore_spacing gains and what it harms: ``python -m benchmarks.spacing``.

Each set pairs what stands there with what was read, or with the same text without all or half of its
spaces. F1 is that of `score_lines`: a place between two characters is right where both texts have a space. A
line is harmed where it was right and is no longer. Beside it Kiwi's own ``space`` on the same lines, which
is what one would call without a guard.

samples    the ground truth of data/samples: as it is, without half of its spaces, without any.
sentences  benchmarks/text/sentences.txt, likewise.
read       data/samples as the starter weights read it: line crops, and whole pages from end to end.
text       --text FILE, one line each: your own, as it is, without half of its spaces, without any.

The rules and limits in ``ocr_helpers/spacing.py`` were chosen on the Korean messages of Debian's programs.
The samples had a part in two of them (what stands before a noun in compounds; adverbs before verbs), so a
figure of harm that no choice was made on is that of other text: ``--text``.

Ends with 1 where more than 0.5 % of the right lines of a set are harmed, or where the F1 of a set falls by
more than 0.002.
"""

import argparse
import random
import sys
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ocr_helpers as ocr
from ocr_helpers.ground_truth import truth_beside
from ocr_helpers.messages import quiet_paddle
from ocr_helpers.samples import load_sample_lines, samples_dir
from ocr_helpers.scoring import LineScores, match_lines, score_lines
from ocr_helpers.spacing import restore_spacing

TEXT = Path(__file__).with_name("text") / "sentences.txt"
MOST_HARM, MOST_LOSS = 0.005, 0.002


@dataclass(frozen=True)
class Lines:
    """A set of lines: what was read, and what stands there."""

    name: str
    read: tuple[str, ...]
    expected: tuple[str, ...]


@dataclass(frozen=True)
class Outcome:
    """What became of a set.

    Attributes:
        before: scores of what was read.
        after: scores with spaces restored.
        right: lines that were right before.
        changed: read, restored and expected text of each line that was changed.

    """

    before: LineScores
    after: LineScores
    right: int
    changed: tuple[tuple[str, str, str], ...]

    @property
    def harmed(self) -> int:
        """Lines that were right before and are not after."""
        return sum(read == expected for read, _, expected in self.changed)

    @property
    def harm(self) -> float:
        """Share of the right lines that were harmed, 0…1; 0 where none was right."""
        return self.harmed / self.right if self.right else 0.0


def without_spaces(text: str, share: float, seed: int = 0) -> str:
    """The text with this share of its single spaces taken out, at random but the same each time."""
    rng = random.Random(f"{seed}:{text}")
    return "".join(character for character in text if character != " " or rng.random() >= share)


def worn(name: str, texts: Sequence[str]) -> Iterator[Lines]:
    """The texts as they are, without half of their spaces, and without any."""
    expected = tuple(unicodedata.normalize("NFC", text) for text in texts)
    for what, share in (("as it is", 0.0), ("half the spaces out", 0.5), ("all spaces out", 1.0)):
        yield Lines(f"{name}, {what}", tuple(without_spaces(text, share) for text in expected), expected)


def outcome(lines: Lines, restore: Callable[[str], str]) -> Outcome:
    """Score a set before and after."""
    restored = [restore(text) for text in lines.read]
    rows = zip(lines.read, restored, lines.expected, strict=True)
    return Outcome(
        score_lines(lines.read, lines.expected),
        score_lines(restored, lines.expected),
        sum(read == expected for read, expected in zip(lines.read, lines.expected, strict=True)),
        tuple(row for row in rows if row[0] != row[1]),
    )


def sample_texts() -> list[str]:
    """Every line of the samples, of pages and crops."""
    return [line.text for line in load_sample_lines(*_sample_names())]


def read_crops() -> Lines:
    """The samples' lines, cut out by their ground truth and read with the starter weights."""
    recognizer = ocr.load_text_recognition(weights="starter")
    lines = load_sample_lines(*_sample_names())
    read = [str(result["rec_text"]) for line in lines for result in recognizer.predict(line.image_bgr)]
    return Lines(
        "read, line crops",
        tuple(unicodedata.normalize("NFC", text) for text in read),
        tuple(line.text for line in lines),
    )


def read_pages(*names: str) -> Lines:
    """The samples' pages (of these files, or all) from end to end, with the lines that were found."""
    staged = ocr.StagedPipeline(ocr.load_pipeline(weights="starter"))
    settings = ocr.PipelineSettings(use_doc_orientation_classify=True)
    read: list[str] = []
    expected: list[str] = []
    every = sorted(path for path in samples_dir().iterdir() if path.suffix in (".png", ".jpg", ".pdf"))
    for path in (samples_dir() / name for name in names) if names else every:
        for page in ocr.load_pages(path):
            truth = truth_beside(page)
            if truth is None:
                continue
            result = staged.run(page, settings)
            for found, true in match_lines(result.polys_on_original(), truth.quads_xy):
                read.append(unicodedata.normalize("NFC", result["rec_texts"][found]))
                expected.append(truth.texts[true])
    return Lines("read, whole pages", tuple(read), tuple(expected))


def kiwi_space() -> Callable[[str], str]:
    """Kiwi's own correction, as its documentation calls it."""
    from kiwipiepy import Kiwi

    kiwi: Any = Kiwi(num_workers=1)
    return lambda text: str(kiwi.space(text)) if text else text


def row(lines: Lines, ours: Outcome, theirs: Outcome) -> str:
    """One line of the table."""
    figures = [ours.before.spacing_f1, ours.after.spacing_precision, ours.after.spacing_recall]
    cells = [f"{figure:9.3f}" for figure in (*figures, ours.after.spacing_f1)]
    exact = f"{ours.before.exact_lines:5} → {ours.after.exact_lines:<5}"
    harm = f"{ours.harmed:4} of {ours.right:<4} ({ours.harm:6.2%})"
    return (
        f"{lines.name:38}{len(lines.read):6}{''.join(cells)}  {exact}  {harm}"
        f"{theirs.after.spacing_f1:10.3f}{theirs.harm:9.2%}"
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, and return the exit status."""
    options = _parse(arguments)
    sets: list[Lines] = []
    for path in options.text:
        texts = [line.strip() for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
        sets += worn(path.name, texts)
    if "samples" in options.only:
        sets += worn("samples", sample_texts())
    if "sentences" in options.only:
        sets += worn("sentences", TEXT.read_text(encoding="utf-8").splitlines())
    if "read" in options.only:
        with quiet_paddle():
            sets += [read_crops(), read_pages()]
    alone = kiwi_space()
    table, failed = [], []
    for lines in sets:
        ours, theirs = outcome(lines, restore_spacing), outcome(lines, alone)
        table.append(row(lines, ours, theirs))
        for read, after, expected in ours.changed:
            verdict = "mended" if after == expected else "harmed" if read == expected else "changed"
            if verdict == "harmed" or lines.name.startswith("read"):
                print(f"{verdict}, {lines.name}: {read}  →  {after}")
        if ours.harm > MOST_HARM:
            failed.append(f"{lines.name}: {ours.harm:.2%} of the right lines harmed; at most {MOST_HARM:.1%}")
        if ours.after.spacing_f1 < ours.before.spacing_f1 - MOST_LOSS:
            failed.append(f"{lines.name}: F1 {ours.before.spacing_f1:.3f} → {ours.after.spacing_f1:.3f}")
    print(
        f"\n{'':38}{'lines':>6}{'F1 before':>9}{'precision':>9}{'recall':>9}{'F1':>9}  "
        f"{'exact lines':13}  {'harmed':22}{'Kiwi F1':>10}{'harm':>9}"
    )
    print("\n".join([*table, *failed]))
    return int(bool(failed))


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.spacing",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parts = ["samples", "sentences", "read"]
    parser.add_argument("--only", nargs="*", choices=parts, default=parts, metavar="PART")
    parser.add_argument("--text", nargs="+", type=Path, default=[], metavar="FILE", help="UTF-8, a line each")
    options = parser.parse_args(arguments)
    if missing := [str(path) for path in options.text if not path.is_file()]:
        parser.error(f"there is no file {', '.join(missing)}")
    return options


def _sample_names() -> list[str]:
    return sorted(path.stem for path in samples_dir().rglob("*.json"))


if __name__ == "__main__":
    sys.exit(main())
