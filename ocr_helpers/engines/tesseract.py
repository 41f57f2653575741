"""Tesseract as it is documented to be called, on whole pages and on single lines.

Its guide (https://tesseract-ocr.github.io/tessdoc/ImproveQuality.html) asks for text as large as at 300 dpi
and for a border of about ten pixels around tight crops; its manual page documents lists of images, boxes as
TSV, several languages at once, and the modes: ``--psm 3`` for pages, 7 for a single line, ``--oem 1`` for the
LSTM network. These were the best on five sample pages: CER 0.44 with ``kor`` and 0.33 with ``kor+eng``; with
``kor`` the page modes 3 and 1 gave 0.43 and 0.44, 6 gave 0.67, 11 gave 0.75, and 150 dpi instead of 300 gave
0.47. Mode 1 turns pages first, but did not turn the sample that lies on its side.
"""

import csv
import os
import shutil
import subprocess
import tempfile
import time
import unicodedata
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from ocr_helpers.device import cpu_thread_count
from ocr_helpers.engines.reading import EngineMissingError, ImageBGR, PageReading, peak_bytes
from ocr_helpers.errors import OcrHelpersError

__all__ = ["TesseractFailedError", "TesseractReader"]

HOW_TO_INSTALL = (
    "On Debian and Ubuntu: apt-get install tesseract-ocr tesseract-ocr-kor; "
    "elsewhere: https://tesseract-ocr.github.io/tessdoc/Installation.html."
)
DPI, PAGE_MODE, LINE_MODE = 300, "3", "7"
UNKNOWN_DPI = 150.0
"""Of a page that does not tell: what an A4 page of 1240 pixels has."""
LINE_HEIGHT, BORDER = 48, 10
WIDE_GAP = 1.5
"""Of a word's height: what stands further apart belongs to two lines."""


class TesseractFailedError(OcrHelpersError, RuntimeError):
    """Tesseract ended with an error; the message holds its own words."""


class TesseractReader:
    """Tesseract with Korean data; see :class:`ocr_helpers.engines.reading.Reader`.

    Raises:
        EngineMissingError: it is not on PATH, or has no ``kor``.

    """

    note = "Its start is part of every page's time."

    def __init__(self) -> None:
        self._peak: int | None = None
        binary = shutil.which("tesseract")
        if binary is None:
            raise EngineMissingError(f"Tesseract is not on PATH. {HOW_TO_INSTALL}")
        self._binary = binary
        self.version = self._run(["--version"]).splitlines()[0]
        installed = {line.strip() for line in self._run(["--list-langs"]).splitlines()[1:]}
        if "kor" not in installed:
            raise EngineMissingError(f"{self.version} has no data for kor. {HOW_TO_INSTALL}")
        self._languages = "kor+eng" if "eng" in installed else "kor"
        self.settings = (
            f"-l {self._languages} --oem 1; pages at {DPI} dpi with --psm {PAGE_MODE}, lines of "
            f"{LINE_HEIGHT} pixels with a border of {BORDER} with --psm {LINE_MODE}; one thread per process"
        )

    def read_page(self, image_bgr: ImageBGR, dpi: float | None) -> PageReading:
        """Find and read the lines of a page."""
        scale = max(1.0, DPI / (dpi or UNKNOWN_DPI))
        with tempfile.TemporaryDirectory() as scratch:
            path = Path(scratch) / "page.png"
            cv2.imwrite(str(path), _enlarged(image_bgr, scale))
            options = ["-l", self._languages, "--oem", "1", "--psm", PAGE_MODE, "--dpi", str(DPI)]
            self._run([str(path), str(path.with_suffix("")), *options, "tsv", "txt"])
            table, text = (path.with_suffix(end).read_text(encoding="utf-8") for end in (".tsv", ".txt"))
        return _lines_of(table, text, scale)

    def read_lines(self, images_bgr: Sequence[ImageBGR]) -> list[str]:
        """Read each picture as one line; a process per core reads a list of them."""
        processes = min(cpu_thread_count(), len(images_bgr))
        texts = [""] * len(images_bgr)
        with ThreadPoolExecutor(max(1, processes)) as pool:
            parts = [images_bgr[part::processes] for part in range(processes)]
            for part, read in enumerate(pool.map(self._read_list, parts)):
                texts[part::processes] = read
        return texts

    def _read_list(self, images_bgr: Sequence[ImageBGR]) -> list[str]:
        with tempfile.TemporaryDirectory() as scratch:
            paths = [Path(scratch) / f"{number:06}.png" for number in range(len(images_bgr))]
            for path, image in zip(paths, images_bgr, strict=True):
                cv2.imwrite(str(path), _bordered(image))
            listed = Path(scratch) / "list.txt"
            listed.write_text("".join(f"{path}\n" for path in paths), encoding="utf-8")
            options = ["-l", self._languages, "--oem", "1", "--psm", LINE_MODE, "--dpi", str(DPI)]
            pages = self._run([str(listed), "stdout", *options]).split("\f")
        # Version 4 puts a form feed after every picture, version 5 between them.
        pages = pages[:-1] if len(pages) == len(paths) + 1 and not pages[-1].strip() else pages
        if len(pages) != len(paths):
            raise TesseractFailedError(f"{self.version} gave {len(pages)} texts for {len(paths)} lines.")
        return [_text(page.split()) for page in pages]

    def _run(self, arguments: Sequence[str]) -> str:
        # Its threads wait by spinning: two on a busy machine took hundreds of times longer than one.
        environment = {**os.environ, "OMP_THREAD_LIMIT": "1"}
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            process = subprocess.Popen([self._binary, *arguments], stdout=out, stderr=err, env=environment)
            # Its peak is known to the system only while it runs.
            while process.poll() is None:
                self._peak = max(self._peak or 0, peak_bytes(process.pid) or 0) or None
                time.sleep(0.005)
            out.seek(0)
            err.seek(0)
            text, complaint = (stream.read().decode("utf-8", "replace") for stream in (out, err))
        if process.returncode != 0:
            called = f"tesseract {' '.join(arguments)}"
            words = " ".join(complaint.split())[-300:]
            raise TesseractFailedError(f"{called} ended with {process.returncode}: {words}")
        return text

    def peak_bytes(self) -> int | None:
        """Most memory that one of its processes had at once; None where the system does not tell."""
        return self._peak


