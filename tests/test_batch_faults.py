"""Runs that are killed, disks that are full, folders that vanish: nothing lost, nothing twice."""

import errno
import fcntl
import json
import os
import random
import shutil
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from batch_readers import LightReader
from batch_samples import (
    done_counts,
    is_alive,
    make_documents,
    make_images,
    manifest_lines,
    results,
    workers_of,
)

from ocr_helpers.batch import read_documents
from ocr_helpers.batch import run as batch_run
from ocr_helpers.batch.errors import (
    OutputError,
    OutputFullError,
    OutputInUseError,
    OutputReadOnlyError,
    SourceVanishedError,
)
from ocr_helpers.batch.files import write_files

ROOT = Path(__file__).resolve().parent.parent
JOB = ROOT / "tests" / "batch_job.py"
KILLS = 50


def start(source: Path, out: Path, seconds: float) -> subprocess.Popen[bytes]:
    command = [sys.executable, str(JOB), str(source), str(out), str(seconds)]
    return subprocess.Popen(command, cwd=ROOT)


def lines_done(out: Path) -> int:
    path = out / "manifest.jsonl"
    return path.read_bytes().count(b'"event":"done"') if path.exists() else 0


def test_killed_at_random_moments_fifty_times(tmp_path: Path) -> None:
    pages = make_documents(tmp_path / "in")
    undisturbed = read_documents(
        tmp_path / "in", tmp_path / "calm", reader=LightReader(), workers=2, progress=False
    )
    assert (undisturbed.done, undisturbed.failed) == (pages, [])

    out, dice = tmp_path / "out", random.Random(6)
    parents = workers = 0
    seen: set[int] = set()
    job = start(tmp_path / "in", out, 0.03)
    while (done := lines_done(out)) < pages and parents + workers < 3 * KILLS:
        # After every few pages, so that the moments are spread over the whole job.
        until, patience = done + dice.randint(1, 4), time.monotonic() + 60
        while lines_done(out) < min(until, pages) and job.poll() is None and time.monotonic() < patience:
            time.sleep(0.005)
        time.sleep(dice.uniform(0, 0.04))
        seen.update(children := workers_of(job.pid))
        if job.poll() is not None:
            job = start(tmp_path / "in", out, 0.03)
        elif dice.random() < 0.4 or not children:
            job.kill()
            job.wait()
            parents += 1
            job = start(tmp_path / "in", out, 0.03)
        else:
            os.kill(dice.choice(children), signal.SIGKILL)
            workers += 1
    job.wait(60)
    # A page whose two workers were killed from outside is tried again by the next call.
    for _ in range(4):
        result = read_documents(tmp_path / "in", out, reader=LightReader(0.03), workers=2, progress=False)
        if result.done == pages:
            break

    assert parents + workers >= KILLS, (parents, workers)
    assert parents >= 10
    assert workers >= 10
    assert (result.done, result.failed, result.complete) == (pages, [], True)
    assert results(out) == results(tmp_path / "calm")
    assert set(done_counts(out).values()) == {1}
    assert len(done_counts(out)) == pages
    events = [line["event"] for line in manifest_lines(out)]
    assert events.count("run") > parents / 2  # some were killed before they could say that they began
    assert any(
        "signal 9 (SIGKILL)" in line["reason"] for line in manifest_lines(out) if line["event"] == "retry"
    )
    deadline = time.monotonic() + 10
    while any(map(is_alive, seen)) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not [process for process in seen if is_alive(process)]


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL, signal.SIGHUP])
def test_workers_end_with_their_parent(tmp_path: Path, sent: signal.Signals) -> None:
    make_images(tmp_path / "in", 40)
    # A page takes longer than the test waits: the workers must not end only because they are done with it.
    job = start(tmp_path / "in", tmp_path / "out", 250)
    manifest, deadline = tmp_path / "out" / "manifest.jsonl", time.monotonic() + 60
    # Two files are open: both workers are in the middle of a page.
    while not manifest.exists() or manifest.read_bytes().count(b'"event":"source"') < 2:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    children = workers_of(job.pid)
    assert len(children) == 2
    job.send_signal(sent)
    assert job.wait(30) != 0
    while any(map(is_alive, children)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not any(map(is_alive, children))


def test_a_line_cut_short_is_cut_off_and_its_page_read_again(tmp_path: Path) -> None:
    make_images(tmp_path / "in", 3)
    reader = LightReader()
    read_documents(tmp_path / "in", tmp_path / "out", reader=reader, workers=1, progress=False)
    path = tmp_path / "out" / "manifest.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    torn = next(n for n, line in enumerate(lines) if b'"done"' in line)
    path.write_bytes(b"".join(lines[:torn]) + b"\0\0\0\n" + lines[torn][:-9])
    result = read_documents(tmp_path / "in", tmp_path / "out", reader=reader, workers=1, progress=False)
    assert (result.done, result.new) == (3, 3)
    (repaired,) = [line for line in path.read_bytes().splitlines() if b"repaired" in line]
    said = json.loads(repaired)
    assert (said["cut_bytes"], said["unreadable_lines"]) == (len(lines[torn]) - 9, 1)


def test_a_result_is_whole_and_on_the_disk_before_it_has_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a reader, or a power failure, finds at each moment of writing: the old content, then the new."""
    path = tmp_path / "one.json"
    path.write_bytes(b"old")
    moments: list[tuple[str, bytes]] = []

    def watched(name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def calling(*given: Any) -> Any:
            kind = "folder " if name == "fsync" and stat.S_ISDIR(os.fstat(given[0]).st_mode) else ""
            moments.append((kind + name, path.read_bytes()))
            return call(*given)

        return calling

    for owner, name in ((os, "write"), (os, "fsync"), (Path, "replace")):
        monkeypatch.setattr(owner, name, watched(name, getattr(owner, name)))
    write_files({path: b"new"})
    assert moments == [("write", b"old"), ("fsync", b"old"), ("replace", b"old"), ("folder fsync", b"new")]


def test_temporary_files_of_a_killed_run_are_deleted(tmp_path: Path) -> None:
    make_images(tmp_path / "in", 1)
    read_documents(tmp_path / "in", tmp_path / "out", reader=LightReader(), workers=1, progress=False)
    shard = next((tmp_path / "out" / "pages").iterdir())
    left = [tmp_path / "out" / ".partial-1-0", shard / ".partial-99-3"]
    for path in left:
        path.write_bytes(b"half a pa")
    read_documents(tmp_path / "in", tmp_path / "out", reader=LightReader(), workers=1, progress=False)
    assert not any(path.exists() for path in left)
    assert len(results(tmp_path / "out")) == 1


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_disk_that_fills_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    make_images(tmp_path / "in", 12)
    out, reader = tmp_path / "out", LightReader()
    room, write = [15_000], os.write

    def write_while_there_is_room(handle: int, content: bytes) -> int:
        if len(content) > room[0]:
            # As a full disk does: the first part still fits.
            if room[0] > 0 and (fits := write(handle, content[: room[0]])):
                room[0] -= fits
                return fits
            raise OSError(number, os.strerror(number))
        room[0] -= len(content)
        return write(handle, content)

    monkeypatch.setattr(os, "write", write_while_there_is_room)
    with pytest.raises(OutputFullError, match=r"takes no more data.*make room, and call again"):
        read_documents(tmp_path / "in", out, reader=reader, workers=1, progress=False)
    monkeypatch.undo()
    whole = results(out)
    assert 0 < len(done_counts(out)) <= len(whole) < 12
    assert all(content.endswith(b"}\n") and json.loads(content) for content in whole.values())
    result = read_documents(tmp_path / "in", out, reader=reader, workers=1, progress=False)
    assert result.done == 12
    assert set(done_counts(out).values()) == {1}


def test_a_limit_on_the_size_of_files(tmp_path: Path) -> None:
    """The same by the operating system itself, which refuses to let the manifest grow beyond a limit."""
    make_images(tmp_path / "in", 30)
    code = (
        "import resource, runpy, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (4000, 4000)); "
        f"sys.path.insert(0, {str(JOB.parent)!r}); "
        f"runpy.run_path({str(JOB)!r}, run_name='__main__')"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "in"), str(tmp_path / "out"), "0"]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert ended.returncode != 0
    assert "OutputFullError" in ended.stderr
    assert (tmp_path / "out" / "manifest.jsonl").read_bytes().endswith(b"\n")
    result = read_documents(
        tmp_path / "in", tmp_path / "out", reader=LightReader(0.0), workers=1, progress=False
    )
    assert result.done == 30
    assert set(done_counts(tmp_path / "out").values()) == {1}


@pytest.mark.parametrize(
    ("number", "error"),
    [
        (errno.EROFS, OutputReadOnlyError),
        (errno.EACCES, OutputReadOnlyError),
        (errno.ESTALE, OutputError),
        (errno.EIO, OutputError),
    ],
)
@pytest.mark.parametrize("call", ["open", "replace", "fsync"])
def test_an_output_that_refuses(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, error: type[OutputError], call: str
) -> None:
    """By what the calls answer: tests may run as root, who may write to anything."""
    make_images(tmp_path / "in", 2)

    def refuse(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(Path if call == "replace" else os, call, refuse)
    with pytest.raises(error, match=str(tmp_path / "out")):
        read_documents(tmp_path / "in", tmp_path / "out", reader=LightReader(), workers=1, progress=False)
    monkeypatch.undo()
    assert not list((tmp_path / "out").rglob(".partial-*"))
    result = read_documents(
        tmp_path / "in", tmp_path / "out", reader=LightReader(), workers=1, progress=False
    )
    assert result.done == 2


@pytest.mark.parametrize("gone", ["moved", "emptied", "replaced"])
def test_an_output_that_vanishes_in_the_middle(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, gone: str
) -> None:
    """A network folder that is lost: nothing may be written where it was mounted."""
    make_images(tmp_path / "in", 30)
    out, elsewhere = tmp_path / "out", tmp_path / "elsewhere"
    record = batch_run.Recorder.record

    def record_then_vanish(self: batch_run.Recorder, events: list[object]) -> tuple[int, int]:
        counted = record(self, events)  # type: ignore[arg-type]
        if not elsewhere.exists() and len(done_counts(out)) > 5:
            out.rename(elsewhere)
            if gone != "moved":
                out.mkdir()
            if gone == "replaced":
                (out / "manifest.jsonl").write_bytes(b"")
        return counted

    monkeypatch.setattr(batch_run.Recorder, "record", record_then_vanish)
    with pytest.raises(OutputError, match=r"failed \((No such file|its folder is not).*call again to go on"):
        read_documents(tmp_path / "in", out, reader=LightReader(0.01), workers=1, progress=False)
    monkeypatch.undo()
    assert not list(out.rglob("*.json"))
    shutil.rmtree(out, ignore_errors=True)
    elsewhere.rename(out)
    kept = len(done_counts(out))
    result = read_documents(tmp_path / "in", out, reader=LightReader(0.01), workers=1, progress=False)
    assert (result.done, result.new, result.failed) == (30, 30 - kept, [])
    assert set(done_counts(out).values()) == {1}


def test_a_file_system_without_locks_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_images(tmp_path / "in", 1)

    def refuse(*_: object) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(fcntl, "flock", refuse)
    with pytest.raises(OutputError, match=r"out' failed \(No locks available\)"):
        read_documents(tmp_path / "in", tmp_path / "out", reader=LightReader(), progress=False)


def test_an_output_that_is_a_file(tmp_path: Path) -> None:
    make_images(tmp_path / "in", 1)
    (tmp_path / "out").write_text("not a folder")
    with pytest.raises(OutputError, match="out"):
        read_documents(tmp_path / "in", tmp_path / "out", reader=LightReader(), progress=False)
    assert (tmp_path / "out").read_text() == "not a folder"


def test_two_runs_on_one_output(tmp_path: Path) -> None:
    make_images(tmp_path / "in", 4)
    first = start(tmp_path / "in", tmp_path / "out", 20)
    deadline = time.monotonic() + 60
    while not (tmp_path / "out" / "manifest.jsonl").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    try:
        with pytest.raises(OutputInUseError, match=rf"process {first.pid} on .*Wait until it ends"):
            read_documents(tmp_path / "in", tmp_path / "out", reader=LightReader(20), progress=False)
    finally:
        first.kill()
        first.wait()
    # The lock of a killed run is none: same settings, other speed of the test reader.
    result = read_documents(
        tmp_path / "in", tmp_path / "out", reader=LightReader(0), workers=1, progress=False
    )
    assert result.done == 4


@pytest.mark.parametrize("gone", ["removed", "emptied"])
def test_sources_that_vanish(tmp_path: Path, gone: str) -> None:
    """A network folder that is lost: gone, or an empty folder where it was mounted."""
    make_images(tmp_path / "in", 60)
    shutil.copytree(tmp_path / "in", tmp_path / "kept", copy_function=shutil.copy2)
    out = tmp_path / "out"
    job = start(tmp_path / "in", out, 0.05)
    deadline = time.monotonic() + 60
    while lines_done(out) < 3 and time.monotonic() < deadline:
        time.sleep(0.01)
    job.kill()
    job.wait()

    (tmp_path / "in").rename(tmp_path / "elsewhere")
    if gone == "emptied":
        (tmp_path / "in").mkdir()
        result = read_documents(tmp_path / "in", out, reader=LightReader(0.05), progress=False)
        assert result.pages == 0
    else:
        with pytest.raises(Exception, match="connect it"):
            read_documents(tmp_path / "in", out, reader=LightReader(0.05), progress=False)
    if gone == "emptied":
        (tmp_path / "in").rmdir()
    (tmp_path / "elsewhere").rename(tmp_path / "in")
    done = len(done_counts(out))
    assert 3 <= done < 60
    result = read_documents(tmp_path / "in", out, reader=LightReader(0.05), workers=1, progress=False)
    assert (result.done, result.new, result.failed) == (60, 60 - done, [])
    assert set(done_counts(out).values()) == {1}


@pytest.mark.parametrize("gone", ["removed", "emptied"])
def test_sources_that_vanish_in_the_middle(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, gone: str
) -> None:
    make_images(tmp_path / "in", 30)
    out = tmp_path / "out"
    record = batch_run.Recorder.record

    def record_then_vanish(self: batch_run.Recorder, events: list[object]) -> tuple[int, int]:
        counted = record(self, events)  # type: ignore[arg-type]
        if not (tmp_path / "elsewhere").exists() and len(done_counts(out)) > 5:
            (tmp_path / "in").rename(tmp_path / "elsewhere")
            if gone == "emptied":
                (tmp_path / "in").mkdir()
        return counted

    monkeypatch.setattr(batch_run.Recorder, "record", record_then_vanish)
    with pytest.raises(SourceVanishedError, match=r"gone in the middle of the run.*call again to go on"):
        read_documents(tmp_path / "in", out, reader=LightReader(0.01), workers=2, progress=False)
    monkeypatch.undo()
    assert not [line for line in manifest_lines(out) if line["event"] == "failed"]
    if gone == "emptied":
        (tmp_path / "in").rmdir()
    (tmp_path / "elsewhere").rename(tmp_path / "in")
    result = read_documents(tmp_path / "in", out, reader=LightReader(0.01), workers=2, progress=False)
    assert (result.done, result.failed) == (30, [])
    assert set(done_counts(out).values()) == {1}
