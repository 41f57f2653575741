"""Switching modules without a widget: real models, the latest change wins, errors leave the last result."""

import gc
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

import ocr_helpers as ocr
from ocr_helpers.figures import UnknownResultError
from ocr_helpers.figures.card_pictures import CutLines, ReducedPages
from ocr_helpers.loading.pipeline import load_pipeline
from ocr_helpers.models.names import MODULES
from ocr_helpers.module_toggles.cards import (
    MODULE_OF_STEP,
    STEPS_OF_MODULE,
    TITLES,
    ModuleCard,
    cards_of,
    duration,
)
from ocr_helpers.module_toggles.switches import ModuleSwitches, SwitchState, UnknownToggleError
from ocr_helpers.settings.checks import SettingTypeError
from ocr_helpers.settings.pipeline import TOGGLES, PipelineSettings
from ocr_helpers.stages import StagedPipeline, StageInputError
from ocr_helpers.stages.models import NotAPipelineError
from ocr_helpers.stages.result import STEPS

SAMPLES = Path(__file__).resolve().parent.parent / "data" / "samples"
ALL_ON = PipelineSettings(**dict.fromkeys(TOGGLES.values(), True))  # type: ignore[arg-type]
WAIT_S = 300


class GatedPipeline(StagedPipeline):
    """A staged pipeline that stops before a step until it is let through, or fails there."""

    def __init__(self, pipeline: Any) -> None:
        super().__init__(pipeline)
        self.gate_before: str | None = None
        self.fail_at: str | None = None
        self.at_gate, self.go = threading.Event(), threading.Event()
        self.runs = 0

    def run(self, page: Any, settings: Any = None, *, should_stop: Any = None, on_step: Any = None) -> Any:
        self.runs += 1

        def begin(step: str) -> None:
            on_step(step)
            if step == self.fail_at:
                raise ZeroDivisionError("the network broke")
            if step == self.gate_before:
                self.at_gate.set()
                assert self.go.wait(WAIT_S)

        return super().run(page, settings, should_stop=should_stop, on_step=begin)


@pytest.fixture(scope="module")
def pipeline() -> Any:
    return load_pipeline("starter")


@pytest.fixture(scope="module")
def warm(pipeline: Any) -> GatedPipeline:
    """Shared, so that the networks run once for all tests."""
    return GatedPipeline(pipeline)


@pytest.fixture
def staged(warm: GatedPipeline) -> Iterator[GatedPipeline]:
    warm.gate_before = warm.fail_at = None
    warm.at_gate.clear()
    warm.go.clear()
    yield warm
    warm.go.set()


@pytest.fixture(scope="module")
def upright() -> ocr.Page:
    return ocr.load_pages(SAMPLES / "curved.jpg")[0]


@pytest.fixture(scope="module")
def upside_down(upright: ocr.Page) -> ocr.Page:
    """Curved, and upside down: each of the three modules has something to do."""
    return ocr.load_pages(upright.image_bgr[::-1, ::-1].copy())[0]


Switched = Callable[..., ModuleSwitches]


@pytest.fixture
def switched(staged: GatedPipeline, upside_down: ocr.Page) -> Iterator[Switched]:
    """Return a function that makes switches whose first run is over."""
    made = []

    def make(settings: PipelineSettings | None = None, page: Any = upside_down) -> ModuleSwitches:
        switches = ModuleSwitches(staged, page, settings)
        made.append(switches)
        assert switches.wait(WAIT_S)
        return switches

    yield make
    staged.go.set()
    for switches in made:
        switches.stop()


def cards(switches: ModuleSwitches) -> dict[str, ModuleCard]:
    return {card.module: card for card in switches.state.cards}


def test_the_first_run_begins_by_itself(switched: Switched, upside_down: ocr.Page) -> None:
    switches = switched()
    state = switches.state
    assert state.settings == state.wanted == switches.settings == PipelineSettings()
    assert state.result is switches.result is not None
    assert (state.busy, state.step, state.error, state.failed_module) == (False, None, None, None)
    assert switches.page is upside_down
    assert [card.module for card in state.cards] == list(MODULES)


