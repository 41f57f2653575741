"""The plain loop that people write today, each in a process of its own, and what it read."""

import json
import subprocess
import sys
import tempfile
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


def plain_loop(
    files: Sequence[Path], settings: ocr.PipelineSettings, engine: str, detection_engine: str | None = None
) -> PlainLoop:
    """Read files with ``for path in files: pipeline.predict(path)`` in a fresh process, all cores its own.

    Args:
        files: one page each.
        settings: given to ``predict``.
        engine: of all modules, ``"paddle"`` as PaddleOCR has it by default, or ``"onnxruntime"``.
        detection_engine: of detection, where it is another one.

    """
    engines = (engine, detection_engine or engine)
    command = [sys.executable, "-m", "benchmarks.batch_loops", *engines, *map(str, files)]
    ended = subprocess.run(command, input=settings.to_yaml(), capture_output=True, text=True, check=True)
    seconds, texts = json.loads(ended.stdout.splitlines()[-1])
    return PlainLoop(seconds, texts)


def _main() -> None:
    from benchmarks.paddle_detection import load_on

    engine, detection_engine, *files = sys.argv[1:]
    settings = ocr.PipelineSettings.from_yaml(sys.stdin.read())
    options = settings.as_kwargs()
    texts = {}
    with tempfile.TemporaryDirectory() as folder:
        pipeline = load_on(engine, detection_engine, Path(folder))
        with quiet_paddle():
            pipeline.predict(files[0], **options)
            began = perf_counter()
            for path in files:
                for result in pipeline.predict(path, **options):
                    texts[Path(path).name] = list(result["rec_texts"])
            seconds = perf_counter() - began
    print(json.dumps([seconds, texts]))


if __name__ == "__main__":
    _main()
