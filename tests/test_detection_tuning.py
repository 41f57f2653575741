"""The tuner without its widget: settings in, looks at the page out."""

import dataclasses
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import ocr_helpers as ocr
from ocr_helpers.detection.advice import (
    PRESETS,
    SYMPTOMS,
    PresetNameError,
    load_presets,
    save_presets,
)
from ocr_helpers.detection.figures import Best
from ocr_helpers.detection.frames import SAME_SHAPE
from ocr_helpers.detection.state import TuningState
from ocr_helpers.detection.tuning import (
    DetectionTuning,
    NoPageError,
    NothingToChangeError,
    UnknownFieldError,
)
from ocr_helpers.ground_truth import PageTruth
from ocr_helpers.samples import samples_dir
from ocr_helpers.scoring import match_boxes
from ocr_helpers.settings.checks import SettingRangeError, SettingsSyntaxError, SettingTypeError
from ocr_helpers.stages import StagedPipeline, StageInputError

RECEIPT = samples_dir() / "receipt.png"


@pytest.fixture(scope="module")
def staged() -> StagedPipeline:
    return ocr.StagedPipeline(ocr.load_pipeline("starter"))


@pytest.fixture
def tuning(staged: StagedPipeline) -> Iterator[DetectionTuning]:
    made = DetectionTuning(staged, RECEIPT)
    assert made.wait(120)
    yield made
    made.stop()


def test_the_first_look_is_paddleocr(tuning: DetectionTuning, staged: StagedPipeline) -> None:
    frame, result = tuning.state.frame, tuning.result
    assert frame is not None and not tuning.state.busy and tuning.state.reading == 0
    np.testing.assert_array_equal(frame.quads_xy, np.array(result["dt_polys"]))
    read = [tuning.state.texts[quad.tobytes()][0] for quad in frame.quads_xy]
    assert read == result["rec_texts"]
    (predicted,) = staged.pipeline.predict(tuning.pages[0].image_bgr, **tuning.pipeline_settings.as_kwargs())
    np.testing.assert_array_equal(frame.quads_xy, np.array(predicted["dt_polys"]))
    figures = tuning.figures
    assert figures is not None and figures.boxes is not None and figures.cer is not None
    assert figures.boxes.expected == 65 and figures.boxes.hmean > 0.9 and figures.cer < 0.1


@pytest.mark.parametrize(
    "values",
    [{"thresh": 0.15}, {"box_thresh": 0.93}, {"unclip_ratio": 2.4}, {"thresh": 0.6, "unclip_ratio": 0.7}],
)
def test_a_threshold_is_answered_at_once(tuning: DetectionTuning, values: dict[str, float]) -> None:
    first = tuning.state.frame
    tuning.set(**values)
    frame = tuning.state.frame
    assert first is not None and frame is not None and frame.number > first.number
    assert frame.page_map is first.page_map and not tuning.state.busy
    assert dataclasses.asdict(frame.settings) == dataclasses.asdict(ocr.DetectionSettings()) | values
    np.testing.assert_array_equal(frame.quads_xy, np.array(tuning.result["dt_polys"]))


def test_the_size_of_the_input_runs_the_network(tuning: DetectionTuning) -> None:
    first = tuning.state.frame
    tuning.set(limit_side_len=736)
    assert tuning.state.busy == "network" and tuning.state.frame is first
    tuning.set(limit_side_len=960)  # the latest wins
    assert tuning.wait(120)
    frame = tuning.state.frame
    assert frame is not None and frame.settings.limit_side_len == 960
    assert frame.page_map.probabilities.shape[1] == 960
    tuning.set(limit_side_len=64)  # remembered
    assert not tuning.state.busy
    np.testing.assert_array_equal(tuning.state.frame.quads_xy, first.quads_xy)  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("values", "error"),
    [
        ({"thresh": 0}, SettingRangeError),
        ({"box_thresh": 1.2}, SettingRangeError),
        ({"unclip_ratio": "wide"}, SettingTypeError),
        ({"limit_side_len": 5000}, SettingRangeError),  # above max_side_limit
        ({"limit_type": "mean"}, SettingRangeError),
        ({"use_dilation": True}, UnknownFieldError),
    ],
)
def test_what_cannot_be_is_refused_and_changes_nothing(
    tuning: DetectionTuning, values: dict[str, Any], error: type[Exception]
) -> None:
    before = tuning.state
    with pytest.raises(error):
        tuning.set(**values)
    assert tuning.state.wanted == before.wanted and tuning.state.frame is before.frame


