"""The preflight report: made here, shown as plain text or as a small table in a notebook."""

import html
import textwrap
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from ocr_helpers.device import choose_device, engine_preference
from ocr_helpers.environment import EnvironmentFacts, Trap, find_traps, gather_facts
from ocr_helpers.errors import OcrHelpersError
from ocr_helpers.loading import LoadPlan, load_plan, plan_loading
from ocr_helpers.models.names import MODULES, UnknownModuleError, check_model_name, check_module
from ocr_helpers.models.starter import StarterWeightsMissingError
from ocr_helpers.weights import UnknownWeightsError, WeightsSource

__all__ = ["ModuleStatus", "PreflightReport", "TrialPrediction", "preflight"]

_TRIAL_TEXT = "안녕하세요 2026"


@dataclass(frozen=True, slots=True)
class ModuleStatus:
    """What one module would run with: ``plan``, or the reason in ``problem`` why it cannot.

    ``absent``: the reason is just that nobody has put weights there.
    """

    module: str
    model_name: str
    plan: LoadPlan | None
    problem: str = ""
    absent: bool = False

    def describe(self) -> str:
        """Model, whose weights, engine; or why not."""
        if self.plan is None:
            return f"{self.model_name}: no weights, see below"
        weights = self.plan.weights
        return f"{self.model_name}: {weights.origin} weights, {self.plan.engine} on {self.plan.device}"


@dataclass(frozen=True, slots=True)
class TrialPrediction:
    """One line, drawn and read.

    Attributes:
        drawn, read: the text in the image and the text the recognizer returned.
        score: the recognizer's score, 0 to 1.
        seconds: duration of the prediction, without loading and first use.

    """

    drawn: str
    read: str
    score: float
    seconds: float

    @property
    def right(self) -> bool:
        """Whether the text was read, spaces aside."""
        return self.read.replace(" ", "") == self.drawn.replace(" ", "")


@dataclass(frozen=True, slots=True)
class PreflightReport:
    """What this machine will use, and what stands in the way.

    Attributes:
        facts: versions, device, font.
        modules: the five modules.
        trial: the trial prediction; None where it could not be made (then a trap says why).
        traps: what is known to go wrong here, with what to do.

    """

    facts: EnvironmentFacts
    modules: tuple[ModuleStatus, ...]
    trial: TrialPrediction | None
    traps: tuple[Trap, ...]

    @property
    def ok(self) -> bool:
        """Whether nothing found here is an error (warnings may be there)."""
        return not any(trap.severity == "error" for trap in self.traps)

    def rows(self) -> list[tuple[str, str]]:
        """(name, value) of every line of the report, traps last."""
        facts = self.facts
        rows = [("Python", f"{facts.python}, {facts.system}, {facts.cpu_threads} CPU threads")]
        rows += [(name, version) for name, version in facts.versions.items() if name not in facts.opencv]
        rows.append(("OpenCV", ", ".join(f"{name} {v}" for name, v in facts.opencv.items()) or "none"))
        rows.append(("device", f"{facts.device} ({facts.paddle.describe()})"))
        rows += [(status.module, status.describe()) for status in self.modules]
        rows.append(("Hangul font", str(facts.hangul_font or "none")))
        if self.trial is not None:
            trial = self.trial
            right = "read right" if trial.right else f"read as {trial.read!r}"
            rows.append(
                (
                    "trial line",
                    f"{trial.drawn!r} {right}, score {trial.score:.2f}, {trial.seconds * 1000:.0f} ms",
                )
            )
        rows += [(trap.severity.upper(), f"{trap.what} → {trap.remedy}") for trap in self.traps]
        rows.append(("verdict", "ready" if self.ok else "not ready: see ERROR above"))
        return rows

    def __repr__(self) -> str:
        rows = self.rows()
        width = max(len(name) for name, _ in rows)
        indent = " " * (width + 2)
        lines = []
        for name, value in rows:
            wrapped = textwrap.wrap(value, 100, break_long_words=False, break_on_hyphens=False) or [""]
            lines.append(f"{name:<{width}}  " + f"\n{indent}".join(wrapped))
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        # No colours of our own: the table takes those of the notebook's theme, light or dark.
        style = "text-align:left;vertical-align:top"
        cells = "".join(
            f'<tr><th scope="row" style="{style}">{html.escape(name)}</th>'
            f'<td style="{style}">{html.escape(value)}</td></tr>'
            for name, value in self.rows()
        )
        return f'<table style="max-width:60em">{cells}</table>'


