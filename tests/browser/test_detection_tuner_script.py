"""The script of DetectionTuner alone, in Chromium, with the test in the place of the kernel."""

import base64
import io
import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect, sync_playwright
from tuner_kernel import (
    AT_ONCE,
    DEFAULTS,
    FOLDER,
    RANGES,
    SLOW,
    START,
    answer,
    banner,
    canvas,
    color_at,
    crops,
    drawn,
    encoded,
    everything,
    figures,
    frame,
    image,
    last_id,
    line,
    number,
    put,
    quad,
    script,
    sent,
    sent_next,
    settled,
    shot,
    slider,
    spot,
    status,
    tell,
)

from ocr_helpers.detection.layers import BEFORE, CONTOUR, REJECTED
from ocr_helpers.figures import score_color

HOSTILE = '<img src=x onerror="window.harm = 1"><script>window.harm = 1</script>&amp;\'"`${harm}'


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, headless=True, args=["--no-sandbox"])
        yield browser
        browser.close()


Start = Callable[..., Page]


@pytest.fixture
def start(browser: Browser) -> Iterator[Start]:
    """Return a function that shows the tuner, its first page and its first frame; errors fail the test."""
    pages: list[Page] = []
    errors: list[str] = []

    def start(
        state: dict[str, Any] | None = None, *, first: list[Any] | None = None, width: int = 1280
    ) -> Page:
        page = browser.new_page(viewport={"width": width, "height": 1000})
        pages.append(page)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.set_content("<!doctype html><title>tuner</title>")
        for css in sorted(FOLDER.glob("*.css")):
            page.add_style_tag(path=css)
        page.evaluate(START, [script(), json.loads(json.dumps(state or everything()))])
        answer(page)
        tell(page, image())
        tell(page, first or frame())
        drawn(page, 1)
        return page

    yield start
    for page in pages:
        page.close()
    assert not errors


# Settings


@pytest.mark.parametrize("name", AT_ONCE)
def test_a_slider_sends_each_step_and_waits_for_the_answer(start: Start, name: str) -> None:
    page = start()
    step = RANGES[name][4]
    slider(page, name).focus()
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    values = [round(DEFAULTS[name] + k * step, 6) for k in (1, 2, 3)]
    assert sent(page, "set") == [{"kind": "set", "field": name, "value": values[0]}]
    assert float(slider(page, name).input_value()) == values[2]
    assert float(number(page, name).input_value()) == values[2]
    tell(page, frame(2, id=last_id(page)))
    assert sent_next(page, 2)[1:] == [{"kind": "set", "field": name, "value": values[2]}]
    put(page, "state", status(wanted=DEFAULTS | {name: values[0]}))  # older than what is on its way
    assert float(slider(page, name).input_value()) == values[2]
    tell(page, frame(3, id=last_id(page)))
    assert len(sent(page, "set")) == 2
    put(page, "state", status(wanted=DEFAULTS | {name: values[2]}))
    assert float(slider(page, name).input_value()) == values[2]
    drawn(page, 3)


def test_while_a_slider_moves_only_what_differs_is_written(start: Start) -> None:
    """Whatever is written makes the browser lay out and paint, at every frame of a drag."""
    page = start()
    page.evaluate(
        """() => {
            const root = document.querySelector(".ocr-tuner-root");
            window.written = [];
            const name = ({target, attributeName}) =>
                (target.closest?.("[data-field]")?.dataset.field ?? target.className) + " " + attributeName;
            const watch = new MutationObserver(seen => written.push(...seen.map(name)));
            watch.observe(root, {subtree: true, childList: true, attributes: true, characterData: true});
        }"""
    )
    slider(page, "thresh").focus()
    for shown in range(2, 7):
        page.keyboard.press("ArrowRight")
        wanted = DEFAULTS | {"thresh": float(slider(page, "thresh").input_value())}
        tell(page, frame(shown, id=last_id(page)))
        drawn(page, shown)
        put(page, "state", status(wanted=wanted))
    written = Counter(page.evaluate("written"))
    assert written.pop("ocr-tuner-canvas data-frame") == 5
    assert written["thresh disabled"] == 1  # its way back: the default is left, once
    assert set(written.values()) == {1}, written


@pytest.mark.parametrize("name", SLOW)
def test_a_slider_of_the_network_sends_when_it_rests(start: Start, name: str) -> None:
    page = start()
    box = slider(page, name).bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] * 0.3, box["y"] + 8)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.5, box["y"] + 8, steps=5)
    value = int(slider(page, name).input_value())
    assert number(page, name).input_value() == str(value)
    page.mouse.up()
    assert sent(page, "set")[-1] == {"kind": "set", "field": name, "value": value}
    assert len(sent(page, "set")) == 1
    answer(page)
    assert slider(page, name).input_value() == str(value)


def test_a_slider_of_the_network_sends_while_it_is_held_still(start: Start) -> None:
    page = start()
    box = slider(page, "limit_side_len").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] * 0.5, box["y"] + 8)
    page.mouse.down()
    page.wait_for_function("sent.some(({kind}) => kind === 'set')")
    page.mouse.up()
    page.wait_for_timeout(350)
    assert len(sent(page, "set")) == 1


def test_changes_of_several_fields_go_out_together(start: Start) -> None:
    page = start()
    for name in ("thresh", "box_thresh", "unclip_ratio"):
        slider(page, name).focus()
        page.keyboard.press("ArrowLeft")
    assert sent(page, "set") == [{"kind": "set", "field": "thresh", "value": 0.29}]
    answer(page)
    values = {"box_thresh": 0.59, "unclip_ratio": 1.45}
    assert sent_next(page, 2)[1:] == [{"kind": "set_many", "values": values}]


def test_where_nothing_is_drawn_the_next_setting_goes_out_too(start: Start) -> None:
    page = start()
    page.evaluate("window.requestAnimationFrame = () => 0")  # as in a hidden tab
    slider(page, "thresh").focus()
    for _ in range(2):
        page.keyboard.press("ArrowLeft")
    answer(page)
    assert sent_next(page, 2)[1:] == [{"kind": "set", "field": "thresh", "value": 0.28}]


def test_the_slider_belongs_to_the_pointer_that_holds_it(start: Start) -> None:
    page = start()
    box = slider(page, "thresh").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] * 0.4, box["y"] + 8)
    page.mouse.down()
    held = slider(page, "thresh").input_value()
    answer(page)
    put(page, "state", status(wanted=DEFAULTS | {"thresh": 0.9}))
    assert slider(page, "thresh").input_value() == held
    page.mouse.up()
    assert slider(page, "thresh").input_value() == "0.9"


@pytest.mark.parametrize("name", RANGES)
@pytest.mark.parametrize("by", ["Enter", "Tab"])
def test_a_number_is_sent_by_enter_or_on_leaving(start: Start, name: str, by: str) -> None:
    page = start()
    value = 0.123 if name in AT_ONCE else 1000
    number(page, name).fill(str(value))
    assert not sent(page, "set")
    page.keyboard.press(by)
    assert sent(page, "set") == [{"kind": "set", "field": name, "value": value}]
    answer(page)
    assert float(number(page, name).input_value()) == value


def test_a_number_steps_by_arrow_keys_and_escape_gives_up(start: Start) -> None:
    page = start()
    number(page, "thresh").focus()
    page.keyboard.press("ArrowUp")
    assert sent(page, "set") == [{"kind": "set", "field": "thresh", "value": 0.31}]
    answer(page)
    number(page, "thresh").fill("0.8")
    page.keyboard.press("Escape")
    page.keyboard.press("Tab")
    assert number(page, "thresh").input_value() == "0.31"
    assert len(sent(page, "set")) == 1


def test_what_somebody_types_is_left_alone(start: Start) -> None:
    page = start()
    number(page, "box_thresh").fill("0.4")
    put(page, "state", status(wanted=DEFAULTS | {"box_thresh": 0.9}))
    assert number(page, "box_thresh").input_value() == "0.4"


