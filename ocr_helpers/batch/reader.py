"""How a page becomes the bytes of its result: by default the five modules and a record of the page.

A reader of your own needs two methods, see :class:`Reader`; it is pickled, so its class must stand in a
module that workers can import.
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol

from ocr_helpers.batch.errors import ModelsDifferError
from ocr_helpers.errors import shown
from ocr_helpers.models.names import Engine
from ocr_helpers.settings.pipeline import TOGGLES, PipelineSettings
from ocr_helpers.weights import WeightsSource, find_weights

if TYPE_CHECKING:
    from ocr_helpers.pages import Page

__all__ = ["PipelineReader", "Reader", "plan_reader"]

_FILES: Final[Mapping[Engine, tuple[str, ...]]] = {
    "onnxruntime": ("inference.yml", "inference.onnx"),
    "paddle": ("inference.yml", "inference.json", "inference.pdiparams"),
}
"""What each engine reads of a model directory."""


class Reader(Protocol):
    """What a worker reads pages with."""

    def describe(self) -> Mapping[str, Any]:
        """Everything that results depend on, as JSON's own types: it is compared when a job goes on."""

    def load(self, threads: int) -> "Callable[[Page], bytes]":
        """Get ready, once per worker; the function returned makes the result file of each page.

        The same page must give the same bytes. What it raises makes the page fail, and only that page.
        """


@dataclass(frozen=True)
class PipelineReader:
    """Reads with the five modules; :func:`plan_reader` makes one.

    Attributes:
        settings: toggles and parameters.
        device: ``"cpu"`` or ``"gpu:N"``.
        weights: module → ``"starter"`` or a directory, never something that would be fetched.
        engines: module → engine.
        model_names: module → PaddleOCR's name of the model.
        origins: module → whose weights.
        digests: module that is on → file → SHA-256 and size. Workers, also on other machines, refuse others.

    """

    settings: PipelineSettings
    device: str
    weights: Mapping[str, str]
    engines: Mapping[str, Engine]
    model_names: Mapping[str, str]
    origins: Mapping[str, str]
    digests: Mapping[str, Mapping[str, str]] = field(repr=False)

    def describe(self) -> dict[str, Any]:
        """Settings, device, and of each module that is on its model, engine and files."""
        models = {
            module: {
                "name": self.model_names[module],
                "origin": self.origins[module],
                "engine": self.engines[module],
                "files": dict(files),
            }
            for module, files in self.digests.items()
        }
        return {"settings": asdict(self.settings), "device": self.device, "models": models}

    def load(self, threads: int) -> "Callable[[Page], bytes]":
        """Load the models; the function returned runs them and writes the record of the page as JSON.

        Raises:
            ModelsDifferError: the files here are not those that the job began with.
            ocr_helpers.errors.OcrHelpersError: what ``load_pipeline`` raises.

        """
        from ocr_helpers.export.json import ModelRecord, dump_record, page_record
        from ocr_helpers.loading.pipeline import load_pipeline
        from ocr_helpers.stages import StagedPipeline

        self._check_files()
        pipeline = load_pipeline(
            self.weights, self.device, self.engines, model_names=self.model_names, cpu_threads=threads
        )
        staged = StagedPipeline(pipeline, memory_limit_mb=0)  # every page is read once
        models = [
            ModelRecord(module, self.model_names[module], self.origins[module], self.engines[module])
            for module in self.digests
        ]

        def read(page: "Page") -> bytes:
            result = staged.run(page, self.settings)
            return dump_record(page_record(page, result, self.settings, models), with_times=False)

        return read

    def _check_files(self) -> None:
        found = find_weights(
            self.weights,
            engine=self.engines,
            modules=self.weights,
            model_names=self.model_names,
            allow_download=False,
        )
        for module, expected in self.digests.items():
            directory = found[module].model_dir
            if (here := _digests(directory, self.engines[module])) != expected:
                differing = sorted(name for name in expected if here.get(name) != expected[name])
                raise ModelsDifferError(
                    f"{module}: {', '.join(differing)} in {shown(str(directory))} is not the file that the "
                    "job began with. Copy the same model files to every machine, or begin a new out_dir."
                )


def plan_reader(
    settings: PipelineSettings,
    *,
    weights: WeightsSource = "auto",
    device: str = "auto",
    engine: str | Mapping[str, str] = "auto",
    model_names: Mapping[str, str] | None = None,
    allow_download: bool = True,
) -> PipelineReader:
    """Decide device, weights and engines once for all workers; nothing is loaded.

    Args and errors: as ``ocr_helpers.loading.pipeline.load_pipeline``; ``allow_download=False`` never looks
    at the network.
    """
    from ocr_helpers.loading.pipeline import plan_pipeline

    plans = plan_pipeline(weights, device, engine, model_names=model_names, allow_download=allow_download)
    on = [module for module in plans if module not in TOGGLES or getattr(settings, TOGGLES[module])]
    return PipelineReader(
        settings=settings,
        device=plans["text_detection"].device,
        weights={
            module: "starter" if plan.weights.origin == "starter" else str(plan.weights.model_dir)
            for module, plan in plans.items()
        },
        engines={module: plan.engine for module, plan in plans.items()},
        model_names={module: plan.weights.model_name for module, plan in plans.items()},
        origins={module: plan.weights.origin for module, plan in plans.items()},
        digests={module: _digests(plans[module].weights.model_dir, plans[module].engine) for module in on},
    )


def _digests(directory: Path, engine: Engine) -> dict[str, str]:
    """File → SHA-256 and size in bytes, of what the engine reads."""
    found = {}
    for name in _FILES[engine]:
        path = directory / name
        if path.is_file():
            with path.open("rb") as stream:
                digest = hashlib.file_digest(stream, "sha256").hexdigest()
            found[name] = f"{digest} {path.stat().st_size}"
    return found
