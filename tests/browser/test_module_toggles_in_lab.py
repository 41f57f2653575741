"""The cards with switches in a real JupyterLab and Chromium: each switch changes pictures and numbers."""

import re
from collections.abc import Iterator
from typing import Any

import nbformat
import pytest
from playwright.sync_api import Locator, Page, expect, sync_playwright

from tools.lab_session import ROOT, RUN_TIMEOUT_S, START_TIMEOUT_S, running_lab

SCREENSHOTS = ROOT / "build" / "screenshots"
CHROMIUM_FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
pytestmark = pytest.mark.timeout(START_TIMEOUT_S + RUN_TIMEOUT_S + 120)
# Curved and upside down, so that each of the three modules has something to do.
CELLS = [
    "import ocr_helpers as ocr",
    f"staged = ocr.StagedPipeline(ocr.load_pipeline('starter'))\n"
    f"upright, = ocr.load_pages({str(ROOT / 'data' / 'samples' / 'curved.jpg')!r})\n"
    "page, = ocr.load_pages(upright.image_bgr[::-1, ::-1].copy())",
    "toggles = ocr.ModuleToggles(staged, page)\ntoggles",
    "wanted = ocr.PipelineSettings(use_textline_orientation=True)\n"
    "print(toggles.settings == wanted, len(toggles.result.text()))",
]
TOGGLES = {
    "Document orientation": "doc_orientation",
    "Unwarping": "unwarping",
    "Line orientation": "textline_orientation",
}
KERNEL = "() => window.jupyterapp.shell.currentWidget.sessionContext.session?.kernel?.status"
OUTPUT = """number => window.jupyterapp.shell.currentWidget.content.widgets[number].model.outputs.toJSON()"""
# A run can be over before one looks: the page writes down whether it was busy.
WATCH = """() => {
    window.busy = [];
    const root = document.querySelector(".ocr-modules-root");
    const note = () => {
        const now = root.getAttribute("aria-busy");
        if (busy.at(-1) !== now) busy.push(now);
    };
    new MutationObserver(note).observe(root, {attributeFilter: ["aria-busy"]});
}"""
RUN_CELL = """number => {
    const {content, sessionContext} = window.jupyterapp.shell.currentWidget;
    content.activeCellIndex = number;
    return window.jupyterapp.commands.execute("notebook:run-cell");
}"""


@pytest.fixture(scope="module")
def errors() -> list[str]:
    """What the page wrote to the console as an error, and what it threw."""
    return []


@pytest.fixture(scope="module")
def page(chromium: str, tmp_path_factory: pytest.TempPathFactory, errors: list[str]) -> Iterator[Page]:
    """A notebook with the widget, its first three cells run and its first result there."""
    folder = tmp_path_factory.mktemp("lab")
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in CELLS])
    notebook.metadata.kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(notebook, folder / "toggles.ipynb")
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    with running_lab(folder, "toggles.ipynb") as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, headless=True, args=CHROMIUM_FLAGS)
        page = browser.new_page(viewport={"width": 1280, "height": 1000}, device_scale_factor=2)
        page.set_default_timeout(START_TIMEOUT_S * 1000)
        page.goto(address)
        page.locator(".jp-NotebookPanel .jp-Cell").first.wait_for()
        page.wait_for_function(f"({KERNEL})() === 'idle'")
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda said: errors.append(said.text) if said.type == "error" else None)
        for number in range(3):
            page.evaluate(RUN_CELL, number)
        settle(page)
        page.evaluate(WATCH)
        yield page
        browser.close()


def settle(page: Page) -> None:
    """Wait until the cards show the end of a run."""
    root = page.locator(".ocr-modules-root")
    expect(root).to_have_attribute("aria-busy", "false", timeout=RUN_TIMEOUT_S * 1000)
    expect(root).not_to_have_attribute("data-empty", re.compile(""), timeout=RUN_TIMEOUT_S * 1000)


def switch(page: Page, title: str) -> Locator:
    """The switch of a module."""
    return page.get_by_role("switch", name=title)


def put(page: Page, **wanted: bool) -> None:
    """Click until the three switches stand so; the ones not named are off."""
    for title in TOGGLES:
        if (
            switch(page, title).get_attribute("aria-checked")
            != str(wanted.get(TOGGLES[title], False)).lower()
        ):
            switch(page, title).click()
    settle(page)


def shown(page: Page, module: str) -> dict[str, Any]:
    """What a card shows."""
    card = page.locator(f".ocr-modules-card[data-module={module}]")
    return {
        "pictures": [image.get_attribute("src") for image in card.locator("img").all()],
        "texts": card.locator(".ocr-modules-text").all_inner_texts(),
        "decision": card.locator(".ocr-modules-decision").inner_text(),
        "numbers": card.locator(".ocr-modules-numbers").inner_text(),
        "box": card.bounding_box(),
    }


MODULES = ["doc_orientation", "unwarping", "text_detection", "textline_orientation", "text_recognition"]


def test_the_first_result_is_there(page: Page) -> None:
    cards = {module: shown(page, module) for module in MODULES}
    assert [card["decision"].startswith("off") for card in cards.values()] == [True, True, False, True, False]
    assert len(cards["text_detection"]["pictures"]) == 2
    assert cards["text_recognition"]["texts"]
    for title in ("Text detection", "Text recognition"):
        expect(switch(page, title)).to_be_disabled()
        expect(switch(page, title)).to_have_attribute("aria-checked", "true")