@pytest.mark.parametrize("name", ["thresh", "max_side_limit"])
def test_a_refused_value_goes_back_and_says_why(start: Start, name: str) -> None:
    page = start()
    number(page, name).fill("0")
    page.keyboard.press("Enter")
    answer(page, "refused", text=f"{name} is 0, expected above 0.")
    field = page.locator(f"[data-field={name}]")
    expect(number(page, name)).to_have_value(str(DEFAULTS[name]))
    expect(number(page, name)).to_have_attribute("aria-invalid", "true")
    expect(field).to_contain_text("expected above 0")
    expect(banner(page)).to_have_text(f"{name} is 0, expected above 0.")
    page.keyboard.press("ArrowUp")
    expect(number(page, name)).to_have_attribute("aria-invalid", "false")
    expect(banner(page)).to_be_hidden()
    expect(field).to_contain_text(f"About {name}.")
    answer(page, "refused", text=f"{name} is refused again.")
    expect(field).to_contain_text("refused again")
    page.get_by_role("button", name="Next page").click()
    expect(field).to_contain_text(f"About {name}.")


def test_what_is_no_number_is_not_sent(start: Start) -> None:
    page = start()
    number(page, "thresh").focus()
    page.keyboard.press("Control+A")
    page.keyboard.type("e")
    page.keyboard.press("Enter")
    expect(page.locator("[data-field=thresh]")).to_contain_text("needs a number")
    expect(number(page, "thresh")).to_have_value("0.3")
    assert not sent(page, "set")


@pytest.mark.parametrize(("typed", "value"), [("0,4", 0.4), (" .25 ", 0.25), ("0.5", 0.5), ("5e-1", 0.5)])
def test_a_number_may_have_a_decimal_comma(start: Start, typed: str, value: float) -> None:
    page = start()
    number(page, "thresh").fill(typed)
    page.keyboard.press("Enter")
    assert sent(page, "set") == [{"kind": "set", "field": "thresh", "value": value}]


@pytest.mark.parametrize("typed", ["1,000,5", "0x1", "0. 4", "Infinity", "４", ""])
def test_what_only_looks_like_a_number(start: Start, typed: str) -> None:
    page = start()
    number(page, "max_side_limit").fill(typed)
    page.keyboard.press("Enter")
    expect(page.locator("[data-field=max_side_limit]")).to_contain_text("needs a number, such as 4000")
    assert not sent(page, "set")


def test_a_long_refusal_is_short_in_its_field(start: Start) -> None:
    page = start()
    number(page, "thresh").fill("0")
    page.keyboard.press("Enter")
    answer(page, "refused", text="thresh is 0, which is nothing. Use a small number such as 0.01.")
    hint = page.locator("[data-field=thresh] .ocr-tuner-hint")
    expect(hint).to_have_text("thresh is 0, which is nothing. Kept 0.3.")
    expect(hint).to_have_attribute("title", re.compile("such as 0.01"))
    expect(banner(page)).to_contain_text("such as 0.01")


def test_a_refusal_goes_where_another_comes_or_the_value_is_confirmed(start: Start) -> None:
    page = start()
    field = page.locator("[data-field=thresh]")
    for typed, said in [("0", "thresh is 0."), ("abc", "thresh needs a number")]:
        number(page, "thresh").fill(typed)
        page.keyboard.press("Enter")
        if typed == "0":
            answer(page, "refused", text=said)
        expect(field).to_contain_text(said)
        expect(banner(page)).to_contain_text(said)
    expect(banner(page)).not_to_contain_text("thresh is 0")
    number(page, "thresh").fill("0.3")
    page.keyboard.press("Enter")
    expect(banner(page)).to_be_hidden()
    expect(number(page, "thresh")).to_have_attribute("aria-invalid", "false")
    assert len(sent(page, "set")) == 1


def test_the_choice(start: Start) -> None:
    page = start()
    page.get_by_label("limit_type", exact=True).select_option("max")
    assert sent(page, "set") == [{"kind": "set", "field": "limit_type", "value": "max"}]
    answer(page, "refused", text="limit_type cannot be so.")
    expect(page.get_by_label("limit_type", exact=True)).to_have_value("min")


@pytest.mark.parametrize("name", DEFAULTS)
def test_reset(start: Start, name: str) -> None:
    page = start()
    back = page.get_by_role("button", name=f"Reset {name} ")
    expect(back).to_be_disabled()
    other = "max" if name == "limit_type" else 1000
    put(page, "state", status(wanted=DEFAULTS | {name: other}))
    back.click()
    assert sent(page, "reset") == [{"kind": "reset", "field": name}]


def test_a_reset_takes_back_what_was_not_sent_yet(start: Start) -> None:
    page = start()
    slider(page, "thresh").focus()
    page.keyboard.press("ArrowRight")
    first = last_id(page)
    page.keyboard.press("ArrowRight")
    page.get_by_role("button", name="Reset thresh ").click()
    put(page, "state", status())
    tell(page, frame(2, id=first))
    assert len(sent(page, "set")) == 1
    expect(slider(page, "thresh")).to_have_value("0.3")


def test_presets(start: Start) -> None:
    page = start()
    preset = page.get_by_role("button", name="Low", exact=True)
    expect(page.get_by_role("button", name="가나다", exact=True)).to_have_attribute("aria-pressed", "true")
    expect(preset).to_have_attribute("aria-pressed", "false")
    preset.click()
    assert sent(page, "preset") == [{"kind": "preset", "name": "low"}]
    expect(preset).to_have_attribute("data-pending", "")
    answer(page)
    expect(preset).not_to_have_attribute("data-pending", "")
    put(page, "state", status(wanted=DEFAULTS | {"thresh": 0.1}))
    expect(preset).to_have_attribute("aria-pressed", "true")
    expect(slider(page, "thresh")).to_have_value("0.1")
    lit = "input => input.getAnimations().length > 0"
    assert number(page, "thresh").evaluate(lit)
    assert not number(page, "box_thresh").evaluate(lit)


def test_a_preset_of_ones_own(start: Start) -> None:
    page = start()
    name = page.get_by_label("Name of a preset of your own")
    save = page.get_by_role("button", name="Save these settings")
    save.click()
    expect(banner(page)).to_contain_text("needs a name")
    name.fill(" 계약서 ")
    expect(banner(page)).to_be_hidden()
    name.press("Enter")
    assert sent(page, "save") == [{"kind": "save_preset", "name": "계약서"}]
    answer(page, "refused", text="'계약서' is taken.")
    expect(banner(page)).to_contain_text("is taken")
    expect(name).to_have_value(" 계약서 ")
    save.click()
    answer(page)
    expect(name).to_have_value("")
    own = {"name": "계약서", "title": "계약서", "title_ko": "", "hint": "", "own": True, "settings": DEFAULTS}
    put(page, "presets", [own])
    expect(page.get_by_role("button", name="계약서", exact=True)).to_have_attribute("aria-pressed", "true")
    for typed in ("계약서", "계약서 2", "계약서"):  # another name in between takes the question back
        name.fill(typed)
        name.press("Enter")
    assert [message["name"] for message in sent(page, "save")[2:]] == ["계약서 2"]
    expect(save).to_have_text("Replace?")
    save.click()
    assert [message["name"] for message in sent(page, "save")[3:]] == ["계약서"]
    expect(save).to_have_text("Save")


def test_a_preset_of_ones_own_is_deleted_by_two_clicks(start: Start) -> None:
    page = start()
    own = {"name": HOSTILE, "title": HOSTILE, "title_ko": "", "hint": "", "own": True, "settings": DEFAULTS}
    put(page, "presets", [*everything()["presets"], own])
    remove = page.locator(".ocr-tuner-remove")
    expect(remove).to_have_count(1)  # those that come with the tuner stay
    remove.click()
    assert not sent(page, "delete")
    expect(remove).to_have_accessible_name(f"Delete? Delete the preset {HOSTILE}")
    remove.click()
    assert sent(page, "delete") == [{"kind": "delete_preset", "name": HOSTILE}]
    answer(page, "refused", text="The disk is full.")
    expect(banner(page)).to_contain_text("The disk is full.")
    page.clock.install()
    put(page, "presets", [own])
    remove.click()
    page.clock.run_for(3_100)
    expect(remove).to_have_text("×")  # nobody said yes
    remove.click()
    assert len(sent(page, "delete")) == 1


