"""Sliders beside a page: the boxes move while one drags, and the settings leave as code."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from threading import Lock, get_ident
from time import monotonic
from typing import TYPE_CHECKING, Any

import anywidget
import traitlets
from matplotlib.figure import Figure

from ocr_helpers.detection.advice import (
    PRESETS,
    SYMPTOMS,
    PresetNameError,
    load_presets,
    presets_of,
    save_presets,
)
from ocr_helpers.detection.state import TuningState
from ocr_helpers.detection.tuning import DetectionTuning
from ocr_helpers.errors import OcrHelpersError
from ocr_helpers.ground_truth import PageTruth
from ocr_helpers.pages import Page
from ocr_helpers.settings import DetectionSettings
from ocr_helpers.settings.pipeline import PipelineSettings
from ocr_helpers.stages import StagedPipeline
from ocr_helpers.widgets.tuner_colors import COLORS_SCRIPT
from ocr_helpers.widgets.tuner_data import code_of, figures_of, state_of
from ocr_helpers.widgets.tuner_lines import LineRows, spacing_of
from ocr_helpers.widgets.tuner_sender import LookSender
from ocr_helpers.widgets.tuner_words import FIELDS, REASON_WORDS, preset_rows, symptom_rows

if TYPE_CHECKING:
    from paddleocr import PaddleOCR

    from ocr_helpers.stages.result import StagedResult

__all__ = ["DetectionTuner"]

_FOLDER = Path(__file__).with_suffix("")
_LINES_EVERY_S = 0.5


def _joined(names: Iterable[str]) -> str:
    return "\n".join((_FOLDER / name).read_text(encoding="utf-8") for name in names)


class DetectionTuner(anywidget.AnyWidget):
    """Tune text detection on pages, and see at once which boxes come, go, and why.

    The probability map is computed once for a page and an input size; a slider only makes boxes anew. The
    next cell reads what the sliders show: ``tuner.settings``, ``tuner.pipeline_settings``, ``tuner.result``.

    Each tuner begins anew, one that the same cell makes again too: at ``settings``, without pinned looks.
    Presets that were saved are there again, and ``settings=tuner.settings`` begins where another one stands.

    Args:
        pipeline: a :class:`ocr_helpers.stages.StagedPipeline`, or a ``paddleocr.PaddleOCR``, best of
            ``load_pipeline``.
        page_or_pages: a :class:`ocr_helpers.Page`, a uint8 (H, W, 3) BGR array, a path that ``load_pages``
            takes (of a PDF all pages), or several of these.
        settings: what to begin with; PaddleOCR's defaults where None.
        truth: ground truth per page; where None, the JSON beside each image in the form of ``data/samples``.
        recognize: whether lines are read in the background.
        presets_path: the YAML file in which presets of your own are kept; it is written when one is saved.

    Attributes:
        tuning: the :class:`ocr_helpers.detection.tuning.DetectionTuning` under it.
        staged: the StagedPipeline it uses.

    Raises:
        as :class:`ocr_helpers.detection.tuning.DetectionTuning`, and for ``presets_path`` as
        :func:`ocr_helpers.detection.advice.load_presets`.

    """

    _esm = COLORS_SCRIPT + _joined((_FOLDER / "parts.txt").read_text(encoding="utf-8").split())
    _css = _joined(sorted(path.name for path in _FOLDER.glob("*.css")))

    fields: Any = traitlets.List().tag(sync=True)
    pages: Any = traitlets.List().tag(sync=True)
    presets: Any = traitlets.List().tag(sync=True)
    symptoms: Any = traitlets.List().tag(sync=True)
    reasons: Any = traitlets.List().tag(sync=True)
    state = traitlets.Dict().tag(sync=True)
    code = traitlets.Dict().tag(sync=True)
    source_note = traitlets.Unicode().tag(sync=True)
    compare: Any = traitlets.Dict(allow_none=True, default_value=None).tag(sync=True)
    lines: Any = traitlets.List().tag(sync=True)
    lines_frame = traitlets.Int(0).tag(sync=True)
    spacing: Any = traitlets.Dict(default_value={"on": False, "texts": {}}).tag(sync=True)

    def __init__(
        self,
        pipeline: "StagedPipeline | PaddleOCR",
        page_or_pages: Any,
        settings: DetectionSettings | PipelineSettings | None = None,
        *,
        truth: Sequence[PageTruth | None] | None = None,
        recognize: bool = True,
        presets_path: str | Path = "detection_presets.yaml",
    ) -> None:
        self._presets_path = Path(presets_path)
        self._own = load_presets(self._presets_path)
        self.tuning = DetectionTuning(pipeline, page_or_pages, settings, truth=truth, recognize=recognize)
        self.staged = self.tuning.staged
        self._sender = LookSender(self.tuning, self.send)
        self._rows = LineRows()
        self._lines_at = 0.0
        self._spacing_changes = Lock()
        self._answering = 0, ""  # which thread handles a message, and the message's id
        super().__init__(
            fields=FIELDS,
            pages=[self._page_row(number) for number in range(len(self.tuning.pages))],
            presets=preset_rows(presets_of(self._own)),
            symptoms=symptom_rows(SYMPTOMS),
            reasons=REASON_WORDS,
        )
        self.on_msg(self._on_message)
        self.tuning.observe(self._show)

    @property
    def settings(self) -> DetectionSettings:
        """What the sliders show."""
        return self.tuning.settings

    @property
    def pipeline_settings(self) -> PipelineSettings:
        """These within the settings of the whole pipeline."""
        return self.tuning.pipeline_settings

    @property
    def result(self) -> "StagedResult":
        """What ``PaddleOCR.predict`` returns for the page shown and these settings; waits where it must."""
        return self.tuning.result

    def figure(self) -> Figure:
        """The page with its boxes beside a table of settings and figures: readable without a kernel."""
        from ocr_helpers.drawing.tuning import show_tuning

        self.tuning.wait()
        return show_tuning(self.tuning)

    def close(self) -> None:
        """Stop what runs in the background and take the widget away."""
        self.tuning.unobserve(self._show)
        self.tuning.stop()
        super().close()

    def _page_row(self, number: int) -> dict[str, Any]:
        page: Page = self.tuning.pages[number]
        height, width = page.image_bgr.shape[:2]
        name = Path(page.source).name or page.source
        return {
            "name": f"{name}, page {page.index + 1}" if page.source.lower().endswith(".pdf") else name,
            "width": width,
            "height": height,
            "has_truth": self.tuning.truth_of(number) is not None,
        }

    def _show(self, state: TuningState) -> None:
        """Send what changed; called by the tuning, one call at a time."""
        # The boxes first: whoever drags waits for them, and the browser takes messages one by one.
        if state.frame is not None and state.frame.number > self._sender.newest:
            handler, answer = self._answering
            self._sender.send_frame(state.frame, answer if handler == get_ident() else "")
        with self.hold_sync():
            self.state = state_of(state) | {"pinned_pages": list(self.tuning.pinned_pages)}
            if state.settled or state.pin is not None or state.busy == "page":
                self._show_figures(state)
            if state.settled:
                self.source_note = note = self.tuning.source_note
                page = self.tuning.pages[state.page_number]
                weights = getattr(self.staged.pipeline, "weights", {})
                self.code = code_of(self.tuning.pipeline_settings, page, note, weights)
            if state.frame is not None and state.settled and self._is_time_for_lines(state):
                lines = self._rows.of(state.frame, state.texts)
                self._sender.send_crops(self._rows.fresh_crops())
                self.lines = lines
                with self._spacing_changes:
                    if self.spacing["on"]:
                        self.spacing = spacing_of(lines)
                self.lines_frame = state.frame.number

    def _show_figures(self, state: TuningState) -> None:
        """Without a pin only once settings rest: what takes time while one drags must be worth it."""
        figures = self.tuning.figures
        if figures is None or state.frame is None:
            self.compare = None
        else:
            compared, best = self.tuning.comparison, self.tuning.best
            self.compare = figures_of(state.frame.number, figures, compared, best)

    def _is_time_for_lines(self, state: TuningState) -> bool:
        """While lines are read, all of them with their crops are sent twice a second, not after each few."""
        now = monotonic()
        if state.reading and now - self._lines_at < _LINES_EVERY_S:
            return False
        self._lines_at = now
        return True

    def _on_message(self, _widget: Any, content: Any, _buffers: Any) -> None:
        """Take a message from the browser, and answer it."""
        kind, answer = content.get("kind"), str(content.get("id", ""))
        actions: dict[str, Callable[[], Any]] = {
            "set": lambda: self._set({str(content["field"]): content["value"]}),
            "set_many": lambda: self._set(dict(content["values"])),
            "reset": lambda: self.tuning.reset(str(content["field"])),
            "preset": lambda: self.tuning.use_preset(str(content["name"]), self._own),
            "page": lambda: self.tuning.select_page(content["page"]),
            "symptom": lambda: self.tuning.try_symptom(str(content["symptom"])),
            "pin": self.tuning.pin,
            "unpin": self.tuning.unpin,
            "recognize": lambda: self.tuning.set_recognize(content["on"]),
            "spacing": lambda: self._set_spacing(bool(content["on"])),
            "save_preset": lambda: self._save_preset(str(content["name"])),
            "delete_preset": lambda: self._delete_preset(str(content["name"])),
            "layers": lambda: self._sender.set_layers(
                answer.rpartition("-")[0], bool(content["contour"]), bool(content["map"])
            ),
            "image": lambda: self._sender.send_all(self._rows.all_crops()),
        }
        if kind not in actions:
            return
        # A frame made here is itself the answer; one that the tuning's own thread makes is not.
        self._answering = get_ident(), answer if kind in ("set", "set_many") else ""
        try:
            actions[kind]()
        except (OcrHelpersError, OSError) as error:
            self.send({"kind": "refused", "id": answer, "text": str(error)})
            return
        finally:
            answered = bool(self._answering[1]) and self._sender.answered == answer
            self._answering = 0, ""
        if not answered:
            self.send({"kind": "accepted", "id": answer})

    def _set(self, values: dict[str, Any]) -> None:
        # A slider's whole numbers come as floats where its step has a fraction.
        whole = ("limit_side_len", "max_side_limit")
        self.tuning.set(
            **{
                name: int(value)
                if name in whole and isinstance(value, float) and value.is_integer()
                else value
                for name, value in values.items()
            }
        )

    def _set_spacing(self, on: bool) -> None:
        with self._spacing_changes:
            self.spacing = spacing_of(self.lines) if on else {"on": False, "texts": {}}

    def _save_preset(self, name: str) -> None:
        name = name.strip()
        taken = {
            word.casefold() for preset in PRESETS for word in (preset.name, preset.title, preset.title_ko)
        }
        if not name or name.casefold() in taken:
            raise PresetNameError(f"A preset cannot be called {name!r}: give it a name of its own.")
        self._keep_presets(load_presets(self._presets_path) | {name: self.tuning.settings})

    def _delete_preset(self, name: str) -> None:
        own = load_presets(self._presets_path)
        if name not in own:
            raise PresetNameError(f"There is no preset of your own called {name!r}.")
        del own[name]
        self._keep_presets(own)

    def _keep_presets(self, own: dict[str, DetectionSettings]) -> None:
        save_presets(own, self._presets_path)
        self._own = own
        self.presets = preset_rows(presets_of(own))