def _lines_of(table: str, text: str, scale: float) -> PageReading:
    """Words (level 5) of Tesseract's TSV as lines: its own (level 4), parted at wide gaps.

    Tesseract joins the cells of a table row, and a label with its value, in one line; a detector of lines,
    and the ground truth, have a box for each. The TSV cuts Korean words into pieces: where there is a space
    between two pieces, only the plain text tells.
    """
    parts: list[list[_Word]] = []
    before: _Word | None = None
    at = 0
    for row in csv.DictReader(table.splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE):
        if row["level"] == "4":
            before = None
        elif row["level"] == "5" and (piece := (row["text"] or "").strip()):
            found = text.find(piece, at, at + len(piece) + 200)
            spaced = found < 0 or found > at
            at = found + len(piece) if found >= 0 else at
            left, top, width, height = (int(row[name]) for name in ("left", "top", "width", "height"))
            word = _Word(piece, spaced, left, top, left + width, top + height)
            if before is None or word.left - before.right > WIDE_GAP * max(word.height, before.height):
                parts.append([])
            parts[-1].append(word)
            before = word
    quads = np.array([_quad(words) for words in parts], np.float32).reshape(-1, 4, 2) / scale
    texts = ["".join(" " * word.spaced + word.text for word in words) for words in parts]
    return PageReading(quads.astype(np.float32), [_text(line.split()) for line in texts])


class _Word(NamedTuple):
    text: str
    spaced: bool
    left: int
    top: int
    right: int
    bottom: int

    @property
    def height(self) -> int:
        return self.bottom - self.top


def _quad(words: Sequence[_Word]) -> list[tuple[int, int]]:
    left, top = min(word.left for word in words), min(word.top for word in words)
    right, bottom = max(word.right for word in words), max(word.bottom for word in words)
    return [(left, top), (right, top), (right, bottom), (left, bottom)]


def _text(words: Sequence[str]) -> str:
    return unicodedata.normalize("NFC", " ".join(word for word in words if word.strip()))


def _enlarged(image: ImageBGR, scale: float) -> NDArray[np.uint8]:
    if scale == 1:
        return image
    return np.asarray(cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC), np.uint8)


def _bordered(image: ImageBGR) -> NDArray[np.uint8]:
    grey = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
    grey = np.asarray(_enlarged(np.asarray(grey, np.uint8), max(1.0, LINE_HEIGHT / grey.shape[0])), np.uint8)
    edge = float(np.median(np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])))
    sides = (BORDER,) * 4
    return np.asarray(cv2.copyMakeBorder(grey, *sides, cv2.BORDER_CONSTANT, value=[edge]), np.uint8)
