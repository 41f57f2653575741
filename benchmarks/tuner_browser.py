"""From a slider's input event to new boxes on the canvas: ``python -m benchmarks.tuner_browser``.

A real JupyterLab and a real Chromium: the slider ``thresh`` is moved, and the clock of the page runs from the
input event to the frame in which the canvas shows boxes of that value. Lines are read in the background, as
they are for a user. Then the slider is moved at every animation frame, faster than the kernel answers: the
time between two animation frames says whether any was lost, and at the end the canvas must show the last
value. In turn, as many frames pass with nothing happening: what a machine loses then, it loses without us.

JupyterLab leaves some 20 MB of garbage from loading. The browser compacts it once, at the first calm it
finds, and stops the page for 50 ms: it is asked to do so before anything is measured, and never again. Where
the host of a virtual machine took processor time away during a sweep, as Linux counts it, the sweep is made
again, for the target is one for an idle machine; how many were made again is printed.
"""

import argparse
import os
import statistics
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import nbformat

from benchmarks.pipeline_timing import machine
from tools.lab_session import ROOT, RUN_TIMEOUT_S, START_TIMEOUT_S, running_lab

MEDIAN_MS, P95_MS = 50.0, 100.0
LOST_MS = 34.0
"""Two frames at 60 a second: a longer pause between animation frames means that one was lost."""

STOLEN_S = 0.1
"""Of the 8 processor seconds of a sweep on two cores; more was seen to cost 1 to 6 frames."""
TRIES = 4  # for each sweep

CELLS = [
    "import ocr_helpers as ocr\nstaged = ocr.StagedPipeline(ocr.load_pipeline('starter'))",
    "tuner = ocr.DetectionTuner(staged, {page!r})\ntuner",
]
KERNEL = "() => window.jupyterapp.shell.currentWidget.sessionContext.session?.kernel?.status"
RUN_CELL = """number => {
    const {content} = window.jupyterapp.shell.currentWidget;
    content.activeCellIndex = number;
    return window.jupyterapp.commands.execute("notebook:run-cell");
}"""
SLIDER = """
    const root = document.querySelector(".ocr-tuner-root");
    const slider = root.querySelector("[data-field=thresh] input[type=range]");
    const move = value => {
        slider.value = value;
        slider.dispatchEvent(new Event("input", {bubbles: true}));
    };
    const near = (a, b) => Math.abs(a - b) < 1e-9;
"""
DRAGS = (
    "async ([values, pause]) => {"
    + SLIDER
    + """
    const drag = value => new Promise((resolve, reject) => {
        const timer = setTimeout(() => reject(new Error(`no boxes for ${value}`)), 10000);
        const drawn = event => {
            if (!near(event.detail.settings.thresh, value)) return;
            root.removeEventListener("ocr-tuner-drawn", drawn);
            clearTimeout(timer);
            resolve(event.detail.at - began);
        };
        root.addEventListener("ocr-tuner-drawn", drawn);
        const began = performance.now();
        move(value);
    });
    const times = [];
    for (const value of values) {
        times.push(await drag(value));
        await new Promise(resolve => setTimeout(resolve, pause));
    }
    return times;
}"""
)
SWEEP = (
    "async values => {"
    + SLIDER
    + """
    let shown = null;
    root.addEventListener("ocr-tuner-drawn", event => (shown = event.detail.settings.thresh));
    const frames = [];
    let last = performance.now();
    for (const value of values) {
        move(value);
        await new Promise(requestAnimationFrame);
        const now = performance.now();
        frames.push(now - last);
        last = now;
    }
    const end = performance.now() + 10000;
    const reached = () => near(shown, values.at(-1));
    while (!reached() && performance.now() < end) await new Promise(resolve => setTimeout(resolve, 5));
    return {frames: frames.slice(1), reached: reached()};
}"""
)

REST = """async count => {
    const frames = [];
    let last = performance.now();
    for (let frame = 0; frame <= count; frame++) {
        await new Promise(requestAnimationFrame);
        const now = performance.now();
        frames.push(now - last);
        last = now;
    }
    return frames.slice(1);
}"""


def stolen_seconds() -> float:
    """Processor time that the host of this virtual machine gave to others; 0 where none is counted.

    The eighth number of ``/proc/stat`` (https://man7.org/linux/man-pages/man5/proc_stat.5.html).
    """
    counts = Path("/proc/stat")
    return int(counts.read_text().split()[8]) / os.sysconf("SC_CLK_TCK") if counts.is_file() else 0.0


