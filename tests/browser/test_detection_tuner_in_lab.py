"""The tuner in a real JupyterLab and Chromium: sliders move boxes, and what can go wrong does not spread."""

import re
from collections.abc import Iterator

import nbformat
import pytest
from playwright.sync_api import Error, Locator, Page, expect, sync_playwright

from tools.lab_session import ROOT, RUN_TIMEOUT_S, START_TIMEOUT_S, running_lab

SCREENSHOTS = ROOT / "build" / "screenshots"
SAMPLES = ROOT / "data" / "samples"
CHROMIUM_FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
pytestmark = pytest.mark.timeout(START_TIMEOUT_S + RUN_TIMEOUT_S + 120)
CELLS = [
    "import cv2, numpy as np, ocr_helpers as ocr\n"
    "staged = ocr.StagedPipeline(ocr.load_pipeline('starter'))\n"
    f"receipt, = ocr.load_pages({str(SAMPLES / 'receipt.png')!r})\n"
    "blank = np.full((500, 400, 3), 255, np.uint8)",
    "tuner = ocr.DetectionTuner(staged, [receipt, blank])\ntuner",
    "print(tuner.settings.thresh, tuner.settings.limit_side_len, len(tuner.result['rec_texts']))",
    "other = ocr.DetectionTuner(staged, receipt.image_bgr[:700], recognize=False)\nother",
    "hundred = ocr.DetectionTuner(staged, [blank] * 99 + [receipt], recognize=False)\nhundred",
    "small = ocr.DetectionSettings(limit_side_len=960, limit_type='max')\n"
    "large = cv2.copyMakeBorder(receipt.image_bgr, 0, 6900, 0, 4200, cv2.BORDER_CONSTANT, value=[255] * 3)\n"
    "print(large.size // 3_000_000)\n"
    "huge = ocr.DetectionTuner(staged, large, small, recognize=False)\nhuge",
    "import ocr_helpers.spacing\n"
    "lacking = {'온누리마트', '생수 2L×6', '573 P'}\n"
    "ocr_helpers.spacing.restore_spacing = lambda text: '띄어 쓴 줄' if text in lacking else text",
]
KERNEL = "() => window.jupyterapp.shell.currentWidget.sessionContext.session?.kernel?.status"
OUTPUT = "number => window.jupyterapp.shell.currentWidget.content.widgets[number].model.outputs.toJSON()"
RUN_CELL = """number => {
    const {content} = window.jupyterapp.shell.currentWidget;
    content.activeCellIndex = number;
    return window.jupyterapp.commands.execute("notebook:run-cell");
}"""
RESTART = "() => window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart()"


@pytest.fixture(scope="module")
def errors() -> list[str]:
    """What the page wrote to the console as an error, and what it threw."""
    return []


@pytest.fixture(scope="module")
def page(chromium: str, tmp_path_factory: pytest.TempPathFactory, errors: list[str]) -> Iterator[Page]:
    """A notebook with the first tuner shown and its lines read."""
    folder = tmp_path_factory.mktemp("lab")
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in CELLS])
    notebook.metadata.kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(notebook, folder / "tuner.ipynb")
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    with running_lab(folder, "tuner.ipynb") as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, headless=True, args=CHROMIUM_FLAGS)
        page = browser.new_page(viewport={"width": 1280, "height": 1100})
        page.set_default_timeout(START_TIMEOUT_S * 1000)
        page.goto(address)
        page.locator(".jp-NotebookPanel .jp-Cell").first.wait_for()
        page.wait_for_function(f"({KERNEL})() === 'idle'")
        page.on("pageerror", lambda error: errors.extend(not_of_jupyterlab(error)))
        page.on("console", lambda said: errors.append(said.text) if said.type == "error" else None)
        show(page, 0)
        show(page, 1)
        yield page
        browser.close()


def not_of_jupyterlab(error: Error) -> list[str]:
    """The error, unless only JupyterLab's own files were at work: its toolbars race when they shrink."""
    frames = [line for line in (error.stack or "").splitlines() if re.match(r"\s*at ", line)]
    return [] if frames and all("/static/lab/" in frame for frame in frames) else [str(error)]


def show(page: Page, number: int) -> None:
    """Run a cell; where it makes a tuner, wait for its first boxes."""
    page.evaluate(RUN_CELL, number)
    if "Tuner" in CELLS[number]:
        drawn = cell(page, number).locator("canvas[data-frame]")
        expect(drawn).to_be_attached(timeout=RUN_TIMEOUT_S * 1000)


def cell(page: Page, number: int) -> Locator:
    """A cell and what it shows."""
    return page.locator(".jp-NotebookPanel .jp-Cell").nth(number)


