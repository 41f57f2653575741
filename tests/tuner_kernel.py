"""A kernel for the script of DetectionTuner: its traits, its messages, and what the script sent back."""

import base64
import io
from typing import Any

import numpy as np
from PIL import Image
from playwright.sync_api import Locator, Page, expect

from ocr_helpers.widgets.detection_tuner import DetectionTuner
from tools.lab_session import ROOT

FOLDER = ROOT / "ocr_helpers" / "widgets" / "detection_tuner"
PIXEL = "R0lGODlhAQABAIAAAP///wAAACH5BAAAAAAALAAAAAABAAEAAAICRAEAOw=="
WIDTH, HEIGHT = 400, 300
DEFAULTS: dict[str, Any] = {
    "thresh": 0.3,
    "box_thresh": 0.6,
    "unclip_ratio": 1.5,
    "limit_side_len": 64,
    "limit_type": "min",
    "max_side_limit": 4000,
}
RANGES = {
    "thresh": (0.01, 1, 0.05, 0.95, 0.01),
    "box_thresh": (0.01, 1, 0.05, 0.95, 0.01),
    "unclip_ratio": (0.1, 10, 0.5, 4, 0.05),
    "limit_side_len": (1, 4000, 64, 3200, 32),
    "max_side_limit": (32, 32767, 512, 8000, 32),
}
AT_ONCE = ["thresh", "box_thresh", "unclip_ratio"]
SLOW = ["limit_side_len", "max_side_limit"]
REASONS = ["kept", "too_small", "low_score", "too_small_after_unclip", "beyond_limit"]
# The model as anywidget gives it to a script: get, on, off, send; buffers arrive as DataViews at any offset.
START = """async ([source, state]) => {
    const handlers = {};
    window.state = state;
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
    const view = text => {
        const bytes = Uint8Array.from(atob(text), letter => letter.charCodeAt(0));
        const whole = new Uint8Array(bytes.length + 3);
        whole.set(bytes, 3);
        return new DataView(whole.buffer, 3);
    };
    window.tell = (content, buffers = []) =>
        handlers["msg:custom"].forEach(handler => handler(content, buffers.map(view)));
    window.tellDead = () => handlers["comm_live_update"].forEach(handler => handler());
    window.outside = 0;
    for (const [name, step] of [["addEventListener", 1], ["removeEventListener", -1]]) {
        for (const target of [window, document]) {
            const own = target[name];
            target[name] = function (...given) { window.outside += step; return own.apply(target, given); };
        }
    }
    window.listeners = () => Object.values(handlers).reduce((sum, some) => sum + some.size, 0) + outside;
    window.drawn = [];
    document.body.addEventListener("ocr-tuner-drawn", event => drawn.push(event.detail));
    const url = URL.createObjectURL(new Blob([source], {type: "text/javascript"}));
    const widget = (await import(url)).default;
    window.again = model => widget.render({model, el: document.body});
    window.remove = window.again(window.model);
}"""


def script() -> str:
    return DetectionTuner._esm


def fields() -> list[dict[str, Any]]:
    made = []
    for name, default in DEFAULTS.items():
        spec = {
            "name": name,
            "label": name,
            "label_ko": f"{name} 값",
            "hint": f"About {name}.",
            "default": default,
        }
        keys = ("min", "max", "slider_min", "slider_max", "step")
        spec |= dict(zip(keys, RANGES.get(name, (None,) * 5), strict=True))
        spec["kind"] = "choice" if name == "limit_type" else type(default).__name__
        spec["choices"] = ["min", "max"] if name == "limit_type" else []
        spec["network"] = name not in AT_ONCE
        made.append(spec)
    return made


def status(**changes: Any) -> dict[str, Any]:
    given: dict[str, Any] = {"page": 0, "wanted": DEFAULTS, "busy": "", "error": "", "recognize": True}
    given |= {"reading": 0, "has_pin": False, "pin_label": "", "pinned_pages": []}
    return given | changes


FIGURES = ("boxes", "box score", "text score", "precision", "recall", "H-mean", "CER")


def figures(number: int = 1, value: str = "95.2%", text: str = "", **changes: Any) -> dict[str, Any]:
    """The table of figures of a frame: the same value everywhere, and no best yet."""
    row = {"about": text, "a": value, "b": value, "better": "", "below_best": False}
    row |= {"best": "", "best_settings": None, "best_label": text}
    rows = [row | {"label": name} for name in FIGURES]
    table: dict[str, Any] = {"frame": number, "truth": True, "rows": rows, "hint": None}
    return table | {"gained": [], "lost": [], "reshaped": []} | changes


def line(box: int, text: str | None = "가나다", score: str | None = "0.93") -> dict[str, Any]:
    return {"box": box, "text": text, "score": score, "color": "#0d0887", "crop": f"0-1-{box}"}


def everything(text: str = "가나다") -> dict[str, Any]:
    """All traits; the lines are those of `frame` 1."""
    changes = [{"field": "thresh", "way": "up", "word": text}]
    symptom = {"en": text, "ko": text, "advice": text, "advice_ko": text, "changes": changes}
    preset = {"title": text, "title_ko": text, "hint": text, "own": False}
    return {
        "fields": fields(),
        "reasons": [{"id": name, "word": name, "word_ko": text, "explain": text} for name in REASONS],
        "pages": [
            {"name": f"{text} {n}", "width": WIDTH, "height": HEIGHT, "has_truth": n == 0} for n in range(100)
        ],
        "presets": [
            preset | {"name": "default", "settings": DEFAULTS},
            preset | {"name": "low", "title": "Low", "settings": DEFAULTS | {"thresh": 0.1}},
        ],
        "symptoms": [symptom | {"id": "merge"}],
        "state": status(),
        "code": {"Python": f"settings({text})", "YAML": "thresh: 0.3"},
        "source_note": "",
        "compare": figures(text=text),
        "lines": [line(0, text, "0.93"), line(1, "", "0.55"), line(2, None, None)],
        "lines_frame": 1,
    }


