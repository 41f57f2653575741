"""Many documents, with the settings found on one: nothing lost, nothing twice, however often it is stopped.

.. code-block:: python

    result = ocr.read_documents("scans", "read", ocr.PipelineSettings.from_yaml(Path("tuned.yaml")))
    print(result)                                 # done, failed, skipped
    records = load_records(result.pages_dir)      # ocr_helpers.export.json

The same as a command: ``python -m ocr_helpers.batch scans read --settings tuned.yaml``.

The output folder holds ``pages/`` (one file per page), ``manifest.jsonl`` (what happened to each, see
`batch.manifest`) and ``job.json`` (what the results depend on, see `batch.job`).
"""

import contextlib
import os
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from ocr_helpers.batch.errors import BatchOptionError
from ocr_helpers.batch.events import Event, Limits
from ocr_helpers.batch.files import locked, output_errors
from ocr_helpers.batch.job import JOB_NAME, accept_job, describe_job, read_job, write_job
from ocr_helpers.batch.limits import checked_number, worker_count, worker_limits
from ocr_helpers.batch.manifest import Manifest
from ocr_helpers.batch.plan import Plan
from ocr_helpers.batch.progress import Progress
from ocr_helpers.batch.reader import Reader, plan_reader
from ocr_helpers.batch.result import BatchResult
from ocr_helpers.batch.run import Recorder, failures_of, unchanged_files
from ocr_helpers.batch.sources import Sources, find_sources
from ocr_helpers.errors import shown
from ocr_helpers.messages import announce
from ocr_helpers.settings.pipeline import PipelineSettings
from ocr_helpers.weights import WeightsSource

if TYPE_CHECKING:
    from distributed import Client

__all__ = ["BatchResult", "read_documents"]


def read_documents(
    sources: Sources,
    out_dir: str | os.PathLike[str],
    settings: PipelineSettings | Path | None = None,
    *,
    pattern: str | Sequence[str] | None = None,
    follow_links: bool = False,
    workers: int | None = None,
    scheduler: "str | Client | None" = None,
    weights: WeightsSource = "auto",
    device: str = "auto",
    engine: str | Mapping[str, str] = "auto",
    model_names: Mapping[str, str] | None = None,
    reader: Reader | None = None,
    dpi: float = 200.0,
    password: str | None = None,
    max_pixels: int = 80_000_000,
    max_pages: int | None = 10_000,
    memory_limit_mb: float | None = None,
    page_timeout_s: float = 300.0,
    recycle_after: int = 500,
    on_change: Literal["stop", "redo"] = "stop",
    retry_failed: bool = False,
    stop_after: int | None = None,
    progress: bool = True,
) -> BatchResult:
    """Read folders, files, PDFs and multi-page TIFFs; one result file per page. Called again, it goes on.

    Stopped in any way (Ctrl-C, kernel restart, ``kill -9``, power), it goes on where it was at the next call
    with the same ``out_dir``. A file that changed since is read again; so is a page whose result is gone. A
    bad file, or a page that costs two workers their life (it is tried once more, in a fresh one), is listed
    as failed and stops nothing.

    By default pages are read by worker processes of this machine that this call starts and ends itself: no
    port is opened, and no scheduler has to start. The workers of a Dask cluster start the same processes and
    watch them in the same way (which page costs a worker its life, by which signal, over which limit), so
    results and failures are the same there.

    Args:
        sources: a path or several, of folders (with the folders in them) and files.
        out_dir: where results, manifest and job file go; made where it is not there. On a cluster only this
            process writes to it.
        settings: how pages are read, or the Path of a YAML file of ``PipelineSettings.to_yaml``.
        pattern: shell patterns for files in folders, such as ``"*.png"`` or ``["2023/*.pdf", "*.tif"]``; by
            default the usual endings of images, and PDF.
        follow_links: whether links to folders are followed. Links to files always are.
        workers: processes; by default one per core, fewer where memory is short. Each gets its share of the
            cores as threads. With ``scheduler="local"`` the size of the cluster; on a cluster of your own it
            says nothing.
        scheduler: None: this machine without Dask. ``"local"``: a Dask cluster of worker processes here, for
            the length of the call; in a script it must then stand under ``if __name__ == "__main__":``. An
            address such as ``"tcp://10.0.0.5:8786"``, or a ``distributed.Client``: that cluster; its machines
            must see the sources under the same paths.
        weights: as for ``load_pipeline``, like ``device``, ``engine`` and ``model_names``. The first call
            decides what ``"auto"`` is; later calls never look at the network.
        device: see ``weights``.
        engine: see ``weights``.
        model_names: see ``weights``.
        reader: reads pages instead of the five modules, see `batch.reader`; then ``settings`` and the four
            before say nothing.
        dpi: of PDF pages, dots per inch.
        password: of encrypted PDFs.
        max_pixels: width × height allowed for a page, checked before it is decoded.
        max_pages: most pages of one file, which may claim any number; None for no limit.
        memory_limit_mb: resident memory of one worker, in megabytes of 10⁶ bytes; beyond, it is ended, and
            its page counts as failed at the second time. By default its share of 80 % of the machine's.
        page_timeout_s: time for one page, in seconds; likewise.
        recycle_after: pages after which a worker is replaced by a new one.
        on_change: what to do where the settings, models or versions are not those of the results in
            ``out_dir``: ``"stop"`` raises JobChangedError; ``"redo"`` moves the earlier results to
            ``OUT_DIR.earlier-N`` and begins anew.
        retry_failed: read failed pages again. Those that nothing says are at fault (their file could not be
            reached, their worker was killed from outside) are tried again anyway.
        stop_after: return after so many pages of this call.
        progress: show a bar with pages per minute and time left.

    Returns:
        Counts, failures and where the results are.

    Raises:
        BatchOptionError, NoSourcesError, SourceVanishedError, JobChangedError, JobFileError,
        OutputInUseError, OutputFullError, OutputReadOnlyError, OutputError, WorkersFailedError,
        ModelsDifferError, ClusterError: see `batch.errors`. What was read until then is kept.
        KeyboardInterrupt: as it came, after what has arrived was written.
        ocr_helpers.errors.OcrHelpersError: the others that ``load_pipeline`` and ``PipelineSettings`` name.

    """
    if on_change not in ("stop", "redo"):
        raise BatchOptionError(f"on_change is {shown(on_change)}; expected 'stop' or 'redo'.")
    if stop_after is not None:
        checked_number("stop_after", stop_after, "pages", 10**12, whole=True)
    count = worker_count(workers, device)
    limits = worker_limits(
        count,
        memory_limit_mb=memory_limit_mb,
        page_timeout_s=page_timeout_s,
        recycle_after=recycle_after,
        dpi=dpi,
        max_pixels=max_pixels,
        max_pages=max_pages,
        password=password,
    )
    out = Path(os.path.abspath(Path(out_dir).expanduser()))  # noqa: PTH100 - links in it are kept as they are
    with locked(out), contextlib.ExitStack() as stack:
        job = read_job(out)
        if reader is None:
            reader = plan_reader(
                _settings(settings),
                weights=weights,
                device=device,
                engine=engine,
                model_names=model_names,
                allow_download=job is None,
            )
        job = accept_job(out, job, describe_job(reader.describe(), _reading(limits)), on_change)
        found = find_sources(
            sources, pattern=pattern, follow_links=follow_links, leave_out=out, known_roots=job["roots"]
        )
        if not (out / JOB_NAME).exists() or not found.roots.items() <= job["roots"].items():
            write_job(out, job["results_depend_on"], {**job["roots"], **found.roots})
        with output_errors(out):
            manifest = stack.enter_context(contextlib.closing(Manifest(out)))
        unchanged = unchanged_files(out, found, manifest)
        plan = Plan(found.files, manifest, unchanged, retry_failed=retry_failed, max_pages=max_pages)
        bar = stack.enter_context(
            contextlib.closing(Progress(progress, plan.done_before + plan.settled, plan.known_pages))
        )
        link = None
        if plan.waiting:
            source = stack.enter_context(_executor(plan, reader, limits, count, scheduler))
            link = source.dashboard_link
            recorder = Recorder(out, manifest, found.files, plan)
            _run(source.events, recorder, manifest, plan, bar, stop_after)
        failed = failures_of(found.files, manifest)
        done = plan.done_before + bar.new
        return BatchResult(
            out_dir=out,
            pages=plan.known_pages,
            done=done,
            new=bar.new,
            failed=failed,
            skipped=found.skipped,
            seconds=bar.seconds,
            complete=done + len(failed) >= plan.known_pages,
            dashboard_link=link,
        )


