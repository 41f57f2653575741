"""The static figure of a staged run: nothing leaves its place, nothing is lost, everything is said."""

import io
from dataclasses import replace
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

import ocr_helpers as ocr
from ocr_helpers.drawing import stages as stage_figures
from ocr_helpers.drawing.stages import show_stages
from ocr_helpers.figures import UnknownResultError
from ocr_helpers.loading.pipeline import load_pipeline
from ocr_helpers.module_toggles.cards import TITLES, cards_of, duration
from ocr_helpers.settings.pipeline import TOGGLES, PipelineSettings
from ocr_helpers.stages import StagedPipeline
from ocr_helpers.stages.result import StagedResult

SAMPLES = Path(__file__).resolve().parent.parent / "data" / "samples"
ALL_ON = PipelineSettings(**dict.fromkeys(TOGGLES.values(), True))  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def results() -> dict[str, StagedResult]:
    """Runs that look different from each other."""
    staged = StagedPipeline(load_pipeline("starter"))
    (upright,) = ocr.load_pages(SAMPLES / "curved.jpg")
    (page,) = ocr.load_pages(upright.image_bgr[::-1, ::-1].copy())
    lines = PipelineSettings(use_textline_orientation=True)
    wide = np.ascontiguousarray(page.image_bgr[:150])
    return {
        "defaults": staged.run(page),
        "lines turned": staged.run(page, lines),
        "all on": staged.run(page, ALL_ON),
        "blank": staged.run(np.full((300, 200, 3), 255, np.uint8), ALL_ON),
        "wide": staged.run(wide),
        "narrow": staged.run(np.ascontiguousarray(np.rot90(wide))),
        "one pixel": staged.run(np.zeros((1, 1, 3), np.uint8)),
    }


NAMES = ["defaults", "lines turned", "all on", "blank", "wide", "narrow", "one pixel"]


def texts(figure: Figure) -> list[str]:
    return [text.get_text() for axes in figure.axes for text in axes.texts]


def drawn(figure: Figure) -> Image.Image:
    buffer = io.BytesIO()
    figure.savefig(buffer)
    return Image.open(buffer)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("name", NAMES)
def test_everything_stays_inside_its_card(results: dict[str, StagedResult], name: str) -> None:
    figure = show_stages(results[name])
    drawn(figure)  # lays everything out
    frame = figure.axes[0]
    cards = [patch.get_window_extent() for patch in frame.patches if patch.get_linewidth() == 0.8]
    cards = [card for card in cards if card.width > 3 * figure.dpi]
    assert len(cards) == 5
    for thing in (*frame.texts[1:], *figure.axes[1:]):
        box = thing.get_window_extent()
        assert any(
            card.x0 <= box.x0 and box.x1 <= card.x1 and card.y0 <= box.y0 and box.y1 <= card.y1
            for card in cards
        ), thing


@pytest.mark.parametrize("name", NAMES)
def test_every_module_says_what_it_did(results: dict[str, StagedResult], name: str) -> None:
    result = results[name]
    said = texts(show_stages(result))
    assert said[0].startswith(f"{duration(result.milliseconds)} in all")
    for number, card in enumerate(cards_of(result), start=1):
        assert f"{number}  {TITLES[card.module]}" in said
        assert (f"{duration(card.milliseconds)}, {card.source}" in said) == card.on
        assert card.decision in said or card.decision[:20] in " ".join(said)


def test_texts_stand_in_reading_order(results: dict[str, StagedResult]) -> None:
    result = results["lines turned"]
    said = " ".join(texts(show_stages(result)))
    places = [said.index(line.text[:6]) for line in result.lines()[:6]]
    assert places == sorted(places)
    assert f"… and {len(result.lines()) - 12} more" in said


def test_pictures_can_be_seen(results: dict[str, StagedResult]) -> None:
    figure = show_stages(results["lines turned"])
    count = sum(2 if card.after_rgb is not None else 1 for card in cards_of(results["lines turned"])[:3])
    assert len(figure.axes) - 1 >= count + 2 * 5 + 12
    picture = np.asarray(drawn(figure).convert("L")).astype(int)
    page = figure.axes[1].get_window_extent()
    rows = slice(picture.shape[0] - int(page.y1), picture.shape[0] - int(page.y0))
    assert picture[rows, int(page.x0) : int(page.x1)].std() > 10


def test_what_was_read_is_never_markup(results: dict[str, StagedResult]) -> None:
    result = results["defaults"]
    hostile = r"$\frac{1}{2}$ <script>_^{々"
    texts_before = result["rec_texts"]
    try:
        result["rec_texts"] = [hostile, "", *texts_before[2:]]
        said = texts(show_stages(result))
    finally:
        result["rec_texts"] = texts_before
    joined = "".join(said)
    assert r"$\frac{1}{2}$" in joined.replace(" ", "") and "[U+3005]" in joined
    assert "(no text read)" in said


def test_a_dark_style_changes_nothing(results: dict[str, StagedResult]) -> None:
    light = drawn(show_stages(results["blank"]))
    with mpl.style.context("dark_background"):
        dark = drawn(show_stages(results["blank"]))
    assert light.tobytes() == dark.tobytes()


def test_the_result_is_not_changed(results: dict[str, StagedResult]) -> None:
    result = results["all on"]
    before = (result.page_bgr.copy(), list(result["rec_texts"]), list(result["rec_scores"]))
    show_stages(result)
    assert np.array_equal(before[0], result.page_bgr)
    assert before[1:] == (result["rec_texts"], result["rec_scores"])


@pytest.mark.parametrize("other", [None, {}, {"rec_texts": []}, "result"])
def test_other_results_are_refused(other: Any) -> None:
    with pytest.raises(UnknownResultError, match="StagedResult"):
        show_stages(other)


def test_long_decisions_are_wrapped(
    results: dict[str, StagedResult], monkeypatch: pytest.MonkeyPatch
) -> None:
    long = tuple(replace(card, decision="a decision " * 30) for card in cards_of(results["blank"]))
    monkeypatch.setattr(stage_figures, "cards_of", lambda *args, **options: long)
    figure = show_stages(results["blank"])
    drawn(figure)
    width = figure.get_size_inches()[0] * figure.dpi
    assert all(text.get_window_extent().x1 < width for text in figure.axes[0].texts)
    assert sum("…" in text for text in texts(figure)) == 5
