"""Lines cut out of the samples, shrunk lines, and the upload widget that reads a user's own."""

import datetime
import io
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image

import ocr_helpers as ocr
from ocr_helpers.samples import SampleNotFoundError, SizeError, crop_quad
from ocr_helpers.widgets.line_upload import LineUpload, read_uploads

if TYPE_CHECKING:
    from paddleocr import TextRecognition


@pytest.fixture(scope="module")
def recognizer() -> "TextRecognition":
    return ocr.load_text_recognition(weights="starter")


def png(image_bgr: Any) -> bytes:
    """Encode an image as a browser would send it."""
    content = io.BytesIO()
    Image.fromarray(image_bgr[:, :, ::-1]).save(content, format="PNG")
    return content.getvalue()


def test_without_a_name_the_line_crops_come() -> None:
    lines = ocr.load_sample_lines()
    assert len(lines) >= 12
    assert "리에 씨가 자기는돈이 많이있는다고 했어요" in [line.text for line in lines]
    assert all(line.image_bgr.dtype == np.uint8 and line.image_bgr.ndim == 3 for line in lines)


@pytest.mark.parametrize("name", ["notice", "turned_90", "turned_180", "photographed", "report_three_pages"])
def test_lines_of_a_page_are_cut_upright(name: str) -> None:
    lines = ocr.load_sample_lines(name)
    assert len(lines) > 5
    long = [line for line in lines if len(line.text) >= 8]
    assert all(line.image_bgr.shape[1] > line.image_bgr.shape[0] for line in long)


def test_an_unknown_sample_is_refused() -> None:
    with pytest.raises(SampleNotFoundError, match=r"'nowhere'.*notice"):
        ocr.load_sample_lines("nowhere")


def test_crop_quad_turns_a_quadrilateral_upright() -> None:
    image = np.zeros((60, 80, 3), np.uint8)
    image[10:50, 30:40] = (255, 0, 0)  # a bar standing upright: text that runs downwards
    quad = np.array([[40, 10], [40, 50], [30, 50], [30, 10]], np.float32)
    crop = crop_quad(image, quad, margin=0.0)
    assert crop.shape == (10, 40, 3)
    assert (crop[2:-2, 2:-2] == (255, 0, 0)).all()


@pytest.mark.parametrize(
    ("height", "expected"), [(100, (48, 300)), (48, (48, 300)), (12, (12, 75)), (1, (1, 6))]
)
def test_shrink_line(height: int, expected: tuple[int, int]) -> None:
    image = np.full((48, 300, 3), 200, np.uint8)
    assert ocr.shrink_line(image, height).shape[:2] == expected
    assert (image == 200).all()


def test_shrink_line_refuses_no_height() -> None:
    with pytest.raises(SizeError, match="height is 0"):
        ocr.shrink_line(np.zeros((4, 4, 3), np.uint8), 0)


def test_uploads_are_read_and_bad_files_listed(recognizer: "TextRecognition") -> None:
    assert read_uploads(recognizer, []).results == []
    line = ocr.load_sample_lines("price")[0]
    files = [
        ("good.png", png(line.image_bgr)),
        ("<b>bad</b>.png", b"no image"),
        ("also.png", png(line.image_bgr)),
    ]
    read = read_uploads(recognizer, files)
    assert len(read.results) == 2
    assert read.results[0]["rec_text"] == read.results[1]["rec_text"] != ""
    assert len(read.refused) == 1 and read.refused[0].startswith("<b>bad</b>.png: ")


def test_the_widget_shows_what_was_read(recognizer: "TextRecognition") -> None:
    widget = LineUpload(recognizer)
    assert widget.figure.layout.display == "none"
    line = ocr.load_sample_lines("price")[0]
    uploads = {"price.png": png(line.image_bgr), "empty.png": b""}
    now = datetime.datetime.now(datetime.UTC)
    widget.button.value = tuple(
        {
            "name": name,
            "type": "image/png",
            "size": len(data),
            "content": memoryview(data),
            "last_modified": now,
        }
        for name, data in uploads.items()
    )
    assert widget.status.value == "1 read, 1 refused."
    assert bytes(widget.figure.value).startswith(b"\x89PNG") and widget.figure.layout.display == ""
    assert [label.value.split(":")[0] for label in widget.refused.children] == ["empty.png"]
    assert len(widget.results) == 1 and not widget.button.disabled
