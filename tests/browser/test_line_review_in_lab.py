"""The line review in a real JupyterLab and Chromium: Hangul through an input method, and a kernel restart."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from playwright.sync_api import Locator, Page, expect, sync_playwright
from review_kernel import draw

from tools.lab_session import ROOT, RUN_TIMEOUT_S, START_TIMEOUT_S, running_lab

SCREENSHOTS = ROOT / "build" / "screenshots"
SAMPLES = ROOT / "data" / "samples"
CHROMIUM_FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
pytestmark = pytest.mark.timeout(START_TIMEOUT_S + RUN_TIMEOUT_S + 120)
READ, SHOW, PRINT, SLEEP, SAVE = range(5)
CELLS = [
    "import json, time, numpy as np, ocr_helpers as ocr\n"
    "from ocr_helpers.widgets.line_review import LineReview\n"
    f"receipt, = ocr.load_pages({str(SAMPLES / 'receipt.png')!r})\n"
    f"lines = json.load(open({str(SAMPLES / 'receipt.json')!r}, encoding='utf-8'))['lines']\n"
    "result = {'doc_preprocessor_res': {'output_img': receipt.image_bgr}, 'input_path': receipt.source,\n"
    "    'rec_texts': [line['text'] for line in lines],\n"
    "    'rec_scores': np.random.default_rng(0).uniform(0.5, 1, len(lines)),\n"
    "    'rec_polys': [np.array(line['quad'], np.int16) for line in lines]}",
    "review = LineReview(result, autosave='review.jsonl', pipeline=ocr.load_pipeline('starter'))\nreview",
    "print('|'.join(review.truths[0].texts[:8]), review.corrections.counts['done'])",
    "time.sleep(7)",
    "print(review.save_labels('set').name)",
]
ADDED = 10
_RECEIPT = json.loads((SAMPLES / "receipt.json").read_text(encoding="utf-8"))
RECEIPT_WH = _RECEIPT["width"], _RECEIPT["height"]
KERNEL = "() => window.jupyterapp.shell.currentWidget.sessionContext.session?.kernel?.status"
OUTPUT = "number => window.jupyterapp.shell.currentWidget.content.widgets[number].model.outputs.toJSON()"
COUNT = "number => window.jupyterapp.shell.currentWidget.content.widgets[number].model.executionCount"
RUN_CELL = """number => {
    const {content} = window.jupyterapp.shell.currentWidget;
    content.activeCellIndex = number;
    return window.jupyterapp.commands.execute("notebook:run-cell");
}"""
RESTART = "() => window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart()"
SHUTDOWN = "() => window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.shutdown()"
SAVE_NOTEBOOK = "() => window.jupyterapp.commands.execute('docmanager:save')"


@pytest.fixture(scope="module")
def errors() -> list[str]:
    """What the page threw."""
    return []


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the notebook and its journal lie."""
    return tmp_path_factory.mktemp("lab")