def quad(x: float, y: float, width: float = 100, height: float = 20) -> list[float]:
    return [x, y, x + width, y, x + width, y + height, x, y + height]


def encoded(array: Any) -> str:
    return base64.b64encode(np.ascontiguousarray(array).tobytes()).decode()


def frame(
    number: int = 1,
    page: int = 0,
    shift: float = 0,
    empty: bool = False,
    kept: bool = True,
    score: float = 0.95,
    **more: Any,
) -> list[Any]:
    """Three kept boxes, the first with that score, one that is too small and one whose score is too low."""
    before = [quad(20 + shift, y) for y in (20, 60, 100)] + [quad(300, 20, 4, 4), quad(200, 200)]
    after = [quad(16 + shift, y - 4, 108, 28) for y in (20, 60, 100)] + [[np.nan] * 8] * 2
    scores, states, places = [score, 0.7, 0.61, np.nan, 0.597], [0, 0, 0, 1, 2], [0, 1, 2, -1, -1]
    if not kept:
        states, places = [2, 2, 2, 1, 2], [-1] * 5
    if empty:
        before, after, scores, states, places = [], [], [], [], []
    message = {"kind": "frame", "id": "", "page": page, "frame": number, "map_id": "m", "settings": DEFAULTS}
    message |= {"counts": {name: states.count(k) for k, name in enumerate(REASONS)}, "count": len(scores)}
    message |= {"milliseconds": 3.21, "truth": True, "input_size": [416, 320]} | more
    outline = np.array([[30, 30], [60, 30], [60, 50]], np.float32)
    arrays: list[np.ndarray[Any, Any]] = [
        np.array(before, np.float32),
        np.array(after, np.float32),
        np.array(scores, np.float32),
        np.array(places, np.int32),
        np.array([quad(20, 260)], np.float32),
        np.array([3, -1], np.int32),
        outline,
        np.array(states, np.uint8),
    ]
    message["sizes"] = [array.size for array in arrays]
    joined = b"".join(array.tobytes() for array in arrays)
    return [message, [encoded(np.frombuffer(joined, np.uint8))]]


def image(page: int = 0, width: int = WIDTH, height: int = HEIGHT) -> list[Any]:
    out = io.BytesIO()
    Image.new("RGB", (width // 2, height // 2), "white").save(out, "JPEG")
    message = {"kind": "image", "page": page, "width": width, "height": height}
    return [message, [base64.b64encode(out.getvalue()).decode()]]


def crops(*boxes: int) -> list[Any]:
    return [{"kind": "crops", "names": [f"0-1-{box}" for box in boxes]}, [PIXEL] * len(boxes)]


def put(page: Page, name: str, value: Any) -> None:
    page.evaluate("([name, value]) => put(name, value)", [name, value])


def tell(page: Page, message: list[Any]) -> None:
    page.evaluate("message => tell(...message)", message)


def sent(page: Page, kind: str = "") -> list[dict[str, Any]]:
    """Messages sent so far, without their ids."""
    found: list[dict[str, Any]] = page.evaluate("sent.map(({id, ...content}) => content)")
    return [message for message in found if not kind or message["kind"].startswith(kind)]


def sent_next(page: Page, count: int) -> list[dict[str, Any]]:
    """Settings sent, once there are so many: the next go out after the answer was drawn."""
    page.wait_for_function(
        "count => sent.filter(({kind}) => kind.startsWith('set')).length >= count", arg=count
    )
    return sent(page, "set")


def last_id(page: Page) -> str:
    found: str = page.evaluate("sent.at(-1).id")
    return found


def answer(page: Page, kind: str = "accepted", **more: Any) -> None:
    tell(page, [{"kind": kind, "id": last_id(page), **more}])


def drawn(page: Page, number: int) -> None:
    expect(canvas(page)).to_have_attribute("data-frame", str(number))


def canvas(page: Page) -> Locator:
    return page.get_by_role("application")


def slider(page: Page, name: str) -> Locator:
    return page.get_by_role("slider", name=name, exact=True)


def number(page: Page, name: str) -> Locator:
    return page.get_by_label(f"{name}, as a number", exact=True)


def banner(page: Page) -> Locator:
    return page.locator(".ocr-tuner-banner")


def spot(page: Page, x: float, y: float) -> tuple[float, float]:
    """Where a point of the page, shown whole, stands in the window."""
    box = canvas(page).bounding_box()
    assert box is not None
    scale = min((box["width"] - 20) / WIDTH, (box["height"] - 54) / HEIGHT)
    left, top = (box["width"] - WIDTH * scale) / 2, (box["height"] - 34 - HEIGHT * scale) / 2
    return box["x"] + left + x * scale, box["y"] + top + y * scale


def color_at(page: Page, x: float, y: float, which: str = "canvas") -> list[int]:
    """RGBA of the ink, or of the paper, under a point of the page."""
    box = canvas(page).bounding_box()
    assert box is not None
    at_x, at_y = spot(page, x, y)
    found: list[int] = page.evaluate(
        """([which, x, y]) => new Promise(done => requestAnimationFrame(() => {
            const context = document.querySelector(`.ocr-tuner-${which}`).getContext("2d");
            done([...context.getImageData(Math.round(x), Math.round(y), 1, 1).data]); }))""",
        [which, at_x - box["x"], at_y - box["y"]],
    )
    return found


def shot(page: Page) -> str:
    drawn: str = canvas(page).evaluate("canvas => canvas.toDataURL()")
    return drawn


def settled(page: Page) -> None:
    page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
