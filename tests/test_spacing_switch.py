"""The switch for spacing in figures and widgets: what is shown changes, what was read does not."""

import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.figure import Figure

import ocr_helpers as ocr
from ocr_helpers import spacing
from ocr_helpers.samples import samples_dir
from ocr_helpers.spacing import KiwiMissingError
from ocr_helpers.widgets.line_upload import LineUpload, UploadedLines

READ, RESTORED = "자기는돈이 많이있는다고", "자기는 돈이 많이 있는다고"


def line(text: str = READ) -> dict[str, Any]:
    return {"input_img": np.full((48, 320, 3), 230, np.uint8), "rec_text": text, "rec_score": 0.9}


def page(*texts: str) -> dict[str, Any]:
    quads = [np.array([[60, y], [500, y], [500, y + 20], [60, y + 20]]) for y in range(20, 600, 40)]
    image = {"output_img": np.full((700, 560, 3), 250, np.uint8)}
    quads = quads[: len(texts)]
    return {
        "doc_preprocessor_res": image, "dt_polys": quads, "rec_polys": quads, "rec_texts": list(texts),
        "rec_scores": [0.9] * len(texts),
    }  # fmt: skip


def texts(figure: Figure) -> list[str]:
    return [text.get_text() for axes in figure.axes for text in axes.texts]


def test_line() -> None:
    """Both texts, the restored one first; a line that lacks nothing looks as without the switch."""
    said = texts(ocr.show_line(line(), restore_spacing=True))
    assert said.index(RESTORED) < said.index(READ)
    assert {"restored", "read"} <= set(said)
    assert texts(ocr.show_line(line("가 나"), restore_spacing=True)) == texts(ocr.show_line(line("가 나")))
    assert RESTORED not in texts(ocr.show_line(line()))


def test_line_is_compared_as_restored() -> None:
    said = texts(ocr.show_line([line()], expected=[RESTORED], restore_spacing=True))
    assert "1 line   ·   1 of 1 exact   ·   spaces restored in 1" in said


def test_page() -> None:
    """New spaces are marked, and the heading counts the texts that have some."""
    said = texts(ocr.show_page(page(READ, "가 나"), restore_spacing=True))
    start = said.index("자기는")
    assert said[start : start + 5] == ["자기는", "␣", "돈이 많이", "␣", "있는다고"]
    assert "가 나" in said and "2 texts   ·   spaces restored (␣) in 1" in said
    assert READ in texts(ocr.show_page(page(READ, "가 나")))


def test_page_without_texts() -> None:
    detection = {"input_img": np.full((80, 80, 3), 9, np.uint8), "dt_polys": [], "dt_scores": []}
    assert "0 boxes" in texts(ocr.show_page(detection, restore_spacing=True))


@pytest.mark.parametrize("order", ["paddleocr", "reading"])
def test_results_are_not_changed(order: Any) -> None:
    result, crop = page(READ, "가 나"), line()
    before = copy.deepcopy((result, crop))
    ocr.show_page(result, order=order, restore_spacing=True)
    ocr.show_line(crop, restore_spacing=True)
    assert repr((result, crop)) == repr(before)


def test_kiwi_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(_text: str) -> str:
        raise KiwiMissingError("pip install kiwipiepy")

    monkeypatch.setattr(spacing, "restore_spacing", missing)
    with pytest.raises(KiwiMissingError):
        ocr.show_line(line(), restore_spacing=True)
    with pytest.raises(KiwiMissingError):
        ocr.show_page(page(READ), restore_spacing=True)
    upload = LineUpload(None)
    upload.show(UploadedLines([line()]))
    upload.spacing.value = True
    assert "pip install kiwipiepy" in upload.status.value


def test_upload() -> None:
    """The checkbox draws the figure anew; the results keep what was read."""
    upload = LineUpload(None)
    upload.spacing.value = True
    assert upload.figure.value == b"" and upload.figure.layout.display == "none"
    upload.show(UploadedLines([line()]))
    restored = upload.figure.value
    upload.spacing.value = False
    assert restored != upload.figure.value != b""
    assert upload.results[0]["rec_text"] == READ
    assert LineUpload(None, restore_spacing=True).spacing.value


class Recorded(ocr.DetectionTuner):
    """A tuner that keeps what it sends."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        self.sent: list[dict[str, Any]] = []
        super().__init__(*arguments, **options)

    def send(self, content: dict[str, Any], buffers: Any = None) -> None:
        self.sent.append(content)

    def ask(self, **content: Any) -> dict[str, Any]:
        self._on_message(self, {"id": "view-1"} | content, [])
        return next(content for content in reversed(self.sent) if content.get("id") == "view-1")


@pytest.fixture
def tuner(tmp_path: Path) -> Iterator[Recorded]:
    receipt = samples_dir() / "receipt.png"
    made = Recorded(ocr.load_pipeline("starter"), receipt, presets_path=tmp_path / "own.yaml")
    assert made.tuning.wait(120)
    yield made
    made.close()


def test_tuner(tuner: Recorded, monkeypatch: pytest.MonkeyPatch) -> None:
    """Texts that lack spaces are sent beside the lines, again when the lines change, until switched off."""
    monkeypatch.setattr(spacing, "restore_spacing", lambda text: text.replace("마트", " 마트"))
    lines = copy.deepcopy(tuner.lines)
    assert tuner.spacing == {"on": False, "texts": {}}
    assert tuner.ask(kind="spacing", on=True)["kind"] == "accepted"
    assert tuner.spacing["on"] and tuner.spacing["texts"]["온누리마트"] == "온누리 마트"
    assert tuner.lines == lines
    assert "온누리마트" in tuner.result["rec_texts"]
    tuner.spacing = {"on": True, "texts": {}}
    tuner.ask(kind="set", field="box_thresh", value=0.5)
    assert tuner.tuning.wait(120)
    assert tuner.spacing["texts"]["온누리마트"] == "온누리 마트"
    tuner.ask(kind="spacing", on=False)
    assert tuner.spacing == {"on": False, "texts": {}}


def test_tuner_without_kiwi(tuner: Recorded, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(_text: str) -> str:
        raise KiwiMissingError("pip install kiwipiepy")

    monkeypatch.setattr(spacing, "restore_spacing", missing)
    answer = tuner.ask(kind="spacing", on=True)
    assert answer["kind"] == "refused" and "pip install kiwipiepy" in answer["text"]
    assert not tuner.spacing["on"]
