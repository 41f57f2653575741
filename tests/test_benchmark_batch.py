"""The benchmark of batches: its comparisons, its prepared job, and one short run with the starter weights."""

import re
from pathlib import Path

import pytest

import ocr_helpers as ocr
from benchmarks import batch, paddle_detection
from benchmarks.batch_loops import plain_loop
from benchmarks.batch_runs import copy_pages, memory_by_page, prepare_done, write_new_pages
from benchmarks.exactness import SAMPLES
from ocr_helpers.batch import BatchResult, read_documents


@pytest.mark.parametrize(
    ("ours", "theirs", "expected"),
    [
        ({}, {}, (0, 0)),
        ({"a": ["x"] * 100}, {"a": ["x"] * 100}, (0, 100)),
        ({"a": ["y"] + ["x"] * 99}, {"a": ["x"] * 100}, (1, 100)),
        ({"a": ["x"] * 101}, {"a": ["x"] * 100}, (1, 100)),
    ],
)
def test_different_lines(
    ours: dict[str, list[str]], theirs: dict[str, list[str]], expected: tuple[int, int]
) -> None:
    assert batch.different_lines(ours, theirs) == expected


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [({"a": ["x"]}, {"b": ["x"]}), ({"a": ["x"] * 97}, {"a": ["x"] * 100}), ({"a": ["y"]}, {"a": ["x"]})],
)
def test_too_many_different_lines_are_refused(
    ours: dict[str, list[str]], theirs: dict[str, list[str]]
) -> None:
    with pytest.raises(batch.TextsDifferTooMuchError):
        batch.different_lines(ours, theirs)


def test_copies_keep_the_order_of_the_samples(tmp_path: Path) -> None:
    copies = copy_pages([SAMPLES / "lines" / "price.png", SAMPLES / "lines" / "date.png"], tmp_path / "c", 3)
    assert [path.name for path in copies] == ["00000-price.png", "00001-date.png", "00002-price.png"]
    assert copies == sorted((tmp_path / "c").iterdir())


def test_no_two_new_pages_are_the_same(tmp_path: Path) -> None:
    write_new_pages(ocr.load_pages(SAMPLES / "lines" / "price.png"), tmp_path / "new", 7)
    assert len({path.read_bytes() for path in (tmp_path / "new").iterdir()}) == 7


@pytest.mark.parametrize(
    "arguments", [["--repeats", "0"], ["--speed-pages", "1"], ["--done", "0"], ["--only", "cost"]]
)
def test_wrong_arguments_are_refused(arguments: list[str]) -> None:
    with pytest.raises(SystemExit):
        batch.parse(arguments)


def test_a_prepared_job_is_done(tmp_path: Path) -> None:
    prepare_done(SAMPLES / "lines" / "price.png", tmp_path / "in", tmp_path / "out", 5, weights="starter")
    result = ocr_read(tmp_path)
    assert (result.done, result.new, result.complete) == (5, 0, True)
    assert [len(pages) for pages in memory_by_page(tmp_path / "out").values()] == [5]


def ocr_read(folder: Path) -> BatchResult:
    """A call that finds everything done."""
    return read_documents(folder / "in", folder / "out", weights="starter", progress=False)


def test_a_short_run_prints_every_figure(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batch, "samples", lambda: [SAMPLES / "receipt.png", SAMPLES / "lines" / "price.png"])
    parts = ["speed", "worker", "resume", "ocrmypdf"]
    assert batch.main(["--repeats", "1", "--speed-pages", "4", "--done", "3", "--only", *parts]) == 0
    printed = capsys.readouterr().out
    assert re.search(r"two workers against a plain loop: \d+\.\d\d \(", printed)
    assert re.search(
        r"two workers against one: \d+\.\d\d .* on one core, \d+\.\d\d .* with all cores", printed
    )
    assert re.search(
        r"a worker of one thread: [1-9]\d* ms .* that [1-9]\d* ms \(\d\d%\) in the networks", printed
    )
    assert re.search(r"lines that differ from the plain loop's: \d+ of [1-9]", printed)
    assert re.search(r"resume with 3 done pages: \d+\.\d\d s", printed)
    assert "ocrmypdf" in printed


def test_the_plain_loop_reads_the_same_on_both_engines() -> None:
    files = [SAMPLES / "receipt.png"]
    settings = ocr.PipelineSettings()
    on_paddle = plain_loop(files, settings, "paddle").texts
    assert len(on_paddle["receipt.png"]) > 20
    for engine, detection_engine in (("onnxruntime", None), ("paddle", "onnxruntime")):
        batch.different_lines(plain_loop(files, settings, engine, detection_engine).texts, on_paddle)


def test_another_network_in_paddles_form_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(paddle_detection._OPERATORS, "Sigmoid", lambda _, x: x)
    with pytest.raises(paddle_detection.FormsDifferError, match="is off by"):
        paddle_detection.write_paddle_detection(tmp_path / "model")
    assert not (tmp_path / "model").exists()