@pytest.fixture(scope="module")
def page(chromium: str, folder: Path, errors: list[str]) -> Iterator[Page]:
    """A notebook whose review is shown."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in CELLS])
    notebook.metadata.kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(notebook, folder / "review.ipynb")
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    with running_lab(folder, "review.ipynb") as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, headless=True, args=CHROMIUM_FLAGS)
        page = browser.new_page(viewport={"width": 1280, "height": 1100})
        page.set_default_timeout(START_TIMEOUT_S * 1000)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(address)
        ready(page)
        show(page)
        yield page
        browser.close()


def ready(page: Page) -> None:
    page.locator(".jp-NotebookPanel .jp-Cell").first.wait_for()
    page.wait_for_function(f"({KERNEL})() === 'idle'")


def show(page: Page) -> None:
    """Make the result and show its review, as after a start of the kernel."""
    page.evaluate(RUN_CELL, READ)
    page.evaluate(RUN_CELL, SHOW)
    expect(field(page, 0)).to_have_value(re.compile("온누리마트"), timeout=RUN_TIMEOUT_S * 1000)
    expect(root(page)).to_have_count(1)


def added_line() -> tuple[int, dict[str, Any]]:
    """How many lines the receipt has, and one of them with a box of its own, a little wider."""
    truth = _RECEIPT["lines"]
    line = truth[ADDED]
    xs, ys = zip(*line["quad"], strict=True)
    return len(truth), line | {"box": [min(xs) - 5, min(ys) - 4, max(xs) + 5, max(ys) + 4]}


def printed(page: Page, number: int = PRINT) -> str:
    """Run a cell that prints, and give what it printed."""
    page.evaluate(RUN_CELL, number)
    page.wait_for_function(f"({KERNEL})() === 'idle'")
    (output,) = page.evaluate(OUTPUT, number)
    return "".join(output["text"]).strip()


def root(page: Page) -> Locator:
    return page.locator(".ocr-review-root")


def row(page: Page, number: int) -> Locator:
    return page.locator(f".ocr-review-row[data-line='{number}']")


def field(page: Page, number: int) -> Locator:
    return row(page, number).locator(".ocr-review-field")


def confirmed(page: Page) -> None:
    expect(root(page)).to_have_attribute("data-pending", "0", timeout=RUN_TIMEOUT_S * 1000)


def type_hangul(page: Page, word: str = "한글") -> None:
    """Compose each syllable as an input method does, its keys seen by the page as 229."""
    session = page.context.new_cdp_session(page)
    key = {"key": "Process", "code": "KeyG", "windowsVirtualKeyCode": 229}
    for syllable in word:
        session.send("Input.dispatchKeyEvent", {"type": "rawKeyDown", **key})
        for made in ("ㅎ", syllable):
            session.send("Input.imeSetComposition", {"text": made, "selectionStart": 1, "selectionEnd": 1})
        session.send("Input.insertText", {"text": syllable})
        session.send("Input.dispatchKeyEvent", {"type": "keyUp", **key})


def test_hangul_is_typed_and_the_next_cell_has_it(page: Page) -> None:
    field(page, 0).fill("")
    type_hangul(page, "온누리마트")
    page.keyboard.press("Space")
    type_hangul(page, "본점")
    page.keyboard.press("Enter")
    expect(field(page, 1)).to_be_focused()
    confirmed(page)
    text = printed(page)
    assert text.startswith("온누리마트 본점|")
    assert text.endswith(" 1")


def test_the_notebook_keeps_its_hands_off_the_keys(page: Page) -> None:
    before = page.evaluate(COUNT, SHOW)
    cells = page.locator(".jp-NotebookPanel .jp-Cell").count()
    field(page, 2).click()
    for keys in ("Shift+Enter", "Control+Enter", "ArrowDown", "ArrowDown", "Control+Alt+u", "Control+Alt+z"):
        page.keyboard.press(keys)
    expect(field(page, 3)).to_be_focused()
    expect(row(page, 3)).to_have_attribute("data-state", "open")
    field(page, 3).press_sequentially("dd00aab")
    page.keyboard.press("Control+z")
    page.keyboard.press("Escape")
    confirmed(page)
    assert page.evaluate(COUNT, SHOW) == before
    assert page.locator(".jp-NotebookPanel .jp-Cell").count() == cells
    assert page.evaluate(KERNEL) in ("idle", "busy")


def test_undo_in_the_notebook(page: Page) -> None:
    field(page, 3).fill("고친 글")
    page.keyboard.press("Enter")
    confirmed(page)
    page.get_by_role("button", name="Undo a correction").click()
    expect(row(page, 3)).to_have_attribute("data-state", "open")
    page.get_by_role("button", name="Redo a correction").click()
    expect(field(page, 3)).to_have_value("고친 글")
    confirmed(page)


def test_a_busy_kernel_takes_corrections_too(page: Page) -> None:
    page.evaluate(f"void ({RUN_CELL})({SLEEP})")
    page.wait_for_function(f"({KERNEL})() === 'busy'")
    field(page, 4).fill("바쁜 동안")
    page.keyboard.press("Enter")
    confirmed(page)
    expect(page.locator(".ocr-review-notes")).not_to_contain_text("kept in this browser")
    assert "바쁜 동안" in printed(page)


def test_a_line_is_added_on_the_page_and_read(page: Page) -> None:
    lines, line = added_line()
    before = printed(page)
    field(page, 0).click()
    draw(page, line["box"], RECEIPT_WH)
    page.keyboard.press("Escape")
    expect(field(page, lines)).to_have_value(line["text"], timeout=RUN_TIMEOUT_S * 1000)
    page.keyboard.press("Enter")
    confirmed(page)
    assert int(printed(page).rpartition(" ")[2]) == int(before.rpartition(" ")[2]) + 1


@pytest.mark.parametrize("theme", ["JupyterLab Light", "JupyterLab Dark"])
@pytest.mark.parametrize("width", [1280, 800])
def test_nothing_sticks_out(page: Page, theme: str, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 1100})
    page.evaluate("theme => window.jupyterapp.commands.execute('apputils:change-theme', {theme})", theme)
    page.wait_for_function("theme => document.body.dataset.jpThemeName === theme", arg=theme)
    field(page, 1).click()
    root(page).scroll_into_view_if_needed()
    page.screenshot(path=SCREENSHOTS / f"review_{theme.split()[1].lower()}_{width}.png")
    assert root(page).evaluate("root => root.scrollWidth - root.clientWidth") <= 0
    page.set_viewport_size({"width": 1280, "height": 1100})


def test_a_kernel_restart_loses_nothing(page: Page) -> None:
    before = printed(page)
    page.evaluate(RESTART)
    page.wait_for_function(f"({KERNEL})() === 'idle'")
    field(page, 5).fill("")
    type_hangul(page, "다시시작")
    page.keyboard.press("Enter")
    field(page, 6).fill("치다 만 글")
    expect(page.locator(".ocr-review-notes")).to_contain_text("kept in this browser", timeout=30_000)
    show(page)
    confirmed(page)
    expect(field(page, 5)).to_have_value("다시시작")
    count, line = added_line()
    page.get_by_role("searchbox", name="Find").fill(line["text"])
    expect(field(page, count)).to_have_value(line["text"])
    expect(row(page, count)).to_have_attribute("data-state", "done")
    page.get_by_role("searchbox", name="Find").fill("")
    expect(field(page, 5)).to_have_value("다시시작")
    texts = printed(page).rpartition(" ")[0].split("|")
    assert texts[:5] == before.rpartition(" ")[0].split("|")[:5]
    assert texts[5:7] == ["다시시작", "치다 만 글"]


def test_nor_does_a_kernel_that_dies_with_the_page(page: Page) -> None:
    before = printed(page)
    page.evaluate(SHUTDOWN)
    page.wait_for_function(f"!['idle', 'busy'].includes(({KERNEL})())")
    field(page, 7).fill("마지막 글")
    page.keyboard.press("Enter")
    expect(row(page, 7)).to_have_attribute("data-state", "done")
    page.evaluate(SAVE_NOTEBOOK)
    page.reload()
    page.locator(".jp-NotebookPanel .jp-Cell").first.wait_for()
    page.evaluate("() => window.jupyterapp.shell.currentWidget.sessionContext.startKernel()")
    ready(page)
    show(page)
    confirmed(page)
    texts = printed(page).rpartition(" ")[0].split("|")
    assert texts[7] == "마지막 글"
    assert texts[:7] == before.rpartition(" ")[0].split("|")[:7]


def test_labels_are_saved_from_a_cell(page: Page, folder: Path) -> None:
    assert printed(page, SAVE) == "Label.txt"
    assert re.match(r"set/receipt\.png\t\[", (folder / "set" / "Label.txt").read_text(encoding="utf-8"))


def test_nothing_went_wrong_in_the_page(errors: list[str]) -> None:
    assert [error for error in errors if "kernel" not in error.lower()] == []