@pytest.mark.parametrize("module", TOGGLES)
def test_each_toggle_changes_settings_result_and_cards(switched: Switched, module: str) -> None:
    switches = switched()
    before, texts = cards(switches), switches.result and switches.result["rec_texts"]
    switches.set(TOGGLES[module], True)
    assert switches.wait(WAIT_S)
    assert switches.settings == PipelineSettings(**{TOGGLES[module]: True})  # type: ignore[arg-type]
    assert switches.result is not None
    assert switches.result.steps[module].on and not before[module].on
    assert switches.result["rec_texts"] != texts
    now = cards(switches)
    assert now[module].on and now[module].decision != before[module].decision
    pictures = [
        [line.after_rgb.tobytes() for line in card["text_recognition"].lines] for card in (before, now)
    ]
    assert pictures[0] != pictures[1]
    switches.set(module, False)  # the module's own name will do
    assert switches.wait(WAIT_S)
    assert switches.settings == PipelineSettings()
    assert switches.result["rec_texts"] == texts
    assert {card.source for card in switches.state.cards} == {"off", "remembered"}
    assert {name: card.decision for name, card in cards(switches).items()} == {
        name: card.decision.replace("all read now", "all remembered") for name, card in before.items()
    }


def test_the_decisions(switched: Switched) -> None:
    switches = switched()
    assert [card.on for card in switches.state.cards] == [False, False, True, False, True]
    assert [card.fixed for card in switches.state.cards] == [False, False, True, False, True]
    switches.set("doc_orientation", True)
    switches.wait(WAIT_S)
    turned = cards(switches)["doc_orientation"]
    assert turned.decision.startswith("turned by 180°, score ")
    assert turned.before_rgb is not None and turned.after_rgb is not None
    assert np.abs(turned.before_rgb[::-1, ::-1].astype(int) - turned.after_rgb).mean() < 8
    assert cards(switches)["textline_orientation"].lines == ()
    switches.set_settings(PipelineSettings(use_textline_orientation=True))
    switches.wait(WAIT_S)
    lines = cards(switches)["textline_orientation"]
    boxes = len(switches.result["dt_polys"]) if switches.result else 0
    turns = sum(switches.result["textline_orientation_angles"]) if switches.result else 0
    assert turns > boxes / 2
    assert lines.decision == f"{turns} of {boxes} lines turned by 180°"
    assert len(lines.lines) + lines.lines_left_out == turns
    for line in lines.lines:
        assert np.array_equal(line.before_rgb, line.after_rgb[::-1, ::-1])


def test_the_latest_of_quick_changes_wins(
    staged: GatedPipeline, switched: Switched, upside_down: ocr.Page
) -> None:
    switches = switched()
    staged.forget()
    results: list[PipelineSettings | None] = []
    switches.observe(lambda state: None if state.busy else results.append(state.settings))
    staged.gate_before, runs = "detection_network", staged.runs
    switches.set("doc_orientation", True)
    assert staged.at_gate.wait(WAIT_S)
    for module, on in [("doc_orientation", False), ("textline_orientation", True), ("unwarping", True)] * 3:
        switches.set(module, on)
    switches.set("unwarping", False)
    assert switches.state.busy and switches.state.settings == PipelineSettings()
    staged.gate_before = None
    staged.go.set()
    assert switches.wait(WAIT_S)
    wanted = PipelineSettings(use_textline_orientation=True)
    assert switches.settings == switches.state.wanted == wanted
    assert set(results) == {PipelineSettings(), wanted}
    assert staged.runs == runs + 2  # the one that was stopped, and the last
    assert switches.result is not None
    assert switches.result["rec_texts"] == staged.run(upside_down, wanted, on_step=print)["rec_texts"]


def test_a_superseded_run_stops_at_its_next_step(staged: GatedPipeline, switched: Switched) -> None:
    switches = switched()
    staged.forget()
    steps: list[tuple[PipelineSettings, str | None]] = []
    switches.observe(lambda state: steps.append((state.wanted, state.step)))
    staged.gate_before = "unwarping"
    switches.set("unwarping", True)
    assert staged.at_gate.wait(WAIT_S)
    switches.set("unwarping", False)
    staged.gate_before = None
    staged.go.set()
    assert switches.wait(WAIT_S)
    assert [step for wanted, step in steps if wanted.use_doc_unwarping and step] == ["unwarping"]
    assert steps[-1] == (PipelineSettings(), None)