def preflight(
    weights: WeightsSource = "auto",
    *,
    device: str = "auto",
    engine: str = "auto",
    model_names: Mapping[str, str] | None = None,
) -> PreflightReport:
    """Check this machine: versions, device, engine and weights per module, font, known traps, one real
    prediction.

    The network is not asked: ``weights="auto"`` shows the official weights where they are cached, else the
    starter ones. The report is a table in a notebook and plain text elsewhere; ``report.ok`` is False where a
    trap is an error.

    Args:
        weights: as for ``find_weights``.
        device: as for :func:`ocr_helpers.choose_device`.
        engine: as for :func:`ocr_helpers.device.choose_engine`.
        model_names: module → PaddleOCR model name, where not the default.

    Raises:
        ocr_helpers.device.UnknownDeviceError, DeviceNotAvailableError: see :func:`ocr_helpers.choose_device`.
        ocr_helpers.device.UnknownEngineError: see ``engine``.
        ocr_helpers.weights.UnknownWeightsError: see ``weights``.
        ocr_helpers.models.names.UnknownModuleError, UnknownModelNameError: see ``weights`` and
        ``model_names``.

    """
    resolved = choose_device(device)
    engine_preference(engine, resolved)
    facts = gather_facts(resolved)
    names = {check_module(module): name for module, name in (model_names or {}).items()}
    modules = tuple(
        _status(module, check_model_name(module, names.get(module)), weights, device, engine)
        for module in MODULES
    )
    traps = list(find_traps(facts))
    traps += _module_traps(modules)
    trial = None
    recognition = next(status.plan for status in modules if status.module == "text_recognition")
    if recognition is not None:
        try:
            trial = _try_a_line(recognition, facts)
        except Exception as error:  # a report says what happened, whatever it was
            what = (
                f"The trial prediction failed: {type(error).__name__}: {' '.join(str(error).split())[:300]}"
            )
            traps.append(Trap(what, "Run load_text_recognition() and predict on a line to see where."))
    if trial is not None and not trial.right:
        what = f"The trial line was read as {trial.read!r}, not {trial.drawn!r}."
        traps.append(Trap(what, "Try other weights, or the other engine."))
    return PreflightReport(facts, modules, trial, tuple(traps))


def _module_traps(modules: Sequence[ModuleStatus]) -> list[Trap]:
    """What keeps each module from running; modules that merely have no weights here share one warning."""
    traps, absent = [], []
    for status in modules:
        if status.plan is not None:
            continue
        # Without detection or recognition nothing is read; the other three are refinements.
        severe = status.module in ("text_detection", "text_recognition")
        if status.absent and not severe:
            absent.append(status)
            continue
        what, _, remedy = status.problem.partition(". ")
        severity: Literal["error", "warning"] = "error" if severe else "warning"
        traps.append(Trap(f"{status.module} cannot run: {what}.", remedy, severity))
    if absent:
        modules_text = ", ".join(f"{status.module} ({status.model_name})" for status in absent)
        what = f"No weights here for {modules_text}: text is read without them."
        remedy = "Use weights='official' with a network, or name a directory: weights={module: directory}."
        traps.append(Trap(what, remedy, "warning"))
    return traps


def _status(module: str, model_name: str, weights: WeightsSource, device: str, engine: str) -> ModuleStatus:
    if isinstance(weights, Mapping):
        weights = {module: "auto", **weights}  # a report covers all five, a mapping need not
    try:
        plan = plan_loading(module, weights, device, engine, model_name=model_name, allow_download=False)
    except (UnknownWeightsError, UnknownModuleError):
        raise
    except OcrHelpersError as error:
        return ModuleStatus(
            module, model_name, None, str(error), isinstance(error, StarterWeightsMissingError)
        )
    return ModuleStatus(module, model_name, plan)


def _try_a_line(plan: LoadPlan, facts: EnvironmentFacts) -> TrialPrediction:
    import numpy as np
    from PIL import Image, ImageDraw, ImageFont

    image = Image.new("RGB", (300, 48), "white")
    drawn = _TRIAL_TEXT if facts.hangul_font is not None else "Hello 2026"
    font = (
        ImageFont.load_default(28)
        if facts.hangul_font is None
        else ImageFont.truetype(str(facts.hangul_font), 30)
    )
    ImageDraw.Draw(image).text((12, 6), drawn, fill="black", font=font)
    recognizer = load_plan(plan, quiet=True)
    try:
        image_bgr = np.asarray(image)[:, :, ::-1].copy()
        recognizer.predict(image_bgr)  # engines prepare themselves at the first prediction
        started = time.perf_counter()
        result: Mapping[str, Any] = recognizer.predict(image_bgr)[0]
        seconds = time.perf_counter() - started
        return TrialPrediction(drawn, str(result["rec_text"]), float(result["rec_score"]), seconds)
    finally:
        recognizer.close()
