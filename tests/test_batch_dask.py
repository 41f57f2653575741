"""The same run on a Dask cluster: a real scheduler and workers on the loopback interface, some killed."""

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import urljoin
from urllib.request import urlopen

import pytest
from batch_readers import BrokenReader, LightReader
from batch_samples import done_counts, is_alive, make_images, manifest_lines, results, workers_of
from page_samples import pdf

from ocr_helpers.batch import read_documents
from ocr_helpers.batch.errors import BatchOptionError, ClusterError, WorkersFailedError

ROOT = Path(__file__).resolve().parent.parent


@contextmanager
def dask(*arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run a command of Dask's as a process of its own."""
    command = [sys.executable, "-m", "dask", *arguments, "--no-dashboard"]
    environment = os.environ | {"PYTHONPATH": str(ROOT / "tests")}  # where the readers are
    with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL, env=environment) as process:
        try:
            yield process
        finally:
            process.kill()


@contextmanager
def cluster(folder: Path, workers: int) -> Iterator[tuple[str, list[subprocess.Popen[bytes]]]]:
    """A scheduler and workers without nannies: one that is killed stays dead. Address, and the workers."""
    file = folder / "scheduler.json"
    with ExitStack() as stack:
        stack.enter_context(
            dask("scheduler", "--host", "127.0.0.1", "--port", "0", "--scheduler-file", str(file))
        )
        deadline = time.monotonic() + 90
        while not file.exists() or not file.read_bytes().endswith(b"}"):
            assert time.monotonic() < deadline, "the scheduler does not start"
            time.sleep(0.1)
        address = str(json.loads(file.read_bytes())["address"])
        options = ("--nthreads", "1", "--no-nanny", "--host", "127.0.0.1", "--local-directory", str(folder))
        started = [stack.enter_context(dask("worker", address, *options)) for _ in range(workers)]
        from distributed import Client

        with Client(address, timeout=90) as client:  # type: ignore[no-untyped-call]
            client.wait_for_workers(workers, timeout=90)
        yield address, started


def fetched(link: str) -> str:
    """What is at an address; an error where it does not answer with 200."""
    with urlopen(link, timeout=30) as answer:
        content: bytes = answer.read()
    return content.decode()


def test_a_worker_killed_in_the_middle_costs_only_what_it_held(tmp_path: Path) -> None:
    make_images(tmp_path / "in", 40)
    (tmp_path / "in" / "doc.pdf").write_bytes(pdf(pages=20))
    (tmp_path / "in" / "broken.pdf").write_bytes(b"%PDF-1.4 nothing")
    (tmp_path / "in" / "0003.png").rename(tmp_path / "in" / "crash.png")
    notes = [tmp_path / name for name in ("a", "b")]
    for folder in notes:
        folder.mkdir()
    local = read_documents(
        tmp_path / "in",
        tmp_path / "local",
        reader=LightReader(harm=("crash",), folder=str(notes[0])),
        workers=1,
        progress=False,
    )
    out = tmp_path / "out"
    reader = LightReader(0.05, harm=("crash",), folder=str(notes[1]))
    with cluster(tmp_path, 2) as (address, workers):
        children: list[int] = []

        def kill_one() -> None:
            deadline = time.monotonic() + 90
            while time.monotonic() < deadline:
                if (out / "manifest.jsonl").exists() and len(done_counts(out)) >= 5:
                    break
                time.sleep(0.02)
            children.extend(workers_of(workers[0].pid))
            os.kill(workers[0].pid, signal.SIGKILL)

        killer = threading.Thread(target=kill_one)
        killer.start()
        result = read_documents(tmp_path / "in", out, reader=reader, scheduler=address, progress=False)
        killer.join()
        assert workers[0].wait(10) == -signal.SIGKILL
        assert workers[1].poll() is None
        assert children
        deadline = time.monotonic() + 10
        while any(map(is_alive, [*children, *workers_of(workers[1].pid)])) and time.monotonic() < deadline:
            time.sleep(0.05)
        # Those of the killed worker ended with it, those of the other when the run was over.
        assert not any(map(is_alive, children))
        assert workers_of(workers[1].pid) == []
    assert (result.done, result.pages) == (local.done, local.pages) == (59, 61)
    assert result.dashboard_link is None  # the scheduler was started without
    assert results(out) == results(tmp_path / "local")
    assert set(done_counts(out).values()) == {1}
    same = [(one.source, one.page, one.error, one.reason) for one in result.failed]
    assert same == [(one.source, one.page, one.error, one.reason) for one in local.failed]
    assert len(list(notes[1].iterdir())) >= 2


def test_a_cluster_that_is_lost(tmp_path: Path) -> None:
    make_images(tmp_path / "in", 30)
    with cluster(tmp_path, 1) as (address, _), pytest.raises(WorkersFailedError, match="no such models"):
        read_documents(
            tmp_path / "in", tmp_path / "x", reader=BrokenReader(), scheduler=address, progress=False
        )
    with pytest.raises(ClusterError, match="No Dask scheduler answers"):
        read_documents(
            tmp_path / "in", tmp_path / "out", reader=LightReader(), scheduler=address, progress=False
        )
    assert [line["event"] for line in manifest_lines(tmp_path / "out")] == []


def test_a_local_cluster_and_a_client_of_ones_own(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    make_images(tmp_path / "in", 10)
    with caplog.at_level("INFO", "ocr_helpers"):
        result = read_documents(
            tmp_path / "in",
            tmp_path / "out",
            reader=LightReader(),
            scheduler="local",
            workers=2,
            stop_after=4,
            progress=False,
        )
    assert (result.done, result.complete) == (4, False)
    assert result.dashboard_link is not None
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/status", result.dashboard_link)
    said = [record.getMessage() for record in caplog.records if record.name == "ocr_helpers"]
    assert said == [f"Dask dashboard: {result.dashboard_link}"]
    from distributed import Client, LocalCluster

    with (
        LocalCluster(  # type: ignore[no-untyped-call]
            n_workers=1,
            processes=False,
            protocol="tcp",
            threads_per_worker=2,
            host="127.0.0.1",
            dashboard_address="127.0.0.1:0",
        ) as ours,
        Client(ours) as client,  # type: ignore[no-untyped-call]
    ):
        result = read_documents(
            tmp_path / "in", tmp_path / "out", reader=LightReader(), scheduler=client, progress=False
        )
        assert client.status == "running"  # it is the caller's
        # What the page at the link loads comes from there too: it needs no other network.
        assert result.dashboard_link is not None
        page = fetched(result.dashboard_link)
        scripts = re.findall(r'<script[^>]* src="([^"]+)"', page)
        assert "individual-task-stream" in page and any("bokeh" in script for script in scripts)
        assert all(fetched(urljoin(result.dashboard_link, script)) for script in scripts)
    assert (result.done, result.new) == (10, 6)
    assert set(done_counts(tmp_path / "out").values()) == {1}


@pytest.mark.parametrize("scheduler", ["", 8786, ["tcp://127.0.0.1:1"]])
def test_something_that_is_no_scheduler(tmp_path: Path, scheduler: object) -> None:
    make_images(tmp_path / "in", 1)
    with pytest.raises(BatchOptionError, match="scheduler is"):
        read_documents(
            tmp_path / "in",
            tmp_path / "out",
            reader=LightReader(),
            scheduler=scheduler,  # type: ignore[arg-type]
            progress=False,
        )
