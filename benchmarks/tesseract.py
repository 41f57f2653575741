"""Tesseract on line images, as well as it can be called: whole lists of files, one process per core.

Its manual page documents lists of images; its guide (tesseract-ocr.github.io/tessdoc/ImproveQuality.html)
asks for text as large as at 300 dpi and for a border of about ten pixels around tight crops.
"""

import os
import shutil
import subprocess
import tempfile
import time
import unicodedata
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

HOW_TO_INSTALL = "on Debian: apt-get install tesseract-ocr tesseract-ocr-kor"
PSM = "7"  # "Treat the image as a single text line."
HEIGHT = 48  # a lower crop is enlarged to this: about ten-point type at 300 dpi; 64 read no better
BORDER = 10

ImageBGR = NDArray[np.uint8]


class TesseractError(RuntimeError):
    """Tesseract is not installed, lacks Korean, or failed; the message says which, and what to do."""


@dataclass(frozen=True)
class Tesseract:
    """An installed Tesseract: ``binary`` a path, ``version`` as printed, ``languages`` with data."""

    binary: str
    version: str
    languages: frozenset[str]


def find_tesseract() -> Tesseract:
    """The Tesseract on PATH with Korean data.

    Raises:
        TesseractError: there is none, or it has no ``kor``; says what to install.

    """
    binary = shutil.which("tesseract")
    if binary is None:
        raise TesseractError(f"Tesseract is not on PATH; {HOW_TO_INSTALL}")
    version = subprocess.run([binary, "--version"], capture_output=True, text=True, check=True).stdout.split(
        "\n"
    )[0]
    listed = subprocess.run([binary, "--list-langs"], capture_output=True, text=True, check=True).stdout
    languages = frozenset(line.strip() for line in listed.splitlines()[1:])
    if "kor" not in languages:
        raise TesseractError(f"{version} at {binary} has no Korean data; {HOW_TO_INSTALL}")
    return Tesseract(binary, version, languages)


def describe() -> str:
    """How lines are handed over, in words."""
    return f"--psm {PSM}, lines enlarged to {HEIGHT} pixels with a border of {BORDER}, one thread per process"


def read_lines(
    engine: Tesseract, images: Sequence[ImageBGR], languages: str, processes: int
) -> tuple[list[str], float]:
    """Read each image as one line.

    Args:
        engine: from :func:`find_tesseract`.
        images: uint8 (H, W, 3) each.
        languages: Tesseract's ``-l``, for example ``kor`` or ``kor+eng``.
        processes: how many share the work; each uses one thread.

    Returns:
        The texts, NFC and without outer spaces, and the seconds from start to end; start-up and reading the
        prepared files are within, enlarging and writing them are not.

    Raises:
        TesseractError: it failed, or gave another number of lines than images.

    """
    if not images:
        return [], 0.0
    with tempfile.TemporaryDirectory() as scratch:
        lists = []
        for part in range(min(processes, len(images))):
            numbers = range(part, len(images), processes)
            paths = [Path(scratch) / f"{number:06}.png" for number in numbers]
            for number, path in zip(numbers, paths, strict=True):
                cv2.imwrite(str(path), prepare(images[number]))
            lists.append((Path(scratch) / f"list{part}.txt", len(paths)))
            lists[-1][0].write_text("".join(f"{path}\n" for path in paths), encoding="utf-8")
        began = time.perf_counter()
        with ThreadPoolExecutor(len(lists)) as pool:
            parts = list(pool.map(lambda job: _run(engine, job[0], job[1], languages), lists))
        seconds = time.perf_counter() - began
    texts = [""] * len(images)
    for part, read in enumerate(parts):
        texts[part::processes] = read
    return texts, seconds


def prepare(image: ImageBGR) -> ImageBGR:
    """Enlarge a low line to ``HEIGHT`` pixels and add a border in its edge's colour; grey uint8 (H, W)."""
    grey = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
    scale = HEIGHT / grey.shape[0]
    if scale > 1:
        grey = cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)
    edge = float(np.median(np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])))
    bordered = cv2.copyMakeBorder(grey, BORDER, BORDER, BORDER, BORDER, cv2.BORDER_CONSTANT, value=[edge])
    return np.asarray(bordered, np.uint8)


def _run(engine: Tesseract, listed: Path, count: int, languages: str) -> list[str]:
    command = [engine.binary, str(listed), "stdout", "-l", languages, "--psm", PSM, "--dpi", "300"]
    environment = {**os.environ, "OMP_THREAD_LIMIT": "1"}
    done = subprocess.run(command, capture_output=True, env=environment, check=False)
    if done.returncode != 0:
        complaint = " ".join(done.stderr.decode("utf-8", "replace").split())[-300:]
        raise TesseractError(f"{' '.join(command)} ended with {done.returncode}: {complaint}")
    pages = done.stdout.decode("utf-8", "replace").split("\f")
    # Version 4 puts a form feed after every page, version 5 between pages.
    pages = pages[:-1] if len(pages) == count + 1 and not pages[-1].strip() else pages
    if len(pages) != count:
        raise TesseractError(f"{engine.version} gave {len(pages)} lines for {count} images")
    return [unicodedata.normalize("NFC", " ".join(page.split("\n")).strip()) for page in pages]
