"""The script of ModuleToggles alone, in Chromium, with the test in the place of the kernel."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

from ocr_helpers.module_toggles.cards import TITLES
from ocr_helpers.settings.pipeline import TOGGLES
from tools.lab_session import ROOT

FOLDER = ROOT / "ocr_helpers" / "widgets"
MODULES = [
    {"module": module, "title": title, "toggle": TOGGLES.get(module, "")} for module, title in TITLES.items()
]
HOSTILE = '<img src=x onerror="window.harm = 1"><script>window.harm = 1</script>&amp;\'"`${harm}'
# The model as anywidget gives it to a script: get, on, off, send.
START = """async ([source, state]) => {
    const handlers = {};
    window.sent = [];
    window.model = {
        get: name => state[name],
        on: (event, handler) => (handlers[event] ??= new Set()).add(handler),
        off: (event, handler) => handlers[event].delete(handler),
        send: content => window.sent.push(content),
    };
    window.put = (name, value) => {
        state[name] = value;
        handlers[`change:${name}`].forEach(handler => handler());
    };
    window.tell = content => handlers["msg:custom"].forEach(handler => handler(content));
    window.listeners = () => Object.values(handlers).reduce((sum, some) => sum + some.size, 0);
    const url = URL.createObjectURL(new Blob([source], {type: "text/javascript"}));
    const widget = (await import(url)).default;
    window.remove = widget.render({model: window.model, el: document.body});
}"""


def status(**changes: Any) -> dict[str, Any]:
    off = dict.fromkeys(TOGGLES.values(), False)
    given = {"wanted": off, "busy": False, "module": "", "text": "41 ms in all", "error": "", "failed": ""}
    return given | changes


def panel(text: str = "가나다", source: str = "computed") -> dict[str, Any]:
    pixel = "data:image/gif;base64,R0lGODlhAQABAIAAAP///wAAACH5BAAAAAAALAAAAAABAAEAAAICRAEAOw=="
    picture = {"src": pixel, "width": 250, "height": 360}
    cut = {"src": pixel, "width": 500, "height": 32}
    cards: list[dict[str, Any]] = [
        {"module": module, "source": source, "time": "41 ms", "decision": f"decided {text}", "more": text}
        | {"before": picture, "after": picture, "lines": []}
        for module in TITLES
    ]
    for card in cards[3:]:
        card |= {"before": None, "after": None}
    cards[3]["lines"] = [{"before": cut, "after": cut}]
    cards[4]["lines"] = [{"before": cut, "text": text, "score": "0.98", "color": "#0d0887"}] * 30
    return {"cards": cards, "code": {"settings": f"PipelineSettings({text})", "other": "other form"}}


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, headless=True, args=["--no-sandbox"])
        yield browser
        browser.close()


Start = Callable[..., Page]


@pytest.fixture
def start(browser: Browser) -> Iterator[Start]:
    """Return a function that shows the widget with a status and a panel."""
    pages = []

    def start(shown: dict[str, Any] | None = None, first: dict[str, Any] | None = None) -> Page:
        page = browser.new_page(viewport={"width": 1000, "height": 900})
        pages.append(page)
        page.clock.install()
        page.set_content("<!doctype html><title>cards</title>")
        page.add_style_tag(path=FOLDER / "module_toggles.css")
        state = {
            "modules": MODULES,
            "status": first or status(),
            "panel": panel() if shown is None else shown,
        }
        page.evaluate(START, [(FOLDER / "module_toggles.js").read_text(encoding="utf-8"), state])
        return page

    yield start
    for page in pages:
        page.close()


def put(page: Page, name: str, value: dict[str, Any]) -> None:
    page.evaluate("([name, value]) => put(name, value)", [name, value])


def sent(page: Page) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = page.evaluate("sent")
    return found


def switch(page: Page, name: str = "Unwarping") -> Locator:
    return page.get_by_role("switch", name=name)


def says(page: Page) -> Locator:
    return page.get_by_role("status")


ON = status(wanted=dict.fromkeys(TOGGLES.values(), False) | {"use_doc_unwarping": True})


def test_texts_are_data(start: Start) -> None:
    page = start(panel(HOSTILE), status(text=HOSTILE))
    expect(page.locator(".ocr-modules-text").first).to_have_text(HOSTILE)
    expect(says(page)).to_have_text(HOSTILE)
    put(page, "status", status(error=HOSTILE, failed="unwarping"))
    expect(says(page)).to_have_text(HOSTILE)
    page.wait_for_timeout(50)
    assert page.evaluate("window.harm") is None
    assert page.locator("script, img[onerror], img[src=x]").count() == 0
    assert json.dumps(HOSTILE)[1:-1] in json.dumps(page.locator("pre").inner_text())


def test_a_click_shows_at_once_and_is_sent_once(start: Start) -> None:
    page = start()
    switch(page).click()
    expect(switch(page)).to_have_attribute("aria-checked", "true")
    expect(switch(page)).to_have_attribute("data-waiting", "")
    expect(says(page)).to_contain_text("Waiting for the kernel")
    (message,) = sent(page)
    assert message == {"kind": "set", "toggle": "use_doc_unwarping", "on": True, "id": message["id"]}
    put(page, "status", {**ON, "busy": True, "module": "text_detection", "text": "Running: text detection …"})
    page.evaluate("id => tell({kind: 'accepted', id})", message["id"])
    expect(switch(page)).not_to_have_attribute("data-waiting", "")
    expect(switch(page)).to_have_attribute("aria-checked", "true")
    expect(says(page)).to_have_text("Running: text detection …")
    expect(page.locator("[data-running]")).to_have_attribute("data-module", "text_detection")
    put(page, "status", ON)
    expect(page.locator(".ocr-modules-root")).to_have_attribute("aria-busy", "false")
    page.clock.fast_forward(10_000)
    expect(says(page)).to_have_text("41 ms in all")


def test_two_clicks_on_one_switch_take_each_other_back(start: Start) -> None:
    page = start()
    switch(page).click()
    switch(page).click()
    assert [message["on"] for message in sent(page)] == [True, False]
    put(page, "status", {**ON, "busy": True})
    page.evaluate("id => tell({kind: 'accepted', id})", sent(page)[0]["id"])
    expect(switch(page)).to_have_attribute("aria-checked", "false")
    expect(switch(page)).to_have_attribute("data-waiting", "")


def test_without_an_answer_the_switch_goes_back_and_says_so(start: Start) -> None:
    page = start()
    switch(page).click()
    page.clock.fast_forward(3_000)
    expect(switch(page)).to_have_attribute("aria-checked", "true")
    page.clock.fast_forward(2_000)
    expect(switch(page)).to_have_attribute("aria-checked", "false")
    expect(says(page)).to_contain_text("The kernel has not answered")
    expect(page.locator(".ocr-modules-root")).to_have_attribute("aria-busy", "false")
    put(page, "status", ON)
    page.evaluate("id => tell({kind: 'accepted', id})", sent(page)[0]["id"])
    expect(switch(page)).to_have_attribute("aria-checked", "true")
    expect(says(page)).to_have_text("41 ms in all")


def test_a_dead_connection_is_no_change(start: Start) -> None:
    page = start()
    page.evaluate("() => { model.send = () => { throw new Error('Comm is closed'); }; }")
    switch(page).click()
    expect(switch(page)).to_have_attribute("aria-checked", "false")
    expect(says(page)).to_contain_text("The kernel is not there")


def test_a_refused_change_goes_back(start: Start) -> None:
    page = start()
    switch(page).click()
    page.evaluate("id => tell({kind: 'refused', id, text: 'No such switch.'})", sent(page)[0]["id"])
    expect(switch(page)).to_have_attribute("aria-checked", "false")
    expect(says(page)).to_have_text("No such switch.")
    page.evaluate("tell({kind: 'refused', id: 'another-1', text: 'for another view'})")
    expect(says(page)).not_to_have_text("for another view")


def test_a_failed_run_marks_its_card_and_turns_the_switch_back(start: Start) -> None:
    page = start()
    put(page, "status", {**ON, "busy": True})
    put(page, "status", status(error="Unwarping: broken. The last result stays.", failed="unwarping"))
    expect(switch(page)).to_have_attribute("aria-checked", "false")
    expect(says(page)).to_contain_text("broken")
    expect(page.locator("[data-failed]")).to_have_attribute("data-module", "unwarping")
    expect(page.locator("img").first).to_be_visible()


@pytest.mark.parametrize("key", ["Space", "Enter"])
def test_the_keyboard(start: Start, key: str) -> None:
    page = start()
    page.keyboard.press("Tab")
    expect(switch(page, "Document orientation")).to_be_focused()
    page.keyboard.press("Tab")
    expect(switch(page)).to_be_focused()
    assert switch(page).evaluate("button => getComputedStyle(button).outlineStyle") == "solid"
    page.keyboard.press(key)
    expect(switch(page)).to_have_attribute("aria-checked", "true")
    put(page, "panel", panel("새 글"))
    expect(switch(page)).to_be_focused()


@pytest.mark.parametrize("name", ["Text detection", "Text recognition"])
def test_two_modules_are_always_on(start: Start, name: str) -> None:
    page = start()
    expect(switch(page, name)).to_be_disabled()
    expect(switch(page, name)).to_have_attribute("aria-checked", "true")
    card = page.locator(".ocr-modules-card").filter(has=switch(page, name))
    expect(card).to_contain_text("always on")


@pytest.mark.parametrize("width", [380, 640, 1000, 1700])
def test_nothing_moves(start: Start, width: int) -> None:
    page = start({}, status(busy=True, text="Starting …"))
    page.set_viewport_size({"width": width, "height": 900})
    boxes = "[...document.querySelectorAll('.ocr-modules-card')].map(card => {"
    boxes += "const {x, y, width, height} = card.getBoundingClientRect(); return [x, y, width, height]; })"
    empty = page.evaluate(boxes)
    assert len(empty) == 5
    put(page, "panel", panel())
    put(page, "status", status())
    full = page.evaluate(boxes)
    put(page, "panel", panel("아주 긴 글 " * 60, "partly remembered"))
    put(page, "status", status(error="A long message. " * 30))
    long = page.evaluate(boxes)
    assert empty == full == long
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_code_is_shown_form_by_form_and_copied(start: Start) -> None:
    page = start()
    page.get_by_label("Form of the code").select_option("other")
    expect(page.locator("pre")).to_have_text("other form")
    put(page, "panel", panel())
    expect(page.locator("pre")).to_have_text("other form")
    page.evaluate(
        "() => { window.navigator.clipboard?.writeText && (navigator.clipboard.writeText = null); }"
    )
    page.get_by_role("button", name="Copy").click()
    expect(page.get_by_role("button", name="Press Ctrl+C")).to_be_visible()
    assert page.evaluate("getSelection().toString()") == "other form"


def test_a_closed_view_listens_no_more(start: Start) -> None:
    page = start()
    switch(page).click()
    page.evaluate("remove()")
    assert page.evaluate("listeners()") == 0
