"""The pool of this machine: one thread per worker process, handing its reports to the caller's thread."""

import queue
import threading
from collections.abc import Generator
from dataclasses import dataclass

from ocr_helpers.batch.events import Event, Limits, ReadTask
from ocr_helpers.batch.plan import Plan
from ocr_helpers.batch.reader import Reader
from ocr_helpers.batch.slots import Slot

__all__ = ["run_local"]

_WAITING_REPORTS = 64
"""Results that may wait to be written; workers stop beyond, so a slow disk costs no memory."""
_END_SECONDS = 15.0
"""How long a call waits for its workers to end."""


@dataclass(frozen=True, slots=True)
class _TaskEnded:
    """A task is over; ``failure`` where the worker's place cannot go on."""

    failure: BaseException | None = None


def run_local(plan: Plan, reader: Reader, limits: Limits, workers: int) -> Generator[list[Event], None, None]:
    """Read everything in the plan with worker processes of this machine.

    Yields what was reported since, as soon as there is something; the caller writes it down and lets the plan
    know. Closing the iterator ends the workers at once.

    Raises:
        WorkersFailedError, ModelsDifferError: workers cannot begin.

    """
    tasks: queue.SimpleQueue[ReadTask | None] = queue.SimpleQueue()
    reports: queue.Queue[Event | _TaskEnded] = queue.Queue(_WAITING_REPORTS)
    stopped = threading.Event()
    slots = [Slot(reader, limits) for _ in range(workers)]
    threads = [
        threading.Thread(target=_serve, args=(slot, tasks, reports, stopped), daemon=True) for slot in slots
    ]
    for thread in threads:
        thread.start()
    try:
        in_flight = 0
        while True:
            # One task waits beside each worker, so that none waits for the disk.
            while in_flight < 2 * workers and (task := plan.next()) is not None:
                tasks.put(task)
                in_flight += 1
            if not in_flight:
                break
            events = []
            for report in _drain(reports):
                if isinstance(report, _TaskEnded):
                    in_flight -= 1
                    if report.failure is not None:
                        raise report.failure
                else:
                    events.append(report)
            if events:
                yield events
    except BaseException:
        stopped.set()
        for slot in slots:
            slot.close()
        raise
    finally:
        for _ in threads:
            tasks.put(None)
        for thread in threads:
            thread.join(_END_SECONDS)


def _drain(reports: "queue.Queue[Event | _TaskEnded]") -> "list[Event | _TaskEnded]":
    found = [reports.get()]
    while len(found) < _WAITING_REPORTS:
        try:
            found.append(reports.get_nowait())
        except queue.Empty:
            break
    return found


def _serve(
    slot: Slot,
    tasks: "queue.SimpleQueue[ReadTask | None]",
    reports: "queue.Queue[Event | _TaskEnded]",
    stopped: threading.Event,
) -> None:
    def report(what: Event | _TaskEnded) -> None:
        while not stopped.is_set():
            try:
                reports.put(what, timeout=0.5)
                return
            except queue.Full:
                continue

    try:
        while (task := tasks.get()) is not None and not stopped.is_set():
            failure: BaseException | None = None
            try:
                for event in slot.read(task):
                    report(event)
            except BaseException as error:
                failure = error
            report(_TaskEnded(failure))
            if failure is not None:
                return
    finally:
        slot.finish()
