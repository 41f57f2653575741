"""Results to review, and a browser page in which the script of LineReview talks to the real Python object."""

import base64
import json
from collections.abc import Sequence
from pathlib import Path
from threading import get_ident
from typing import Any

import numpy as np
from playwright.sync_api import Locator, Page

from ocr_helpers.widgets.line_review import LineReview
from tools.lab_session import ROOT

FOLDER = ROOT / "ocr_helpers" / "widgets" / "line_review"
SAMPLES = ROOT / "data" / "samples"
TEXTS = ["온누리마트", "합계 12,900원", "저는오늘오후에", "감사합니다", "전화 02-123-4567"]
SCORES = [0.99, 0.95, 0.62, 0.98, 0.71]
# The model as anywidget gives it to a script; `kernel` is there unless a test takes it away.
START = """async ([source, state]) => {
    const handlers = {};
    window.state = state;
    window.sent = [];
    window.kernel = true;
    const view = text => new DataView(Uint8Array.from(atob(text), letter => letter.charCodeAt(0)).buffer);
    window.tell = ({message, buffers, state: traits}) => {
        for (const [name, value] of Object.entries(traits ?? {})) {
            state[name] = value;
            handlers[`change:${name}`]?.forEach(handler => handler());
        }
        if (message) [...handlers["msg:custom"] ?? []].forEach(h => h(message, buffers.map(view)));
    };
    window.model = {
        get: name => state[name],
        on: (event, handler) => (handlers[event] ??= new Set()).add(handler),
        off: (event, handler) => handlers[event].delete(handler),
        send: content => {
            sent.push(content);
            if (kernel) toKernel(content).then(answers => answers.forEach(tell));
        },
    };
    window.listeners = () => Object.values(handlers).reduce((sum, some) => sum + some.size, 0);
    const url = URL.createObjectURL(new Blob([source], {type: "text/javascript"}));
    window.widget = (await import(url)).default;
    window.show = () => widget.render({model: window.model, el: document.body});
    window.remove = window.show();
}"""


def result(
    texts: Sequence[str] = TEXTS, scores: Sequence[float] = SCORES, seed: int = 0, source: str | None = None
) -> dict[str, Any]:
    """What ``PaddleOCR.predict`` yields for a page of lines one below the other."""
    noise = np.random.default_rng(seed).integers(0, 256, (30 * len(texts) + 20, 300, 3), np.uint8)
    quads = [np.array([[10, y], [290, y], [290, y + 20], [10, y + 20]], np.int16) for y in _tops(len(texts))]
    return {
        "input_path": source,
        "page_index": None,
        "doc_preprocessor_res": {"output_img": noise},
        "rec_texts": list(texts),
        "rec_scores": list(scores),
        "rec_polys": quads,
        "dt_polys": quads,
    }


def labelled_result(sample: str, without: Sequence[int] = ()) -> dict[str, Any]:
    """What ``PaddleOCR.predict`` yields for a sample page, from its ground truth, some lines left out."""
    import ocr_helpers as ocr

    (page,) = ocr.load_pages(SAMPLES / sample)
    lines = json.loads((SAMPLES / sample).with_suffix(".json").read_text(encoding="utf-8"))["lines"]
    kept = [line for number, line in enumerate(lines) if number not in without]
    quads = [np.array(line["quad"], np.float32).round().astype(np.int16) for line in kept]
    return {
        "input_path": page.source,
        "page_index": None,
        "doc_preprocessor_res": {"output_img": page.image_bgr},
        "rec_texts": [line["text"] for line in kept],
        "rec_scores": [0.9] * len(kept),
        "rec_polys": quads,
        "dt_polys": quads,
    }


def _tops(count: int) -> list[int]:
    return [10 + 30 * k for k in range(count)]


def script() -> str:
    names = (FOLDER / "parts.txt").read_text(encoding="utf-8").split()
    return "\n".join((FOLDER / name).read_text(encoding="utf-8") for name in names)


