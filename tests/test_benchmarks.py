"""The recognition benchmark: its texts, lines and counting, and one short run with the starter weights."""

import json
import random
import shutil
import unicodedata
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from benchmarks import recognition, tesseract
from benchmarks import recognition_report as report
from benchmarks.recognition_lines import (
    QUALITIES,
    BenchmarkLine,
    can_draw,
    drawable_marks,
    make_lines,
)
from benchmarks.recognition_marks import marks_line
from benchmarks.recognition_texts import KINDS, alphabet, texts_of, written
from benchmarks.scores import Tally, edit_distance, tally
from training.alphabet import MARKS, dictionary, syllables
from training.fonts import KEPT_OUT, TRAINING, face


@pytest.fixture(scope="session")
def kept_out_fonts() -> None:
    """Skips where the families that the benchmark draws with are not installed."""
    try:
        for stem in KEPT_OUT.values():
            face(stem)
    except FileNotFoundError as error:
        pytest.skip(str(error))


@pytest.mark.parametrize(
    ("name", "at_least", "shortest", "longest"),
    [("sentences", 260, 12, 32), ("mixed", 250, 6, 32), ("words", 100, 1, 6)],
)
def test_written_texts_obey_the_rules(name: str, at_least: int, shortest: int, longest: int) -> None:
    lines = written(name)
    spellable = set(dictionary()) | {" "}
    assert len(lines) == len(set(lines)) >= at_least
    for line in lines:
        assert line == unicodedata.normalize("NFC", line), f"{line!r} is not NFC"
        assert set(line) <= spellable, (
            f"{line!r} holds {set(line) - spellable}, which the dictionary cannot spell"
        )
        assert shortest <= len(line) <= longest, f"{line!r} has {len(line)} characters"
        assert line == " ".join(line.split()), f"{line!r} has outer or doubled spaces"


def test_sentences_are_korean_and_mixed_lines_are_mixed() -> None:
    hangul = set(syllables())
    for line in written("sentences"):
        assert sum(c in hangul for c in line) >= 0.5 * len(line), line
    foreign = [line for line in written("mixed") if any(c.isascii() and c.isalnum() for c in line)]
    assert len(foreign) >= 0.98 * len(written("mixed"))


@pytest.mark.parametrize(
    ("kind", "shortest", "longest"),
    [("sentences", 12, 32), ("syllables", 6, 16), ("mixed", 6, 32), ("marks", 6, 20)],
)
def test_texts_of_a_kind(kind: str, shortest: int, longest: int) -> None:
    assert texts_of(kind, 0, seed=1) == []
    texts = texts_of(kind, 250, seed=1)
    assert texts == texts_of(kind, 250, seed=1)
    assert texts != texts_of(kind, 250, seed=2)
    assert len(set(texts)) >= 245
    for text in texts:
        assert alphabet().issuperset(text), text
        assert shortest <= len(text) <= longest, text
        assert text == " ".join(text.split()), text


def test_random_syllables_cover_the_alphabet_evenly() -> None:
    texts = texts_of("syllables", 4000, seed=0)
    seen = Counter("".join(texts))
    counts = np.array([seen[syllable] for syllable in syllables()])
    # About 16 of each on average: with equal chances none of 2,350 stays away or comes four times as often.
    assert counts.min() >= 1
    assert counts.max() <= 4 * counts.mean()
    assert {len(word) for text in texts for word in text.split(" ")} == {1, 2, 3, 4, 5, 6}


@pytest.mark.parametrize("mark", MARKS)
def test_every_mark_has_lines(mark: str) -> None:
    lines = [marks_line(random.Random(seed), mark, written("words")) for seed in range(20)]
    assert all(mark in line and alphabet().issuperset(line) for line in lines)
    assert len(set(lines)) >= 5


def test_unknown_kind_is_refused() -> None:
    with pytest.raises(ValueError, match="expected one of sentences, syllables, mixed, marks"):
        texts_of("poems", 3, seed=0)


def test_kept_out_faces_are_not_trained_on() -> None:
    assert not set(KEPT_OUT.values()) & set(TRAINING)


@pytest.mark.usefixtures("kept_out_fonts")
def test_every_drawable_mark_is_drawn_and_none_is_tofu() -> None:
    assert set(drawable_marks()) > set("「」『』《》·…₩℃㎡㈜①○■※→")
    drawn = {c for text in texts_of("marks", 250, 0, drawable_marks()) for c in text}
    assert set(drawable_marks()) <= drawn
    assert not can_draw("Baekmuk Batang", "₩"), "Baekmuk has no won sign: its tofu must not count as one"
    assert not can_draw("Baekmuk Batang", "\ue123")
    assert can_draw("UnDotum", "가")


def _same(left: BenchmarkLine, right: BenchmarkLine) -> bool:
    labels = [(line.kind, line.quality, line.family, line.text, line.effects) for line in (left, right)]
    return labels[0] == labels[1] and np.array_equal(left.image_bgr, right.image_bgr)


@pytest.mark.usefixtures("kept_out_fonts")
def test_lines_are_the_same_for_the_same_seed() -> None:
    lines, again, other = (list(make_lines(4, seed)) for seed in (7, 7, 8))
    assert all(_same(left, right) for left, right in zip(lines, again, strict=True))
    assert not any(_same(left, right) for left, right in zip(lines, other, strict=True))
    assert [(line.kind, line.quality) for line in lines] == [
        (kind, quality) for kind in KINDS for _ in range(4) for quality in QUALITIES
    ]
    for line in lines:
        image = line.image_bgr
        assert image.dtype == np.uint8
        assert (
            image.ndim == 3
            and image.shape[2] == 3
            and 10 <= image.shape[0] <= 90
            and image.shape[1] > image.shape[0]
        )
        assert all(can_draw(line.family, character) for character in line.text)
        if line.quality == "clean":
            assert line.effects == ()
            assert (image[0, 0] == 255).all() and image.min() < 40, "clean lines are black on white"
        else:
            assert 2 <= len(line.effects) <= 3
            assert image.max() - image.min() > 50, "the ink must stand out from the paper"