def kept(page: Page, number: int = 1) -> Locator:
    """How many boxes a tuner says it kept."""
    return cell(page, number).locator("[data-reason=kept] b")


def slide(page: Page, field: str, value: float, number: int = 1) -> None:
    """Move a slider as a pointer does, and wait until the canvas shows boxes of that value."""
    root = cell(page, number).locator(".ocr-tuner-root")
    root.evaluate(
        """(root, [field, value]) => new Promise((resolve, reject) => {
            const slider = root.querySelector(`[data-field=${field}] input[type=range]`);
            const timer = setTimeout(() => reject(new Error(`no boxes for ${field} ${value}`)), 120000);
            root.addEventListener("ocr-tuner-drawn", function drawn(event) {
                if (Math.abs(event.detail.settings[field] - value) > 1e-9) return;
                root.removeEventListener("ocr-tuner-drawn", drawn);
                clearTimeout(timer);
                resolve();
            });
            slider.value = value;
            slider.dispatchEvent(new Event("input", {bubbles: true}));
            slider.dispatchEvent(new Event("change", {bubbles: true}));
        })""",
        [field, value],
    )


def test_the_first_boxes_and_lines_are_there(page: Page) -> None:
    expect(kept(page)).to_have_text("65")
    rows = cell(page, 1).locator(".ocr-tuner-root [data-box]")
    expect(rows).to_have_count(65, timeout=RUN_TIMEOUT_S * 1000)
    expect(rows.first).to_contain_text("온누리마트", timeout=RUN_TIMEOUT_S * 1000)


def test_a_slider_moves_boxes_and_the_next_cell_has_its_value(page: Page) -> None:
    slide(page, "box_thresh", 0.93)
    few = int(kept(page).inner_text())
    assert few < 65
    low = cell(page, 1).locator("[data-reason=low_score] b")
    assert int(low.inner_text()) > 0
    slide(page, "box_thresh", 0.6)
    expect(kept(page)).to_have_text("65")
    slide(page, "thresh", 0.4)
    slide(page, "limit_side_len", 960)
    page.evaluate(RUN_CELL, 2)
    page.wait_for_function(f"({KERNEL})() === 'idle'")
    (output,) = page.evaluate(OUTPUT, 2)
    assert re.fullmatch(r"0\.4 960 [1-9]\d*\n", "".join(output["text"]))
    slide(page, "limit_side_len", 64)
    slide(page, "thresh", 0.3)


def test_keys_are_the_tuner_s_where_it_has_the_focus(page: Page) -> None:
    """JupyterLab moves to other cells by arrows, folds them, and restarts the kernel by 0 0."""
    root = cell(page, 1).locator(".ocr-tuner-root")
    slider = root.locator("[data-field=thresh] input[type=range]")
    slider.focus()
    active = "() => window.jupyterapp.shell.currentWidget.content.activeCellIndex"
    before = page.evaluate(active)
    ways = {"ArrowRight": "0.31", "ArrowUp": "0.32", "ArrowLeft": "0.31", "ArrowDown": "0.3"}
    for key, value in ways.items():
        slider.focus()
        page.keyboard.press(key)
        expect(slider).to_have_value(value)
    choice = root.get_by_role("combobox", name="limit_type")
    for part in (root.get_by_role("button", name="Fit"), root.locator("[data-layer=boxes]"), slider, choice):
        part.focus()
        for key in ("ArrowDown", "ArrowUp", "b", "0", "0"):
            page.keyboard.press(key)
        expect(part).to_be_focused()
    assert page.evaluate(active) == before and page.locator(".jp-Dialog").count() == 0
    assert page.locator(".jp-NotebookPanel .jp-Cell").count() == len(CELLS)
    name = root.get_by_label("Name of a preset of your own")
    name.fill("계약서")
    name.press("Enter")
    expect(root.get_by_role("button", name="계약서", exact=True)).to_be_visible()
    expect(kept(page)).to_have_text("65")


def test_changed_lines_are_stepped_through_by_keys(page: Page) -> None:
    """Enter would edit the cell, and the arrows leave it, if JupyterLab took them."""
    page.evaluate(RUN_CELL, 6)
    root = cell(page, 1).locator(".ocr-tuner-root")
    root.get_by_label("Restore spacing").check()
    jump = root.get_by_role("button", name=re.compile("3 changed"))
    jump.focus()
    marked = root.locator("[aria-selected=true]")
    for key, number in {"Enter": 1, "ArrowDown": 2, "Space": 3, "ArrowUp": 2}.items():
        page.keyboard.press(key)
        expect(jump).to_have_text(f"{number} of 3 changed")
        expect(jump).to_be_focused()
        expect(marked).to_contain_text("띄어 쓴 줄")
        expect(marked).to_be_in_viewport()
    root.get_by_label("Restore spacing").uncheck()
    expect(jump).to_be_hidden()


