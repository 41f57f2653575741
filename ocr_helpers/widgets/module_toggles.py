"""The five modules as cards with switches: what each did to the page, and how long it took."""

from base64 import b64encode
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anywidget
import cv2
import traitlets

from ocr_helpers.errors import OcrHelpersError
from ocr_helpers.figures import score_color, score_label
from ocr_helpers.figures.card_pictures import ImageRGB
from ocr_helpers.module_toggles.cards import MODULE_OF_STEP, TITLES, CardLine, ModuleCard, duration
from ocr_helpers.module_toggles.switches import ModuleSwitches, SwitchState
from ocr_helpers.pages import Page
from ocr_helpers.settings.pipeline import TOGGLES, PipelineSettings
from ocr_helpers.stages import StagedPipeline
from ocr_helpers.stages.steps import ImageBGR, RunStopped

if TYPE_CHECKING:
    from paddleocr import PaddleOCR

    from ocr_helpers.stages.result import StagedResult

__all__ = ["ModuleToggles", "panel_of", "status_of"]

_FILES = Path(__file__)
_JPEG = [cv2.IMWRITE_JPEG_QUALITY, 85, cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444]


class ModuleToggles(anywidget.AnyWidget):
    """Cards for the five modules, with a switch on each of the three that can be off.

    A click runs the page again, as far as it must, in the background; the latest click wins. The cell below
    reads what the switches show: ``toggles.settings`` and ``toggles.result`` wait for a run under way.

    Args:
        pipeline: a :class:`ocr_helpers.stages.StagedPipeline`, or a ``paddleocr.PaddleOCR``, best of
            ``load_pipeline``. A StagedPipeline remembers across widgets: run the cell again and nothing is
            computed twice.
        page: a :class:`ocr_helpers.Page`, or its pixels as uint8 (H, W, 3) BGR.
        settings: what the switches show at first; PaddleOCR's defaults where None.

    Attributes:
        switches: the :class:`ocr_helpers.module_toggles.switches.ModuleSwitches` under it.
        staged: the StagedPipeline it runs.

    Raises:
        ocr_helpers.stages.StageInputError, ocr_helpers.stages.models.NotAPipelineError: as ModuleSwitches.

    """

    _esm = _FILES.with_suffix(".js").read_text(encoding="utf-8")
    _css = _FILES.with_suffix(".css").read_text(encoding="utf-8")

    modules: Any = traitlets.List().tag(sync=True)
    """The five modules: ``module``, ``title``, ``toggle`` (empty where always on)."""

    status = traitlets.Dict().tag(sync=True)
    """What changes while a run is under way; see :func:`status_of`."""

    panel = traitlets.Dict().tag(sync=True)
    """The last finished run; see :func:`panel_of`."""

    def __init__(
        self,
        pipeline: "StagedPipeline | PaddleOCR",
        page: Page | ImageBGR,
        settings: PipelineSettings | None = None,
    ) -> None:
        self.switches = ModuleSwitches(pipeline, page, settings)
        self.staged = self.switches.staged
        self._shown: tuple[ModuleCard, ...] | None = None
        super().__init__(
            modules=[
                {"module": module, "title": title, "toggle": TOGGLES.get(module, "")}
                for module, title in TITLES.items()
            ]
        )
        self.on_msg(self._on_message)
        self.switches.observe(self._show)

    @property
    def result(self) -> "StagedResult":
        """What ``StagedPipeline.run`` returned for what the switches show; waits for a run under way.

        Where no run has ended well yet, its error is raised.
        """
        return self._finished()[0]

    @property
    def settings(self) -> PipelineSettings:
        """The settings that `result` was made with; waits and raises as that does."""
        return self._finished()[1]

    def set_page(self, page: Page | ImageBGR) -> None:
        """Show another page with the same switches."""
        self.switches.set_page(page)

    def close(self) -> None:
        """Stop the run under way and take the widget away."""
        self.switches.unobserve(self._show)
        self.switches.stop()
        super().close()

    def _finished(self) -> "tuple[StagedResult, PipelineSettings]":
        self.switches.wait()
        state = self.switches.state
        if state.result is None or state.settings is None:
            raise state.error or RunStopped("The first run was stopped before its end: switch a module.")
        return state.result, state.settings

    def _show(self, state: SwitchState) -> None:
        with self.hold_sync():
            self.status = status_of(state)
            if state.cards is not self._shown and state.result is not None:
                self._shown, self.panel = state.cards, panel_of(state)

    def _on_message(self, _widget: Any, content: Any, _buffers: Any) -> None:
        """Take a click from the browser; the answer tells its switch to stop waiting."""
        answer = {"kind": "accepted", "id": content.get("id")}
        try:
            self.switches.set(content.get("toggle"), content.get("on"))
        except OcrHelpersError as error:
            answer |= {"kind": "refused", "text": str(error)}
        self.send(answer)