@dataclass(frozen=True, slots=True)
class _Source:
    """Where reports come from."""

    events: Generator[list[Event], None, None]
    dashboard_link: str | None = None


@contextlib.contextmanager
def _executor(
    plan: Plan, reader: Reader, limits: Limits, workers: int, scheduler: "str | Client | None"
) -> Iterator[_Source]:
    if scheduler is None:
        from ocr_helpers.batch.pool import run_local

        with contextlib.closing(run_local(plan, reader, limits, workers)) as events:
            yield _Source(events)
        return
    from ocr_helpers.batch.dashboard import find_dashboard
    from ocr_helpers.batch.dask import cluster_client, run_on_cluster

    with cluster_client(scheduler, workers) as client:
        link, said = find_dashboard(client)
        announce(said)
        with contextlib.closing(run_on_cluster(plan, reader, limits, client)) as events:
            yield _Source(events, link)


def _run(
    reports: Iterator[list[Event]],
    recorder: Recorder,
    manifest: Manifest,
    plan: Plan,
    bar: Progress,
    stop_after: int | None,
) -> None:
    manifest.add([{"event": "run", "run": manifest.runs + 1, "pid": os.getpid()}])
    try:
        for events in reports:
            left = None if stop_after is None else stop_after - bar.new - bar.failed
            read, failed = recorder.record(events if left is None else plan.first_settled(events, left))
            bar.add(read, failed, plan.known_pages)
            if left is not None and read + failed >= left:
                break
    except BaseException as error:
        with contextlib.suppress(Exception):  # the disk may be full; the error below says so
            manifest.add([{"event": "stopped", "reason": f"{type(error).__name__}: {error}"[:500]}])
        raise
    manifest.add([{"event": "end", "read": bar.new, "failed": bar.failed, "seconds": round(bar.seconds, 2)}])


def _settings(settings: PipelineSettings | Path | None) -> PipelineSettings:
    if settings is None:
        return PipelineSettings()
    if isinstance(settings, Path):
        return PipelineSettings.from_yaml(settings)
    if not isinstance(settings, PipelineSettings):
        raise BatchOptionError(
            f"settings is {shown(settings)}; expected PipelineSettings or the Path of a YAML file."
        )
    return settings


def _reading(limits: Limits) -> dict[str, Any]:
    return {"dpi": limits.dpi, "max_pixels": limits.max_pixels}
