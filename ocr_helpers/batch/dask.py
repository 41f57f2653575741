"""The same work on a Dask cluster: tasks go out a few at a time, results come back to this process.

Each thread of a Dask worker has a worker process of its own (`batch.slots`), which loads the models once, is
kept within time and memory, and dies alone: native code that crashes never takes the Dask worker with it.
Only this process writes to the output folder, so a worker that is lost, or believed lost, cannot harm a
result. The scheduler runs a task that was on a lost worker again elsewhere.
"""

import contextlib
import logging
import pickle
import queue
import time
import uuid
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from ocr_helpers.batch.dask_worker import close_slots, read_on_worker
from ocr_helpers.batch.errors import BatchOptionError, ClusterError
from ocr_helpers.batch.events import Event, Limits, ReadTask
from ocr_helpers.batch.manifest import FailedPage
from ocr_helpers.batch.plan import Plan
from ocr_helpers.batch.reader import Reader
from ocr_helpers.errors import shown

if TYPE_CHECKING:
    from distributed import Client

__all__ = ["cluster_client", "run_on_cluster"]

_CONNECT_SECONDS: Final = 15
_WITHOUT_WORKERS_SECONDS = 60.0
"""How long the run waits for a cluster whose workers are all gone; nannies start new ones."""
_TASKS_PER_THREAD: Final = 3
"""Tasks out at a time: one is being read, the others wait beside it."""
_MOST_LOSSES: Final = 3
"""How often a task is handed in again of which the scheduler says that workers died of it."""
_GO_ON: Final = "What was read is kept: call again to go on."


@contextlib.contextmanager
def cluster_client(scheduler: "str | Client", workers: int) -> "Iterator[Client]":
    """A client of the cluster; a local cluster is made for it where ``scheduler`` is ``"local"``.

    Raises:
        BatchOptionError: neither an address nor a client.
        ClusterError: nothing answers there.

    """
    import distributed

    # Its classes are partly typed: what it does not say of itself is Any.
    make_cluster: Any = distributed.LocalCluster
    make_client: Any = distributed.Client

    if isinstance(scheduler, distributed.Client):
        yield scheduler
    elif not isinstance(scheduler, str) or not scheduler:
        raise BatchOptionError(
            f"scheduler is {shown(scheduler)}; expected None, 'local', an address such as "
            "'tcp://10.0.0.5:8786', or a distributed.Client."
        )
    elif scheduler == "local":
        with (
            make_cluster(
                n_workers=workers,
                threads_per_worker=1,
                processes=True,
                host="127.0.0.1",
                dashboard_address="127.0.0.1:0",
                # Pages are read in processes below, which have limits of their own.
                memory_limit=0,
                silence_logs=logging.ERROR,
            ) as cluster,
            make_client(cluster) as client,
        ):
            yield client
    else:
        try:
            client = make_client(scheduler, timeout=_CONNECT_SECONDS)
        except (OSError, TimeoutError, ValueError) as error:
            raise ClusterError(
                f"No Dask scheduler answers at {shown(scheduler)}: {error}. Check the address; `dask "
                "scheduler` prints it when it starts."
            ) from None
        with client:
            yield client


def run_on_cluster(
    plan: Plan, reader: Reader, limits: Limits, client: "Client"
) -> Generator[list[Event], None, None]:
    """Read everything in the plan on the cluster; as ``batch.pool.run_local``.

    Raises:
        ClusterError: the cluster has no workers, or was lost.
        WorkersFailedError, ModelsDifferError: worker processes there cannot begin.

    """
    run = _Run(plan, client, uuid.uuid4().hex, pickle.dumps(reader), limits)
    try:
        while True:
            run.hand_out()
            if not run.out:
                break
            if events := run.next_events():
                yield events
    finally:
        run.end()


@dataclass
class _Run:
    plan: Plan
    client: Any
    token: str
    reader: bytes
    limits: Limits
    out: dict[str, tuple[Any, ReadTask, int]] = field(default_factory=dict)
    ended: "queue.SimpleQueue[str]" = field(default_factory=queue.SimpleQueue)
    threads: int = 0

    def hand_out(self) -> None:
        """Submit tasks, as many as keep all threads busy; never one future for every page."""
        self.threads = self._count_threads()
        while len(self.out) < _TASKS_PER_THREAD * self.threads and (task := self.plan.next()) is not None:
            self._submit(task, 0)

    def next_events(self) -> list[Event]:
        """Wait for a task to end; what it and the others that ended meanwhile report."""
        names = [self._wait_for_one()]
        with contextlib.suppress(queue.Empty):
            while True:
                names.append(self.ended.get_nowait())
        return [event for name in names for event in self._events_of(name)]

    def end(self) -> None:
        """Cancel what is out, and end the worker processes."""
        futures = [future for future, _, _ in self.out.values()]
        with contextlib.suppress(Exception):  # the cluster may be gone, and an error may be under way
            self.client.cancel(futures, force=True)
        with contextlib.suppress(Exception):
            self.client.run(close_slots, self.token)

    def _submit(self, task: ReadTask, losses: int) -> None:
        name = f"read-{self.token}-{uuid.uuid4().hex}"
        future = self.client.submit(
            read_on_worker, self.token, self.reader, self.limits, task, key=name, pure=False
        )
        self.out[name] = future, task, losses
        future.add_done_callback(lambda _: self.ended.put(name))

    def _wait_for_one(self) -> str:
        empty_since: float | None = None
        while True:
            with contextlib.suppress(queue.Empty):
                return self.ended.get(timeout=1)
            if self.client.status not in ("running", "connecting"):
                raise ClusterError(f"The connection to the Dask scheduler is {self.client.status}. {_GO_ON}")
            if self._workers():
                empty_since = None
                continue
            empty_since = empty_since or time.monotonic()
            if time.monotonic() - empty_since > _WITHOUT_WORKERS_SECONDS:
                raise ClusterError(f"All workers of the Dask cluster are gone. {_GO_ON}")

    def _events_of(self, name: str) -> list[Event]:
        from distributed.scheduler import KilledWorker

        future, task, losses = self.out.pop(name)
        if future.status == "finished":
            events: list[Event] = future.result()
            return events
        if future.status != "error":
            raise ClusterError(f"The Dask cluster dropped a task ({future.status}). {_GO_ON}")
        error = future.exception()
        if not isinstance(error, KilledWorker):
            raise error
        if losses < _MOST_LOSSES:
            self._submit(task, losses + 1)
            return []
        reason = f"Dask workers were lost again and again while they held it: {error}"
        pages = task.pages if task.pages is not None else (None,)
        return [FailedPage(task.key, page, "WorkerDied", reason, losses + 1, True) for page in pages]

    def _count_threads(self) -> int:
        found = sum(int(worker["nthreads"]) for worker in self._workers().values())
        if not found and not self.threads:
            raise ClusterError("The Dask cluster has no workers. Start some: dask worker ADDRESS.")
        return found or self.threads

    def _workers(self) -> dict[str, Any]:
        # n_workers=-1: by default only the first five are described.
        found: dict[str, Any] = self.client.scheduler_info(n_workers=-1)["workers"]
        return found
