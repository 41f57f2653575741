"""The plain loop that people write today, each in a process of its own, and what it read."""

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

import ocr_helpers as ocr
from ocr_helpers.messages import quiet_paddle

__all__ = ["PlainLoop", "plain_loop"]


@dataclass(frozen=True, slots=True)
class PlainLoop:
    """What the plain loop took.

    Attributes:
        seconds: for the pages, after the models were loaded and one page was read.
        texts: file name → lines, in PaddleOCR's order.

    """

    seconds: float
    texts: dict[str, list[str]]


def plain_loop(files: Sequence[Path], settings: ocr.PipelineSettings, engine: str) -> PlainLoop:
    """Read files with ``for path in files: pipeline.predict(path)`` in a fresh process, all cores its own.

    Args:
        files: one page each.
        settings: given to ``predict``.
        engine: ``"onnxruntime"``, or ``"paddle"`` for the modules that have that form.

    """
    command = [sys.executable, "-m", "benchmarks.batch_loops", engine, *map(str, files)]
    ended = subprocess.run(command, input=settings.to_yaml(), capture_output=True, text=True, check=True)
    seconds, texts = json.loads(ended.stdout.splitlines()[-1])
    return PlainLoop(seconds, texts)


def _main() -> None:
    engine, *files = sys.argv[1:]
    settings = ocr.PipelineSettings.from_yaml(sys.stdin.read())
    # The starter weights of detection have the onnx form only.
    engines = dict.fromkeys(ocr_modules(), engine) | {"text_detection": "onnxruntime"}
    pipeline = ocr.load_pipeline("starter", device="cpu", engine=engines)
    options = settings.as_kwargs()
    texts = {}
    with quiet_paddle():
        pipeline.predict(files[0], **options)
        began = perf_counter()
        for path in files:
            for result in pipeline.predict(path, **options):
                texts[Path(path).name] = list(result["rec_texts"])
        seconds = perf_counter() - began
    print(json.dumps([seconds, texts]))


def ocr_modules() -> tuple[str, ...]:
    """The five modules."""
    from ocr_helpers.model_names import MODULES

    return tuple(MODULES)


if __name__ == "__main__":
    _main()
