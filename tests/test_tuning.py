"""A sweep from pages to recommended settings: listed, stopped, taken up again, applied."""

import dataclasses
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

import ocr_helpers as ocr
from ocr_helpers.detection.tuning import DetectionTuning, NoPageError
from ocr_helpers.ground_truth import PageTruth, truth_beside
from ocr_helpers.pages import Page
from ocr_helpers.samples import samples_dir
from ocr_helpers.scoring import score_boxes
from ocr_helpers.settings.checks import SettingRangeError, UnknownSettingError
from ocr_helpers.stages import StagedPipeline, StageInputError
from ocr_helpers.sweep.figures import NoMapError
from ocr_helpers.tuning import (
    NotATunerError,
    NoTruthError,
    SweepFailedError,
    SweepFileError,
    SweepResult,
    UnknownMetricError,
    UntriedSettingsError,
    sweep_detection,
)

LINES = sorted((samples_dir() / "lines").glob("*.png"))[:5]
GRID = {"thresh": [0.2, 0.3], "box_thresh": [0.3, 0.6, 0.95], "unclip_ratio": [0.7, 1.5]}


@pytest.fixture(scope="module")
def staged() -> StagedPipeline:
    return ocr.StagedPipeline(ocr.load_pipeline("starter"))


@pytest.fixture(scope="module")
def swept(staged: StagedPipeline) -> dict[str, SweepResult]:
    return {
        metric: sweep_detection(staged, LINES, GRID, metric, progress=False)
        for metric in ("hmean", "cer", "proxy")
    }


@pytest.fixture
def maps(staged: StagedPipeline, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[tuple[int, ...]]]:
    """The pages whose map was asked for, without the test picture of the models."""
    asked: list[tuple[int, ...]] = []
    probability_map = staged.probability_map

    def watched(page: Any, *arguments: Any) -> Any:
        if isinstance(page, Page):
            asked.append(page.image_bgr.shape)
        return probability_map(page, *arguments)

    monkeypatch.setattr(staged, "probability_map", watched)
    yield asked


@pytest.mark.parametrize("metric", ["hmean", "cer", "proxy"])
def test_the_table_is_ranked(metric: str, swept: dict[str, SweepResult]) -> None:
    result = swept[metric]
    table, column = result.table, "proxy (no ground truth)" if metric == "proxy" else metric
    assert len(table) == len(result.settings) == 12 and list(table.index) == list(range(1, 13))
    order = table[column].to_numpy()
    better = np.diff(order) >= -1e-12 if metric == "cer" else np.diff(order) <= 1e-12
    assert better.all() and order[0] != order[-1]
    assert table["default"].sum() == table["best"].sum() == 1
    rows: list[Any] = list(table.itertuples())
    for place, row in enumerate(rows):
        settings = ocr.DetectionSettings(
            thresh=row.thresh, box_thresh=row.box_thresh, unclip_ratio=row.unclip_ratio
        )
        values, default = result.page_values(settings), result.page_values(result.default)
        gains = default - values if metric == "cer" else values - default
        assert order[place] == pytest.approx(values.mean()) and row.pages == 5
        assert row.spread == pytest.approx(values.std(ddof=1))
        assert row.gain == pytest.approx(gains.mean(), abs=1e-12)
        assert row.gain_error == pytest.approx(gains.std(ddof=1) / np.sqrt(5), abs=1e-12)
        assert (row.pages_better, row.pages_worse) == ((gains > 0).sum(), (gains < 0).sum())
    assert result.leading == result.settings[int(np.argmax([s == result.leading for s in result.settings]))]
    assert order[0] == pytest.approx(result.page_values(result.leading).mean())


def test_hmean_is_that_of_detection(staged: StagedPipeline, swept: dict[str, SweepResult]) -> None:
    for place, path in enumerate(LINES):
        (page,) = ocr.load_pages(path)
        truth = truth_beside(page)
        assert truth is not None
        for settings in swept["hmean"].settings:
            quads = staged.detect(page, settings).kept_quads_xy
            value = swept["hmean"].page_values(settings)[place]
            assert value == score_boxes(quads, truth.quads_xy).hmean


