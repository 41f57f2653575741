"""The official networks, stage by stage: as the workbench runs them on a CPU, and PaddleOCR's own classes.

Speed needs no trained weights: random ones of the right shapes cost the same. Such a model recognises
nothing, so what both sides give is compared, but says nothing about quality. Its detection map is noise, and
tracing the outlines of noise takes longer than the network. Both sides then run the network, and find the
boxes in the starter network's map of the same page.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from time import sleep
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

import ocr_helpers as ocr
from benchmarks.pipeline_timing import Run
from ocr_helpers.device import cpu_thread_count
from ocr_helpers.messages import quiet_paddle
from ocr_helpers.models.names import MODEL_NAMES
from ocr_helpers.stages.models import ProbabilityMap, StageModels

__all__ = ["HOW_TO_MAKE", "OfficialStage", "missing_files", "official_stages", "with_output"]

ImageBGR = NDArray[np.uint8]
_NOISE: Final = 0.5
"""Share of a detection map above the threshold from which it is noise; of a sample page 0.12 at most are."""
_REST_S: Final = 0.3
"""Seconds before each run: Paddle's OpenMP threads spin for 0.2 s on, on cores that the next run needs."""

_CLASSES: Final = {
    "doc_orientation": "DocImgOrientationClassification",
    "unwarping": "TextImageUnwarping",
    "text_detection": "TextDetection",
    "textline_orientation": "TextLineOrientationClassification",
    "text_recognition": "TextRecognition",
}
_FILES: Final = ("inference.json", "inference.pdiparams", "inference.yml", "inference.onnx")
HOW_TO_MAKE: Final = f"""\
DIR holds the folders {", ".join(names[0] for names in MODEL_NAMES.values())}, each with
{", ".join(_FILES)}. The official downloads have both forms; where they cannot be
reached, random weights of the right shapes in the official graphs cost the same time. In an environment with
paddlepaddle 3.2.2, paddle2onnx 2.1.0 and packaging, for each folder M:
  paddle2onnx --model_dir M --model_filename inference.json --params_filename inference.pdiparams \\
    --save_file M/inference.onnx"""


@dataclass(frozen=True, slots=True)
class OfficialStage:
    """One module on one input.

    Attributes:
        module: such as ``text_detection``.
        runs: ``workbench`` and ``paddleocr``, to be timed.
        same: how far their answers agree, a phrase.

    """

    module: str
    runs: Mapping[str, Run]
    same: str


def missing_files(directory: Path) -> list[str]:
    """What is not there of the five models, relative to ``directory``."""
    wanted = [f"{names[0]}/{file}" for names in MODEL_NAMES.values() for file in _FILES]
    return [name for name in wanted if not (directory / name).is_file()]


def official_stages(
    directory: Path, page_bgr: ImageBGR, crops_bgr: Sequence[ImageBGR], starter: StageModels
) -> list[OfficialStage]:
    """Load both sides, answer once with each, and compare.

    Args:
        directory: the five models in both forms; see :data:`HOW_TO_MAKE`.
        page_bgr: uint8 (H, W, 3).
        crops_bgr: the page's lines, uint8 (H, W, 3) each.
        starter: whose detection map both sides find the boxes in where the official network's is noise.

    """
    names = {module: found[0] for module, found in MODEL_NAMES.items()}
    weights = {module: str(directory / name) for module, name in names.items()}
    models = StageModels(ocr.load_pipeline(weights=weights, device="cpu", engine="onnxruntime"))
    limits, page, crops = ocr.DetectionSettings(), np.array(page_bgr), [np.array(crop) for crop in crops_bgr]
    theirs = {module: _paddleocr(module, name, directory / name) for module, name in names.items()}
    arguments: dict[str, dict[str, Any]] = {module: {} for module in names}
    arguments["text_detection"] = limits.as_kwargs()
    inputs: dict[str, Any] = dict.fromkeys(names, page)
    inputs |= dict.fromkeys(("textline_orientation", "text_recognition"), crops)
    resized = models.detection_input(page, limits)
    noise = float((models.probability_map(*resized).probabilities > limits.thresh).mean())
    instead = starter.probability_map(*resized).probabilities if noise > _NOISE else None
    if instead is not None:
        predictor = theirs["text_detection"].paddlex_predictor
        predictor.runner = with_output(predictor.runner, instead)

    def detected() -> list[NDArray[np.int16]]:
        found = models.probability_map(*models.detection_input(page, limits))
        return models.boxes(found if instead is None else ProbabilityMap(instead, found.shape), limits)

    ours: dict[str, Callable[[], Any]] = {
        "doc_orientation": lambda: models.page_angle(page),
        "unwarping": lambda: models.unwarped(page),
        "text_detection": detected,
        "textline_orientation": lambda: models.line_turns(crops),
        "text_recognition": lambda: models.read(crops),
    }

    def stage(module: str) -> OfficialStage:
        def predict() -> list[Any]:
            return list(theirs[module].predict(inputs[module], **arguments[module]))

        same = _same(module, ours[module](), predict())
        if module == "text_detection" and instead is not None:
            same += f", in the starter network's map: {noise:.0%} of this one's is above the threshold"
        rest = partial(sleep, _REST_S)
        runs = {"workbench": Run(ours[module], rest), "paddleocr": Run(predict, rest)}
        return OfficialStage(module, runs, same)

    return [stage(module) for module in names]


def with_output(runner: Callable[..., Any], instead: NDArray[np.float32]) -> Callable[..., list[Any]]:
    """A network that runs and then answers with ``instead``.

    Raises:
        ValueError: the network's own answer has another shape.

    """

    def run(x: Any) -> list[Any]:
        (found,) = runner(x=x)
        if np.shape(found) != instead.shape:
            raise ValueError(f"The network gives a map of {np.shape(found)}, not of {instead.shape}.")
        return [instead]

    return run


def _paddleocr(module: str, model_name: str, model_dir: Path) -> Any:
    """PaddleOCR's class for one module as it is by default on a CPU, with as many threads as we use."""
    import paddleocr

    with quiet_paddle():
        make: Any = getattr(paddleocr, _CLASSES[module])
        return make(
            model_name=model_name,
            model_dir=str(model_dir),
            device="cpu",
            engine="paddle",
            enable_mkldnn=True,
            cpu_threads=cpu_thread_count(),
        )


def _same(module: str, ours: Any, theirs: Sequence[Any]) -> str:
    if module == "doc_orientation":
        return "the same angle" if str(ours[0]) == theirs[0]["label_names"][0] else "ANOTHER ANGLE"
    if module == "unwarping":
        difference = np.abs(ours.astype(int) - theirs[0]["doctr_img"][..., ::-1].astype(int))
        return f"pixels differ by {difference.max()} of 255 at most, {difference.mean():.3f} on average"
    if module == "text_detection":
        keys = [{quad.tobytes() for quad in quads} for quads in (ours, theirs[0]["dt_polys"])]
        return f"{len(keys[0] & keys[1])} of {len(ours)} and {len(theirs[0]['dt_polys'])} boxes the same"
    if module == "textline_orientation":
        turns = [int(np.ravel(row["class_ids"])[0]) for row in theirs]
        return f"{sum(a[0] == b for a, b in zip(ours, turns, strict=True))} of {len(ours)} turns the same"
    texts = [row["rec_text"] for row in theirs]
    return f"{sum(a[0] == b for a, b in zip(ours, texts, strict=True))} of {len(ours)} texts the same"
