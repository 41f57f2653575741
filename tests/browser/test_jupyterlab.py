"""The first notebook in a real JupyterLab and Chromium: it runs through, and its pictures can be seen."""

import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, sync_playwright

from tools.lab import FIRST_NOTEBOOK, command

ROOT = Path(__file__).resolve().parents[2]
SCREENSHOTS = ROOT / "build" / "screenshots"
CHROMIUM_FLAGS = [
    "--no-sandbox",  # Chromium refuses its sandbox to root, and CI is root
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
]
# Generous: a loaded machine is slow, and a passing run never waits for these.
START_TIMEOUT_S = 180
RUN_TIMEOUT_S = 600
pytestmark = pytest.mark.timeout(START_TIMEOUT_S + RUN_TIMEOUT_S + 120)
# What the notebook's own model says: the page shows only the cells near the window.
CELLS = """() => window.jupyterapp.shell.currentWidget.content.widgets
    .filter(cell => cell.model.type === "code" && cell.model.sharedModel.getSource().trim())
    .map(cell => ({
        source: cell.model.sharedModel.getSource(),
        count: cell.model.executionCount,
        state: cell.model.executionState,
        outputs: cell.model.outputs.toJSON(),
    }))"""
KERNEL = "() => window.jupyterapp.shell.currentWidget.sessionContext.session?.kernel?.status"
# A widget may hold an image for later, hidden and empty; an output's picture never is.
IMAGES = """() => [...document.querySelectorAll(".jp-OutputArea-output img")]
    .filter(img => img.closest(".jp-RenderedImage") || img.checkVisibility()).map(img => ({
    pixels: img.naturalWidth, shown: img.getBoundingClientRect().width, seen: img.checkVisibility(),
}))"""
# An output wider than its place is cut off or scrolls; one pixel is rounding.
CLIPPED = """() => [...document.querySelectorAll(".jp-OutputArea-output")].flatMap(output =>
    [output, ...output.querySelectorAll("*")]
        .filter(part => part.scrollWidth > part.clientWidth + 1 && part.clientWidth > 0
            && getComputedStyle(part).overflowX !== "visible")
        .map(part => `${part.className}: ${part.scrollWidth} > ${part.clientWidth} px`))"""
TO_TOP = "() => { document.querySelector('.jp-NotebookPanel .jp-WindowedPanel-outer').scrollTop = 0; }"
HEIGHT = "() => document.querySelector('.jp-NotebookPanel .jp-WindowedPanel-outer').scrollHeight"


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address, with token, of a JupyterLab started as ``make lab`` does, on a copy of the notebooks."""
    folder = tmp_path_factory.mktemp("lab")
    shutil.copytree(ROOT / FIRST_NOTEBOOK.parent, folder / "notebooks")
    (folder / "data").symlink_to(ROOT / "data")
    config, runtime = folder / "config", folder / "runtime"
    notebook_settings = (
        config / "lab/user-settings/@jupyterlab/notebook-extension/tracker.jupyterlab-settings"
    )
    notebook_settings.parent.mkdir(parents=True)
    # Every cell in the page at once, so that every picture can be looked at.
    notebook_settings.write_text(json.dumps({"windowingMode": "none"}), encoding="utf-8")
    places = {"CONFIG": config, "RUNTIME": runtime, "DATA": folder / "share"}
    environment = os.environ | {f"JUPYTER_{name}_DIR": str(path) for name, path in places.items()}
    environment["IPYTHONDIR"] = str(folder / "ipython")
    line = [*command(folder), "--no-browser", "--ServerApp.port=0", "--LabApp.expose_app_in_browser=True"]
    with (folder / "log").open("w", encoding="utf-8") as log:
        server = subprocess.Popen(line, env=environment, cwd=ROOT, stdout=log, stderr=subprocess.STDOUT)
    try:
        yield _address(server, runtime, folder / "log")
    finally:
        server.terminate()
        server.wait(timeout=30)


def _address(server: subprocess.Popen[bytes], runtime: Path, log: Path) -> str:
    deadline = time.monotonic() + START_TIMEOUT_S
    while server.poll() is None and time.monotonic() < deadline:
        for found in runtime.glob("jpserver-*.json"):
            try:
                info = json.loads(found.read_text(encoding="utf-8"))
            except json.JSONDecodeError:
                continue  # still being written
            assert info["hostname"] == "127.0.0.1"
            assert len(info["token"]) >= 32
            return f"{info['url']}lab/tree/{FIRST_NOTEBOOK}?token={info['token']}"
        time.sleep(0.1)
    pytest.fail(f"JupyterLab did not start:\n{log.read_text(encoding='utf-8')}", pytrace=False)


@pytest.fixture(scope="module")
def requests() -> list[str]:
    """Addresses the page asked for, in order."""
    return []


@pytest.fixture(scope="module")
def page(lab: str, chromium: str, requests: list[str]) -> Iterator[Page]:
    """The first notebook, opened; nothing has run yet."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, headless=True, args=CHROMIUM_FLAGS)
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.on("request", lambda request: requests.append(request.url))
        page.set_default_timeout(START_TIMEOUT_S * 1000)
        page.goto(lab)
        page.locator(".jp-NotebookPanel .jp-Cell").first.wait_for()
        page.wait_for_function(f"({KERNEL})() === 'idle'")
        yield page
        browser.close()


