"""The pipeline benchmark: its arithmetic, its comparisons, and one short run with the starter weights."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import ocr_helpers as ocr
from benchmarks import pipeline, pipeline_official
from benchmarks.exactness import SAMPLES, load
from benchmarks.pipeline_memory import EARLY, MemoryUse, measure_memory, new_pages, resident_bytes
from benchmarks.pipeline_networks import recorded
from benchmarks.pipeline_rivals import TextsDifferError, equal_texts, same_lines
from benchmarks.pipeline_timing import Ratio, Run, interleave, machine, ratio, totals
from ocr_helpers.pages import Page


@pytest.fixture(scope="module")
def receipt() -> Page:
    """The smallest sample page."""
    return ocr.load_pages(SAMPLES / "receipt.png")[0]


@pytest.mark.parametrize(
    ("slow", "fast", "expected"),
    [
        ([3.0], [2.0], Ratio(1.5, 1.5, 1.5)),
        ([2.0, 9.0, 4.0], [2.0, 3.0, 2.0], Ratio(2.0, 1.0, 3.0)),
        # Each repeat beside its own: a machine that is three times slower for a while changes nothing.
        ([2.0, 6.0], [1.0, 3.0], Ratio(2.0, 2.0, 2.0)),
        ([1.0, 1.0], [2.0, 4.0], Ratio(0.375, 0.25, 0.5)),
    ],
)
def test_ratio(slow: list[float], fast: list[float], expected: Ratio) -> None:
    assert ratio(slow, fast) == expected


@pytest.mark.parametrize(
    ("slow", "fast"), [([], []), ([1.0], [1.0, 2.0]), ([1.0], [0.0]), ([-1.0, 1.0], [1.0, 1.0])]
)
def test_times_without_a_ratio_are_refused(slow: list[float], fast: list[float]) -> None:
    with pytest.raises(ValueError, match="equally many, all above 0"):
        ratio(slow, fast)


def test_runs_take_turns_and_the_warm_up_is_left_out() -> None:
    done: list[str] = []

    def case(page: str) -> dict[str, Run]:
        return {
            "a": Run(lambda: done.append(f"a{page}")),
            "b": Run(lambda: done.append(f"b{page}"), lambda: done.append("prepare")),
        }

    times = interleave([case("1"), case("2")], repeats=2, warm_up=1)
    assert done == ["a1", "prepare", "b1", "a2", "prepare", "b2"] * 3
    assert {name: np.shape(rows) for name, rows in times.items()} == {"a": (2, 2), "b": (2, 2)}
    assert all(second > 0 for rows in times.values() for row in rows for second in row)


def test_totals_are_per_repeat() -> None:
    assert totals({"a": [[1.0, 2.0], [4.0, 8.0]], "b": [[0.5], [0.25]]}) == {
        "a": [3.0, 12.0],
        "b": [0.5, 0.25],
    }


@pytest.mark.parametrize(
    ("cases", "repeats"),
    [([], 1), ([{"a": Run(list)}], 0), ([{"a": Run(list)}, {"b": Run(list)}], 1)],
)
def test_what_cannot_be_interleaved_is_refused(cases: list[dict[str, Run]], repeats: int) -> None:
    with pytest.raises(ValueError, match="expected 1 or more, of cases with the same names"):
        interleave(cases, repeats)


@pytest.mark.parametrize(
    ("ours", "theirs", "says"),
    [
        (["가", "나"], ["가", "다"], "2 and 2 lines, 1 of them different, the first '나' and '다'"),
        (["가 나"], ["가나"], "the first '가 나' and '가나'"),
        (["가"], ["가", "나"], "1 and 2 lines, 0 of them different"),
        ([], ["가"], "0 and 1 lines"),
    ],
)
def test_a_different_text_is_an_error(ours: list[str], theirs: list[str], says: str) -> None:
    with pytest.raises(TextsDifferError, match=says):
        equal_texts("notice.png", ours, theirs)


def test_equal_texts_are_counted() -> None:
    assert equal_texts("blank", [], []) == 0
    assert equal_texts("notice.png", ["가", "나"], ["가", "나"]) == 2


@pytest.mark.parametrize(
    ("ours", "theirs", "count"),
    [
        ([], [], 0),
        (["가"], [], 0),
        (["가", "나"], ["나", "가"], 2),
        (["가", "가"], ["가"], 1),
        (["가"], ["나"], 0),
    ],
)
def test_same_lines(ours: list[str], theirs: list[str], count: int) -> None:
    assert same_lines(ours, theirs) == same_lines(theirs, ours) == count


def test_machine_names_cores_threads_and_versions() -> None:
    assert re.search(r"\d+ cores and threads; Python 3\..*paddleocr 3\..*onnxruntime 1\.", machine())


@pytest.mark.parametrize(
    ("early", "end", "growth"), [(1000, 1050, 0.05), (1000, 1000, 0.0), (1000, 900, -0.1), (500, 600, 0.2)]
)
def test_memory_growth(early: int, end: int, growth: float) -> None:
    assert MemoryUse(early, end, max(early, end)).growth == pytest.approx(growth)


def test_no_page_comes_twice(receipt: Page) -> None:
    pages = [image.tobytes() for image in new_pages([receipt], 12)]
    assert len(set(pages)) == len(pages) == 12
    for image in new_pages([receipt], 12):
        cut = np.subtract(receipt.image_bgr.shape, image.shape)
        assert cut.min() >= 0 and cut.max() <= 4


def test_memory_is_this_process_s() -> None:
    before = resident_bytes()
    held = np.ones(100_000_000, np.uint8)
    assert 90e6 < resident_bytes() - before < 200e6
    assert held.all()


def test_recorded_networks_are_all_that_ran(receipt: Page) -> None:
    staged = ocr.StagedPipeline(load("onnxruntime"))
    with recorded() as networks:
        result = staged.run(receipt, ocr.PipelineSettings(use_textline_orientation=True))
    shapes = [batch.shape for _, batch in networks.alone]
    width, height = result.steps["detection_network"].detail["size_wh"]
    assert shapes == [(1, 3, height, width)]
    turns, lines = ([batch for batch, *_ in inputs] for _, inputs in networks.on_lines)
    assert sum(map(len, turns)) == sum(map(len, lines)) == len(result["dt_polys"]) > 0
    assert networks.count == 1 + len(turns) + len(lines)
    with recorded() as again:
        networks.replay()
    assert again.count == len(turns) + len(lines), (
        "a replay runs the networks of lines through the same class"
    )
    with recorded() as nothing:
        staged.run(receipt, ocr.PipelineSettings(use_textline_orientation=True))
    assert nothing.count == 0


def test_the_smallest_run_measures_everything(capsys: pytest.CaptureFixture[str]) -> None:
    options = ["--repeats", "1", "--warm-up", "0", "--samples", "receipt.png"]
    only = ["--only", "paddleocr", "rapidocr", "networks", "toggles", "official"]
    assert pipeline.main([*options, *only]) == 0
    printed = capsys.readouterr().out
    assert "left out, for --official DIR is not given" in printed and "paddle2onnx --model_dir" in printed
    figures = printed.splitlines()[-6:]
    assert [line.split()[0] for line in figures] == ["paddleocr", "rapidocr", "networks", *["toggles"] * 3]
    assert all(line.endswith((": reached", ": MISSED")) for line in figures)
    lines = int(re.search(r"paddleocr: (\d+) lines, all as PaddleOCR reads them", printed)[1])  # type: ignore[index]
    same, total = map(int, re.search(r"rapidocr: (\d+) of (\d+) lines", printed).groups())  # type: ignore[union-attr]
    assert lines > 50 and total > 50
    assert same >= 0.8 * total, "RapidOCR has the same networks: it must read nearly the same"


def test_a_different_text_ends_the_run(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    read = ocr.StagedPipeline.run

    def spoiled(self: ocr.StagedPipeline, *arguments: Any, **options: Any) -> Any:
        result = read(self, *arguments, **options)
        result["rec_texts"][3] += "다"
        return result

    monkeypatch.setattr(ocr.StagedPipeline, "run", spoiled)
    options = ["--repeats", "1", "--warm-up", "0", "--samples", "receipt.png", "--only", "paddleocr"]
    assert pipeline.main(options) == 1
    printed = capsys.readouterr()
    assert "receipt.png" in printed.err and "different=1" in printed.err
    assert "reached" not in printed.out, "no figure where the texts differ"


def test_memory_of_few_pages(receipt: Page, capsys: pytest.CaptureFixture[str]) -> None:
    use = measure_memory(ocr.StagedPipeline(load("onnxruntime")), [receipt], 2)
    assert 100e6 < use.early == use.end <= use.highest
    assert f"after page {EARLY}" in str(use)
    assert capsys.readouterr().out == ""


def test_missing_official_models_are_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert len(pipeline_official.missing_files(tmp_path)) == 20
    (tmp_path / "UVDoc").mkdir()
    (tmp_path / "UVDoc/inference.onnx").touch()
    assert "UVDoc/inference.onnx" not in pipeline_official.missing_files(tmp_path)
    assert pipeline.main(["--only", "official", "--official", str(tmp_path)]) == 1
    said = capsys.readouterr().err
    assert "UVDoc/inference.json" in said and "paddle2onnx" in said


def test_a_network_runs_before_another_map_is_traced() -> None:
    seen: list[Any] = []

    def network(x: Any) -> list[np.ndarray]:
        seen.append(x)
        return [np.ones((1, 1, 4, 6), np.float32)]

    lines = np.zeros((1, 1, 4, 6), np.float32)
    run = pipeline_official.with_output(network, lines)
    assert run(x=["a page"])[0] is lines and seen == [["a page"]]
    with pytest.raises(ValueError, match=r"\(1, 1, 4, 6\), not of \(1, 1, 6, 4\)"):
        pipeline_official.with_output(network, lines.transpose(0, 1, 3, 2))(x=["a page"])


@pytest.mark.parametrize(
    "arguments",
    [
        ["--repeats", "0"],
        ["--warm-up", "-1"],
        ["--pages", "-1"],
        ["--only", "mine"],
        ["--samples", "none.png"],
    ],
)
def test_bad_arguments_are_refused(arguments: list[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        pipeline.main(arguments)