def test_the_symptom_guide(start: Start) -> None:
    page = start()
    page.get_by_text("What is wrong?").click()
    symptom = page.locator("[data-symptom=merge]")
    expect(symptom).to_contain_text("thresh ↑ 가나다")
    symptom.get_by_role("button").click()
    assert sent(page, "symptom") == [{"kind": "symptom", "symptom": "merge"}]
    put(page, "state", status(wanted=DEFAULTS | {"thresh": 0.4}))
    answer(page)
    expect(symptom).to_contain_text("thresh ↑ 가나다 0.3 → 0.4")
    symptom.get_by_role("button").click()
    answer(page, "refused", text="Already at its end.")
    expect(symptom).to_contain_text("thresh ↑ 가나다 no further step")
    expect(banner(page)).to_have_text("Already at its end.")
    put(page, "state", status())
    symptom.get_by_role("button").click()
    put(page, "state", status(wanted=DEFAULTS | {"thresh": 0.4}))
    answer(page)
    symptom.get_by_role("button").click()
    answer(page, "refused", text="")  # as where there is no kernel
    expect(symptom).to_contain_text("0.3 → 0.4")


def test_code_is_shown_form_by_form_and_copied(start: Start) -> None:
    page = start()
    page.get_by_label("Form of the code").select_option("YAML")
    put(page, "code", {"Python": "settings()", "YAML": "thresh: 0.4"})
    expect(page.locator("pre")).to_have_text("thresh: 0.4")
    page.evaluate("""() => Object.defineProperty(navigator, "clipboard", {configurable: true, value:
        {writeText: async text => { window.copied = text; }}})""")
    page.get_by_role("button", name="Copy").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert page.evaluate("copied") == "thresh: 0.4"
    page.evaluate("() => Object.defineProperty(navigator, 'clipboard', {value: undefined})")
    page.get_by_role("button", name="Copied").click()
    expect(page.get_by_role("button", name="Press Ctrl+C")).to_be_visible()
    assert page.evaluate("getSelection().toString()") == "thresh: 0.4"


# Pages


def test_the_page_picker(start: Start) -> None:
    page = start()
    picker = page.get_by_role("combobox", name="Page", exact=True)
    expect(page.get_by_role("button", name="Previous page")).to_be_disabled()
    page.get_by_role("button", name="Next page").click()
    page.get_by_role("button", name="Next page").click()
    assert [message["page"] for message in sent(page, "page")] == [1, 2]
    put(page, "state", status(page=1))  # behind what was asked
    expect(picker).to_have_value("2")
    put(page, "state", status(page=2, busy="page"))
    expect(page.locator(".ocr-tuner-busy")).to_have_text("Opening the page …")
    picker.select_option("99")
    expect(page.get_by_role("button", name="Next page")).to_be_disabled()
    assert sent(page, "page")[-1] == {"kind": "page", "page": 99}
    answer(page, "refused", text="No such page.")
    expect(picker).to_have_value("2")
    expect(banner(page)).to_have_text("No such page.")


def test_a_page_that_is_not_its_file_says_so(start: Start) -> None:
    page = start()
    size = page.locator(".ocr-tuner-pages .ocr-tuner-advice")
    expect(size).to_have_text("400 × 300 pixels")
    put(page, "source_note", "the file has 800 × 600")
    expect(size).to_have_text("400 × 300 pixels; the file has 800 × 600")


def test_another_page_begins_at_its_first_line(start: Start) -> None:
    page = start()
    put(page, "lines", [line(k) for k in range(60)])
    rows = page.get_by_role("listbox")
    rows.evaluate("list => { list.scrollTop = 500; }")
    put(page, "state", status(reading=3))
    assert rows.evaluate("list => list.scrollTop") == 500
    put(page, "state", status(page=1))
    assert rows.evaluate("list => list.scrollTop") == 0


def test_boxes_of_another_page_wait_for_its_picture(start: Start) -> None:
    page = start()
    tell(page, frame(2, page=1))
    settled(page)
    drawn(page, 1)
    assert page.evaluate("drawn.length") == 1
    tell(page, image(1, 300, 400))
    drawn(page, 2)
    tell(page, image(2))
    tell(page, image(3, 50, 50))
    tell(page, frame(3, page=3))
    drawn(page, 3)


def test_a_picture_that_is_none_is_said(start: Start) -> None:
    page = start()
    tell(page, [image()[0], [encoded(np.zeros(9, np.uint8))]])
    expect(banner(page)).to_contain_text("cannot show the picture")


def test_a_page_without_candidates(start: Start) -> None:
    page = start(everything() | {"lines": []}, first=frame(1, empty=True))
    expect(page.locator(".ocr-tuner-nothing")).to_contain_text("stays below thresh (0.3)")
    expect(page.locator(".ocr-tuner-lines")).to_contain_text("No boxes, so no lines.")
    canvas(page).focus()
    page.keyboard.press("n")
    tell(page, frame(2))
    drawn(page, 2)
    expect(page.locator(".ocr-tuner-nothing")).to_be_hidden()


def test_a_page_the_network_sees_too_small(start: Start) -> None:
    page = start(first=frame(1, input_note="shrunk to 64%", shrunk_by="limit_side_len"))
    status_line, nothing = page.locator(".ocr-tuner-status"), page.locator(".ocr-tuner-nothing")
    expect(status_line).to_contain_text(re.compile("network input 416 × 320.*Shrunk to 64%"))
    expect(nothing).to_be_hidden()
    tell(page, frame(2, kept=False, input_note="shrunk to 4%", shrunk_by="limit_side_len"))
    expect(nothing).to_have_text(
        re.compile("every candidate was rejected.*shrunk to 4%: raise limit_side_len")
    )
    tell(page, frame(3, empty=True, input_note="shrunk to 4%", shrunk_by="limit_side_len"))
    expect(nothing).to_have_text(re.compile("stays below thresh.*the page is shrunk to 4%"))
    tell(page, frame(5, empty=True, input_note="shrunk to 4% by max_side_limit", shrunk_by="max_side_limit"))
    expect(nothing).to_contain_text("raise max_side_limit")
    tell(page, frame(6, empty=True, input_note="not shrunk: no side is above limit_side_len"))
    expect(nothing).not_to_contain_text("shrunk")


# Layers and the canvas


@pytest.mark.parametrize(
    ("layer", "point"),
    [
        ("boxes", (16, 30)),
        ("before", (20, 30)),
        ("rejected", (200, 208)),
        ("truth", (20, 270)),
        ("contour", (55, 35)),
    ],
)
def test_a_layer_is_shown_and_hidden(start: Start, layer: str, point: tuple[float, float]) -> None:
    page = start()
    box = page.locator(f"[data-layer={layer}]")
    states = []
    for _ in range(2):
        around = [color_at(page, point[0], point[1] + k)[3] for k in np.arange(-3, 3, 0.5).tolist()]
        states.append((box.is_checked(), max(around) > 0))
        box.click()
    assert sorted(states) == [(False, False), (True, True)]


def test_the_page_and_its_map(start: Start) -> None:
    page = start()
    values = np.zeros((30, 40), np.uint8)
    values[:, 20:] = 255
    page.locator("[data-layer=map]").check()
    assert sent(page, "layers") == [{"kind": "layers", "contour": False, "map": True}]
    message = {"kind": "map", "page": 0, "map_id": "m", "width": 40, "height": 30}
    tell(page, [message, [encoded(values)]])
    settled(page)
    assert color_at(page, 50, 150, "paper") == [255, 255, 255, 255]
    strong = color_at(page, 350, 150, "paper")
    assert strong[0] < 180
    page.get_by_label("Opacity of the map").fill("0.2")
    weak = color_at(page, 350, 150, "paper")
    assert strong[0] < weak[0] < 255
    page.locator("[data-layer=page]").uncheck()
    page.locator("[data-layer=map]").uncheck()
    assert sent(page, "layers")[-1] == {"kind": "layers", "contour": False, "map": False}
    expect(page.get_by_label("Opacity of the map")).to_be_disabled()
    page.locator("[data-layer=contour]").check()
    assert sent(page, "layers")[-1] == {"kind": "layers", "contour": True, "map": False}


def test_ground_truth_only_where_there_is_one(start: Start) -> None:
    page = start()
    expect(page.locator("[data-layer=truth]")).to_be_enabled()
    put(page, "state", status(page=3))
    expect(page.locator("[data-layer=truth]")).to_be_disabled()