def undisturbed(sweep: Callable[[], tuple[Any, float]]) -> tuple[Any, int]:
    """What a sweep gave while the host took nothing, and how many were thrown away before.

    ``sweep`` returns also the seconds that the host took.

    Raises:
        RuntimeError: it took something each time.

    """
    for thrown in range(TRIES):
        moved, stolen = sweep()
        if stolen <= STOLEN_S:
            return moved, thrown
    raise RuntimeError(
        f"the host of this machine took more than {STOLEN_S} s of processor time from each of {TRIES} "
        "sweeps: measure while it is idle"
    )


def measure(
    page_path: Path, chromium: str, drags: int, sweeps: int
) -> tuple[list[float], list[Any], list[float], int]:
    """Milliseconds of each drag; of each sweep its frames and whether its end was shown; frames at rest.

    At last, how many sweeps were made again.
    """
    from playwright.sync_api import sync_playwright

    values, steady = ([round(0.2 + 0.01 * (n * step % 30), 2) for n in range(drags)] for step in (7, 1))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        cells = [nbformat.v4.new_code_cell(cell.format(page=str(page_path))) for cell in CELLS]
        notebook = nbformat.v4.new_notebook(cells=cells)
        notebook.metadata.kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
        nbformat.write(notebook, folder / "tuner.ipynb")
        with running_lab(folder, "tuner.ipynb") as address, sync_playwright() as playwright:
            flags = ["--no-sandbox", "--disable-gpu"]
            browser = playwright.chromium.launch(executable_path=chromium, headless=True, args=flags)
            page = browser.new_page(viewport={"width": 1500, "height": 1200})
            page.set_default_timeout(START_TIMEOUT_S * 1000)
            page.goto(address)
            page.locator(".jp-NotebookPanel .jp-Cell").first.wait_for()
            page.wait_for_function(f"({KERNEL})() === 'idle'")
            for number in range(len(CELLS)):
                page.evaluate(RUN_CELL, number)
            page.locator(".ocr-tuner-root canvas[data-frame]").wait_for(timeout=RUN_TIMEOUT_S * 1000)
            page.evaluate(DRAGS, [[0.31, 0.29], 3000])  # the first lines are read meanwhile
            page.request_gc()
            times = page.evaluate(DRAGS, [values, 40])
            moved, rest, again = [], [], 0

            def sweep() -> tuple[Any, float]:
                before = stolen_seconds()
                result, stolen = page.evaluate(SWEEP, steady), stolen_seconds() - before
                page.wait_for_timeout(6000)  # lines are read
                return result, stolen

            for _ in range(sweeps):
                result, thrown = undisturbed(sweep)
                moved.append(result)
                again += thrown
                rest += page.evaluate(REST, drags - 1)
            browser.close()
    return times, moved, rest, again


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, and return the exit status: 1 where a target is missed."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.tuner_browser",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--page", type=Path, default=ROOT / "data" / "samples" / "small_print.png")
    parser.add_argument("--drags", type=int, default=240, help="(%(default)s)")
    parser.add_argument("--sweeps", type=int, default=5, help="(%(default)s)")
    parser.add_argument("--chromium", default="/usr/bin/chromium", help="its program (%(default)s)")
    options = parser.parse_args(arguments)
    if options.drags < 20 or options.sweeps < 1 or not options.page.is_file():
        parser.error("--drags takes at least 20, --sweeps at least 1, --page a file")
    times, sweeps, rest, again = measure(
        options.page.resolve(), options.chromium, options.drags, options.sweeps
    )
    median, p95 = statistics.median(times), statistics.quantiles(times, n=20)[18]
    moved = [frame for sweep in sweeps for frame in sweep["frames"]]
    lost, lost_at_rest = (sum(frame > LOST_MS for frame in frames) for frames in (moved, rest))
    reached = all(sweep["reached"] for sweep in sweeps)
    met = median <= MEDIAN_MS and p95 <= P95_MS and lost == 0 and reached
    print(
        f"{machine()}\n{options.page.name}, {len(times)} drags, {len(sweeps)} sweeps; {again} more were made "
        "again, as the host took processor time"
    )
    print(
        f"from the input event to new boxes: median {median:.0f} ms (at most {MEDIAN_MS:.0f}), 95 of 100 "
        f"within {p95:.0f} ms (at most {P95_MS:.0f})"
    )
    print(
        f"frames lost in the sweeps: {lost} of {len(moved)} (none), longest pause {max(moved):.0f} ms; "
        f"at rest: {lost_at_rest} of {len(rest)}, {max(rest):.0f} ms; the last value "
        f"{'was shown each time' if reached else 'was not shown'}: {'met' if met else 'missed'}"
    )
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
