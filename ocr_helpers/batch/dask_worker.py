"""What runs inside a Dask worker: it hands pages to a worker process of its own, and cleans up after it."""

import pickle
import threading
import time
from dataclasses import replace

from ocr_helpers.batch.errors import WorkersFailedError
from ocr_helpers.batch.events import Event, Limits, ReadTask
from ocr_helpers.batch.limits import memory_of_machine
from ocr_helpers.batch.slots import Slot

__all__ = ["close_slots", "read_on_worker"]

_IDLE_SECONDS = 60.0
"""After so long without a task a worker process is ended: its client may be gone without a word."""

_slots: dict[str, list[tuple[Slot, float]]] = {}
"""Run → its free slots in this Dask worker, and since when each is free."""
_lock = threading.Lock()
_closed: set[str] = set()


def read_on_worker(token: str, pickled: bytes, limits: Limits, task: ReadTask) -> list[Event]:
    """Read a task's pages in a process of this Dask worker."""
    from distributed import get_worker

    with _lock:
        free = _slots.setdefault(token, [])
        slot = free.pop()[0] if free else None
    if slot is None:
        count = get_worker().state.nthreads
        share = int(memory_of_machine() * 0.8 / count)
        threads = limits.threads if count == 1 else 1
        own = replace(limits, threads=threads, memory_bytes=min(limits.memory_bytes, share))
        try:
            slot = Slot(pickle.loads(pickled), own)
        except (ImportError, AttributeError) as error:
            raise WorkersFailedError(
                f"A Dask worker cannot import the reader: {error}. Its module, and this package in the same "
                "version, must be installed on every machine of the cluster."
            ) from None
        _sweep_now_and_then()
    try:
        return list(slot.read(task))
    finally:
        with _lock:
            if token in _closed:
                slot.close()
                slot.finish()
            else:
                _slots.setdefault(token, []).append((slot, time.monotonic()))


def close_slots(token: str) -> None:
    with _lock:
        _closed.add(token)
        free = _slots.pop(token, [])
    for slot, _ in free:
        slot.finish()


_sweeping = threading.Event()


def _sweep_now_and_then() -> None:
    """Begin to end the processes that have been idle for long, once per Dask worker."""

    def sweep() -> None:
        while True:
            time.sleep(_IDLE_SECONDS / 4)
            oldest = time.monotonic() - _IDLE_SECONDS
            with _lock:
                idle = [slot for free in _slots.values() for slot, since in free if since < oldest]
                for token, free in list(_slots.items()):
                    _slots[token] = [(slot, since) for slot, since in free if since >= oldest]
            for slot in idle:
                slot.finish()

    if not _sweeping.is_set():
        _sweeping.set()
        threading.Thread(target=sweep, daemon=True).start()