def test_scores_have_the_colours_of_the_figures(start: Start) -> None:
    page = start()
    for index, score in enumerate([0.95, 0.7, 0.61]):
        at = [color_at(page, x, 30 + 40 * index) for x in np.arange(14, 18, 0.25).tolist()]
        darkest = min(at, key=lambda rgba: sum(rgba[:3]) - 10 * rgba[3])
        wanted = [int(score_color(score)[k : k + 2], 16) for k in (1, 3, 5)]
        assert darkest[3] == 255
        assert np.abs(np.array(darkest[:3]) - wanted).max() <= 12  # 20 steps of colour, smoothed edges


def test_reasons_on_hover(start: Start) -> None:
    page = start()
    tip = page.get_by_role("tooltip")
    page.mouse.move(*spot(page, 250, 210))
    expect(tip).to_contain_text("Rejected: low_score · 가나다")
    expect(tip).to_contain_text("score 0.597 < box_thresh 0.600")
    page.mouse.move(*spot(page, 302, 22))
    expect(tip).to_contain_text("Rejected: too_small")
    page.mouse.move(*spot(page, 60, 30))
    expect(tip).to_contain_text("Line 1")
    expect(tip).to_contain_text("box score 0.95, text score 0.93")
    expect(tip).to_contain_text("가나다")
    expect(tip).to_contain_text("box 1 in PaddleOCR's order")
    page.mouse.move(*spot(page, 390, 290))
    expect(tip).to_be_hidden()
    page.mouse.move(*spot(page, 60, 30))
    expect(tip).to_be_visible()
    page.get_by_role("application").press("ArrowLeft")  # the box moves away from the pointer
    expect(tip).to_be_hidden()
    page.get_by_role("application").press("0")
    page.locator("[data-layer=rejected]").uncheck()
    page.mouse.move(*spot(page, 250, 210))
    expect(tip).to_be_hidden()


def test_lines_have_the_colours_of_the_figures(start: Start) -> None:
    page = start()
    page.locator("[data-layer=contour]").check()
    settled(page)
    strokes = {}
    for part in ("contour", "before"):
        strokes[part] = page.locator(f"label:has([data-layer={part}]) line").get_attribute("stroke")
    for reason in REJECTED:
        strokes[reason] = page.locator(f"[data-reason={reason}] line").get_attribute("stroke")
    assert strokes == {"contour": CONTOUR.color, "before": BEFORE.color} | {
        reason: style.color for reason, style in REJECTED.items()
    }
    steps = np.arange(-1, 4, 0.25).tolist()
    across: dict[str, list[tuple[float, float]]] = {
        CONTOUR.color: [(45, 30 + k) for k in steps],
        REJECTED["too_small"].color: [(300 + k, 20) for k in steps],
    }
    for color, spots in across.items():
        wanted = [int(color[k : k + 2], 16) for k in (1, 3, 5)]
        darkest = max((color_at(page, *at) for at in spots), key=lambda rgba: rgba[3])
        assert darkest[3] > 200 and np.abs(np.array(darkest[:3]) - wanted).max() <= 20


def test_counts_are_shown_by_reason(start: Start) -> None:
    page = start()
    for reason, count in {"kept": 3, "too_small": 1, "low_score": 1, "beyond_limit": 0}.items():
        expect(page.locator(f"[data-reason={reason}] b")).to_have_text(str(count))
    expect(page.locator(".ocr-tuner-status")).to_contain_text("3.2 ms")
    expect(page.locator(".ocr-tuner-status")).to_contain_text("416 × 320")


def zoom_level(page: Page) -> int:
    return int(page.locator("output").inner_text().removesuffix(" %"))


def test_zoom_by_buttons_wheel_and_double_click(start: Start) -> None:
    page = start()
    whole = zoom_level(page)
    page.get_by_role("button", name="Zoom in").click()
    assert zoom_level(page) > whole
    page.get_by_role("button", name="Zoom out").click()
    assert zoom_level(page) == whole
    page.get_by_role("button", name="100 %").click()
    assert zoom_level(page) == 100
    page.get_by_role("button", name="Fit").click()
    assert zoom_level(page) == whole
    page.mouse.move(*spot(page, 380, 150))
    page.mouse.wheel(0, -50)  # without Ctrl it is the notebook's
    assert zoom_level(page) == whole
    page.keyboard.down("Control")
    page.mouse.wheel(0, -50)
    page.keyboard.up("Control")
    expect(page.locator("output")).not_to_have_text(f"{whole} %")
    page.get_by_role("button", name="Fit").click()
    page.mouse.dblclick(*spot(page, 380, 150))
    assert abs(zoom_level(page) - 2 * whole) <= 1


def test_dragging_pans_and_does_not_mark(start: Start) -> None:
    page = start()
    before = shot(page)
    x, y = spot(page, 60, 30)
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 50, y + 40, steps=4)
    page.mouse.up()
    settled(page)
    assert shot(page) != before
    expect(page.locator("[aria-selected=true]")).to_have_count(0)
    page.get_by_role("button", name="Fit").click()
    page.mouse.move(0, 0)
    settled(page)
    assert shot(page) == before