def test_a_proxy_says_so_wherever_it_is_shown(swept: dict[str, SweepResult]) -> None:
    result = swept["proxy"]
    assert "PROXY (no ground truth)" in result.summary and "not an accuracy" in result.summary
    assert "proxy (no ground truth)" in result.table.columns
    texts = [text.get_text() for text in result.heat_map().axes[0].texts]
    assert any("PROXY (no ground truth)" in text for text in texts)
    assert result.values.max(axis=0) == pytest.approx(np.ones(5))
    assert "PROXY" not in swept["cer"].summary


def test_a_proxy_needs_no_ground_truth(staged: StagedPipeline, swept: dict[str, SweepResult]) -> None:
    pages = [Page(ocr.load_pages(path)[0].image_bgr, "array") for path in LINES[:2]]
    result = sweep_detection(staged, pages, GRID, "proxy", progress=False)
    np.testing.assert_array_equal(result.values, swept["proxy"].values[:, :2])
    assert [page.document for page in result.pages] == ["array 0", "array 1"]


def test_what_cannot_be_read_or_scored_is_listed(staged: StagedPipeline, tmp_path: Path) -> None:
    broken = tmp_path / "broken.png"
    broken.write_bytes(LINES[0].read_bytes()[:300])
    unlabelled = tmp_path / "unlabelled.png"
    unlabelled.write_bytes(LINES[1].read_bytes())
    bad_label = tmp_path / "bad_label.png"
    bad_label.write_bytes(LINES[1].read_bytes())
    bad_label.with_suffix(".json").write_text('{"lines": 3}')
    pages = [broken, LINES[0], tmp_path / "absent.png", unlabelled, bad_label, LINES[1]]
    result = sweep_detection(staged, pages, GRID, progress=False)
    assert [page.name for page in result.pages] == [LINES[0].name, LINES[1].name] and result.complete
    said = [why for _, why in result.skipped]
    assert [Path(name).name for name, _ in result.skipped] == [
        "broken.png",
        "absent.png",
        "unlabelled.png",
        "bad_label.png",
    ]
    for why, part in zip(said, ("image", "does not exist", "no ground truth", "data/samples"), strict=True):
        assert part in why
    assert "absent.png" in result.summary


@pytest.mark.parametrize(
    ("truth", "metric", "error"),
    [
        (None, "hmean", NoTruthError),
        (None, "cer", NoTruthError),
        (PageTruth(np.empty((0, 4, 2), np.float32), ()), "hmean", SweepFailedError),
        (PageTruth(np.ones((1, 4, 2), np.float32), ("",)), "cer", SweepFailedError),
    ],
)
def test_no_page_at_all_is_an_error(
    staged: StagedPipeline, truth: PageTruth | None, metric: str, error: type[Exception]
) -> None:
    with pytest.raises(error, match=LINES[0].name):
        sweep_detection(staged, [LINES[0]], GRID, metric, truths=[truth], progress=False)


def test_nothing_to_read_is_no_proxy(staged: StagedPipeline) -> None:
    with pytest.raises(SweepFailedError, match="nothing is read"):
        sweep_detection(staged, np.full((64, 64, 3), 255, np.uint8), GRID, "proxy", progress=False)


UNWARPED = ocr.PipelineSettings(use_doc_unwarping=True)