class Kernel:
    """A LineReview whose messages go to a page; it can be restarted."""

    def __init__(self, source: Any, autosave: Path | None, pipeline: Any = None) -> None:
        self.source, self.autosave, self.pipeline = source, autosave, pipeline
        self.restart()

    def restart(self) -> None:
        """A new object that knows only what the journal has."""
        self._out: list[dict[str, Any]] = []
        self._later: list[dict[str, Any]] = []
        self._answering = 0
        self.review = LineReview(self.source, autosave=self.autosave, pipeline=self.pipeline)
        self.review.send = self._take

    def _take(self, message: Any, buffers: Any = None) -> None:
        sent = {"message": message, "buffers": [base64.b64encode(part).decode() for part in buffers or []]}
        (self._out if get_ident() == self._answering else self._later).append(sent)

    def answer(self, content: Any) -> list[dict[str, Any]]:
        """What the browser gets for a message: traits first where they changed, then messages."""
        self._out, self._answering = [], get_ident()
        self.review._on_message(self.review, content, [])
        return [{"state": self.state()}, *self._out]

    def later(self) -> list[dict[str, Any]]:
        """What threads of the kernel have sent of their own, once each."""
        sent, self._later = self._later, []
        return sent

    def state(self) -> dict[str, Any]:
        names = ("document", "pages", "folder", "status")
        return {name: getattr(self.review, name) for name in names}

    def texts(self) -> list[str]:
        return [line.now.text for line in self.review.corrections.lines()]

    def states(self) -> list[str]:
        return [line.now.state for line in self.review.corrections.lines()]


def start(page: Page, kernel: Kernel) -> None:
    """Show the widget in an empty page of an address of its own: storage needs one."""
    page.expose_function("toKernel", kernel.answer)
    page.route("http://review.test/", lambda route: route.fulfill(body="<!doctype html><title>r</title>",
                                                                  content_type="text/html"))  # fmt: skip
    show(page, kernel)


def show(page: Page, kernel: Kernel) -> None:
    """Load the page, or load it again, and show the widget."""
    page.goto("http://review.test/")
    for css in sorted(FOLDER.glob("*.css")):
        page.add_style_tag(path=css)
    page.evaluate(START, [script(), kernel.state()])


def deliver(page: Page, kernel: Kernel) -> None:
    """Wait until added lines are read, and hand the page what that sent."""
    assert kernel.review.corrections.wait_for_readings(60)
    for message in kernel.later():
        page.evaluate("message => tell(message)", message)


def field(page: Page, number: int) -> Locator:
    return page.locator(f".ocr-review-row[data-line='{number}'] .ocr-review-field")


def row(page: Page, number: int) -> Locator:
    return page.locator(f".ocr-review-row[data-line='{number}']")


def notes(page: Page) -> Locator:
    return page.locator(".ocr-review-notes")


def saved(page: Page) -> Locator:
    """Wait with this until every correction is confirmed."""
    return page.locator(".ocr-review-root[data-pending='0']")


def draw(page: Page, box: Sequence[float], size: tuple[int, int] = (1240, 1754)) -> None:
    """Drag over a box in pixels of the page, with the button for it pressed."""
    button = page.get_by_role("button", name="Add a line")
    if button.get_attribute("aria-pressed") == "false":
        button.click()
    left, top, right, bottom = box
    svg = page.locator(".ocr-review-boxes")
    page.locator(".ocr-review-page-frame").scroll_into_view_if_needed()
    page.locator(".ocr-review-page-frame").evaluate(
        "(frame, share) => { frame.scrollTop = frame.scrollHeight * share - frame.clientHeight / 2; }",
        top / size[1],
    )
    at = svg.bounding_box()
    assert at is not None
    scale = at["width"] / size[0]
    page.mouse.move(at["x"] + left * scale, at["y"] + top * scale)
    page.mouse.down()
    page.mouse.move(at["x"] + (left + right) / 2 * scale, at["y"] + bottom * scale)
    page.mouse.move(at["x"] + right * scale, at["y"] + bottom * scale)
    page.mouse.up()
