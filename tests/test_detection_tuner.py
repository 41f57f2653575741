"""The tuner's widget without a browser: messages in, arrays and traits out."""

import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import ocr_helpers as ocr
from ocr_helpers.detection.advice import load_presets
from ocr_helpers.samples import samples_dir
from ocr_helpers.settings import DetectionSettings

RECEIPT = samples_dir() / "receipt.png"
HOSTILE = "<img src=x onerror=alert(1)>"


class Recorded(ocr.DetectionTuner):
    """A tuner that keeps what it sends."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        self.sent: list[tuple[dict[str, Any], list[bytes]]] = []
        super().__init__(*arguments, **options)

    def send(self, content: dict[str, Any], buffers: Any = None) -> None:
        self.sent.append((content, list(buffers or [])))

    def ask(self, **content: Any) -> list[tuple[dict[str, Any], list[bytes]]]:
        """Send a message as the browser does; what came back at once."""
        self.sent.clear()
        self._on_message(self, {"id": "view-1"} | content, [])
        return list(self.sent)


@pytest.fixture(scope="module")
def staged() -> ocr.StagedPipeline:
    return ocr.StagedPipeline(ocr.load_pipeline("starter"))


@pytest.fixture
def tuner(staged: ocr.StagedPipeline, tmp_path: Path) -> Iterator[Recorded]:
    made = Recorded(staged, RECEIPT, presets_path=tmp_path / "own.yaml")
    assert made.tuning.wait(120)
    yield made
    made.close()


def answer(sent: list[tuple[dict[str, Any], list[bytes]]]) -> dict[str, Any]:
    (found,) = [content for content, _ in sent if content.get("id") == "view-1"]
    return found


def frame_of(
    sent: list[tuple[dict[str, Any], list[bytes]]],
) -> tuple[dict[str, Any], dict[str, np.ndarray[Any, Any]]]:
    content, (joined,) = [pair for pair in sent if pair[0]["kind"] == "frame"][-1]
    kinds: dict[str, Any] = {
        "before": np.float32,
        "after": np.float32,
        "scores": np.float32,
        "places": np.int32,
        "truth": np.float32,
        "lengths": np.int32,
        "points": np.float32,
        "states": np.uint8,
    }
    arrays, start = {}, 0
    for (name, kind), size in zip(kinds.items(), content["sizes"], strict=True):
        arrays[name] = np.frombuffer(joined, kind, size, start)
        start += arrays[name].nbytes
    assert start == len(joined)
    return content, arrays


def test_what_is_shown_at_first(tuner: Recorded) -> None:
    kinds = [content["kind"] for content, _ in tuner.sent]
    assert kinds.index("image") < kinds.index("frame") and "map" not in kinds
    image, (jpeg,) = next(pair for pair in tuner.sent if pair[0]["kind"] == "image")
    assert jpeg[:2] == b"\xff\xd8" and (image["width"], image["height"]) == (576, 1500)
    assert [field["name"] for field in tuner.fields] == list(DetectionSettings().as_kwargs())
    assert tuner.pages[0]["has_truth"] and tuner.pages[0]["name"] == "receipt.png"
    assert tuner.state["busy"] == "" and tuner.state["wanted"] == DetectionSettings().as_kwargs()
    assert len(tuner.lines) == 65 and tuner.lines[0]["text"] == "온누리마트"
    assert tuner.lines_frame == tuner.tuning.state.frame.number  # type: ignore[union-attr]


def test_each_crop_is_sent_once_and_all_of_them_to_a_new_view(tuner: Recorded) -> None:
    def names(sent: list[Any]) -> list[str]:
        return [name for content, _ in sent if content["kind"] == "crops" for name in content["names"]]

    assert sorted(names(tuner.sent)) == sorted({row["crop"] for row in tuner.lines})
    content, buffers = next(pair for pair in tuner.sent if pair[0]["kind"] == "crops")
    assert len(buffers) == len(content["names"]) and all(jpeg[:2] == b"\xff\xd8" for jpeg in buffers)
    sent = tuner.ask(kind="set", field="box_thresh", value=0.93)
    tuner.tuning.wait()
    assert not names(sent), "the boxes that are left have been sent"
    assert sorted(names(tuner.ask(kind="image"))) == sorted(names(tuner.sent))


def test_a_frame_is_paddleocr_s_answer(tuner: Recorded) -> None:
    sent = tuner.ask(kind="set", field="box_thresh", value=0.93)
    content, arrays = frame_of(sent)
    assert answer(sent) == content and content["settings"]["box_thresh"] == 0.93
    expected = np.array(tuner.result["dt_polys"]).reshape(-1, 8)
    kept = arrays["places"] >= 0
    order = np.argsort(arrays["places"][kept])
    np.testing.assert_array_equal(arrays["after"].reshape(-1, 8)[kept][order], expected)
    assert content["counts"]["kept"] == kept.sum() == len(expected) < 65
    assert ((arrays["states"] == 0) == kept).all() and (arrays["scores"][kept] >= 0.93).all()
    assert np.isnan(arrays["after"].reshape(-1, 8)[arrays["states"] == 2]).all()
    assert len(arrays["truth"]) == 65 * 8 and not len(arrays["lengths"])


def test_layers_are_sent_while_a_view_wants_them(tuner: Recorded) -> None:
    sent = tuner.ask(kind="layers", contour=True, map=True)
    (probabilities,) = next(buffers for content, buffers in sent if content["kind"] == "map")
    frame = tuner.tuning.state.frame
    assert frame is not None and len(probabilities) == frame.page_map.probabilities.size
    assert max(probabilities) > 200
    _, arrays = frame_of(sent)
    lengths = arrays["lengths"]
    assert lengths[-1] == -1 and lengths[:-1].sum() * 2 == len(arrays["points"]) and len(lengths) > 60
    assert "map" not in [content["kind"] for content, _ in tuner.ask(kind="set", field="thresh", value=0.2)]
    tuner.ask(kind="layers", contour=False, map=False)
    _, arrays = frame_of(tuner.ask(kind="set", field="thresh", value=0.25))
    assert not len(arrays["lengths"])


@pytest.mark.parametrize(
    ("message", "text"),
    [
        ({"kind": "set", "field": "thresh", "value": 0}, "thresh is 0"),
        ({"kind": "set", "field": "unclip_ratio", "value": "wide"}, "unclip_ratio"),
        ({"kind": "set_many", "values": {"limit_side_len": 9000, "thresh": 0.2}}, "limit_side_len"),
        ({"kind": "set", "field": HOSTILE, "value": 1}, "is not a detection setting"),
        ({"kind": "preset", "name": "mine"}, "No preset"),
        ({"kind": "page", "page": 7}, "from 0 to 0"),
        ({"kind": "symptom", "symptom": "blurred"}, "not a symptom"),
        ({"kind": "save_preset", "name": "default"}, "a name of its own"),
        ({"kind": "save_preset", "name": " "}, "a name of its own"),
        ({"kind": "save_preset", "name": "Small Print"}, "a name of its own"),
        ({"kind": "save_preset", "name": "작은 글씨"}, "a name of its own"),
        ({"kind": "delete_preset", "name": "default"}, "no preset of your own called 'default'"),
    ],
)
def test_a_refusal_says_why_and_changes_nothing(tuner: Recorded, message: dict[str, Any], text: str) -> None:
    before = tuner.settings
    refused = answer(tuner.ask(**message))
    assert refused["kind"] == "refused" and text in refused["text"]
    assert tuner.settings == before and tuner.state["error"] == ""


@pytest.mark.parametrize(
    ("values", "note"),  # of a page of 576 × 1500 pixels
    [
        ({}, "not enlarged: no side is below limit_side_len"),
        ({"limit_side_len": 576}, "not enlarged: no side is below limit_side_len"),
        ({"limit_side_len": 640}, ""),
        ({"limit_side_len": 960, "max_side_limit": 2000}, "held by max_side_limit"),
        ({"max_side_limit": 960}, "shrunk to 64% by max_side_limit"),
        ({"limit_type": "max", "limit_side_len": 1504}, "not shrunk: no side is above limit_side_len"),
        ({"limit_type": "max", "limit_side_len": 960}, "shrunk to 64%"),
        ({"limit_type": "resize_long", "limit_side_len": 64}, "shrunk to 4%"),
        ({"limit_type": "resize_long", "limit_side_len": 1600}, ""),
    ],
)
def test_why_the_network_sees_this_size(tuner: Recorded, values: dict[str, Any], note: str) -> None:
    tuner.sent.clear()
    tuner._on_message(tuner, {"id": "view-1", "kind": "set_many", "values": {"thresh": 0.31} | values}, [])
    assert tuner.tuning.wait(60)
    content, _ = frame_of(tuner.sent)
    assert content["input_note"] == note
    assert bool(content["shrunk_by"]) == note.startswith("shrunk") and content["shrunk_by"] in ("", *values)


def test_compare_and_its_end(tuner: Recorded) -> None:
    def rows() -> dict[str, dict[str, Any]]:
        shown: Any = tuner.compare
        return {row["label"]: row for row in shown["rows"]}

    assert rows()["recall"]["b"] == "100.0%" and {row["a"] for row in rows().values()} == {"–"}
    best = rows()["CER"]
    tuner.ask(kind="pin")
    tuner.ask(kind="set", field="box_thresh", value=0.93)
    assert tuner.tuning.wait(60)
    shown: Any = tuner.compare
    now = rows()
    assert now["boxes"]["a"] == "65" and now["recall"]["better"] == "a" and now["CER"]["better"] == "a"
    assert len(shown["lost"]) == 65 - int(now["boxes"]["b"]) and shown["gained"] == shown["reshaped"] == []
    assert now["CER"]["below_best"] and now["CER"]["best"] == best["b"] == best["best"]
    assert now["CER"]["best_settings"] == DetectionSettings().as_kwargs() and not best["below_best"]
    assert tuner.state["has_pin"] and tuner.state["pin_label"] == "defaults"
    tuner.ask(kind="unpin")
    assert {row["a"] for row in rows().values()} == {"–"} and not tuner.state["has_pin"]


def test_boxes_that_are_found_and_cut_are_told_by_the_cer(tuner: Recorded) -> None:
    """At unclip_ratio 0.6 all 65 boxes still count as found, and a quarter of the characters is wrong."""

    def shown() -> dict[str, Any]:
        assert tuner.tuning.wait(60)
        table: Any = tuner.compare
        return {"hint": table["hint"]} | {row["label"]: row for row in table["rows"]}

    assert shown()["hint"] is None
    tuner.ask(kind="set", field="unclip_ratio", value=0.6)
    cut = shown()
    assert cut["H-mean"]["b"] == "100.0%" and cut["CER"]["below_best"]
    said = f"CER {cut['CER']['b']}, best yet {cut['CER']['best']}."
    assert cut["hint"]["en"].endswith(said) and cut["hint"]["ko"]
    tuner.ask(kind="reset", field="unclip_ratio")
    assert shown()["hint"] is None


def test_a_preset_of_ones_own_is_kept_for_the_next_time(tuner: Recorded, tmp_path: Path) -> None:
    tuner.ask(kind="set", field="unclip_ratio", value=2)
    assert answer(tuner.ask(kind="save_preset", name=HOSTILE))["kind"] == "accepted"
    assert tuner.presets[-1]["own"] and tuner.presets[-1]["title"] == HOSTILE
    tuner.ask(kind="reset", field="unclip_ratio")
    tuner.ask(kind="preset", name=HOSTILE)
    assert tuner.settings == DetectionSettings(unclip_ratio=2.0)
    again = Recorded(tuner.staged, RECEIPT, presets_path=tmp_path / "own.yaml", recognize=False)
    assert again.presets[-1]["name"] == HOSTILE
    assert answer(again.ask(kind="save_preset", name="계약서"))["kind"] == "accepted"
    assert answer(tuner.ask(kind="delete_preset", name=HOSTILE))["kind"] == "accepted"
    names = [preset["name"] for preset in tuner.presets if preset["own"]]
    assert names == ["계약서"], "what another tuner saved meanwhile is kept"
    assert list(load_presets(tmp_path / "own.yaml")) == names
    assert answer(again.ask(kind="preset", name="계약서"))["kind"] == "accepted"
    again.close()


def test_code_is_that_of_the_settings(tuner: Recorded) -> None:
    tuner.ask(kind="set", field="thresh", value=0.2)
    assert tuner.tuning.wait(60)
    assert "text_det_thresh=0.2" in tuner.code["Python"]
    assert "--text_det_thresh 0.2" in tuner.code["Command line"]
    assert ocr.PipelineSettings.from_yaml(tuner.code["YAML"]) == tuner.pipeline_settings
    tuner.ask(kind="set", field="max_side_limit", value=2000)
    assert tuner.tuning.wait(60) and tuner.code["Command line"].startswith("# max_side_limit")


def test_code_says_where_its_file_is_not_what_was_shown(staged: ocr.StagedPipeline, tmp_path: Path) -> None:
    (page,) = ocr.load_pages(RECEIPT)
    half = dataclasses.replace(page, image_bgr=page.image_bgr[::2, ::2])
    made = Recorded(staged, [page, half, half.image_bgr], presets_path=tmp_path / "own.yaml", recognize=False)
    assert made.tuning.wait(60)
    said = str(made.source_note)
    assert not said and "Tuned on a page" not in made.code["Python"] + made.code["Command line"]
    made.ask(kind="page", page=1)
    assert made.tuning.wait(60)
    said = str(made.source_note)
    assert said == "the file has 576 × 1500"
    for form in ("Python", "Command line"):
        lines = made.code[form].splitlines()
        comment = [line.removeprefix("# ") for line in lines if line.startswith("# ")]
        assert " ".join(comment).startswith("Tuned on a page of 288 × 750 pixels; the file has 576 × 1500. ")
        assert str(RECEIPT) in "".join(lines[len(comment) :])
    compile(made.code["Python"], "code", "exec")
    made.ask(kind="page", page=2)
    assert made.tuning.wait(60)
    assert "'page.png'" in made.code["Python"] and "is no file" in made.code["Python"].replace("\n# ", " ")
    made.close()


def test_code_says_which_weights_it_does_not_load(tuner: Recorded) -> None:
    def comment() -> str:
        return " ".join(row.removeprefix("# ") for row in tuner.code["Python"].splitlines() if row[:1] == "#")

    assert comment() == (
        "Tuned with other weights, text_detection (starter), text_recognition (starter); this loads "
        "PaddleOCR's official ones: look at its boxes before you rely on them."
    )
    pipeline: Any = tuner.staged.pipeline
    starter = pipeline.weights
    try:
        official = dataclasses.replace(starter["text_detection"], origin="official")
        pipeline.weights = starter | {"text_detection": official}
        tuner.ask(kind="set", field="thresh", value=0.31)
        assert tuner.tuning.wait(60)
        assert "text_recognition (starter)" in comment() and "text_detection" not in comment()
        pipeline.weights = {}  # a PaddleOCR that somebody made by himself
        tuner.ask(kind="set", field="thresh", value=0.32)
        assert tuner.tuning.wait(60) and not comment()
    finally:
        pipeline.weights = starter


def test_the_static_picture_says_the_settings(tuner: Recorded) -> None:
    figure = tuner.figure()
    words = [text.get_text() for text in figure.axes[0].texts]
    assert {"thresh", "0.3", "kept", "65", "recall"} <= set(words)


def test_a_message_of_an_unknown_kind_is_nothing(tuner: Recorded) -> None:
    assert tuner.ask(kind="erase") == []
