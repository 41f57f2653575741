"""What the cards in the browser are told, and what a click does; no browser here."""

import io
import json
from base64 import b64decode
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import ocr_helpers as ocr
from ocr_helpers.figures import score_color
from ocr_helpers.loading.pipeline import load_pipeline
from ocr_helpers.models.names import MODULES
from ocr_helpers.module_toggles.switches import SwitchState
from ocr_helpers.settings.pipeline import TOGGLES, PipelineSettings
from ocr_helpers.stages import StagedPipeline, StageInputError
from ocr_helpers.widgets.module_toggles import ModuleToggles, panel_of, status_of

SAMPLES = Path(__file__).resolve().parent.parent / "data" / "samples"
OFF = dict.fromkeys(TOGGLES.values(), False)
WAIT_S = 300


@pytest.fixture(scope="module")
def staged() -> StagedPipeline:
    return StagedPipeline(load_pipeline("starter"))


@pytest.fixture(scope="module")
def page() -> ocr.Page:
    """Curved, and upside down: each of the three modules has something to do."""
    (upright,) = ocr.load_pages(SAMPLES / "curved.jpg")
    return ocr.load_pages(upright.image_bgr[::-1, ::-1].copy())[0]


Shown = Callable[..., ModuleToggles]


@pytest.fixture
def shown(staged: StagedPipeline, page: ocr.Page) -> Iterator[Shown]:
    """Return a function that makes a widget, and notes in ``answers`` what it sends to the browser."""
    made = []

    def make(settings: Any = None, on: Any = page) -> ModuleToggles:
        toggles = ModuleToggles(staged, on, settings)
        made.append(toggles)
        return toggles

    yield make
    for toggles in made:
        toggles.close()


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    sent: list[dict[str, Any]] = []
    monkeypatch.setattr(ModuleToggles, "send", lambda self, content, buffers=None: sent.append(content))
    return sent


def click(toggles: ModuleToggles, **content: Any) -> None:
    """Do what ipywidgets does with a message from the browser."""
    toggles._handle_custom_msg({"kind": "set", "id": "view-1", **content}, [])


def test_result_and_settings_wait_and_belong_together(shown: Shown) -> None:
    toggles = shown(PipelineSettings(use_textline_orientation=True))
    assert toggles.result["model_settings"]["use_textline_orientation"]
    assert toggles.settings == PipelineSettings(use_textline_orientation=True)
    assert toggles.staged is toggles.switches.staged


@pytest.mark.parametrize("toggle", TOGGLES.values())
def test_a_click_runs_the_page_again(shown: Shown, answers: list[dict[str, Any]], toggle: str) -> None:
    toggles = shown()
    texts = toggles.result["rec_texts"]
    cards = toggles.panel["cards"]
    click(toggles, toggle=toggle, on=True)
    assert answers == [{"kind": "accepted", "id": "view-1"}]
    assert toggles.status["wanted"] == OFF | {toggle: True}
    assert toggles.settings == PipelineSettings(**{toggle: True})  # type: ignore[arg-type]
    assert toggles.result["rec_texts"] != texts
    assert toggles.status["busy"] is False
    changed = [
        card["module"]
        for card, before in zip(toggles.panel["cards"], cards, strict=True)
        if (card["after"], card["lines"]) != (before["after"], before["lines"])
    ]
    module = next(name for name, argument in TOGGLES.items() if argument == toggle)
    assert changed[0] == module
    assert changed[-1] == "text_recognition"


@pytest.mark.parametrize(
    "content",
    [{"toggle": "text_detection", "on": True}, {"toggle": "unwarping", "on": 1}, {"on": True}, {}],
)
def test_a_click_that_makes_no_sense_is_refused(
    shown: Shown, answers: list[dict[str, Any]], content: dict[str, Any]
) -> None:
    toggles = shown()
    before = toggles.result
    click(toggles, **content)
    (answer,) = answers
    assert (answer["kind"], answer["id"]) == ("refused", "view-1")
    assert answer["text"]
    assert toggles.result is before
    assert toggles.status["wanted"] == OFF