@pytest.mark.parametrize("key", ["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "+", "=", "-", "1"])
def test_keys_move_the_page_and_0_shows_it_whole(start: Start, key: str) -> None:
    page = start()
    before = shot(page)
    canvas(page).focus()
    page.keyboard.press(key)
    settled(page)
    assert shot(page) != before
    page.keyboard.press("0")
    settled(page)
    assert shot(page) == before


def test_keys_mark_boxes_and_turn_pages(start: Start) -> None:
    page = start()
    canvas(page).focus()
    marked = page.locator("[aria-selected=true]")
    for key, box in [("n", 0), ("n", 1), ("p", 0), ("p", 2), ("n", 0)]:
        page.keyboard.press(key)
        expect(marked).to_have_attribute("data-box", str(box))
    expect(page.locator(".ocr-tuner-spoken")).to_contain_text("Line 1, box score 0.95")
    page.keyboard.press("Escape")
    expect(marked).to_have_count(0)
    page.keyboard.press("PageDown")
    page.keyboard.press("PageDown")
    page.keyboard.press("PageUp")
    assert [message["page"] for message in sent(page, "page")] == [1, 2, 1]
    page.keyboard.press("?")
    expect(page.locator(".ocr-tuner-help")).to_contain_text("next box")
    page.keyboard.press("?")
    expect(page.locator(".ocr-tuner-help")).to_be_hidden()


def test_the_keys_that_help_lists_work_at_once(start: Start) -> None:
    page = start()
    page.get_by_role("button", name="Keys and mouse").click()
    page.keyboard.press("n")
    expect(page.get_by_role("status").filter(has_text="Line 1")).to_be_attached()
    page.keyboard.press("Escape")
    expect(page.locator(".ocr-tuner-help")).to_be_hidden()


def test_one_key_shortcuts_of_the_notebook_stay_off(start: Start) -> None:
    page = start()
    page.evaluate("""() => document.addEventListener("keydown", event => {
        window.free = !event.target.hasAttribute("data-lm-suppress-shortcuts"); }, true)""")
    for key, free in [("0", False), ("Control+s", True), ("n", False), ("Shift+Enter", True)]:
        canvas(page).focus()
        page.keyboard.press(key)
        assert page.evaluate("free") is free
    slider(page, "thresh").focus()
    page.keyboard.press("ArrowDown")
    assert page.evaluate("free") is False


def test_newest_frame_is_drawn_and_said(start: Start) -> None:
    page = start()
    page.evaluate("messages => messages.forEach(message => tell(...message))", [frame(n) for n in (2, 3, 4)])
    drawn(page, 4)
    details = page.evaluate("drawn")
    assert [detail["frame"] for detail in details] == [1, 4]
    assert details[-1]["settings"] == DEFAULTS
    assert details[-1]["at"] > details[0]["at"] > 0


# Boxes and lines


def test_box_and_row_mark_each_other(start: Start) -> None:
    page = start()
    page.mouse.click(*spot(page, 60, 70))
    marked = page.locator("[aria-selected=true]")
    expect(marked).to_have_attribute("data-box", "1")
    page.locator("[data-box='2']").click()
    expect(marked).to_have_attribute("data-box", "2")
    settled(page)
    assert color_at(page, 60, 110)[3] > color_at(page, 60, 70)[3] == 0
    page.mouse.click(*spot(page, 390, 290))
    expect(marked).to_have_count(0)


def test_a_marked_box_out_of_sight_comes_into_it(start: Start) -> None:
    page = start()
    canvas(page).focus()
    for _ in range(8):
        page.keyboard.press("+")
    for _ in range(20):
        page.keyboard.press("ArrowDown")
    settled(page)
    assert "rgb" not in shown_colors(page)
    page.locator("[data-box='0']").click()
    settled(page)
    assert "rgb" in shown_colors(page)


def shown_colors(page: Page) -> str:
    """'rgb' where anything is drawn at the middle of the ink."""
    found: bool = canvas(page).evaluate("""canvas => {
        const {width, height} = canvas;
        const data = canvas.getContext("2d").getImageData(width / 4, height / 4, width / 2, height / 2).data;
        return data.some((value, at) => at % 4 === 3 && value > 0); }""")
    return "rgb" if found else ""


def test_a_mark_survives_a_new_setting(start: Start) -> None:
    page = start()
    page.mouse.click(*spot(page, 60, 70))
    tell(page, frame(2, shift=3))
    drawn(page, 2)
    expect(page.get_by_role("listbox")).to_have_attribute("data-stale", "")
    page.locator("[data-box='0']").click()  # of the older frame
    put(page, "lines", [line(2), line(0)])
    put(page, "lines_frame", 2)
    expect(page.get_by_role("listbox")).not_to_have_attribute("data-stale", "")
    expect(page.locator("[aria-selected=true]")).to_have_attribute("data-box", "0")
    expect(page.locator(".ocr-tuner-line-number").first).to_have_text("1")


def test_the_list_by_keys_and_sorted(start: Start) -> None:
    page = start()
    rows = page.get_by_role("option").filter(has=page.locator(".ocr-tuner-line-text"))
    expect(rows).to_have_count(3)
    rows_box = page.get_by_role("listbox")
    rows_box.evaluate("list => { list.style.height = '40px'; list.scrollTop = 50; }")
    page.get_by_label("Order of the lines").select_option("score")
    assert rows_box.evaluate("list => list.scrollTop") == 0
    rows_box.evaluate("list => { list.style.height = ''; }")
    assert rows.evaluate_all("rows => rows.map(row => row.dataset.box)") == ["1", "0", "2"]
    page.get_by_role("listbox").focus()
    marked = page.locator("[aria-selected=true]")
    for key, box in [("ArrowDown", "1"), ("End", "2"), ("ArrowUp", "0"), ("Home", "1")]:
        page.keyboard.press(key)
        expect(marked).to_have_attribute("data-box", box)
    page.keyboard.press("Escape")
    expect(marked).to_have_count(0)


def test_what_is_not_read_and_what_has_no_text(start: Start) -> None:
    page = start()
    expect(page.locator("[data-box='1']")).to_contain_text("(no text read)")
    expect(page.locator("[data-box='2']")).to_contain_text("not read yet")
    put(page, "state", status(reading=7))
    expect(page.locator(".ocr-tuner-lines")).to_contain_text("7 to read")


def test_reading_is_switched_off(start: Start) -> None:
    page = start()
    page.get_by_label("Read the lines").uncheck()
    assert sent(page, "recognize") == [{"kind": "recognize", "on": False}]
    answer(page)
    put(page, "state", status(recognize=False))
    expect(page.get_by_label("Read the lines")).not_to_be_checked()
    put(page, "lines", [line(0, None, None)])
    expect(page.locator("[data-box='0']")).to_contain_text("not read")
    expect(page.locator("[data-box='0']")).not_to_contain_text("yet")


@pytest.mark.parametrize(
    ("label", "done"),
    [
        ("Read the lines", {"state": status(recognize=False)}),
        ("Restore spacing · 띄어쓰기 복원", {"spacing": {"on": True, "texts": {}}}),
    ],
)
def test_a_switch_stays_as_it_was_clicked_until_the_kernel_has_done_so(
    start: Start, label: str, done: dict[str, Any]
) -> None:
    page = start(everything())
    switch = page.get_by_label(label)
    on = switch.is_checked()

    def something_else_comes() -> None:
        put(page, "state", status())
        put(page, "lines", [line(0, "가나")])

    for refused in (True, False):
        switch.set_checked(not on)
        something_else_comes()
        expect(switch).to_be_checked(checked=not on)
        if refused:
            answer(page, "refused", text="no")
            expect(switch).to_be_checked(checked=on)
    answer(page)
    something_else_comes()
    expect(switch).to_be_checked(checked=not on)
    for name, value in done.items():
        put(page, name, value)
    expect(switch).to_be_checked(checked=not on)
    # What the kernel says from then on counts, also where another view asked for it.
    back = {"state": status(), "spacing": {"on": False, "texts": {}}}
    for name in done:
        put(page, name, back[name])
    expect(switch).to_be_checked(checked=on)


def test_spacing_is_restored_in_the_list_with_what_was_read_below(start: Start) -> None:
    page = start(everything() | {"lines": [line(0, "나는밥을"), line(1, "가 나"), line(2, None, None)]})
    switch = page.get_by_label("Restore spacing · 띄어쓰기 복원")
    first, raw = page.locator("[data-box='0']"), page.locator(".ocr-tuner-line-raw:visible")
    expect(switch).not_to_be_checked()
    expect(raw).to_have_count(0)
    switch.check()
    assert sent(page, "spacing") == [{"kind": "spacing", "on": True}]
    put(page, "spacing", {"on": True, "texts": {"나는밥을": "나는 밥을"}})
    answer(page)
    expect(first.locator(".ocr-tuner-line-text")).to_have_text("나는 밥을")
    expect(raw).to_have_text(["나는밥을"])
    expect(page.locator("[data-box='1']")).to_contain_text("가 나")
    expect(page.locator(".ocr-tuner-lines")).to_contain_text("1 changed")
    put(page, "lines", [line(0, "가 나"), line(1, "라 마")])
    expect(page.locator(".ocr-tuner-lines")).to_contain_text("0 changed")
    put(page, "lines", [line(0, "가 나"), line(1, HOSTILE)])
    put(page, "spacing", {"on": True, "texts": {HOSTILE: f"{HOSTILE} "}})
    expect(raw).to_have_text([HOSTILE])
    assert page.evaluate("window.harm") is None
    switch.uncheck()
    assert sent(page, "spacing")[-1] == {"kind": "spacing", "on": False}
    put(page, "spacing", {"on": False, "texts": {}})
    expect(raw).to_have_count(0)
    expect(page.locator(".ocr-tuner-lines")).not_to_contain_text("changed")


def test_changed_spacing_is_stepped_through(start: Start) -> None:
    texts = {f"{name}는밥을": f"{name}는 밥을" for name in ("나", "너", "저")}
    lines = [line(k, text) for k, text in enumerate([*texts, *["가 나"] * 9])]
    lines = [lines[k] for k in (3, 0, 4, 5, 6, 7, 8, 9, 10, 11, 2, 1)]  # in another order than PaddleOCR's
    page = start(everything() | {"lines": lines, "spacing": {"on": True, "texts": texts}})
    rows, marked = page.get_by_role("listbox"), page.locator("[aria-selected=true]")
    rows.evaluate("list => { list.style.height = '90px'; }")
    jump = page.get_by_role("button", name=re.compile("changed"))
    expect(jump).to_have_text("3 changed")
    inside = """row => {
        const [at, around] = [row, row.parentElement].map(part => part.getBoundingClientRect());
        return at.top >= around.top - 1 && at.bottom <= around.bottom + 1; }"""
    jump.focus()
    for key, box, nth in [
        ("Enter", 0, 1),
        ("Space", 2, 2),
        ("ArrowDown", 1, 3),
        ("ArrowDown", 0, 1),
        ("ArrowUp", 1, 3),
        ("ArrowUp", 2, 2),
    ]:
        page.keyboard.press(key)
        expect(jump).to_have_text(f"{nth} of 3 changed")
        expect(marked).to_have_attribute("data-box", str(box))
        assert marked.evaluate(inside)
        expect(jump).to_be_focused()
    page.mouse.click(*spot(page, 60, 30))  # from there on
    expect(jump).to_have_text("1 of 3 changed")
    jump.click()
    expect(marked).to_have_attribute("data-box", "2")
    page.mouse.click(*spot(page, 390, 290))
    expect(jump).to_have_text("3 changed")
    put(page, "spacing", {"on": True, "texts": dict([list(texts.items())[2]])})
    jump.click()
    rows.evaluate("list => { list.scrollTop = 0; }")
    jump.click()
    assert marked.evaluate(inside), "the only one, marked already, comes back into sight"
    put(page, "spacing", {"on": True, "texts": {}})
    expect(jump).to_have_text("0 changed")
    expect(jump).to_be_disabled()
    put(page, "spacing", {"on": False, "texts": {}})
    expect(jump).to_be_hidden()


def test_spacing_that_cannot_be_restored_says_why(start: Start) -> None:
    page = start()
    switch = page.get_by_label("Restore spacing · 띄어쓰기 복원")
    switch.check()
    answer(page, "refused", text="Install it: pip install kiwipiepy.")
    expect(banner(page)).to_contain_text("pip install kiwipiepy")
    expect(switch).not_to_be_checked()


# Comparison


def test_compare(start: Start) -> None:
    page = start()
    pin = page.get_by_role("button", name="Pin the settings")
    unpin = page.get_by_role("button", name="Forget A")
    layer = page.locator("[data-layer=compare]")
    expect(unpin).to_be_disabled()
    expect(layer).to_be_disabled()
    pin.click()
    assert sent(page, "pin") == [{"kind": "pin"}]
    expect(pin).to_be_disabled()
    answer(page)
    expect(pin).to_be_enabled()
    put(page, "state", status(has_pin=True, pin_label="thresh 0.3"))
    shown = figures(gained=[quad(250, 100)], lost=[quad(250, 150), quad(250, 250)], reshaped=[quad(150, 200)])
    shown["rows"][5] |= {"a": "70.0%", "b": "90.0%", "better": "b"}
    put(page, "compare", shown)
    compare = page.get_by_role("region", name="Compare")
    expect(compare).to_contain_text("A: thresh 0.3")
    expect(compare).to_contain_text(re.compile("[+] 1 gained.*− 2 lost.*~ 1 reshaped"))
    expect(compare.get_by_role("row", name="Now")).to_contain_text("✓90.0%")
    expect(compare.get_by_role("row", name=re.compile("^A "))).not_to_contain_text("✓")
    expect(compare.get_by_role("cell", name="✓90.0%")).to_have_attribute("title", "better than A")
    assert color_at(page, 250, 110)[:3] == [11, 107, 203]
    old_shape = shot(page)
    put(page, "compare", shown | {"reshaped": []})
    settled(page)
    assert shot(page) != old_shape
    layer.uncheck()
    assert color_at(page, 250, 110)[3] == 0
    unpin.click()
    assert sent(page, "unpin") == [{"kind": "unpin"}]


@pytest.mark.parametrize("width", [320, 400, 640, 840, 1280])
def test_what_becomes_of_a_pin_is_said_and_moves_nothing(start: Start, width: int) -> None:
    """Running the cell again makes another tuner: people missed their pin, and nothing had told them."""
    page = start(width=width)
    compare = page.get_by_role("region", name="Compare")
    expect(compare).to_contain_text("Rerunning the cell forgets A.")
    pin = page.get_by_role("button", name="Pin the settings of now as A")
    expect(pin).to_have_attribute("title", re.compile("a new tuner, without A.*다시 실행하면 A는 사라"))
    table = compare.get_by_role("table")
    before = table.bounding_box()
    put(page, "state", status(has_pin=True, pin_label="thresh 0.4"))
    expect(compare).not_to_contain_text("Rerunning")
    assert table.bounding_box() == before


def test_figures_are_there_without_a_pin_and_fade_where_they_are_old(start: Start) -> None:
    page = start()
    compare = page.get_by_role("region", name="Compare")
    expect(compare.get_by_role("row", name="Now")).to_contain_text("95.2%")
    expect(compare.get_by_role("row", name=re.compile("^A "))).not_to_contain_text("95.2%")
    expect(compare.get_by_text("gained")).to_be_hidden()
    table = compare.get_by_role("table")
    expect(table).not_to_have_attribute("data-stale", "")
    tell(page, frame(2))
    expect(table).to_have_attribute("data-stale", "")
    put(page, "compare", figures(2, "96.0%"))
    expect(table).not_to_have_attribute("data-stale", "")
    expect(compare.get_by_role("row", name="Now")).to_contain_text("96.0%")
    put(page, "compare", None)  # another page is opened
    expect(compare.get_by_role("row", name="Now")).not_to_contain_text("96.0%")
    put(page, "state", status(pinned_pages=[2]))
    expect(compare).to_contain_text("A is pinned on page 3, not on this one.")
    put(page, "state", status(pinned_pages=[2, 4]))
    expect(compare).to_contain_text("A is pinned on pages 3, 5, not on this one.")


def test_what_only_the_cer_tells_stands_below_the_figures(start: Start) -> None:
    page = start()
    compare = page.get_by_role("region", name="Compare")
    hint = compare.get_by_role("status")
    expect(hint).to_have_text("")
    put(page, "compare", figures(hint={"en": f"They read worse {HOSTILE}", "ko": "더 많이 틀립니다"}))
    expect(hint.locator("[lang=ko]")).to_have_text("더 많이 틀립니다")
    expect(hint.locator("[lang=en]")).to_have_text(f"They read worse {HOSTILE}")
    assert page.evaluate("window.harm") is None
    tell(page, frame(2))  # its figures are not known yet
    expect(hint).to_have_css("opacity", "0.5")
    put(page, "compare", figures(2))
    expect(hint).to_have_text("")
    expect(hint).to_have_css("opacity", "1")
    put(page, "compare", figures(2, hint={"en": "Again", "ko": "다시"}))
    put(page, "compare", None)  # another page is opened
    expect(hint).to_have_text("")


def test_back_to_the_best_yet(start: Start) -> None:
    page = start()
    best = DEFAULTS | {"thresh": 0.41}
    shown = figures(value="97.1%")
    shown["rows"][6] |= {"better": "b", "below_best": True}
    reached = {"best": "99.0%", "best_settings": best, "best_label": "thresh 0.41", "below_best": True}
    shown["rows"][5] |= reached
    put(page, "compare", shown)
    compare = page.get_by_role("region", name="Compare")
    fell = compare.get_by_role("row", name="Now").get_by_role("button", name="Back to the best yet")
    expect(fell).to_have_count(2)
    expect(fell.first).to_have_attribute("title", "It has been better: 99.0%. Back to thresh 0.41")
    fell.first.click()
    assert sent(page, "set_many") == [{"kind": "set_many", "values": best}]
    answer(page)
    page.evaluate("sent.length = 0")
    put(page, "state", status(has_pin=True))
    expect(compare.get_by_text("✓")).to_have_count(1)
    back = compare.get_by_role("button", name="99.0%")
    expect(back).to_have_attribute("title", "Back to thresh 0.41")
    back.click()
    assert sent(page, "set_many") == [{"kind": "set_many", "values": best}]


# Text, errors, the connection


def test_texts_are_data(start: Start) -> None:
    page = start(everything(HOSTILE))
    put(page, "state", status(error=HOSTILE, has_pin=True, pin_label=HOSTILE))
    put(page, "source_note", HOSTILE)
    shown = figures(value=HOSTILE, text=HOSTILE)
    shown["rows"][0] |= {"label": HOSTILE, "best": HOSTILE, "best_settings": DEFAULTS}
    put(page, "compare", shown)
    page.mouse.move(*spot(page, 60, 42))  # below the banner
    expect(page.get_by_role("tooltip")).to_contain_text(HOSTILE)
    expect(page.locator("[data-box='0']")).to_contain_text(HOSTILE)
    expect(banner(page)).to_have_text(HOSTILE)
    expect(page.locator("th").first).to_have_text(HOSTILE.replace("-", "\u2011"))
    expect(page.locator("td button:visible").first).to_have_text(HOSTILE)
    expect(page.locator(".ocr-tuner-pages .ocr-tuner-advice")).to_contain_text(HOSTILE)
    page.wait_for_timeout(50)
    assert page.evaluate("window.harm") is None
    assert page.locator("script, img[onerror], img[src=x]").count() == 0


def test_an_error_stays_until_the_state_is_well(start: Start) -> None:
    page = start()
    put(page, "state", status(error="The network failed: out of memory."))
    expect(banner(page)).to_have_text("The network failed: out of memory.")
    put(page, "state", status(busy="network"))
    expect(banner(page)).to_be_hidden()
    expect(page.locator(".ocr-tuner-root")).to_have_attribute("aria-busy", "true")
    expect(page.locator(".ocr-tuner-busy")).to_have_text("Running the network …")


def test_a_dead_connection_keeps_the_picture(start: Start) -> None:
    page = start()
    before = shot(page)
    page.evaluate("() => { model.send = () => { throw new Error('Comm is closed'); }; }")
    slider(page, "thresh").focus()
    page.keyboard.press("ArrowRight")
    expect(slider(page, "thresh")).to_have_value("0.3")
    expect(banner(page)).to_contain_text("was restarted or has stopped")
    page.get_by_role("button", name="Next page").click()
    expect(page.get_by_role("combobox", name="Page", exact=True)).to_have_value("0")
    assert shot(page) == before


def test_without_an_answer_the_slider_goes_back_and_says_so(start: Start) -> None:
    page = start()
    page.clock.install()
    slider(page, "thresh").focus()
    page.keyboard.press("ArrowRight")
    page.clock.fast_forward(3_000)
    expect(slider(page, "thresh")).to_have_value("0.31")
    page.clock.fast_forward(2_000)
    expect(slider(page, "thresh")).to_have_value("0.3")
    expect(banner(page)).to_contain_text("The kernel does not answer")
    put(page, "state", status(wanted=DEFAULTS | {"thresh": 0.31}))
    tell(page, frame(2, id=last_id(page)))
    expect(slider(page, "thresh")).to_have_value("0.31")
    expect(banner(page)).to_be_hidden()


def test_a_busy_kernel_is_waited_for(start: Start) -> None:
    page = start()
    page.clock.install()
    page.evaluate("() => { model.widget_manager = {kernel: {status: 'busy'}}; }")
    slider(page, "thresh").focus()
    page.keyboard.press("ArrowRight")
    busy, root = page.locator(".ocr-tuner-busy"), page.locator(".ocr-tuner-root")
    page.clock.fast_forward(300)
    expect(busy).to_have_text("")
    page.clock.fast_forward(200)
    expect(busy).to_have_text("Waiting for the kernel …")
    expect(root).to_have_attribute("data-busy", "")
    expect(banner(page)).to_be_hidden()
    for _ in range(3):
        page.clock.fast_forward(10_000)
    expect(slider(page, "thresh")).to_have_value("0.31")
    expect(banner(page)).to_have_text("The kernel is busy with another cell, and does this afterwards.")
    expect(banner(page)).to_have_attribute("data-calm", "")
    tell(page, frame(2, id=last_id(page)))
    expect(banner(page)).to_be_hidden()
    expect(busy).to_have_text("")
    expect(root).not_to_have_attribute("data-busy", "")
    page.keyboard.press("ArrowRight")
    page.clock.fast_forward(5_000)
    page.evaluate("() => { model.widget_manager.kernel.status = 'idle'; }")
    page.clock.fast_forward(5_000)
    expect(banner(page)).to_contain_text("The kernel does not answer")
    expect(banner(page)).not_to_have_attribute("data-calm", "")
    expect(busy).to_have_text("")


def test_answers_for_another_view_are_not_taken(start: Start) -> None:
    page = start()
    slider(page, "thresh").focus()
    page.keyboard.press("ArrowRight")
    tell(page, [{"kind": "refused", "id": "another-1", "text": "for another view"}])
    expect(banner(page)).to_be_hidden()
    page.keyboard.press("ArrowRight")
    assert len(sent(page, "set")) == 1


def test_two_views_of_one_tuner_show_the_same_and_ask_for_themselves(start: Start) -> None:
    page = start()
    page.evaluate("() => { window.removeSecond = again(model); }")
    assert sent(page)[-1] == {"kind": "image"}
    answer(page)
    tell(page, image())
    tell(page, frame(2))
    for view in canvas(page).all():
        expect(view).to_have_attribute("data-frame", "2")
    first, second = slider(page, "thresh").all()
    first.press("ArrowRight")
    asked = last_id(page)
    second.press("ArrowLeft")
    assert [message["value"] for message in sent(page, "set")] == [0.31, 0.29]
    tell(page, [{"kind": "refused", "id": asked, "text": "thresh is refused."}])
    expect(first).to_have_value("0.3")
    expect(second).to_have_value("0.29")
    assert [shown.is_visible() for shown in banner(page).all()] == [True, False]
    page.evaluate("removeSecond()")
    put(page, "state", status(wanted=DEFAULTS | {"thresh": 0.5}))
    expect(first).to_have_value("0.5")
    expect(second).to_have_value("0.29")


def test_two_tuners_do_not_disturb_each_other(start: Start) -> None:
    page = start()
    page.evaluate("""() => {
        window.others = [];
        const send = content => others.push(content);
        window.again({get: name => state[name], on: () => {}, off: () => {}, send}); }""")
    first, second = slider(page, "thresh").all()
    second.press("ArrowRight")
    assert page.evaluate("others.map(({kind}) => kind)") == ["image", "set"]
    assert not sent(page, "set")
    first.press("ArrowLeft")
    assert len(page.evaluate("others")) == 2
    expect(second).to_have_value("0.31")


def test_a_page_of_40_megapixels(start: Start) -> None:
    page = start()
    out = io.BytesIO()
    Image.new("RGB", (2400, 1500), "white").save(out, "JPEG")
    message = {"kind": "image", "page": 1, "width": 8000, "height": 5000}
    tell(page, [message, [base64.b64encode(out.getvalue()).decode()]])
    tell(page, frame(2, page=1, shift=7000))
    drawn(page, 2)
    assert zoom_level(page) < 10
    page.get_by_role("application").press("n")
    page.get_by_role("button", name="100 %").click()
    page.get_by_role("application").press("p")
    page.get_by_role("application").press("n")
    settled(page)
    assert shown_colors(page)


def test_a_new_view_asks_for_the_picture(start: Start) -> None:
    page = start()
    assert sent(page)[0] == {"kind": "image"}


def test_a_closed_view_listens_no_more(start: Start) -> None:
    page = start()
    page.locator("[data-layer=contour]").check()
    answer(page)
    page.evaluate("remove()")
    assert page.evaluate("listeners()") == 0
    assert sent(page, "layers")[-1] == {"kind": "layers", "contour": False, "map": False}


# Layout


@pytest.mark.parametrize("width", [320, 400, 640, 800, 848, 960, 1280, 1700])
def test_nothing_moves_and_nothing_sticks_out(start: Start, width: int) -> None:
    page = start(width=width)
    unread = figures()
    unread["rows"][6] |= {"a": "–", "b": "–"}
    put(page, "state", status(has_pin=True, pin_label="defaults"))
    put(page, "compare", unread)
    boxes = """["stage", "field", "compare", "changes", "list"].flatMap(name =>
        [...document.querySelectorAll(`.ocr-tuner-${name}`)].map(part => {
            const {x, y, width, height} = part.getBoundingClientRect();
            return [x, y + scrollY, width, height]; }))"""
    quiet = page.evaluate(boxes)
    page.locator("[data-layer=map]").check()
    said = status(busy="network", error="A long message. " * 40, reading=120)
    put(page, "state", said | {"has_pin": True, "pin_label": "limit_side_len 1536"})
    high = figures(2, "100.0%")
    high["rows"][0] |= {"a": "998", "b": "1000"}
    for row in high["rows"][1:3]:
        row |= {"a": "0.911", "b": "0.933", "better": "b"}
    for row in high["rows"][5:]:
        row |= {"better": "b", "below_best": True, "best": "100.0%", "best_settings": DEFAULTS}
    en = "Most boxes are found (H-mean 98.8%), yet they read worse: CER 100.0%, best yet 11.4%."
    ko = "상자는 대부분 찾았지만(H-mean 98.8%) 더 많이 틀립니다: CER 100.0%, 지금까지 최저 11.4%."
    put(page, "compare", high | {"hint": {"en": en, "ko": ko}})
    put(page, "lines", [line(k, "아주 긴 글 " * 20) for k in range(60)])
    tell(page, frame(2, milliseconds=123.4))
    drawn(page, 2)
    number(page, "thresh").fill("0")
    page.keyboard.press("Enter")
    answer(page, "refused", text="A long refusal of thresh. " * 20)
    loud = page.evaluate(boxes)
    assert loud == quiet
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    clipped = """[...document.querySelectorAll("table :is(th, td)")]
        .filter(({scrollWidth, clientWidth}) => scrollWidth > clientWidth)
        .map(cell => cell.textContent)"""
    assert page.evaluate(clipped) == []


@pytest.mark.parametrize("width", [320, 400, 640, 800, 1280])
def test_a_frame_of_focus_touches_nothing_and_moves_nothing(start: Start, width: int) -> None:
    page = start(width=width)
    places = """[...document.querySelectorAll(".ocr-tuner-field :not(option)")].map(part => {
        const {x, y, width, height} = part.getBoundingClientRect();
        return [x, y + scrollY, width, height]; })"""
    quiet = page.evaluate(places)
    edges = """part => {
        const {top, bottom} = part.getBoundingClientRect();
        const {outlineStyle, outlineWidth, outlineOffset} = getComputedStyle(part);
        const frame = outlineStyle === "none" ? 0 : parseFloat(outlineWidth) + parseFloat(outlineOffset);
        return [frame, top + scrollY - frame, bottom + scrollY + frame]; }"""
    for name in RANGES:
        for focused in (slider(page, name), number(page, name)):
            focused.focus()
            page.keyboard.press("Shift")  # as with the keyboard, which shows the frame
            assert focused.evaluate(edges)[0] > 0
            _, _, foot = number(page, name).evaluate(edges)
            _, head, below = slider(page, name).evaluate(edges)
            hint = page.locator(f"[data-field={name}] .ocr-tuner-hint").evaluate(edges)[1]
            assert head - foot >= 2 and hint - below >= 1
    assert page.evaluate(places) == quiet


@pytest.mark.parametrize("width", [400, 640])
def test_in_a_narrow_panel_the_sliders_stand_right_below_the_page(start: Start, width: int) -> None:
    page = start(width=width)
    tops = """["pages", "stage", "status", "fields", "presets", "compare", "code", "lines"].map(name =>
        document.querySelector(`.ocr-tuner-${name}`).getBoundingClientRect().top)"""
    places = page.evaluate(tops)
    assert places == sorted(places)


def test_a_line_counts_as_people_read_and_its_box_as_paddleocr_does(start: Start) -> None:
    page = start(everything() | {"lines": [line(2), line(0), line(1)]})
    numbers = page.locator(".ocr-tuner-line-number")
    expect(numbers).to_have_text(["1", "2", "3"])
    expect(numbers.first).to_have_attribute("title", "box 3 in PaddleOCR's order")
    page.mouse.move(*spot(page, 60, 30))
    expect(page.get_by_role("tooltip")).to_contain_text("Line 2")
    tell(page, frame(2))  # its lines are not known yet
    drawn(page, 2)
    page.mouse.move(*spot(page, 61, 30))
    expect(page.get_by_role("tooltip").locator("strong")).to_have_text("Box")


def test_a_score_is_rounded_down_as_in_the_list(start: Start) -> None:
    page = start(first=frame(1, score=0.9996))
    page.mouse.move(*spot(page, 60, 30))
    expect(page.get_by_role("tooltip")).to_contain_text("box score 0.99")


def test_the_crop_under_the_pointer_is_shown_large(start: Start) -> None:
    page = start(width=1280)
    picture, preview = io.BytesIO(), page.locator(".ocr-tuner-preview")
    Image.new("RGB", (900, 20), "white").save(picture, "JPEG")
    tell(page, [crops(0)[0], [base64.b64encode(picture.getvalue()).decode()]])
    row = page.locator("[data-box='0']")
    row.hover()
    expect(preview.locator("img")).to_have_js_property("naturalWidth", 900)
    small, large = row.locator("img").bounding_box(), preview.locator("img").bounding_box()
    assert small is not None and large is not None
    assert large["width"] > 2 * small["width"] and large["x"] >= 0
    text = row.locator(".ocr-tuner-line-text").bounding_box()
    assert text is not None and large["y"] + large["height"] <= text["y"] + 4
    page.locator("[data-box='2']").hover()
    expect(preview).to_be_hidden()  # no crop of it has come yet


def test_crops_come_once_before_or_after_their_lines(start: Start) -> None:
    page = start()
    pictures = page.locator(".ocr-tuner-crop img")
    assert pictures.count() == 0
    tell(page, crops(0, 1, 7))
    expect(pictures).to_have_count(2)
    addresses = pictures.evaluate_all("images => images.map(image => image.src)")
    assert len(set(addresses)) == 2 and all(address.startswith("blob:") for address in addresses)
    expect(pictures.first).to_have_js_property("naturalWidth", 1)
    put(page, "lines", [line(7), line(0), line(3)])
    assert pictures.count() == 2
    tell(page, crops(0, 3))
    expect(pictures).to_have_count(3)
    assert pictures.nth(1).get_attribute("src") == addresses[0]


def test_old_crops_are_given_up_and_those_in_sight_never(start: Start) -> None:
    page = start()
    tell(page, crops(*range(2100)))
    expect(page.locator(".ocr-tuner-crop img")).to_have_count(3)
    put(page, "lines", [line(99), line(2099), line(1)])
    expect(page.locator(".ocr-tuner-crop img")).to_have_count(2)


def test_code_is_whole_in_its_box_and_as_it_was_in_the_clipboard(start: Start) -> None:
    long_line = "    text_recognition_model_name='korean_PP-OCRv5_mobile_rec',\n"
    code = f"# Tuned on a page of 620 × 540 pixels.\npipeline = PaddleOCR(\n{long_line * 2})\n\n\nend\n"
    page = start(everything() | {"code": {"Python": code, "Command line": "paddleocr ocr " + "--a 1 " * 60}})
    box = page.locator(".ocr-tuner-program")
    assert box.evaluate("box => box.scrollWidth <= box.clientWidth")
    assert box.evaluate("box => box.textContent") == code
    heights = box.evaluate("box => [...box.children].map(line => Math.round(line.offsetHeight / 13))")
    assert heights[:2] == [1, 1] and heights[2] == heights[3] == 2 and heights[5:7] == [1, 1]
    page.get_by_role("button", name="Copy").click()  # no clipboard here: it marks the text
    expect(page.get_by_role("button", name="Press Ctrl+C")).to_be_visible()
    assert page.evaluate("getSelection().toString()").strip() == code.strip()
    page.get_by_label("Form of the code").select_option("Command line")
    assert box.evaluate("box => box.scrollWidth <= box.clientWidth")


def test_the_symptoms_stand_below_the_page(start: Start) -> None:
    page = start(width=1500)
    page.get_by_text("What is wrong?").click()
    page.locator(".ocr-tuner-guide").scroll_into_view_if_needed()
    guide, stage = (page.locator(f".ocr-tuner-{name}").bounding_box() for name in ("guide", "stage"))
    assert guide is not None and stage is not None
    assert guide["x"] == stage["x"] and 0 < guide["y"] - stage["y"] - stage["height"] < 100


def test_a_kernel_that_goes_is_said_at_once(start: Start) -> None:
    page = start()
    page.evaluate("tellDead()")
    expect(banner(page)).to_contain_text("was restarted or has stopped")
    expect(canvas(page)).to_be_visible()


def test_the_command_line_breaks_between_its_words(start: Start) -> None:
    words = ["paddleocr", "ocr", "--input='my page.png'", *(f"--text_det_number_{k} {k}" for k in range(20))]
    page = start(everything() | {"code": {"Command line": " ".join(words)}})
    box = page.locator(".ocr-tuner-program")
    assert box.evaluate("box => box.textContent") == " ".join(words)
    lines = box.locator(".ocr-tuner-code-word").evaluate_all(
        "words => words.filter(word => word.getClientRects().length > 1 || word.offsetHeight > 16).length"
    )
    assert lines == 0 and box.evaluate("box => box.scrollWidth <= box.clientWidth")