def test_settings_of_another_kind_are_refused(tuning: DetectionTuning) -> None:
    before = tuning.state
    with pytest.raises(StageInputError, match=r"dict; expected DetectionSettings"):
        tuning.set_settings({"thresh": 0.4})  # type: ignore[arg-type]
    assert tuning.state is before
    tuning.set_settings(ocr.DetectionSettings(thresh=0.4))
    assert tuning.settings.thresh == 0.4


def test_pin_and_compare(tuning: DetectionTuning) -> None:
    assert tuning.comparison is None
    tuning.pin()
    same = tuning.comparison
    assert same is not None and not len(same[2].gained_xy) and not len(same[2].lost_xy)
    first = tuning.state.frame
    tuning.set(box_thresh=0.95)
    assert tuning.wait(120) and first is not None
    a, b, changes = tuning.comparison
    assert b.kept < a.kept == len(first.quads_xy) and not len(changes.gained_xy)
    assert len(changes.lost_xy) == a.kept - b.kept
    assert a.boxes is not None and b.boxes is not None and b.boxes.recall < a.boxes.recall
    assert a.cer is not None and b.cer is not None and a.cer < b.cer
    tuning.unpin()
    assert tuning.comparison is None


def test_boxes_of_another_shape(tuning: DetectionTuning) -> None:
    tuning.pin()
    first = tuning.state.frame
    tuning.set(unclip_ratio=2.4)
    second = tuning.state.frame
    assert first is not None and second is not None and tuning.comparison is not None
    changes = tuning.comparison[2]
    assert not len(changes.gained_xy) and not len(changes.lost_xy)
    still = match_boxes(second.quads_xy, first.quads_xy, SAME_SHAPE)
    assert len(changes.reshaped_xy) == len(first.quads_xy) - len(still) > 0
    kept = {first.quads_xy[old].tobytes() for _, old in still}
    assert not kept & {quad.tobytes() for quad in changes.reshaped_xy}


def test_each_page_has_a_pin_of_its_own(staged: StagedPipeline) -> None:
    tuning = DetectionTuning(staged, [RECEIPT, RECEIPT], recognize=False)
    assert tuning.wait(120)
    tuning.pin()
    tuning.set(box_thresh=0.9)
    assert tuning.comparison is not None and tuning.pinned_pages == (0,)
    tuning.select_page(1)
    assert tuning.wait(120) and tuning.comparison is None and tuning.state.pin is None
    tuning.select_page(0)
    assert tuning.wait(120) and tuning.comparison is not None
    assert tuning.comparison[0].kept > tuning.comparison[1].kept
    tuning.unpin()
    assert tuning.pinned_pages == () and tuning.comparison is None


def test_the_best_of_each_page_is_remembered(staged: StagedPipeline) -> None:
    tuning = DetectionTuning(staged, [RECEIPT, np.full((400, 300, 3), 255, np.uint8)])
    assert tuning.wait(120) and tuning.figures is not None
    first, default = tuning.figures, tuning.settings
    assert first.boxes is not None and first.cer is not None
    assert tuning.best == {"hmean": Best(first.boxes.hmean, default), "cer": Best(first.cer, default)}
    tuning.set(box_thresh=0.95)
    assert tuning.wait(120) and tuning.best["hmean"].settings == default
    best_cer = min((first.cer, default.unclip_ratio), (_cer_at(tuning, 1.8), 1.8))
    assert (tuning.best["cer"].value, tuning.best["cer"].settings.unclip_ratio) == best_cer
    tuning.select_page(1)
    assert tuning.wait(120) and tuning.best == {}