@pytest.mark.parametrize("step", ["doc_orientation", "detection_boxes", "text_recognition"])
def test_a_failure_leaves_the_last_result(staged: GatedPipeline, switched: Switched, step: str) -> None:
    switches = switched()
    good = switches.state
    staged.fail_at = step
    switches.set("doc_orientation", True)
    assert switches.wait(WAIT_S)
    state = switches.state
    assert isinstance(state.error, ZeroDivisionError)
    assert state.failed_module == MODULE_OF_STEP[step]
    assert (state.settings, state.result, state.cards) == (good.settings, good.result, good.cards)
    assert state.wanted == good.settings and not state.busy and state.step is None
    staged.fail_at = None
    switches.set("textline_orientation", True)
    assert switches.state.error is None
    assert switches.wait(WAIT_S)
    assert switches.settings == PipelineSettings(use_textline_orientation=True)


def test_a_module_that_was_not_loaded_is_named(upside_down: ocr.Page) -> None:
    from paddleocr import PaddleOCR

    found = ocr.find_weights("starter", modules=["text_detection", "text_recognition"])
    names = {
        f"{module}_model_{part}": str(getattr(weights, f"model_{part}"))
        for module, weights in found.items()
        for part in ("name", "dir")
    }
    off = dict.fromkeys(TOGGLES.values(), False)
    switches = ModuleSwitches(PaddleOCR(engine="onnxruntime", **names, **off), upside_down)
    assert switches.wait(WAIT_S) and switches.result is not None
    switches.set("unwarping", True)
    assert switches.wait(WAIT_S)
    assert "use_doc_unwarping is on, but this pipeline was made without" in str(switches.state.error)
    assert switches.state.failed_module == "unwarping"
    assert switches.state.wanted == switches.settings == PipelineSettings()


def test_a_first_run_that_fails_leaves_the_switches(staged: GatedPipeline, switched: Switched) -> None:
    staged.fail_at = "unwarping"
    switches = switched(PipelineSettings(use_doc_unwarping=True))
    assert isinstance(switches.state.error, ZeroDivisionError)
    assert (switches.settings, switches.result, switches.state.cards) == (None, None, ())
    assert switches.state.wanted.use_doc_unwarping
    switches.set("unwarping", False)
    assert switches.wait(WAIT_S)
    assert switches.settings == PipelineSettings() and switches.state.error is None


def test_another_page(switched: Switched, upright: ocr.Page, upside_down: ocr.Page) -> None:
    switches = switched()
    switches.set_page(upright)
    assert switches.wait(WAIT_S)
    assert switches.page is upright
    assert switches.result is not None and switches.result.original_bgr is upright.image_bgr
    texts = switches.result["rec_texts"]
    switches.set_page("no page")  # type: ignore[arg-type]
    assert switches.wait(WAIT_S)
    assert isinstance(switches.state.error, StageInputError)
    assert switches.page is upright
    switches.set("doc_orientation", True)
    assert switches.wait(WAIT_S)
    assert switches.page is upright and switches.state.error is None
    assert switches.result["rec_texts"] == texts
    assert cards(switches)["doc_orientation"].decision.startswith("upright: page unchanged, score ")


def test_stopping_gives_up_the_run(staged: GatedPipeline, switched: Switched) -> None:
    switches = switched()
    good = switches.state
    staged.forget()
    staged.gate_before = "detection_network"
    switches.set("textline_orientation", True)
    assert staged.at_gate.wait(WAIT_S)
    threading.Timer(0.1, staged.go.set).start()
    switches.stop()
    assert not switches.state.busy
    assert (switches.state.wanted, switches.state.result) == (good.settings, good.result)


