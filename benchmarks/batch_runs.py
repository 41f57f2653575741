"""Runs of ``read_documents`` for the benchmark: speed once the workers are warm, memory, and going on."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

import cv2

import ocr_helpers as ocr
from benchmarks.pipeline_memory import new_pages
from ocr_helpers.batch import read_documents
from ocr_helpers.batch.sources import result_name
from ocr_helpers.export.json import load_records
from ocr_helpers.pages import Page

__all__ = [
    "BatchRun",
    "copy_pages",
    "manifest",
    "memory_by_page",
    "prepare_done",
    "run_batch",
    "write_new_pages",
]


@dataclass(frozen=True, slots=True)
class BatchRun:
    """What a run took.

    Attributes:
        seconds: of the whole call, starting workers and loading models included.
        steady_seconds: per page, from the first page each worker finished to the last of all.
        texts: file name → lines, in PaddleOCR's order.

    """

    seconds: float
    steady_seconds: float
    texts: dict[str, list[str]]


def copy_pages(samples: Sequence[Path], folder: Path, count: int) -> list[Path]:
    """Fill a folder with ``count`` copies of the samples, in turn, under names in that order."""
    folder.mkdir(parents=True)
    copies = []
    for number in range(count):
        source = samples[number % len(samples)]
        copies.append(folder / f"{number:05d}-{source.name}")
        shutil.copyfile(source, copies[-1])
    return copies


def write_new_pages(pages: Sequence[Page], folder: Path, count: int) -> None:
    """Fill a folder with ``count`` pages of which no two are the same."""
    folder.mkdir(parents=True)
    for number, image_bgr in enumerate(new_pages(pages, count)):
        cv2.imwrite(str(folder / f"{number:05d}.png"), image_bgr, [cv2.IMWRITE_PNG_COMPRESSION, 1])


def run_batch(
    folder: Path,
    out: Path,
    settings: ocr.PipelineSettings,
    workers: int,
    *,
    cores: int | None = None,
    **options: Any,
) -> BatchRun:
    """Read a folder with the starter models in a fresh process, and say how fast the warm workers were.

    Args:
        folder: of the pages.
        out: the output folder.
        settings: as for ``read_documents``.
        workers: processes; they share the cores.
        cores: how many they may use together; by default all that this process may.
        options: of ``read_documents``, as JSON has them.

    """
    command = [sys.executable, "-m", "benchmarks.batch_runs", str(folder), str(out), str(workers)]
    command += [str(cores or 0), json.dumps(options)]
    ended = subprocess.run(command, input=settings.to_yaml(), capture_output=True, text=True, check=True)
    seconds = float(ended.stdout.splitlines()[-1])
    done = [event for event in manifest(out) if event["event"] == "done"]
    warm = 0
    seen: set[str] = set()
    while len(seen) < workers and warm < len(done):
        seen.add(done[warm]["worker"])
        warm += 1
    after = len(done) - warm
    # In a short run a late worker may do its first page as the last of all: then the whole counts.
    steady = (done[-1]["time"] - done[warm - 1]["time"]) / after if after else seconds / len(done)
    texts = {
        Path(record.source).name: [
            line.text for line in sorted(record.lines, key=lambda line: line.paddleocr_index)
        ]
        for record in load_records(out / "pages")
    }
    return BatchRun(seconds, steady, texts)


def memory_by_page(out: Path) -> dict[str, list[int]]:
    """Worker → its resident memory after each of its pages, in megabytes."""
    found: dict[str, list[int]] = {}
    for event in manifest(out):
        if event["event"] == "done":
            found.setdefault(event["worker"], []).append(event["worker_mb"])
    return found


def manifest(out: Path) -> list[dict[str, Any]]:
    """Every event of a run."""
    return [json.loads(line) for line in (out / "manifest.jsonl").read_bytes().splitlines()]


def prepare_done(page: Path, folder: Path, out: Path, count: int, **options: Any) -> None:
    """Make a job of ``count`` pages that is done: one is really read, the others are copies of it.

    Args:
        page: the page.
        folder: where the copies go.
        out: the output folder.
        count: how many.
        options: of ``read_documents``.

    """
    copy_pages([page], folder, count)
    read_documents(folder, out, workers=1, progress=False, stop_after=1, **options)
    (source,) = (event for event in manifest(out) if event["event"] == "source")
    (done,) = (event for event in manifest(out) if event["event"] == "done")
    content = (out / "pages" / done["file"]).read_bytes()
    with (out / "manifest.jsonl").open("ab") as lines:
        for path in sorted(folder.iterdir()):
            key = f"{folder.name}/{path.name}"
            if key == source["source"]:
                continue
            file = result_name(key, 0)
            opened = source | {"source": key, "mtime_ns": path.stat().st_mtime_ns}
            for event in (opened, done | {"source": key, "file": file}):
                lines.write(json.dumps(event).encode() + b"\n")
            (out / "pages" / file).parent.mkdir(exist_ok=True)
            (out / "pages" / file).write_bytes(content)
        os.fsync(lines.fileno())


def command_seconds(folder: Path, out: Path) -> float:
    """Wall time of the whole command over a folder, Python's own start included."""
    command = [sys.executable, "-m", "ocr_helpers.batch", str(folder), str(out), "--weights", "starter"]
    began = perf_counter()
    subprocess.run([*command, "--quiet"], check=True, capture_output=True)
    return perf_counter() - began


def _main() -> None:
    folder, out, workers, cores, options = sys.argv[1:]
    # Before any thread starts: those that start workers hand their cores on. Not every system has this.
    if int(cores) and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[-int(cores) :])
    settings = ocr.PipelineSettings.from_yaml(sys.stdin.read())
    began = perf_counter()
    read_documents(
        folder,
        out,
        settings,
        workers=int(workers),
        weights="starter",
        device="cpu",
        engine="onnxruntime",
        progress=False,
        **json.loads(options),
    )
    print(perf_counter() - began)


if __name__ == "__main__":
    _main()