def test_what_the_browser_gets(shown: Shown) -> None:
    toggles = shown(PipelineSettings(use_textline_orientation=True))
    result = toggles.result
    assert [module["module"] for module in toggles.modules] == list(MODULES)
    assert [module["toggle"] for module in toggles.modules] == [
        *list(TOGGLES.values())[:2], "", "use_textline_orientation", "",
    ]  # fmt: skip
    json.dumps([toggles.modules, toggles.status, toggles.panel], allow_nan=False)
    cards = {card["module"]: card for card in toggles.panel["cards"]}
    assert cards["unwarping"]["source"] == "off" and cards["unwarping"]["after"] is None
    for card in cards.values():
        for picture in [card["before"], card["after"], *(line["before"] for line in card["lines"])]:
            if picture is not None:
                kind, data = picture["src"].split(",")
                image = Image.open(io.BytesIO(b64decode(data)))
                assert kind == "data:image/jpeg;base64"
                assert image.size == (picture["width"], picture["height"])
                assert max(image.size) <= 560
    boxes = np.asarray(
        Image.open(io.BytesIO(b64decode(cards["text_detection"]["after"]["src"].split(",")[1])))
    )
    page = np.asarray(
        Image.open(io.BytesIO(b64decode(cards["text_detection"]["before"]["src"].split(",")[1])))
    )
    assert np.abs(boxes.astype(int) - page).max() > 100
    lines = cards["text_recognition"]["lines"]
    assert [line["text"] for line in lines] == [line.text for line in result.lines()][: len(lines)]
    assert [line["color"] for line in lines] == [score_color(line.score) for line in result.lines()][
        : len(lines)
    ]
    assert len(json.dumps(toggles.panel)) < 600_000


def test_the_code_gives_the_settings_again(shown: Shown) -> None:
    settings = PipelineSettings(use_doc_unwarping=True, detection=ocr.DetectionSettings(thresh=0.25))
    (page,) = ocr.load_pages(SAMPLES / "curved.jpg")
    toggles = shown(settings, page)
    assert toggles.settings == settings
    code = toggles.panel["code"]
    assert eval(code["settings"], vars(ocr) | {name: getattr(ocr, name) for name in ocr.__all__}) == settings
    assert page.source in code["PaddleOCR in Python"]
    assert code["PaddleOCR in a shell"].startswith("paddleocr ocr ")
    toggles.switches.set_settings(PipelineSettings(detection=ocr.DetectionSettings(max_side_limit=3000)))
    assert toggles.result
    assert toggles.panel["code"]["PaddleOCR in a shell"].startswith("# ")


def test_states_in_words(shown: Shown) -> None:
    toggles = shown()
    lines = len(toggles.result["rec_texts"])
    state = toggles.switches.state
    assert status_of(state)["text"].endswith(f"modules answered from memory; {lines} lines")
    wanted = PipelineSettings(use_doc_unwarping=True)
    busy = status_of(SwitchState(wanted, busy=True, step="detection_network"))
    assert (busy["text"], busy["module"], busy["busy"]) == (
        "Running: text detection …",
        "text_detection",
        True,
    )
    assert busy["wanted"] == OFF | {"use_doc_unwarping": True}
    assert status_of(SwitchState(wanted, busy=True))["text"] == "Starting …"
    failed = status_of(SwitchState(wanted, error=KeyError("x"), failed_module="unwarping"))
    assert (failed["error"], failed["failed"]) == ("Unwarping: KeyError: 'x'", "unwarping")
    ours = status_of(SwitchState(wanted, state.settings, state.result, error=StageInputError("no page")))
    assert (ours["error"], ours["failed"]) == ("no page The last result stays.", "")
    assert panel_of(SwitchState(wanted)) == {}


def test_a_failure_keeps_the_cards(shown: Shown) -> None:
    toggles = shown()
    result, panel = toggles.result, toggles.panel
    toggles.set_page("no page")  # type: ignore[arg-type]
    assert toggles.result is result
    assert toggles.panel is panel
    assert "expected a Page" in toggles.status["error"]
    toggles.set_page(np.full((200, 200, 3), 255, np.uint8))
    assert toggles.result["rec_texts"] == []
    assert toggles.status["error"] == ""
    assert toggles.panel["cards"][4]["lines"] == []


def test_without_a_first_result_its_error_is_raised(shown: Shown) -> None:
    toggles = shown(on="no page")
    for name in ("result", "settings"):
        with pytest.raises(StageInputError, match="expected a Page"):
            getattr(toggles, name)


def test_a_closed_widget_is_told_nothing_more(shown: Shown) -> None:
    toggles = shown()
    assert toggles.result
    toggles.close()
    status = toggles.status
    toggles.switches.set("unwarping", True)
    assert toggles.switches.wait(WAIT_S)
    assert toggles.status == status


def test_the_script_sets_text_never_markup(repository: Path) -> None:
    script = (repository / "ocr_helpers" / "widgets" / "module_toggles.js").read_text(encoding="utf-8")
    for word in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "fetch(", "://"):
        assert word not in script