def test_waiting_ends_at_its_time(staged: GatedPipeline, switched: Switched) -> None:
    switches = switched()
    staged.gate_before = "detection_network"
    switches.set("textline_orientation", True)
    assert staged.at_gate.wait(WAIT_S)
    assert not switches.wait(0.01)
    staged.go.set()
    assert switches.wait(WAIT_S)


def test_observers_hear_the_present_and_every_end(switched: Switched) -> None:
    switches = switched()
    heard: list[SwitchState] = []
    switches.observe(heard.append)
    assert [state.busy for state in heard] == [False]
    switches.set("textline_orientation", True)
    assert switches.wait(WAIT_S)
    assert {state.step for state in heard} == {None, *STEPS} - {"doc_orientation", "unwarping"}
    assert heard[-1] is switches.state
    switches.unobserve(heard.append)
    count = len(heard)
    switches.set("textline_orientation", False)
    assert switches.wait(WAIT_S)
    assert len(heard) == count


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_broken_observer_makes_nobody_wait_for_ever(switched: Switched) -> None:
    switches = switched()

    def broken(state: SwitchState) -> None:
        if not state.busy and threading.current_thread() is not threading.main_thread():
            raise ZeroDivisionError

    switches.observe(broken)
    switches.set("textline_orientation", True)
    assert switches.wait(WAIT_S)
    for thread in threading.enumerate():
        if thread.name == "ModuleSwitches":
            thread.join()
    gc.collect()  # the thread's exception is reported here, and not in another test
    assert switches.settings == PipelineSettings(use_textline_orientation=True)


@pytest.mark.parametrize("toggle", ["text_detection", "use_text_detection", "", None, 3])
def test_other_toggles_are_refused(switched: Switched, toggle: Any) -> None:
    with pytest.raises(UnknownToggleError, match="use_doc_unwarping"):
        switched().set(toggle, True)


@pytest.mark.parametrize("on", [1, "on", None])
def test_on_is_a_bool(switched: Switched, on: Any) -> None:
    switches = switched()
    with pytest.raises(SettingTypeError):
        switches.set("unwarping", on)
    assert not switches.state.busy and switches.state.wanted == PipelineSettings()


def test_bad_arguments_are_refused(staged: GatedPipeline, upside_down: ocr.Page, switched: Switched) -> None:
    with pytest.raises(StageInputError, match="PipelineSettings"):
        ModuleSwitches(staged, upside_down, {"use_doc_unwarping": True})  # type: ignore[arg-type]
    with pytest.raises(NotAPipelineError, match="PaddleOCR"):
        ModuleSwitches(object(), upside_down)
    with pytest.raises(StageInputError, match="PipelineSettings"):
        switched().set_settings(None)  # type: ignore[arg-type]


def test_the_interpreter_can_end_during_a_run(tmp_path: Path) -> None:
    code = (
        "import time, ocr_helpers as ocr\n"
        "from ocr_helpers.module_toggles.switches import ModuleSwitches\n"
        f"page, = ocr.load_pages({str(SAMPLES / 'turned_180.png')!r})\n"
        "switches = ModuleSwitches(ocr.load_pipeline('starter'), page, "
        "ocr.PipelineSettings(use_doc_unwarping=True))\n"
        "while switches.state.step is None: time.sleep(0.01)\n"
        "print('end')\n"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=WAIT_S)
    assert run.returncode == 0, run.stderr
    assert run.stdout.endswith("end\n")
    assert "Traceback" not in run.stderr


def test_a_blank_page(switched: Switched) -> None:
    switches = switched(ALL_ON, np.full((300, 200, 3), 255, np.uint8))
    assert switches.state.error is None
    found = cards(switches)
    assert found["text_detection"].decision.startswith("0 boxes")
    assert found["textline_orientation"].source == found["text_recognition"].source == "nothing to do"
    assert found["text_recognition"].decision == "no lines to read"


