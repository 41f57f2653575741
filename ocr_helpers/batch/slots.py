"""A place for one worker after another: pages are read whatever becomes of the workers."""

import threading
from collections.abc import Iterator
from typing import Final

from ocr_helpers.batch.errors import ModelsDifferError, WorkersFailedError
from ocr_helpers.batch.events import Event, Limits, Opened, PageRead, ReadTask, Retried
from ocr_helpers.batch.manifest import FailedPage
from ocr_helpers.batch.reader import Reader
from ocr_helpers.batch.workers import WorkerDied, WorkerProcess

__all__ = ["Slot"]

_MOST_ATTEMPTS: Final = 2
"""A page that costs so many workers their life is not tried again in this call."""
_MOST_FAULTS: Final = 3
"""Workers in a row that may end by themselves before they are ready."""
_MOST_STRAYS: Final = 20
"""Workers in a row that somebody else may end before they read a page."""
_SOFT_SHARE: Final = 0.8
"""Share of the memory limit above which a worker is replaced after its task, in peace."""


class Slot:
    """A place for one worker after another: reads tasks, replaces workers that die or have read enough.

    Args:
        reader: what workers read pages with.
        limits: what they may use.

    """

    def __init__(self, reader: Reader, limits: Limits) -> None:
        self._reader, self._limits = reader, limits
        self._worker: WorkerProcess | None = None
        self._closed = False
        self._lock = threading.Lock()

    def read(self, task: ReadTask) -> Iterator[Event]:
        """Read a task's pages; every page asked for is answered, by PageRead or FailedPage.

        A page that costs a worker its life is read once more in a fresh worker.

        Raises:
            WorkersFailedError: workers end before they are ready.
            ModelsDifferError: the model files here are not those of the job.

        """
        opened = task.pages is not None
        remaining = list(task.pages or ())
        deaths: dict[int | None, int] = {}
        idle_deaths = 0
        while remaining or not opened:
            page = remaining[0] if opened else None
            begun = False
            try:
                worker = self._ready()
                worker.send(_rest(task, remaining, opened))
                while (answer := worker.receive(self._limits.page_seconds, _during(page)))[0] != "end":
                    kind, *values = answer
                    if kind == "begun":
                        begun = True
                        continue
                    if kind == "opened":
                        opened = True
                        remaining = self._first_pages(values[0], task.most)
                        task = ReadTask(task.key, task.path, values[1], values[2])
                        yield Opened(task.key, *values)
                    elif kind == "page":
                        worker.pages += 1
                        remaining.remove(values[0])
                        number, content, seconds, resident = values
                        yield PageRead(task.key, number, content, seconds, resident, worker.name)
                    else:
                        number, error, reason, again = values
                        yield FailedPage(task.key, number, error, reason, deaths.get(number, 0) + 1, again)
                        if number is None:
                            remaining, opened = [], True
                        else:
                            remaining.remove(number)
                    page = remaining[0] if remaining else None
                self._replace_full(worker, answer[1])
            except WorkerDied as death:
                self._forget_worker()
                if self._closed:
                    return
                if opened and not remaining:
                    return
                if not begun and idle_deaths < _MOST_STRAYS:
                    idle_deaths += 1  # it died before it saw the task: no page is to blame
                    continue
                deaths[page] = attempts = deaths.get(page, 0) + 1
                if attempts < _MOST_ATTEMPTS:
                    yield Retried(task.key, page, death.error, str(death))
                    continue
                yield FailedPage(task.key, page, death.error, f"{death}.", attempts, death.outside)
                if page is None:
                    return
                remaining.remove(page)

    def close(self) -> None:
        """End the worker at once, from any thread; a :meth:`read` under way ends without an answer."""
        with self._lock:
            self._closed = True
            worker = self._worker
        if worker is not None:
            worker.kill()

    def finish(self) -> None:
        """Let the worker end; not while :meth:`read` is under way."""
        worker = self._worker
        self._forget_worker()
        if worker is not None:
            worker.close()

    def _first_pages(self, count: int, most: int) -> list[int]:
        too_many = self._limits.max_pages is not None and count > self._limits.max_pages
        return [] if too_many else list(range(min(count, most)))

    def _ready(self) -> WorkerProcess:
        """The worker, a new one where there is none."""
        faults = strays = 0
        while self._worker is None:
            with self._lock:
                if self._closed:
                    raise WorkerDied("WorkerDied", "the run was stopped")
                self._worker = worker = WorkerProcess(self._reader, self._limits)
            try:
                answer = worker.receive(self._limits.start_seconds, "while it loaded its models")
            except WorkerDied as death:
                self._forget_worker()
                if self._closed:
                    raise
                faults, strays = faults + (not death.outside), strays + death.outside
                if faults >= _MOST_FAULTS or strays >= _MOST_STRAYS:
                    raise WorkersFailedError(
                        f"{faults + strays} workers in a row ended before they could read a page: {death}. "
                        "Try one page in this process: StagedPipeline(load_pipeline()).run(page)."
                    ) from None
                continue
            if answer[0] == "refused":
                self._forget_worker()
                worker.close()
                _, name, message = answer
                kind = ModelsDifferError if name == "ModelsDifferError" else WorkersFailedError
                raise kind(f"A worker cannot load the models: {name}: {message}")
        return self._worker

    def _replace_full(self, worker: WorkerProcess, resident: int) -> None:
        if worker.pages >= self._limits.recycle_pages or resident > _SOFT_SHARE * self._limits.memory_bytes:
            self._forget_worker()
            worker.close()

    def _forget_worker(self) -> None:
        with self._lock:
            self._worker = None


def _rest(task: ReadTask, remaining: list[int], opened: bool) -> ReadTask:
    pages = tuple(remaining) if opened else None
    return ReadTask(task.key, task.path, task.size, task.mtime_ns, pages, task.most)


def _during(page: int | None) -> str:
    return "while it opened the file" if page is None else f"on page {page + 1}"
