"""The orientation benchmark: its pages and lines, its counting, and a short run with the starter weights."""

import math

import numpy as np
import pytest

from benchmarks import orientation
from benchmarks.orientation_lines import LONG_ENOUGH, make_upright_lines
from benchmarks.orientation_pages import EFFECTS, SOURCES, make_pages
from training.fonts import KEPT_OUT, face
from training.sample_fonts import missing_packages


@pytest.fixture(scope="module")
def drawable() -> None:
    """Skips where fonts of the samples or of the families kept out are not installed."""
    try:
        for stem in KEPT_OUT.values():
            face(stem)
    except FileNotFoundError as error:
        pytest.skip(str(error))
    if missing := missing_packages():
        pytest.skip(f"the samples need {', '.join(missing)}")


def test_no_pages() -> None:
    assert list(make_pages(0)) == []


@pytest.mark.usefixtures("drawable")
def test_pages_are_the_same_for_the_same_seed() -> None:
    pages, again, other = (list(make_pages(6, seed)) for seed in (3, 3, 4))
    assert [page.source for page in pages] == ["samples"] * 4 + ["layouts"] * 2
    for left, right, apart in zip(pages, again, other, strict=True):
        assert left.image_bgr.dtype == np.uint8 and left.image_bgr.shape[2] == 3
        assert np.array_equal(left.image_bgr, right.image_bgr)
        assert left.effect == "as drawn" or not np.array_equal(left.image_bgr, apart.image_bgr)
    assert {page.source for page in pages} == set(SOURCES)


@pytest.mark.parametrize("effect", list(EFFECTS))
def test_effects_leave_their_input_alone_and_the_page_visible(effect: str) -> None:
    page = np.full((300, 220, 3), 255, np.uint8)
    page[60:240:12, 30:190] = 20
    before = page.copy()
    harmed = EFFECTS[effect](page, np.random.default_rng(1))
    assert np.array_equal(page, before)
    assert harmed.dtype == np.uint8 and harmed.shape[2] == 3 and min(harmed.shape[:2]) >= 48
    assert harmed.std() > 8


@pytest.mark.usefixtures("drawable")
def test_lines_include_short_words() -> None:
    lines = list(make_upright_lines(8, seed=2))
    assert {line.kind for line in lines} == {"sentences", "syllables", "mixed", "marks", "words"}
    assert len(lines) == 5 * 2 * 8
    assert any(len(line.text) < LONG_ENOUGH for line in lines)
    assert {line.family for line in lines} <= set(KEPT_OUT)


def test_counting() -> None:
    count = orientation.Count()
    assert math.isnan(count.share("all"))
    for right in (True, True, True, False):
        count.add(right, ("all",), ("turn", "90°"))
    count.add(True, ("all",), ("turn", "180°"))
    assert count.share("all") == 0.8 and count.share("turn", "90°") == 0.75
    rows = count.table("pages", "turn").splitlines()
    assert [row.split() for row in rows[1:]] == [["90°", "75.00%", "4"], ["180°", "100.00%", "1"]]


@pytest.mark.parametrize("arguments", [["--pages", "-1"], ["--pages", "0", "--lines", "0"], ["--seed", "x"]])
def test_bad_arguments_are_refused(arguments: list[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        orientation.main(arguments)


@pytest.mark.usefixtures("drawable")
def test_a_short_run_measures_everything(capsys: pytest.CaptureFixture[str]) -> None:
    assert orientation.main(["--pages", "8", "--lines", "16"]) == 0
    printed = capsys.readouterr().out.splitlines()
    assert printed[-1].startswith("pages right ") and " of 8 " in printed[-1]
    assert "upright lines called upside down" in printed[-1]
    assert "onnxruntime and paddle answer alike on 28 of 28 pictures" in printed