def test_a_value_out_of_range_is_refused_in_the_panel(page: Page) -> None:
    number = cell(page, 1).locator("[data-field=thresh] input:not([type=range])")
    number.fill("0")
    number.press("Enter")
    expect(cell(page, 1).locator(".ocr-tuner-root")).to_contain_text(re.compile(r"thresh.*0"))
    slide(page, "thresh", 0.35)
    slide(page, "thresh", 0.3)
    expect(kept(page)).to_have_text("65")


def test_compare_counts_what_was_lost(page: Page) -> None:
    root = cell(page, 1)
    root.get_by_role("button", name="Pin the settings of now as A").click()
    slide(page, "box_thresh", 0.93)
    table = root.locator("table")
    expect(table).to_contain_text("recall")
    expect(table).to_contain_text("CER")
    root.get_by_role("button", name="Forget A").click()
    slide(page, "box_thresh", 0.6)


def test_a_page_without_text_and_back(page: Page) -> None:
    picker = cell(page, 1).get_by_role("combobox", name="Page", exact=True)
    picker.select_option(index=1)
    expect(kept(page)).to_have_text("0", timeout=RUN_TIMEOUT_S * 1000)
    slide(page, "thresh", 0.2)
    slide(page, "thresh", 0.3)
    picker.select_option(index=0)
    expect(kept(page)).to_have_text("65", timeout=RUN_TIMEOUT_S * 1000)


@pytest.mark.parametrize("theme", ["JupyterLab Light", "JupyterLab Dark"])
@pytest.mark.parametrize("width", [1280, 800])
def test_nothing_sticks_out(page: Page, theme: str, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 1100})
    page.evaluate("theme => window.jupyterapp.commands.execute('apputils:change-theme', {theme})", theme)
    page.wait_for_function("theme => document.body.dataset.jpThemeName === theme", arg=theme)
    root = cell(page, 1).locator(".ocr-tuner-root")
    root.scroll_into_view_if_needed()
    page.screenshot(path=SCREENSHOTS / f"tuner_{theme.split()[1].lower()}_{width}.png")
    wide = root.evaluate("root => root.scrollWidth - root.clientWidth")
    assert wide <= 0
    page.set_viewport_size({"width": 1280, "height": 1100})


def test_two_tuners_do_not_disturb_each_other(page: Page) -> None:
    show(page, 3)
    before = kept(page, 3).inner_text()
    slide(page, "box_thresh", 0.93)
    assert kept(page, 3).inner_text() == before
    slide(page, "thresh", 0.45, number=3)
    thresh = cell(page, 1).locator("[data-field=thresh] input[type=range]")
    assert float(thresh.input_value()) == 0.3
    slide(page, "box_thresh", 0.6)
    expect(kept(page)).to_have_text("65")


def test_a_hundred_pages(page: Page) -> None:
    show(page, 4)
    picker = cell(page, 4).get_by_role("combobox", name="Page", exact=True)
    assert picker.locator("option").count() == 100
    expect(kept(page, 4)).to_have_text("0")
    picker.select_option(index=99)
    expect(kept(page, 4)).to_have_text("65", timeout=RUN_TIMEOUT_S * 1000)


def test_a_page_of_forty_megapixels(page: Page) -> None:
    show(page, 5)
    (said, _) = page.evaluate(OUTPUT, 5)
    assert int("".join(said["text"])) >= 40
    slide(page, "thresh", 0.2, number=5)
    expect(cell(page, 5).locator(".ocr-tuner-root")).to_contain_text("network input")


def test_a_restarted_kernel_is_said_and_the_picture_stays(page: Page, errors: list[str]) -> None:
    assert errors == []
    page.evaluate(RESTART)
    page.wait_for_function(f"({KERNEL})() === 'idle'")
    root = cell(page, 1).locator(".ocr-tuner-root")
    expect(root).to_contain_text("was restarted or has stopped", timeout=15_000)
    slider = root.locator("[data-field=thresh] input[type=range]")
    slider.evaluate(
        "slider => { slider.value = 0.5; slider.dispatchEvent(new Event('input', {bubbles: true})); }"
    )
    expect(root).to_contain_text("kernel", timeout=15_000)
    expect(root.locator("canvas[data-frame]")).to_be_visible()
    show(page, 0)
    show(page, 1)
    expect(kept(page)).to_have_text("65")
