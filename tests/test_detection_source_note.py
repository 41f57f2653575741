"""Whether a page still is what its file holds."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest

import ocr_helpers as ocr
from ocr_helpers.detection.source_note import source_note
from ocr_helpers.samples import samples_dir

REPORT = samples_dir() / "report_three_pages.pdf"


@pytest.mark.parametrize("name", ["receipt.png", "low_contrast_scan.jpg"])
def test_a_page_as_it_was_loaded(name: str) -> None:
    (page,) = ocr.load_pages(samples_dir() / name)
    assert source_note(page) == ""


def test_a_page_that_was_changed() -> None:
    (page,) = ocr.load_pages(samples_dir() / "receipt.png")
    half = dataclasses.replace(page, image_bgr=page.image_bgr[::2, ::2])
    assert source_note(half) == "the file has 576 × 1500"
    brighter = np.maximum(page.image_bgr, 1)
    assert source_note(dataclasses.replace(page, image_bgr=brighter)) == "the file is another picture"


@pytest.mark.parametrize(("dpi", "said"), [(144.0, ""), (200.0, "at 144 dots per inch, this page is at 200")])
def test_paddleocr_draws_pdfs_at_a_resolution_of_its_own(dpi: float, said: str) -> None:
    page = ocr.load_pages(REPORT, dpi=dpi, pages=[1])[0]
    assert source_note(page).endswith(said) and bool(source_note(page)) == bool(said)


def test_what_cannot_be_read_again(tmp_path: Path) -> None:
    blank = np.full((40, 30, 3), 255, np.uint8)
    for source in ("array", str(tmp_path / "gone.png")):
        assert "is no file" in source_note(ocr.Page(blank, source))
    assert source_note(ocr.Page(blank, "https://example.org/page.png")) == ""
    damaged = tmp_path / "damaged.png"
    damaged.write_bytes(b"no picture")
    assert source_note(ocr.Page(blank, str(damaged))) == ""
