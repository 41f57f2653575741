"""One engine in a process of its own: ``python -m ocr_helpers.engines.worker FOLDER``, by `compare_engines`.

``FOLDER/job.json`` says what to do; each result is a line of ``FOLDER/results.jsonl`` at once, so that what
was read before a crash is kept.
"""

import json
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ocr_helpers.engines.readers import load_reader
from ocr_helpers.engines.reading import EngineMissingError, ImageBGR, Reader

__all__ = ["main", "work"]


def work(job: dict[str, Any], folder: Path, emit: Callable[[dict[str, Any]], None]) -> None:
    """Load an engine, warm it up, and read what the job names.

    Args:
        job: ``engine``, ``allow_download``, ``repeats`` (at least 1), ``pages`` (``file`` and ``dpi`` of
            each), ``lines`` (files). A file is a uint8 (H, W, 3) array of ``numpy.save``.
        folder: where the files are.
        emit: called with each result: ``kind`` is ``engine``, ``missing``, ``page``, ``lines``, ``line``,
            ``failure`` or ``memory``.

    """
    try:
        reader = load_reader(job["engine"], allow_download=job["allow_download"])
    except EngineMissingError as error:
        emit({"kind": "missing", "text": str(error)})
        return
    except Exception as error:  # whatever it is, the other engines go on, and the table says it
        emit({"kind": "failure", "text": f"cannot be loaded: {_said(error)}"})
        return
    emit({"kind": "engine", "version": reader.version, "settings": reader.settings, "note": reader.note})
    _read_pages(reader, job, folder, emit)
    _read_lines(reader, [np.load(folder / name) for name in job["lines"]], job["repeats"], emit)
    emit({"kind": "memory", "peak_bytes": reader.peak_bytes()})


def _read_pages(
    reader: Reader, job: dict[str, Any], folder: Path, emit: Callable[[dict[str, Any]], None]
) -> None:
    warm = False
    for number, page in enumerate(job["pages"]):
        image: ImageBGR = np.load(folder / page["file"])
        try:
            if not warm:
                reader.read_page(image, page["dpi"])
                warm = True
            seconds = []
            for _ in range(job["repeats"]):
                began = time.perf_counter()
                quads_xy, texts = reader.read_page(image, page["dpi"])
                seconds.append(time.perf_counter() - began)
        except Exception as error:
            emit({"kind": "failure", "page": number, "text": _said(error)})
            continue
        emit(
            {
                "kind": "page",
                "page": number,
                "seconds": min(seconds),
                "quads_xy": np.asarray(quads_xy, float).reshape(-1, 4, 2).tolist(),
                "texts": list(texts),
            }
        )


def _read_lines(
    reader: Reader, images: Sequence[ImageBGR], repeats: int, emit: Callable[[dict[str, Any]], None]
) -> None:
    if not images:
        return
    try:
        reader.read_lines(images[:1])
        seconds = []
        for _ in range(repeats):
            began = time.perf_counter()
            texts = reader.read_lines(images)
            seconds.append(time.perf_counter() - began)
    except Exception:
        # One bad line must not take the others with it: one by one it shows which it is, without a time.
        for number, image in enumerate(images):
            try:
                emit({"kind": "line", "line": number, "text": reader.read_lines([image])[0]})
            except Exception as error:
                emit({"kind": "failure", "line": number, "text": _said(error)})
        return
    emit({"kind": "lines", "seconds": min(seconds), "texts": texts})


def _said(error: Exception) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())[:400]}"


def main(arguments: Sequence[str]) -> int:
    """Do the job in a folder."""
    folder = Path(arguments[0])
    job = json.loads((folder / "job.json").read_text(encoding="utf-8"))
    with (folder / "results.jsonl").open("a", encoding="utf-8") as results:

        def emit(record: dict[str, Any]) -> None:
            results.write(json.dumps(record, ensure_ascii=True) + "\n")
            results.flush()

        work(job, folder, emit)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
