"""Folders, PDFs and TIFFs page by page; going on; changed settings, sources and results; bad pages."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from batch_readers import BrokenReader, LightReader
from batch_samples import done_counts, make_documents, make_images, make_tiff, manifest_lines, results
from page_samples import noise_png, pdf, png_claiming

from ocr_helpers.batch import BatchResult, read_documents
from ocr_helpers.batch import run as batch_run
from ocr_helpers.batch import slots as batch_slots
from ocr_helpers.batch import workers as batch_workers
from ocr_helpers.batch.errors import (
    BatchOptionError,
    JobChangedError,
    JobFileError,
    NoSourcesError,
    WorkersFailedError,
)
from ocr_helpers.batch.sources import result_name

ROOT = Path(__file__).resolve().parent.parent


def read(folder: Path, **options: object) -> BatchResult:
    """Read ``folder/in`` into ``folder/out`` with the light reader and one worker, if not said otherwise."""
    given = {"reader": LightReader(), "workers": 1, "progress": False} | options
    return read_documents(folder / "in", folder / "out", **given)  # type: ignore[arg-type]


def test_a_folder_without_documents(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "notes.txt").write_text("nothing to read")
    result = read(tmp_path)
    assert (result.pages, result.done, result.failed, result.complete) == (0, 0, [], True)
    assert manifest_lines(tmp_path / "out") == []


def test_every_page_of_every_kind_once(tmp_path: Path) -> None:
    pages = make_documents(tmp_path / "in")
    result = read(tmp_path, workers=2)
    assert (result.pages, result.done, result.new, result.failed) == (pages, pages, pages, [])
    assert result.complete
    assert set(done_counts(tmp_path / "out").values()) == {1}
    written = results(tmp_path / "out")
    named = {line["file"] for line in manifest_lines(tmp_path / "out") if line["event"] == "done"}
    assert set(written) == named
    assert len(written) == pages  # also those of equal names: 0000.png twice, report.pdf twice
    of_pdf = {key: page for key, page in done_counts(tmp_path / "out") if key == "in/two/report.pdf"}
    assert of_pdf["in/two/report.pdf"] < 20
    assert {page for key, page in done_counts(tmp_path / "out") if key == "in/faxes.tif"} == set(range(30))


def test_results_do_not_depend_on_the_number_of_workers(tmp_path: Path) -> None:
    make_documents(tmp_path / "in")
    for workers in (1, 3):
        read_documents(
            tmp_path / "in", tmp_path / str(workers), reader=LightReader(), workers=workers, progress=False
        )
    assert results(tmp_path / "1") == results(tmp_path / "3")


def test_goes_on_where_it_was(tmp_path: Path) -> None:
    make_images(tmp_path / "in", 12)
    (tmp_path / "in" / "doc.pdf").write_bytes(pdf(pages=25))
    counts = []
    for stop_after in (5, 9, None, None):
        result = read(tmp_path, stop_after=stop_after)
        counts.append((result.new, result.done, result.complete))
    assert counts == [(5, 5, False), (9, 14, False), (23, 37, True), (0, 37, True)]
    assert set(done_counts(tmp_path / "out").values()) == {1}


def test_nothing_left_starts_no_worker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_images(tmp_path / "in", 2)
    read(tmp_path)
    monkeypatch.setattr(batch_workers, "WorkerProcess", None)
    monkeypatch.setattr(batch_slots, "WorkerProcess", None)
    assert read(tmp_path).new == 0
    assert [line["event"] for line in manifest_lines(tmp_path / "out")].count("run") == 1


def test_ten_thousand_done_pages_are_passed_in_two_seconds(tmp_path: Path) -> None:
    make_images(tmp_path / "in", 1)
    picture = (tmp_path / "in" / "0000.png").read_bytes()
    for number in range(10_000):
        (tmp_path / "in" / f"{number:04d}.png").write_bytes(picture)
    read(tmp_path, stop_after=1)
    # The rest as a whole run would leave it: reading them takes a minute, and is not what is measured.
    out = tmp_path / "out"
    lines = (out / "manifest.jsonl").read_bytes().splitlines(keepends=True)
    template = [line for line in lines if b'"0000.png"' in line or b"in/0000.png" in line]
    content = next(iter(results(out).values()))
    with (out / "manifest.jsonl").open("ab") as manifest:
        for number in range(1, 10_000):
            name, path = f"{number:04d}", tmp_path / "in" / f"{number:04d}.png"
            file = result_name(f"in/{name}.png", 0)
            for line in template:
                event = json.loads(line) | {"source": f"in/{name}.png"}
                if event["event"] == "source":
                    event |= {"mtime_ns": path.stat().st_mtime_ns}
                else:
                    event |= {"file": file}
                manifest.write(json.dumps(event).encode() + b"\n")
            (out / "pages" / file).parent.mkdir(exist_ok=True)
            (out / "pages" / file).write_bytes(content)
    # Processor time: this process does all of it alone, and the machine may be busy with something else.
    began = time.process_time()
    result = read(tmp_path)
    assert time.process_time() - began < 2
    assert (result.done, result.new) == (10_000, 0)


@pytest.mark.parametrize(
    ("name", "content", "error"),
    [
        ("empty.png", b"", "EmptyFileError"),
        ("text.png", b"no picture", "NotAnImageError"),
        ("cut.png", noise_png()[:-400], "TruncatedImageError"),
        ("bomb.png", png_claiming(60_000, 60_000), "PageTooLargeError"),
        ("damaged.pdf", b"%PDF-1.4\nnothing", "DamagedPdfError"),
        ("locked.pdf", pdf(password="secret"), "EncryptedPdfError"),
    ],
)
def test_a_bad_file_is_listed_and_stops_nothing(
    tmp_path: Path, name: str, content: bytes, error: str
) -> None:
    make_images(tmp_path / "in", 2)
    (tmp_path / "in" / name).write_bytes(content)
    result = read(tmp_path)
    assert (result.done, [(one.source, one.error) for one in result.failed]) == (2, [(f"in/{name}", error)])
    assert result.complete
    assert name in str(result)
    assert error in str(result)
    assert read(tmp_path).new == 0  # it is not tried again …
    lines = len(manifest_lines(tmp_path / "out"))
    make_images(tmp_path / "in", 1)  # (this one is written anew, with the same content)
    read(tmp_path)
    assert [line["event"] for line in manifest_lines(tmp_path / "out")][lines:] == ["source"]
    (tmp_path / "in" / name).write_bytes((tmp_path / "in" / "0000.png").read_bytes())
    result = read(tmp_path)  # … until it changes
    assert (result.done, result.new, result.failed) == (3, 1, [])


@pytest.mark.parametrize(
    ("harm", "tries", "error", "reason"),
    [
        ("crash", 2, "WorkerDied", "signal 11 (SIGSEGV)"),
        ("killed", 2, "WorkerDied", "signal 9 (SIGKILL)"),
        ("exit", 2, "WorkerDied", "exit code 7; it last said: out of licences"),
        ("hang", 2, "TimeLimit", "no answer within 2 s on page 1"),
        ("greedy", 2, "MemoryLimit", "more than the 300 MB allowed"),
        ("raise", 1, "ValueError", "cannot read this one"),
    ],
)
def test_a_page_that_harms_its_worker(tmp_path: Path, harm: str, tries: int, error: str, reason: str) -> None:
    make_images(tmp_path / "in", 3)
    (tmp_path / "in" / "0001.png").rename(tmp_path / "in" / f"{harm}.png")
    notes = tmp_path / "notes"
    notes.mkdir()
    reader = LightReader(harm=(harm,), folder=str(notes))
    # A greedy page needs time to fill its memory; only a hanging one is to be ended by the clock.
    seconds = 2 if harm == "hang" else 50
    result = read(tmp_path, reader=reader, page_timeout_s=seconds, memory_limit_mb=300)
    (failed,) = result.failed
    assert result.done == 2
    assert (failed.source, failed.page, failed.error, failed.attempts) == (f"in/{harm}.png", 0, error, tries)
    assert reason in failed.reason
    assert len(list(notes.iterdir())) == tries
    retries = [line for line in manifest_lines(tmp_path / "out") if line["event"] == "retry"]
    assert len(retries) == tries - 1
    assert failed.again == (harm == "killed")  # by whom, nobody can tell


def test_a_page_that_costs_one_worker_its_life_is_read_by_the_next(tmp_path: Path) -> None:
    make_images(tmp_path / "in", 1)
    (tmp_path / "in" / "0000.png").rename(tmp_path / "in" / "once.png")
    result = read(tmp_path, reader=LightReader(harm=("once",), folder=str(tmp_path)))
    assert (result.done, result.failed) == (1, [])


def test_failed_pages_are_read_again_where_asked_for(tmp_path: Path) -> None:
    make_images(tmp_path / "in", 1)
    (tmp_path / "in" / "0000.png").rename(tmp_path / "in" / "raise.png")
    harmful = LightReader(harm=("raise",), folder=str(tmp_path))
    assert len(read(tmp_path, reader=harmful).failed) == 1
    assert len(read(tmp_path).failed) == 1
    result = read(tmp_path, retry_failed=True)
    assert (result.done, result.failed) == (1, [])


@pytest.mark.parametrize(
    ("reader", "said"),
    [(BrokenReader(), "RuntimeError: no such models"), (BrokenReader(3), "ended with exit code 3")],
)
def test_workers_that_cannot_begin(tmp_path: Path, reader: BrokenReader, said: str) -> None:
    make_images(tmp_path / "in", 2)
    with pytest.raises(WorkersFailedError, match=said):
        read(tmp_path, reader=reader, workers=2)
    assert manifest_lines(tmp_path / "out")[-1]["event"] == "stopped"


def test_workers_are_replaced_after_some_pages(tmp_path: Path) -> None:
    make_images(tmp_path / "in", 12)
    read(tmp_path, recycle_after=5)
    done = [line["worker"] for line in manifest_lines(tmp_path / "out") if line["event"] == "done"]
    assert [done.count(worker) for worker in dict.fromkeys(done)] == [5, 5, 2]


def test_another_version_of_the_reader_is_noticed(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    make_images(tmp_path / "in", 2)
    read(tmp_path)
    before = results(tmp_path / "out"), (tmp_path / "out" / "manifest.jsonl").read_bytes()
    with pytest.raises(
        JobChangedError, match=r"(?s)\n  light was 1 and is 2\n.*another out_dir.*on_change='redo'"
    ):
        read(tmp_path, reader=LightReader(version=2))
    with pytest.raises(JobChangedError, match=r"\n  dpi was 200.0 and is 150.0\n"):
        read(tmp_path, dpi=150)
    assert before == (results(tmp_path / "out"), (tmp_path / "out" / "manifest.jsonl").read_bytes())
    with caplog.at_level("INFO", "ocr_helpers"):
        result = read(tmp_path, reader=LightReader(version=2), on_change="redo")
    said = caplog.messages[-1].splitlines()
    assert said[1:] == ["  light was 1 and is 2", f"Earlier results: {tmp_path / 'out.earlier-1'}"]
    assert (result.done, result.new) == (2, 2)
    assert results(tmp_path / "out.earlier-1") == before[0]
    assert (tmp_path / "out.earlier-1" / "job.json").exists()
    assert read(tmp_path, reader=LightReader(version=2)).new == 0


def test_a_source_that_changed_is_read_again(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    source = tmp_path / "in" / "doc.pdf"
    source.write_bytes(pdf(pages=12))
    read(tmp_path)
    os.utime(source, (1, 1))
    assert read(tmp_path).new == 0  # only its time changed
    source.write_bytes(pdf(pages=3, media_box="0 0 90 90"))
    result = read(tmp_path)
    assert (result.pages, result.done, result.new) == (3, 3, 3)
    assert len(results(tmp_path / "out")) == 3
    assert b'"size": [250, 250]' in next(iter(results(tmp_path / "out").values()))


def test_a_result_that_is_gone_is_read_again(tmp_path: Path) -> None:
    make_images(tmp_path / "in", 3)
    read(tmp_path)
    before = results(tmp_path / "out")
    (tmp_path / "out" / "pages" / next(iter(before))).unlink()
    result = read(tmp_path)
    assert (result.done, result.new) == (3, 1)
    assert results(tmp_path / "out") == before


def test_a_source_added_later(tmp_path: Path) -> None:
    make_images(tmp_path / "in", 2)
    make_images(tmp_path / "other" / "in", 2, seed=3)
    first = read(tmp_path)
    both = read_documents(
        [tmp_path / "other" / "in", tmp_path / "in"], tmp_path / "out", reader=LightReader(), progress=False
    )
    assert (first.done, both.done, both.new) == (2, 4, 2)


@pytest.mark.parametrize("missing", ["job.json", "manifest.jsonl"])
def test_an_output_without_one_of_its_files(tmp_path: Path, missing: str) -> None:
    make_images(tmp_path / "in", 2)
    read(tmp_path)
    (tmp_path / "out" / missing).unlink()
    if missing == "job.json":
        with pytest.raises(JobFileError, match=r"no job\.json that says"):
            read(tmp_path)
    else:
        assert read(tmp_path).new == 2


@pytest.mark.parametrize("content", [b"", b"[]", b'{"format": "other"}', b"\xff", b"[" * 100_000])
def test_a_job_file_of_another_kind_is_refused(tmp_path: Path, content: bytes) -> None:
    make_images(tmp_path / "in", 1)
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "job.json").write_bytes(content)
    with pytest.raises(JobFileError, match="not a job of read_documents"):
        read(tmp_path)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"workers": 0}, "workers is 0"),
        ({"workers": True}, "workers is True"),
        ({"dpi": float("nan")}, "dpi is nan"),
        ({"memory_limit_mb": -1}, "memory_limit_mb is -1"),
        ({"page_timeout_s": "long"}, "page_timeout_s is 'long'"),
        ({"recycle_after": 1.5}, "recycle_after is 1.5"),
        ({"max_pages": 0}, "max_pages is 0"),
        ({"stop_after": 0}, "stop_after is 0"),
        ({"on_change": "mix"}, "on_change is 'mix'"),
        ({"pattern": [1]}, "pattern is"),
        ({"password": 1}, "password is a int"),
        ({"reader": None, "settings": "tuned.yaml"}, "settings is 'tuned.yaml'"),
        ({"scheduler": 8786}, "scheduler is 8786"),
    ],
)
def test_options_that_cannot_be_used(tmp_path: Path, options: dict[str, object], said: str) -> None:
    make_images(tmp_path / "in", 1)
    with pytest.raises(BatchOptionError, match=said):
        read(tmp_path, **options)


@pytest.mark.parametrize("sources", [[], ["nowhere"], ["~nobody-of-this-name/x"], ["a\0b"]])
def test_sources_that_are_not_there(tmp_path: Path, sources: list[str]) -> None:
    with pytest.raises(NoSourcesError):
        read_documents(sources, tmp_path / "out", reader=LightReader(), progress=False)


def test_ctrl_c_is_passed_on_after_what_arrived_was_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_images(tmp_path / "in", 30)
    record: Callable[..., tuple[int, int]] = batch_run.Recorder.record

    def record_and_press(self: batch_run.Recorder, events: object) -> tuple[int, int]:
        record(self, events)
        raise KeyboardInterrupt

    monkeypatch.setattr(batch_run.Recorder, "record", record_and_press)
    with pytest.raises(KeyboardInterrupt):
        read(tmp_path)
    monkeypatch.undo()
    assert manifest_lines(tmp_path / "out")[-1]["reason"].startswith("KeyboardInterrupt")
    done = len(done_counts(tmp_path / "out"))
    result = read(tmp_path)
    assert (result.done, result.new) == (30, 30 - done)


def test_progress_says_pages_per_minute_and_time_left(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make_images(tmp_path / "in", 3)
    read(tmp_path, progress=True)
    shown = capsys.readouterr().err
    assert "3/3 pages" in shown
    assert "pages/min" in shown


def test_the_public_module_imports_nothing_heavy() -> None:
    heavy = ("paddle", "cv2", "numpy", "PIL", "onnxruntime", "distributed", "pypdfium2", "tqdm")
    code = f"import ocr_helpers.batch, sys; print(*(name for name in {heavy!r} if name in sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.split() == []


def test_tiff_pages_differ(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    make_tiff(tmp_path / "in" / "fax.tif", 9)
    read(tmp_path)
    assert len({json.loads(content)["sha"] for content in results(tmp_path / "out").values()}) == 9
