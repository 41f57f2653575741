"""Several OCR engines on the same pages and lines: how right, how fast, how much memory.

Each engine reads in a process of its own, one after the other, so that none pays for another's memory and a
crash of one leaves the others alone.
"""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ocr_helpers.engines.outcomes import EngineComparison, EngineOutcome, LineToRead, PageToRead
from ocr_helpers.engines.readers import ENGINES, check_engine
from ocr_helpers.errors import OcrHelpersError
from ocr_helpers.ground_truth import PageTruth, truth_beside
from ocr_helpers.pages import Page, load_pages
from ocr_helpers.pages.image_arrays import check_array

__all__ = ["ComparisonInputError", "compare_engines"]


class ComparisonInputError(OcrHelpersError, ValueError):
    """Pages, lines or options that cannot be compared on."""


def compare_engines(
    pages: Any = (),
    lines: Iterable[Any] = (),
    engines: Sequence[str] = ENGINES,
    *,
    truths: Sequence[PageTruth | None] | None = None,
    repeats: int = 1,
    allow_download: bool = False,
    timeout_s: float = 1800.0,
    progress: bool = True,
) -> EngineComparison:
    """Read the same pages and lines with several engines.

    Args:
        pages: a :class:`ocr_helpers.Page`, a path that ``load_pages`` takes (of a PDF all pages), a uint8
            (H, W, 3) BGR array, or several of these.
        lines: pictures of single lines with what stands in them: :class:`ocr_helpers.SampleLine`, or pairs of
            a uint8 (H, W, 3) BGR array and a text.
        engines: some of :data:`ocr_helpers.engines.readers.ENGINES`, each at the settings its documentation
            recommends; the table says which.
        truths: ground truth per page; where None, the JSON beside each image in the form of ``data/samples``.
            A page without any counts for the time only.
        repeats: readings that count, after one that does not; the shortest time is taken.
        allow_download: whether models that are not on this machine may be fetched.
        timeout_s: seconds after which an engine is stopped; what it has read by then counts.
        progress: show a progress bar.

    Returns:
        The comparison: ``.table`` (pandas), ``.figure()``, ``.failures``, and what each engine read. Engines
        that are not installed are rows that say how to install them.

    Raises:
        ComparisonInputError: nothing to read, or not one truth for each page, or ``repeats`` below 1.
        ocr_helpers.engines.readers.UnknownEngineNameError: no engine is called that.
        Those of `load_pages` and :func:`ocr_helpers.ground_truth.truth_beside`.

    """
    names = [check_engine(name) for name in ([engines] if isinstance(engines, str) else engines)]
    to_read = _pages(pages, truths)
    line_images = [_line(line, number) for number, line in enumerate(lines)]
    if not to_read and not line_images:
        raise ComparisonInputError("There is no page and no line to read; load_pages(path) makes pages.")
    if repeats < 1 or timeout_s <= 0:
        raise ComparisonInputError(
            f"repeats is {repeats} and timeout_s {timeout_s}; expected at least 1, and more than 0."
        )
    with TemporaryDirectory() as scratch:
        job = _write_job(Path(scratch), to_read, line_images, repeats, allow_download)
        outcomes = [
            _run_engine(name, job, Path(scratch), timeout_s, progress) for name in dict.fromkeys(names)
        ]
    texts = tuple(LineToRead(text) for _, text in line_images)
    shown = tuple(PageToRead(_name(page), truth) for page, truth in to_read)
    return EngineComparison(shown, texts, tuple(outcomes))


def _pages(given: Any, truths: Sequence[PageTruth | None] | None) -> list[tuple[Page, PageTruth | None]]:
    single = isinstance(given, Page | str | os.PathLike | bytes | bytearray | np.ndarray)
    pages: list[Page] = []
    for one in [given] if single else list(given):
        pages += [one] if isinstance(one, Page) else load_pages(one)
    if truths is None:
        return [(page, truth_beside(page)) for page in pages]
    if len(truths) != len(pages):
        raise ComparisonInputError(
            f"There are {len(pages)} pages and {len(truths)} truths; expected as many."
        )
    return list(zip(pages, truths, strict=True))