@pytest.mark.parametrize(
    ("title", "module", "decision"),
    [
        ("Document orientation", "doc_orientation", "turned by 180°, score"),
        ("Unwarping", "unwarping", "page flattened"),
        ("Line orientation", "textline_orientation", "turned by 180°"),
    ],
)
def test_a_click_changes_pictures_and_numbers(page: Page, title: str, module: str, decision: str) -> None:
    put(page)
    off = shown(page, module)
    read = shown(page, "text_recognition")["texts"]
    page.evaluate("busy.splice(0)")
    switch(page, title).click()
    expect(switch(page, title)).to_have_attribute("aria-checked", "true", timeout=1000)
    settle(page)
    assert page.evaluate("busy.splice(0)") == ["true", "false"]
    on = shown(page, module)
    assert decision in on["decision"]
    assert on["pictures"] != off["pictures"]
    assert re.search(r"\d m?s\s*computed", on["numbers"])
    assert shown(page, "text_recognition")["texts"] != read
    assert on["box"] == off["box"]
    switch(page, title).click()
    settle(page)
    back = shown(page, module)
    assert {**back, "numbers": ""} == {**off, "numbers": ""}
    assert "remembered" in shown(page, "text_recognition")["numbers"]


@pytest.mark.parametrize("key", ["Space", "Enter"])
def test_the_keyboard_switches_and_leaves_the_cell_alone(page: Page, key: str) -> None:
    put(page)
    toggle = switch(page, "Line orientation")
    toggle.focus()
    page.keyboard.press(key)
    expect(toggle).to_have_attribute("aria-checked", "true", timeout=1000)
    settle(page)
    expect(toggle).to_be_focused()
    page.keyboard.press(key)
    settle(page)
    expect(toggle).to_have_attribute("aria-checked", "false")
    expect(toggle).to_be_focused()


def test_quick_clicks_end_at_the_last(page: Page) -> None:
    put(page)
    for title in ("Document orientation", "Line orientation", "Document orientation"):
        switch(page, title).click()
    settle(page)
    expect(switch(page, "Document orientation")).to_have_attribute("aria-checked", "false")
    expect(switch(page, "Line orientation")).to_have_attribute("aria-checked", "true")
    assert shown(page, "doc_orientation")["decision"].startswith("off")
    assert "turned by 180°" in shown(page, "textline_orientation")["decision"]


def test_the_next_cell_gets_what_the_switches_show(page: Page) -> None:
    put(page, textline_orientation=True)
    page.evaluate(RUN_CELL, 3)
    (output,) = page.evaluate(OUTPUT, 3)
    assert re.fullmatch(r"True [1-9]\d*\n", "".join(output["text"]))


@pytest.mark.parametrize("theme", ["JupyterLab Light", "JupyterLab Dark"])
@pytest.mark.parametrize("width", [1280, 760])
def test_nothing_is_cut_off(page: Page, theme: str, width: int) -> None:
    put(page, unwarping=True, textline_orientation=True)
    page.set_viewport_size({"width": width, "height": 1100 if width > 1000 else 1700})
    page.evaluate("theme => window.jupyterapp.commands.execute('apputils:change-theme', {theme})", theme)
    page.wait_for_function("theme => document.body.dataset.jpThemeName === theme", arg=theme)
    page.locator(".ocr-modules-root").scroll_into_view_if_needed()
    page.screenshot(path=SCREENSHOTS / f"toggles_{theme.split()[1].lower()}_{width}.png")
    cut = page.evaluate("""() => [...document.querySelectorAll(".ocr-modules-root *")]
        .filter(part => !["auto", "visible"].includes(getComputedStyle(part).overflowX) && part.clientWidth
            && (part.scrollWidth > part.clientWidth + 1 || part.scrollHeight > part.clientHeight + 1))
        .map(part => `${part.className}: ${part.textContent}`)""")
    assert cut == []


def test_nothing_went_wrong_in_the_page(page: Page, errors: list[str]) -> None:
    assert page.locator(".ocr-modules-root").count() == 1
    assert errors == []


def test_arrows_choose_the_form_of_the_code(page: Page) -> None:
    choice = page.get_by_label("Form of the code")
    choice.focus()
    before = choice.input_value()
    page.keyboard.press("ArrowDown")
    expect(choice).to_be_focused()
    assert choice.input_value() != before
    page.keyboard.press("ArrowUp")
    expect(choice).to_have_value(before)


def test_without_a_kernel_the_switch_does_not_pretend(page: Page) -> None:
    before = switch(page, "Unwarping").get_attribute("aria-checked")
    page.evaluate("() => window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.shutdown()")
    page.wait_for_function(f"!['idle', 'busy'].includes(({KERNEL})())")
    switch(page, "Unwarping").click()
    says = page.locator(".ocr-modules-says")
    expect(says).to_contain_text("The kernel", timeout=10_000)
    expect(page.locator(".ocr-modules-root")).to_have_attribute("aria-busy", "false", timeout=10_000)
    expect(switch(page, "Unwarping")).to_have_attribute("aria-checked", str(before))
