"""Ground truth beside images: found, scaled, refused."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ocr_helpers.ground_truth import GroundTruthError, PageTruth, truth_beside
from ocr_helpers.pages import Page, load_pages
from ocr_helpers.samples import samples_dir

PICTURE = np.full((100, 200, 3), 255, np.uint8)
LINE = {"order": 0, "text": "\u1100\u1161", "quad": [[0, 0], [10, 0], [10, 5], [0, 5]]}


def page_at(folder: Path, content: Any) -> Page:
    (folder / "page.json").write_text(
        content if isinstance(content, str) else json.dumps(content), encoding="utf-8"
    )
    return Page(PICTURE, str(folder / "page.png"))


def test_every_sample_page_has_its_truth() -> None:
    for path in sorted(samples_dir().glob("*.*")):
        if path.suffix in (".png", ".jpg", ".pdf"):
            for page in load_pages(path):
                truth = truth_beside(page)
                assert truth is not None and len(truth.texts) == len(truth.quads_xy) > 5
                height, width = page.image_bgr.shape[:2]
                assert truth.quads_xy.min() >= 0 and (truth.quads_xy <= (width, height)).all()


def test_quads_follow_the_size_of_the_page(tmp_path: Path) -> None:
    truth = truth_beside(page_at(tmp_path, {"width": 100, "height": 50, "lines": [LINE]}))
    assert truth is not None and truth.texts == ("가",)  # NFC
    np.testing.assert_array_equal(truth.quads_xy[0], [[0, 0], [20, 0], [20, 10], [0, 10]])


@pytest.mark.parametrize("source", ["array", "bytes", "https://example.org/page.png"])
def test_no_file_no_truth(source: str) -> None:
    assert truth_beside(Page(PICTURE, source)) is None


def test_the_json_of_another_program_is_left_alone(tmp_path: Path) -> None:
    assert truth_beside(page_at(tmp_path, {"shapes": []})) is None


@pytest.mark.parametrize(
    "content",
    [
        "{",
        {"lines": [LINE]},
        {"width": 0, "height": 50, "lines": [LINE]},
        {"width": 10, "height": 50, "lines": [{"text": "가"}]},
        {"width": 10, "height": 50, "lines": [LINE | {"quad": [[0, 0], [1, 1]]}]},
        {"pages": []},
    ],
)
def test_broken_truth_is_named(tmp_path: Path, content: Any) -> None:
    with pytest.raises(GroundTruthError, match=r"page\.json"):
        truth_beside(page_at(tmp_path, content))


def test_quads_and_texts_belong_together() -> None:
    with pytest.raises(GroundTruthError, match="1 quads and 2 texts"):
        PageTruth(np.zeros((1, 4, 2), np.float32), ("가", "나"))