def _cer_at(tuning: DetectionTuning, unclip_ratio: float) -> float:
    tuning.set(box_thresh=0.6, unclip_ratio=unclip_ratio)
    assert tuning.wait(120) and tuning.figures is not None and tuning.figures.cer is not None
    return tuning.figures.cer


def test_reading_can_be_switched_off(staged: StagedPipeline) -> None:
    tuning = DetectionTuning(staged, RECEIPT, recognize=False)
    assert tuning.wait(120) and tuning.state.texts == {} and tuning.state.settled
    assert tuning.figures is not None and tuning.figures.cer is None
    tuning.set_recognize(True)
    assert tuning.wait(120) and len(tuning.state.texts) == len(tuning.state.frame.quads_xy)  # type: ignore[union-attr]


def test_several_pages_and_their_truth(staged: StagedPipeline) -> None:
    blank = np.full((400, 300, 3), 255, np.uint8)
    mine = PageTruth(np.array([[[0, 0], [9, 0], [9, 9], [0, 9]]], np.float32), ("가",))
    tuning = DetectionTuning(staged, [RECEIPT, blank], truth=[None, mine])
    tuning.select_page(1)
    assert tuning.wait(120)
    assert tuning.state.frame is not None and not len(tuning.state.frame.quads_xy)
    assert tuning.figures is not None and tuning.figures.boxes is not None
    assert tuning.figures.boxes.recall == 0 and tuning.figures.mean_score is None
    assert tuning.figures.cer == 1.0
    tuning.select_page(0)
    assert tuning.wait(120) and len(tuning.state.frame.quads_xy) > 20
    wrong: list[Any] = [2, -1, True, "0"]
    for number in wrong:
        with pytest.raises(NoPageError, match="from 0 to 1"):
            tuning.select_page(number)
    tuning.stop()


def test_truth_is_not_used_on_another_picture(staged: StagedPipeline) -> None:
    turned = ocr.PipelineSettings(use_doc_orientation_classify=True)
    tuning = DetectionTuning(staged, samples_dir() / "turned_180.png", turned, recognize=False)
    assert tuning.wait(120) and tuning.truth is None
    assert tuning.pipeline_settings == turned
    tuning.stop()