@pytest.mark.parametrize(
    ("arguments", "error", "said"),
    [
        ({"metric": "accuracy"}, UnknownMetricError, "hmean, cer, proxy"),
        ({"grid_or_ranges": {"thresh": [0]}}, SettingRangeError, "0.01"),
        ({"grid_or_ranges": {"use_dilation": [True]}}, UnknownSettingError, "thresh"),
        ({"pages": []}, NoPageError, "load_pages"),
        ({"truths": [None, None]}, NoPageError, "1 pages and 2 truths"),
        ({"settings": {"thresh": 0.2}}, StageInputError, "PipelineSettings"),
        ({"settings": UNWARPED}, NoTruthError, "metric='proxy'"),
    ],
)
def test_wrong_arguments_are_refused_before_any_work(
    staged: StagedPipeline,
    maps: list[tuple[int, ...]],
    arguments: dict[str, Any],
    error: type[Exception],
    said: str,
) -> None:
    given: dict[str, Any] = {"pages": [LINES[0]], "grid_or_ranges": GRID} | arguments
    with pytest.raises(error, match=said):
        sweep_detection(staged, **given, progress=False)
    assert not maps


def stopping(count: int, work: Callable[..., Any]) -> Callable[..., Any]:
    """Work that Ctrl-C interrupts at its ``count``-th call."""
    calls = 0

    def interrupted(*arguments: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == count:
            raise KeyboardInterrupt
        return work(*arguments)

    return interrupted


def test_stopped_and_taken_up_again(
    staged: StagedPipeline,
    swept: dict[str, SweepResult],
    maps: list[tuple[int, ...]],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    file = tmp_path / "results" / "sweep.json"
    with monkeypatch.context() as patch:
        patch.setattr(staged, "read", stopping(5, staged.read))  # the first call is the models' test picture
        stopped = sweep_detection(staged, LINES, GRID, "cer", resume=file, progress=False)
    whole = swept["cer"]
    assert not stopped.complete and "INCOMPLETE" in stopped.summary
    done = len(stopped.pages)
    assert 1 <= done < 5 and [page.name for page in stopped.pages] == [path.name for path in LINES[:done]]
    np.testing.assert_array_equal(stopped.values, whole.values[:, :done])
    assert len(stopped.table) == 12
    maps.clear()
    for earlier in (file, stopped):
        again = sweep_detection(staged, LINES, GRID, "cer", resume=earlier, progress=False)
        assert again.complete and again.summary == whole.summary
        np.testing.assert_array_equal(again.values, whole.values)
        assert len(maps) == 5 - done
        maps.clear()
    assert sweep_detection(staged, LINES, GRID, "cer", resume=file, progress=False).complete and not maps


def test_stopped_before_the_first_page(staged: StagedPipeline, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(staged, "read", stopping(2, staged.read))
        stopped = sweep_detection(staged, LINES, GRID, "cer", progress=False)
    assert not stopped.complete and not stopped.pages and stopped.best == stopped.default
    assert len(stopped.table) == 12 and stopped.table["cer"].isna().all()
    with pytest.raises(NoMapError, match="no finished page"):
        stopped.heat_map()


def test_a_stop_keeps_what_the_file_knows_of_pages_ahead(
    staged: StagedPipeline, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "sweep.json"
    sweep_detection(staged, LINES[3:], GRID, "cer", resume=file, progress=False)
    with monkeypatch.context() as patch:
        patch.setattr(staged, "read", stopping(3, staged.read))
        sweep_detection(staged, LINES, GRID, "cer", resume=file, progress=False)
    names = [page.name for page in SweepResult.load(file).pages]
    assert names == [LINES[0].name, *(path.name for path in LINES[3:])]


def test_only_new_settings_are_scored(staged: StagedPipeline, swept: dict[str, SweepResult]) -> None:
    part = sweep_detection(staged, LINES, GRID | {"thresh": [0.2]}, progress=False)
    whole = sweep_detection(staged, LINES, GRID, resume=part, progress=False)
    np.testing.assert_array_equal(whole.values, swept["hmean"].values)


def test_a_changed_page_or_truth_is_noticed(staged: StagedPipeline, tmp_path: Path) -> None:
    for path in LINES[:3]:
        for copied in (path, path.with_suffix(".json")):
            (tmp_path / copied.name).write_bytes(copied.read_bytes())
    pages = [tmp_path / path.name for path in LINES[:3]]
    first = sweep_detection(staged, pages, GRID, progress=False)
    picture = cv2.imread(str(pages[0]))
    assert picture is not None
    picture[:, picture.shape[1] // 2 :] = 255
    cv2.imwrite(str(pages[0]), picture)
    label = pages[1].with_suffix(".json")
    record = json.loads(label.read_text(encoding="utf-8"))
    record["lines"][0]["quad"] = [[0, 0], [9, 0], [9, 9], [0, 9]]
    label.write_text(json.dumps(record), encoding="utf-8")
    second = sweep_detection(staged, pages, GRID, resume=first, progress=False)
    assert len(second.notes) == 2
    assert pages[0].name in second.notes[0] and "picture has changed" in second.notes[0]
    assert pages[1].name in second.notes[1] and "ground truth has changed" in second.notes[1]
    assert second.values[0, 1] == 0 < first.values[0, 1]
    np.testing.assert_array_equal(second.values[:, 2], first.values[:, 2])


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"metric": "cer"}, "metric"),
        ({"modules": ocr.PipelineSettings(use_doc_orientation_classify=True)}, "modules"),
        ({"probe": "other"}, "other models"),
    ],
)
def test_another_sweeps_result_is_refused(
    staged: StagedPipeline, swept: dict[str, SweepResult], change: dict[str, Any], said: str
) -> None:
    earlier = swept["hmean"]
    if "probe" in change:
        numbers = (earlier.probe.numbers[0] - 0.1, *earlier.probe.numbers[1:])
        change = {"probe": dataclasses.replace(earlier.probe, numbers=numbers)}
    with pytest.raises(SweepFileError, match=said):
        sweep_detection(staged, LINES, GRID, resume=dataclasses.replace(earlier, **change), progress=False)


@pytest.mark.parametrize("content", [b"", b"{}", b"[1]", b"\xff\xfe", b'{"format": "ocr_helpers sweep 1"}'])
def test_a_file_that_is_no_result_is_refused_and_kept(
    staged: StagedPipeline, tmp_path: Path, content: bytes
) -> None:
    file = tmp_path / "sweep.json"
    file.write_bytes(content)
    with pytest.raises(SweepFileError, match=r"sweep\.json"):
        sweep_detection(staged, LINES[:1], GRID, resume=file, progress=False)
    assert file.read_bytes() == content


def test_saved_and_loaded(swept: dict[str, SweepResult], tmp_path: Path) -> None:
    for metric, result in swept.items():
        result.save(tmp_path / metric)
        loaded = SweepResult.load(tmp_path / metric)
        np.testing.assert_array_equal(loaded.values, result.values)
        assert (loaded.settings, loaded.summary) == (result.settings, result.summary)
        assert (loaded.modules, loaded.probe) == (result.modules, result.probe)
        pd.testing.assert_frame_equal(loaded.table, result.table)


def test_a_turned_page_keeps_its_ground_truth(staged: StagedPipeline) -> None:
    settings = ocr.PipelineSettings(use_doc_orientation_classify=True)
    path = samples_dir() / "turned_90.png"
    result = sweep_detection(staged, [path], {"box_thresh": [0.6]}, "cer", settings=settings, progress=False)
    assert result.values[0, 0] < 0.05
    lying = sweep_detection(staged, [path], {"box_thresh": [0.6]}, progress=False)
    assert lying.values[0, 0] > 0.9


def better_boxes(staged: StagedPipeline, settings: ocr.DetectionSettings, texts: bool) -> list[PageTruth]:
    """Ground truth that these settings meet and the default misses; its texts true, or none."""
    truths = []
    for path in sorted((samples_dir() / "lines").glob("*.png"))[:9]:
        (page,) = ocr.load_pages(path)
        true = truth_beside(page)
        assert true is not None
        quads = staged.detect(page, settings).kept_quads_xy.astype(np.float32)
        said = "".join(true.texts) if texts else ""
        truths.append(PageTruth(quads, (said, *[""] * (len(quads) - 1))))
    return truths


@pytest.mark.parametrize(("texts", "taken"), [(False, True), (True, False)])
def test_boxes_that_cut_characters_off_are_not_recommended(
    staged: StagedPipeline, texts: bool, taken: bool
) -> None:
    thin = ocr.DetectionSettings(unclip_ratio=0.1)
    paths = sorted((samples_dir() / "lines").glob("*.png"))[:9]
    truths = better_boxes(staged, thin, texts)
    result = sweep_detection(staged, paths, {"unclip_ratio": [0.1, 1.5]}, truths=truths, progress=False)
    assert result.leading == thin and result.evidence.reliable and result.evidence.unit == "document"
    assert (result.best == thin) is taken
    assert ("reads worse" in result.summary) is texts
    half = result.of_pages(range(8))
    assert (half.best == thin) is taken
    with pytest.raises(NoPageError):
        result.of_pages([9])


def test_applied_to_a_tuner(staged: StagedPipeline, swept: dict[str, SweepResult]) -> None:
    start = ocr.DetectionSettings(box_thresh=0.42)
    result = sweep_detection(staged, LINES[:1], GRID, settings=start, progress=False)
    assert result.default == result.best == start
    tuner = ocr.DetectionTuner(staged, LINES[0], recognize=False)
    assert result.apply(tuner) == tuner.settings == start
    tuner.close()
    tuning = DetectionTuning(staged, LINES[0], recognize=False)
    assert swept["cer"].apply(tuning) == tuning.settings == swept["cer"].best
    tuning.stop()
    with pytest.raises(NotATunerError, match="DetectionTuner"):
        result.apply(staged)
    with pytest.raises(UntriedSettingsError):
        result.page_values(ocr.DetectionSettings(thresh=0.99))


def test_heat_map(swept: dict[str, SweepResult], tmp_path: Path) -> None:
    result = swept["cer"]
    figure = result.heat_map("unclip_ratio", "box_thresh")
    assert isinstance(figure, Figure)
    texts = [text.get_text() for text in figure.axes[0].texts]
    assert {"unclip_ratio", "box_thresh", "0.7", "1.5", "0.3", "0.6", "0.95"} <= set(texts)
    lowest = min(
        result.page_values(one).mean()
        for one in result.settings
        if (one.unclip_ratio, one.box_thresh) == (0.7, 0.6)
    )
    assert f"{lowest:.3f}" in texts
    figure.savefig(tmp_path / "map.png")
    assert (tmp_path / "map.png").stat().st_size > 10_000
    for x, y in (("thresh", "thresh"), ("thresh", "limit_type"), ("colour", None)):
        with pytest.raises(NoMapError, match="box_thresh"):
            result.heat_map(x, y)


def test_samples_are_drawn_and_many_values_share_cells(staged: StagedPipeline) -> None:
    ranges = {"thresh": (0.1, 0.6), "box_thresh": (0.3, 0.9), "unclip_ratio": (1.0, 2.5)}
    result = sweep_detection(staged, LINES[:2], ranges, samples=40, seed=5, progress=False)
    assert len(result.settings) == 41
    labels = [text.get_text() for text in result.heat_map().axes[0].texts]
    assert any("–" in label for label in labels)


def test_a_bar_is_shown_and_nothing_is_changed(
    staged: StagedPipeline, capsys: pytest.CaptureFixture[str]
) -> None:
    pixels = np.array(ocr.load_pages(LINES[0])[0].image_bgr)
    before, grid = pixels.copy(), {name: list(values) for name, values in GRID.items()}
    sweep_detection(staged, pixels, grid, "proxy")
    assert "100%" in capsys.readouterr().err
    np.testing.assert_array_equal(pixels, before)
    assert grid == GRID