@pytest.mark.parametrize(
    ("left", "right", "distance"),
    [
        ("", "", 0),
        ("", "가나", 2),
        ("가나", "", 2),
        ("가나다", "가나다", 0),
        ("가나다", "가라다", 1),
        ("가나다", "나다", 1),
        ("가 나", "가나", 1),
        ("kitten", "sitting", 3),
    ],
)
def test_edit_distance(left: str, right: str, distance: int) -> None:
    assert edit_distance(left, right) == edit_distance(right, left) == distance


@pytest.mark.parametrize(
    ("pairs", "counted", "exact_share", "cer"),
    [
        ([], Tally(0, 0, 0, 0), np.nan, np.nan),
        ([("가나다라", "가나다라")], Tally(1, 1, 0, 4), 1.0, 0.0),
        ([("가나다라", "가나다라"), ("마바 사자차", "마바사자")], Tally(2, 1, 2, 10), 0.5, 0.2),
        ([("가", "나다라")], Tally(1, 0, 3, 1), 0.0, 3.0),
        ([("가·나~다", "가ㆍ나～다")], Tally(1, 1, 0, 5), 1.0, 0.0),
        ([("Ｌ, 가", "L, 가")], Tally(1, 1, 0, 4), 1.0, 0.0),
        ([("0O", "O0")], Tally(1, 0, 2, 2), 0.0, 1.0),
    ],
)
def test_tally(pairs: list[tuple[str, str]], counted: Tally, exact_share: float, cer: float) -> None:
    found = tally(pairs)
    assert found == counted
    assert [found.exact_share, found.cer] == pytest.approx([exact_share, cer], nan_ok=True)


def test_targets_compare_with_limits_and_with_tesseract() -> None:
    ours: dict[tuple[str, ...], Tally] = {
        ("sentences", "clean"): Tally(100, 90, 10, 1000),
        ("syllables", "clean"): Tally(10, 9, 4, 100),
    }
    level = {**ours, ("sentences", "clean"): Tally(100, 89, 11, 1000)}
    by_claim = {target.claim: target.reached for target in report.targets(ours, level)}
    assert by_claim["sentences, clean: exact lines ≥ 90%"] is True
    assert by_claim["sentences, degraded: exact lines ≥ 80%"] is None
    assert by_claim["syllables, clean: CER ≤ 3%"] is False
    assert by_claim["sentences, clean: above Tesseract in exact lines and CER"] is True
    assert by_claim["syllables, clean: above Tesseract in exact lines and CER"] is False, "level is not above"
    assert report.targets(ours, None)[-1].reached is None


@pytest.mark.usefixtures("kept_out_fonts")
def test_tesseract_reads_in_order() -> None:
    try:
        engine = tesseract.find_tesseract()
    except tesseract.TesseractError as error:
        pytest.skip(str(error))
    assert tesseract.read_lines(engine, [], "kor", 2) == ([], 0.0)
    lines = [line for line in make_lines(3, 1, ["sentences"]) if line.quality == "clean"]
    blank = np.full((48, 320, 3), 255, np.uint8)
    images = [lines[0].image_bgr, blank, *(line.image_bgr for line in lines[1:])]
    texts, seconds = tesseract.read_lines(engine, images, "kor", 2)
    assert seconds > 0 and len(texts) == 4
    assert len(texts[1]) <= 3, "Tesseract sees at most a speck in the blank image: the order was lost"
    assert (
        tally((line.text, read) for line, read in zip(lines, [texts[0], *texts[2:]], strict=True)).cer < 0.3
    )


def test_missing_tesseract_says_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(tesseract.TesseractError, match="apt-get install tesseract-ocr tesseract-ocr-kor"):
        tesseract.find_tesseract()


@pytest.mark.parametrize(
    "arguments", [["--lines", "0"], ["--worst", "-1"], ["--batch-size", "0"], ["--weights", "mine"]]
)
def test_bad_arguments_are_refused(arguments: list[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        recognition.main(arguments)


@pytest.mark.usefixtures("kept_out_fonts")
def test_a_short_run_measures_everything(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "figures.json"
    options = ["--lines", "16", "--family", "--worst", "2", "--json", str(out)]
    assert recognition.main(options) == 0
    printed = capsys.readouterr().out.splitlines()
    assert printed[-1].startswith("16 lines, exact clean/degraded: sentences ")
    assert "0 lines on which onnxruntime and paddle differ" in printed
    figures = json.loads(out.read_text(encoding="utf-8"))
    engines = ["onnxruntime", "paddle"] + (["tesseract"] if shutil.which("tesseract") else [])
    assert list(figures["engines"]) == engines
    for engine in engines:
        assert figures["engines"][engine]["lines_per_second"] > 0
        assert [cell["group"] for cell in figures["engines"][engine]["cells"]] == [
            [k, q] for k in KINDS for q in QUALITIES
        ]
        assert sum(family["lines"] for family in figures["engines"][engine]["families"]) == 16
    assert len(figures["targets"]) == 5 + 8