def test_a_network_that_fails_leaves_the_last_look(
    tuning: DetectionTuning, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise RuntimeError("no memory for this size")

    before = tuning.state.frame
    monkeypatch.setattr(tuning.staged, "probability_map", fail)
    tuning.set(limit_side_len=1920)
    assert tuning.wait(60)
    assert "no memory" in str(tuning.state.error) and tuning.state.frame is before
    assert before is not None and tuning.settings == before.settings and not tuning.state.busy


def test_observers_see_looks_in_order(tuning: DetectionTuning) -> None:
    seen: list[TuningState] = []
    tuning.observe(seen.append)
    for value in (0.2, 0.25, 0.35, 0.4):
        tuning.set(thresh=value)
    assert tuning.wait(120)
    numbers = [state.frame.number for state in seen if state.frame is not None]
    assert numbers == sorted(numbers) and len(set(numbers)) == 5
    assert seen[-1].settled and seen[-1].reading == 0
    tuning.unobserve(seen.append)
    count = len(seen)
    tuning.reset("thresh")
    assert len(seen) == count and tuning.settings.thresh == 0.3


@pytest.mark.parametrize("symptom", SYMPTOMS, ids=lambda symptom: symptom.id)
def test_symptoms_change_what_they_say(symptom: Any) -> None:
    settings = ocr.DetectionSettings()
    for _ in range(40):  # pressed for ever, settings stay within their range
        changed = symptom.applied(settings)
        for change in symptom.changes:
            before, after = getattr(settings, change.field), getattr(changed, change.field)
            assert after == before or (after > before) == (change.way == "up")
        settings = changed
    assert symptom.applied(settings) == settings
    named = {field.name for field in dataclasses.fields(settings)}
    assert {change.field for change in symptom.changes} <= named
    assert any(change.field in symptom.advice for change in symptom.changes)


def test_small_text_missed_enlarges_a_page_that_is_large_already(tuning: DetectionTuning) -> None:
    before = tuning.state.frame
    assert before is not None
    shorter = min(before.page_map.probabilities.shape)
    tuning.set(limit_side_len=shorter)
    tuning.try_symptom("missed")
    assert tuning.wait(120) and tuning.settings.limit_side_len >= 1.3 * shorter
    after = tuning.state.frame
    assert after is not None and min(after.page_map.probabilities.shape) >= 1.3 * shorter


def test_a_symptom_without_a_step_left_says_so(tuning: DetectionTuning) -> None:
    tuning.set(box_thresh=0.95)
    with pytest.raises(NothingToChangeError, match="box_thresh higher: no further step"):
        tuning.try_symptom("noise")
    assert tuning.settings.box_thresh == 0.95


def test_a_symptom_and_a_preset_by_name(tuning: DetectionTuning) -> None:
    tuning.try_symptom("cut")
    assert tuning.settings.unclip_ratio == pytest.approx(1.8)
    tuning.use_preset("default")
    assert tuning.settings == ocr.DetectionSettings()
    with pytest.raises(UnknownFieldError, match="merge"):
        tuning.try_symptom("blurred")
    with pytest.raises(PresetNameError, match="default"):
        tuning.use_preset("mine")
    tuning.use_preset("mine", {"mine": ocr.DetectionSettings(thresh=0.22)})
    assert tuning.settings.thresh == 0.22


def test_presets_of_your_own_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "presets.yaml"
    assert load_presets(path) == {}
    own = {"내 영수증": ocr.DetectionSettings(thresh=0.2), "b": PRESETS[1].settings}
    save_presets(own, path)
    assert load_presets(path) == own and [found.name for found in tmp_path.iterdir()] == ["presets.yaml"]
    with pytest.raises(PresetNameError):
        save_presets({" ": ocr.DetectionSettings()}, path)
    for text in ("- a\n", "a: 1\n", "a: [\n"):
        path.write_text(text, encoding="utf-8")
        with pytest.raises(SettingsSyntaxError, match=r"presets\.yaml"):
            load_presets(path)
    path.write_text("a: {thresh: 0}\n", encoding="utf-8")
    with pytest.raises(SettingRangeError):
        load_presets(path)


def test_nothing_to_tune_on(staged: StagedPipeline) -> None:
    with pytest.raises(NoPageError, match="no page"):
        DetectionTuning(staged, [])
    with pytest.raises(StageInputError, match="expected DetectionSettings or PipelineSettings"):
        DetectionTuning(staged, RECEIPT, {"thresh": 0.3})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("preset", "sample"),
    [
        ("small_print", "small_print.png"),
        ("dense_table", "form_with_table.png"),
        ("receipt", "receipt.png"),
        ("faint_scan", "low_contrast_scan.jpg"),
    ],
)
def test_a_preset_reads_its_sample_better(staged: StagedPipeline, preset: str, sample: str) -> None:
    tuning = DetectionTuning(staged, samples_dir() / sample)
    assert tuning.wait(300)
    tuning.pin()
    tuning.use_preset(preset)
    assert tuning.wait(300)
    before, after, _ = tuning.comparison  # type: ignore[misc]
    assert before.cer is not None and after.cer is not None and after.cer < before.cer
    assert before.boxes is not None and after.boxes is not None
    assert after.boxes.recall > before.boxes.recall - 0.05
    tuning.stop()


@pytest.mark.parametrize("last", ["", "tuning.wait(100); tuning.set(thresh=0.4)"])
def test_a_program_ends_that_never_stops_its_tuning(last: str) -> None:
    code = (
        "import ocr_helpers as ocr\n"
        "from ocr_helpers.detection.tuning import DetectionTuning\n"
        f"tuning = DetectionTuning(ocr.load_pipeline('starter'), {str(RECEIPT)!r})\n"
        f"{last}\n"
        "print('end')\n"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert run.returncode == 0, run.stderr
    assert run.stdout.endswith("end\n")
    assert "Traceback" not in run.stderr