@pytest.fixture(scope="module")
def cells(page: Page) -> list[dict[str, Any]]:
    """The code cells after Run > Run All Cells, as a person would choose it."""
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
    deadline = time.monotonic() + RUN_TIMEOUT_S
    while time.monotonic() < deadline:
        page.wait_for_timeout(500)
        cells: list[dict[str, Any]] = page.evaluate(CELLS)
        settled = all(cell["state"] == "idle" for cell in cells) and page.evaluate(KERNEL) == "idle"
        if settled and any(cell["count"] for cell in cells):
            return cells
    page.screenshot(path=SCREENSHOTS / "01_not_finished.png")
    waiting = [cell["source"] for cell in cells if cell["state"] != "idle"]
    pytest.fail(f"not finished after {RUN_TIMEOUT_S} s; still waiting:\n{waiting[0]}", pytrace=False)


def test_no_cell_fails(cells: list[dict[str, Any]]) -> None:
    errors = [
        f"{cell['source']}\n{output['ename']}: {output['evalue']}"
        for cell in cells
        for output in cell["outputs"]
        if output["output_type"] == "error"
    ]
    assert errors == []
    assert [cell["source"] for cell in cells if not cell["count"]] == []


def test_outputs_hold_pictures(cells: list[dict[str, Any]]) -> None:
    pictures = [
        output for cell in cells for output in cell["outputs"] if "image/png" in output.get("data", {})
    ]
    assert pictures


@pytest.mark.parametrize("theme", ["JupyterLab Light", "JupyterLab Dark"])
def test_pictures_are_visible_and_nothing_is_cut_off(
    theme: str, page: Page, cells: list[dict[str, Any]]
) -> None:
    page.set_viewport_size({"width": 1280, "height": 900})
    page.evaluate("theme => window.jupyterapp.commands.execute('apputils:change-theme', {theme})", theme)
    page.wait_for_function("theme => document.body.dataset.jpThemeName === theme", arg=theme)
    page.wait_for_function(f"({IMAGES})().every(image => image.pixels > 0)")
    pictures = sum("image/png" in output.get("data", {}) for cell in cells for output in cell["outputs"])
    images = page.evaluate(IMAGES)
    page.evaluate(TO_TOP)
    page.screenshot(path=SCREENSHOTS / f"01_{theme.split()[1].lower()}_top.png")
    # As tall as the notebook, so that one picture shows it from top to bottom.
    page.set_viewport_size({"width": 1280, "height": min(16_000, 200 + int(page.evaluate(HEIGHT)))})
    page.wait_for_timeout(1000)  # for the pictures only: JupyterLab lays the cells out anew
    page.evaluate(TO_TOP)
    page.screenshot(path=SCREENSHOTS / f"01_{theme.split()[1].lower()}.png")
    assert len(images) >= pictures
    assert [image for image in images if not image["seen"] or image["shown"] < 50] == []
    assert page.evaluate(CLIPPED) == []


def test_nothing_lies_over_the_notebook(page: Page, cells: list[dict[str, Any]]) -> None:
    assert page.locator(".jp-Dialog").count() == 0
    assert page.locator(".Toastify__toast").count() == 0


def test_the_page_asks_this_machine_only(cells: list[dict[str, Any]], requests: list[str]) -> None:
    assert requests
    assert [url for url in requests if not url.startswith(("http://127.0.0.1:", "data:", "blob:"))] == []