def status_of(state: SwitchState) -> dict[str, Any]:
    """What the browser shows of a state beside its cards; plain text, to be set as text only.

    Keys: ``wanted`` (toggle → bool), ``busy``, ``module`` (which is running, or ""), ``text`` (one line),
    ``error`` (or ""), ``failed`` (the module it failed at, or "").
    """
    module = MODULE_OF_STEP.get(state.step or "", "")
    if state.busy:
        text = f"Running: {TITLES[module].lower()} …" if module else "Starting …"
    elif state.result is None:
        text = "No result yet."
    else:
        lines, running = len(state.result["rec_texts"]), [card for card in state.cards if card.on]
        known = sum(card.source == "remembered" for card in running)
        text = (
            f"{duration(state.result.milliseconds)} in all; {known} of {len(running)} modules answered from "
            f"memory; {lines} line{'s' * (lines != 1)}"
        )
    return {
        "wanted": {toggle: getattr(state.wanted, toggle) for toggle in TOGGLES.values()},
        "busy": state.busy,
        "module": module,
        "text": text,
        "error": "" if state.error is None else _explained(state),
        "failed": state.failed_module or "" if state.error is not None else "",
    }


def panel_of(state: SwitchState) -> dict[str, Any]:
    """What the browser shows of a finished run; texts are data, to be set as text only.

    Keys: ``cards`` (one mapping per module) and ``code`` (name → the settings in that form). Pictures are
    mappings of ``src`` (a data URL), ``width`` and ``height`` (pixels).
    """
    if state.settings is None or state.result is None:
        return {}
    return {
        "cards": [_card(card) for card in state.cards],
        "code": _code(state.settings, state.result["input_path"] or "page.png"),
    }


def _explained(state: SwitchState) -> str:
    error = state.error
    message = str(error) if isinstance(error, OcrHelpersError) else f"{type(error).__name__}: {error}"
    where = f"{TITLES[state.failed_module]}: " if state.failed_module else ""
    kept = "" if state.result is None else " The last result stays."
    return f"{where}{message}{kept}"


def _card(card: ModuleCard) -> dict[str, Any]:
    return {
        "module": card.module,
        "source": card.source,
        "time": duration(card.milliseconds) if card.on else "",
        "decision": card.decision,
        "before": _picture(card.before_rgb),
        "after": _picture(card.after_rgb),
        "lines": [_line(line) for line in card.lines],
        "more": f"… and {card.lines_left_out} more" if card.lines_left_out else "",
    }


def _line(line: CardLine) -> dict[str, Any]:
    shown: dict[str, Any] = {"before": _picture(line.before_rgb)}
    if line.text is None or line.score is None:
        return shown | {"after": _picture(line.after_rgb)}
    shown["before"] = _picture(line.after_rgb)
    return shown | {
        "text": line.text,
        "score": score_label(line.score, 2),
        "color": score_color(line.score),
    }


def _picture(image_rgb: ImageRGB | None) -> dict[str, Any] | None:
    if image_rgb is None:
        return None
    _, jpeg = cv2.imencode(".jpg", image_rgb[:, :, ::-1], _JPEG)
    height, width = image_rgb.shape[:2]
    src = "data:image/jpeg;base64," + b64encode(jpeg.tobytes()).decode("ascii")
    return {"src": src, "width": width, "height": height}


def _code(settings: PipelineSettings, source: str) -> dict[str, str]:
    forms: dict[str, Callable[[], str]] = {
        "settings": lambda: settings.as_code("settings"),
        "PaddleOCR in Python": lambda: settings.as_code("pipeline", source),
        "PaddleOCR in a shell": lambda: settings.as_cli(source),
    }
    code = {}
    for name, form in forms.items():
        try:
            code[name] = form()
        except OcrHelpersError as error:  # what PaddleOCR has no option for
            code[name] = f"# {error}"
    return code