def test_cards_are_small_and_leave_the_result_alone(switched: Switched) -> None:
    switches = switched(ALL_ON)
    assert switches.state.error is None
    result = switches.result
    assert result is not None
    pages = [picture.copy() for picture in (result.original_bgr, result.turned_bgr, result.page_bgr)]
    found = cards_of(result, longest_px=100, most_lines=3, most_turned=2)
    pictures = [
        picture for card in found for picture in (card.before_rgb, card.after_rgb) if picture is not None
    ]
    assert len(pictures) == 6
    assert {max(picture.shape) for picture in pictures} == {100}
    assert len(found[4].lines) == 3
    assert found[4].lines_left_out == len(result["rec_texts"]) - 3
    lines = result.lines()
    assert [(line.text, line.score) for line in found[4].lines] == [
        (line.text, line.score) for line in lines[:3]
    ]
    for page, now in zip(pages, (result.original_bgr, result.turned_bgr, result.page_bgr), strict=True):
        assert np.array_equal(page, now)


def test_lines_left_out_for_their_score_are_counted(switched: Switched) -> None:
    switches = switched(PipelineSettings(text_rec_score_thresh=1.0))
    assert switches.result is not None and switches.result["rec_texts"] == []
    count = len(switches.result["dt_polys"])
    assert cards(switches)["text_recognition"].decision.endswith(f", {count} left out for their score")


def test_only_a_staged_result_has_cards(pipeline: Any, upside_down: ocr.Page) -> None:
    (result,) = pipeline.predict(np.array(upside_down.image_bgr[:200]))
    with pytest.raises(UnknownResultError, match="StagedResult"):
        cards_of(result)


def test_every_module_and_step_has_its_card() -> None:
    assert tuple(TITLES) == MODULES == tuple(STEPS_OF_MODULE)
    assert set(MODULE_OF_STEP) == set(STEPS)


@pytest.mark.parametrize(
    ("milliseconds", "text"),
    [(0, "< 0.1 ms"), (0.1, "0.1 ms"), (9.94, "9.9 ms"), (9.96, "10 ms"), (999.4, "999 ms"),
     (999.6, "1.00 s"), (1234, "1.23 s"), (9994, "9.99 s"), (12_345, "12.3 s")],
)  # fmt: skip
def test_durations(milliseconds: float, text: str) -> None:
    assert duration(milliseconds) == text


def test_a_cut_line_is_the_line() -> None:
    page = np.full((200, 400, 3), 255, np.uint8)
    page[40:60, 100:300, 0] = 0  # yellow in BGR
    page[40:60, 100:150] = (0, 0, 255)  # red at its left end
    quad = np.array([[100, 40], [300, 40], [300, 60], [100, 60]], np.int16)
    before, after = CutLines(page, [quad], [1]).before_and_after(quad)
    assert before.shape == (20, 200, 3)
    assert before[10, 5].tolist() == [255, 0, 0] and before[10, 190].tolist() == [255, 255, 0]
    assert np.array_equal(after, before[::-1, ::-1])
    before, after = CutLines(page, [quad], [0]).before_and_after(quad)
    assert after is before


@pytest.mark.parametrize(
    "quad",
    [
        [[5, 5], [5, 5], [5, 5], [5, 5]],
        [[0, 0], [3, 0], [3, 900], [0, 900]],
        [[0, 0], [9000, 0], [9000, 2], [0, 2]],
    ],
)
def test_odd_boxes_are_cut_all_the_same(quad: list[list[int]]) -> None:
    page = np.zeros((50, 60, 3), np.uint8)
    before, _ = CutLines(page, [], []).before_and_after(np.array(quad, np.int16))
    assert 0 < before.shape[0] <= 32 and 0 < before.shape[1] <= 560


def test_boxes_are_drawn_where_they_are() -> None:
    page = np.full((1000, 500, 3), 255, np.uint8)
    quad = np.array([[100, 200], [400, 200], [400, 260], [100, 260]], np.int16)
    pages = ReducedPages(100)
    drawn = pages.with_boxes(page, [quad])
    assert drawn.shape == (100, 50, 3)
    changed = cv2.findNonZero((drawn != 255).any(axis=2).astype(np.uint8))
    x, y, width, height = cv2.boundingRect(changed)
    assert [x, y, width, height] == pytest.approx([10, 20, 31, 7], abs=2)
    assert (pages.page(page) == 255).all()
