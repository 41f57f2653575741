"""Worker processes, kept within time and memory, replaced when they die; here and on a Dask cluster."""

import contextlib
import os
import pickle
import signal
import socket
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from ocr_helpers.batch.events import Limits
from ocr_helpers.batch.reader import Reader
from ocr_helpers.batch.worker import resident_bytes_of

__all__ = ["WorkerDied", "WorkerProcess"]

_WATCH_SECONDS = 0.25
_THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
# glibc gives each thread a heap of its own, and memory freed in one is not found by the others.
_QUIET = {"MALLOC_ARENA_MAX": "2", "PYTHONUNBUFFERED": "1"}


class WorkerDied(Exception):  # noqa: N818 - the worker's end, answered by the slot
    """A worker ended, or was stopped, in the middle of something.

    Attributes:
        error: ``"WorkerDied"``, ``"TimeLimit"`` or ``"MemoryLimit"``.
        outside: nothing says that the page is at fault: somebody else sent the signal.

    """

    def __init__(self, error: str, reason: str, *, outside: bool = False) -> None:
        super().__init__(reason)
        self.error, self.outside = error, outside


@cache
def _starter() -> ThreadPoolExecutor:
    """Return the thread that starts all workers.

    Linux ends a worker when the *thread* that started it ends (prctl(2), PR_SET_PDEATHSIG), and the callers'
    threads come and go.
    """
    return ThreadPoolExecutor(1, thread_name_prefix="start-workers")


class WorkerProcess:
    """One worker process. Not for several threads at once, except :meth:`kill`.

    Args:
        reader: what it reads pages with.
        limits: threads, memory and time.

    Attributes:
        pid: process number.
        name: process number and host.
        pages: how many it has read.

    """

    def __init__(self, reader: Reader, limits: Limits) -> None:
        self._limits = limits
        self.pages = 0
        self._stopped_for: WorkerDied | None = None
        self._kills_before = _kernel_kills()
        # What native code writes before it dies says why. An unnamed file: nothing to clean up.
        self._said = tempfile.TemporaryFile()  # noqa: SIM115
        ours, theirs = socket.socketpair()
        with theirs:
            self._process = _starter().submit(self._start, theirs.fileno()).result()
        self.pid = self._process.pid
        self.name = f"{self.pid}@{socket.gethostname()}"
        self._pipe = Connection(ours.detach())
        # Where it is dead already, the first receive says so.
        with contextlib.suppress(OSError):
            self._pipe.send((list(sys.path), pickle.dumps(reader), limits))

    def _start(self, descriptor: int) -> "subprocess.Popen[bytes]":
        environment = {**os.environ, **dict.fromkeys(_THREAD_VARIABLES, str(self._limits.threads)), **_QUIET}
        paths = [path for path in sys.path if path]
        environment["PYTHONPATH"] = os.pathsep.join(paths)
        return subprocess.Popen(
            [sys.executable, "-m", "ocr_helpers.batch.worker", str(descriptor), str(os.getpid())],
            stdin=subprocess.DEVNULL,
            stdout=self._said,
            stderr=self._said,
            pass_fds=(descriptor,),
            env=environment,
            start_new_session=True,  # Ctrl-C in the terminal goes to the parent alone
        )

    def send(self, message: object) -> None:
        """Ask for something.

        Raises:
            WorkerDied: it is gone.

        """
        try:
            self._pipe.send(message)
        except OSError:
            raise self._death() from None

    def receive(self, seconds: float, what: str) -> tuple[Any, ...]:
        """Wait for the next answer, with an eye on memory and time.

        Raises:
            WorkerDied: it ended, or it took longer than ``seconds`` or more memory than allowed and was
                stopped; ``what`` is named in the message.

        """
        end = time.monotonic() + seconds
        try:
            while not self._pipe.poll(min(_WATCH_SECONDS, max(0.0, end - time.monotonic()))):
                resident = resident_bytes_of(self.pid)
                if resident > self._limits.memory_bytes:
                    self._stop(
                        "MemoryLimit",
                        f"the worker had {resident / 1e6:,.0f} MB in memory {what}, more than the "
                        f"{self._limits.memory_bytes / 1e6:,.0f} MB allowed. Raise memory_limit_mb or lower "
                        "dpi",
                    )
                elif time.monotonic() >= end:
                    self._stop("TimeLimit", f"no answer within {seconds:g} s {what}. Raise page_timeout_s")
            answer: tuple[Any, ...] = self._pipe.recv()
            return answer
        except (EOFError, OSError, pickle.UnpicklingError):
            raise self._death() from None

    def kill(self) -> None:
        """End it at once; safe from any thread."""
        self._process.kill()

    def close(self, patience: float = 10.0) -> None:
        """Let it end, and end it if it does not."""
        with contextlib.suppress(OSError):
            self._pipe.send(None)
        try:
            self._process.wait(patience)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._release()

    def _stop(self, error: str, reason: str) -> None:
        if self._stopped_for is None:
            self._stopped_for = WorkerDied(error, reason)
            self._process.kill()

    def _death(self) -> WorkerDied:
        """Find out why it ended; it is no longer there afterwards."""
        try:
            code = self._process.wait(5)
        except subprocess.TimeoutExpired:  # the pipe broke, and it lives
            self._process.kill()
            code = self._process.wait()
        said = self._last_words()
        self._release()
        if self._stopped_for is not None:
            return self._stopped_for
        if code >= 0:
            return WorkerDied("WorkerDied", f"the worker ended with exit code {code}{said}")
        try:
            name = signal.Signals(-code).name
        except ValueError:
            name = "a signal"
        by_kernel = -code == signal.SIGKILL and _kernel_kills() > self._kills_before
        what = "; the system ran out of memory and killed a process" if by_kernel else ""
        outside = -code in (signal.SIGKILL, signal.SIGTERM, signal.SIGHUP, signal.SIGINT) and not by_kernel
        reason = f"the worker was ended by signal {-code} ({name}){what}{said}"
        return WorkerDied("WorkerDied", reason, outside=outside)

    def _last_words(self) -> str:
        size = self._said.seek(0, os.SEEK_END)
        self._said.seek(max(0, size - 4000))
        lines = [line.strip() for line in self._said.read().decode(errors="replace").splitlines()]
        words = [line for line in lines if line and set(line) - set("-=~^ ")]
        return f"; it last said: {words[-1][:300]}" if words else ""

    def _release(self) -> None:
        self._pipe.close()
        self._said.close()


def _kernel_kills() -> int:
    """How many processes the kernel has killed for want of memory, here and in this container."""
    total = 0
    for path, name in (("/proc/vmstat", "oom_kill"), ("/sys/fs/cgroup/memory.events", "oom_kill")):
        try:
            lines = Path(path).read_text(encoding="ascii").splitlines()
        except OSError:
            continue
        total += sum(int(line.split()[1]) for line in lines if line.split()[0] == name)
    return total