def _line(given: Any, number: int) -> tuple[NDArray[np.uint8], str]:
    image, text = (
        (given.image_bgr, given.text) if hasattr(given, "image_bgr") else _pair(given, f"lines[{number}]")
    )
    check_array(image, f"lines[{number}]")
    if image.ndim != 3 or image.shape[2] != 3 or not isinstance(text, str):
        raise ComparisonInputError(
            f"lines[{number}] is {np.shape(image)} and {type(text).__name__}; expected (H, W, 3) and str."
        )
    return image, text


def _pair(given: Any, name: str) -> tuple[Any, Any]:
    if not isinstance(given, tuple | list) or len(given) != 2:
        raise ComparisonInputError(f"{name} is {type(given).__name__}; expected a picture and its text.")
    return given[0], given[1]


def _name(page: Page) -> str:
    name = Path(page.source).name or page.source
    return f"{name}, page {page.index + 1}" if page.source.lower().endswith(".pdf") else name


def _write_job(
    folder: Path,
    pages: Sequence[tuple[Page, PageTruth | None]],
    lines: Sequence[tuple[NDArray[np.uint8], str]],
    repeats: int,
    allow_download: bool,
) -> dict[str, Any]:
    for number, (page, _) in enumerate(pages):
        np.save(folder / f"page{number}.npy", page.image_bgr)
    for number, (image, _) in enumerate(lines):
        np.save(folder / f"line{number}.npy", image)
    files = [{"file": f"page{number}.npy", "dpi": page.dpi} for number, (page, _) in enumerate(pages)]
    return {
        "repeats": repeats,
        "allow_download": allow_download,
        "pages": files,
        "lines": [f"line{number}.npy" for number in range(len(lines))],
    }


def _run_engine(
    name: str, job: dict[str, Any], folder: Path, timeout_s: float, progress: bool
) -> EngineOutcome:
    results = folder / "results.jsonl"
    results.write_text("", encoding="utf-8")
    (folder / "job.json").write_text(json.dumps(job | {"engine": name}), encoding="utf-8")
    root = str(Path(__file__).resolve().parents[2])
    paths = os.pathsep.join([root, *filter(None, [os.environ.get("PYTHONPATH", "")])])
    with (folder / "said.txt").open("wb") as said:
        process = subprocess.Popen(
            [sys.executable, "-m", "ocr_helpers.engines.worker", str(folder)],
            stdout=said,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": paths},
            start_new_session=True,
        )
        try:
            ended = _wait(process, results, name, len(job["pages"]), timeout_s, progress)
        finally:
            _stop(process)
    records = [json.loads(line) for line in results.read_text(encoding="utf-8").split("\n")[:-1]]
    if not ended:
        records.append({"kind": "failure", "text": f"stopped after {timeout_s:g} seconds (timeout_s)"})
    elif process.returncode:
        words = " ".join((folder / "said.txt").read_text(encoding="utf-8", errors="replace").split())[-300:]
        records.append({"kind": "failure", "text": f"its process ended with {process.returncode}: {words}"})
    return EngineOutcome.of(name, records, len(job["lines"]))


def _wait(
    process: "subprocess.Popen[bytes]",
    results: Path,
    name: str,
    pages: int,
    timeout_s: float,
    progress: bool,
) -> bool:
    from tqdm.auto import tqdm

    def show() -> None:
        done = results.read_bytes().count(b'"page": ')
        if done > bar.n:  # an update by nothing would be drawn all the same
            bar.update(done - bar.n)

    began = time.monotonic()
    with tqdm(total=pages, desc=name, unit="page", disable=not progress) as bar:
        while process.poll() is None:
            if time.monotonic() - began > timeout_s:
                return False
            time.sleep(0.1)
            show()
        show()
    return True


def _stop(process: "subprocess.Popen[bytes]") -> None:
    """End the worker and whatever it started."""
    if process.poll() is not None:
        return
    with suppress(ProcessLookupError):
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
    process.wait()
