"""Folders of small documents for the tests of batches, and what their manifests say."""

import json
import os
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
from page_samples import pdf
from PIL import Image


def make_images(folder: Path, count: int, *, seed: int = 0) -> None:
    """Write small pictures that all differ: ``0000.png``, ``0001.png``, …"""
    folder.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(seed)
    for number in range(count):
        pixels = random.integers(0, 256, (12, 16, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / f"{number:04d}.png")


def make_tiff(path: Path, pages: int) -> None:
    """Write a TIFF whose pages all differ."""
    pictures = [Image.new("L", (16, 12), shade % 256) for shade in range(pages)]
    pictures[0].save(path, save_all=True, append_images=pictures[1:])


def make_documents(folder: Path) -> int:
    """Write a folder of 200 pages in images, PDFs and TIFFs, some of equal names; the number of pages."""
    make_images(folder / "one", 60)
    make_images(folder / "two" / "deep", 50, seed=1)
    (folder / "report.pdf").write_bytes(pdf(pages=40))
    (folder / "two" / "report.pdf").write_bytes(pdf(pages=20, media_box="0 0 60 60"))
    make_tiff(folder / "faxes.tif", 30)
    return 200


def manifest_lines(out_dir: Path) -> list[dict[str, Any]]:
    """Every line of the manifest; each must be whole."""
    text = (out_dir / "manifest.jsonl").read_text(encoding="ascii")
    return [json.loads(line) for line in text.splitlines()]


def done_counts(out_dir: Path) -> Counter[tuple[str, int]]:
    """How often the manifest calls each page done."""
    return Counter(
        (line["source"], line["page"]) for line in manifest_lines(out_dir) if line["event"] == "done"
    )


def results(out_dir: Path) -> dict[str, bytes]:
    """Every file in the folder of results, by its path below."""
    pages = out_dir / "pages"
    return {str(path.relative_to(pages)): path.read_bytes() for path in pages.rglob("*") if path.is_file()}


def workers_of(parent: int) -> list[int]:
    """Worker processes that a process has started."""
    found = []
    for entry in os.scandir("/proc"):
        if entry.name.isdigit():
            try:
                state = Path(entry.path, "stat").read_text(encoding="utf-8", errors="replace")
                command = Path(entry.path, "cmdline").read_bytes()
            except OSError:
                continue
            # The second field, the name, stands in brackets and may hold anything.
            if int(state.rpartition(")")[2].split()[1]) == parent and b"ocr_helpers.batch.worker" in command:
                found.append(int(entry.name))
    return found


def is_alive(process: int) -> bool:
    """Whether a process is there and has not ended."""
    try:
        state = Path(f"/proc/{process}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    return state.rpartition(")")[2].split()[0] != "Z"
