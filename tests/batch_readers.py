"""Readers without models for the tests of batches: quick, and able to fail in every way a worker can."""

import hashlib
import json
import os
import signal
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ocr_helpers.pages import Page


@dataclass(frozen=True)
class LightReader:
    """The result of a page is a hash of its pixels.

    Attributes:
        seconds: how long a page takes.
        version: something that results depend on.
        harm: what a page does to its worker whose file name holds one of the words; see :func:`_suffer`.
        folder: where harm notes how often it was tried.

    """

    seconds: float = 0.0
    version: int = 1
    harm: tuple[str, ...] = ()
    folder: str = ""

    def describe(self) -> Mapping[str, Any]:
        """What results depend on."""
        return {"light": self.version}

    def load(self, threads: int) -> Callable[[Page], bytes]:
        """No models to load."""

        def read(page: Page) -> bytes:
            time.sleep(self.seconds)
            name = Path(page.source).stem
            for word in self.harm:
                if word in name:
                    _suffer(word, self.folder)
            digest = hashlib.sha256(page.image_bgr.tobytes()).hexdigest()
            record = {"page": page.index, "size": page.size_wh, "sha": digest, "padding": "x" * 2000}
            return json.dumps(record).encode() + b"\n"

        return read


@dataclass(frozen=True)
class BrokenReader:
    """Cannot be loaded: it raises, or ends its process."""

    exit_code: int | None = None

    def describe(self) -> Mapping[str, Any]:
        """What results depend on."""
        return {}

    def load(self, threads: int) -> Callable[[Page], bytes]:
        """Fail."""
        if self.exit_code is not None:
            os._exit(self.exit_code)
        raise RuntimeError("no such models")


def _suffer(word: str, folder: str) -> None:
    tried = len(list(Path(folder).glob(f"{word}-*")))
    (Path(folder) / f"{word}-{tried}").touch()
    if word == "crash":
        os.kill(os.getpid(), signal.SIGSEGV)
    elif (word == "once" and tried == 0) or word == "killed":
        os.kill(os.getpid(), signal.SIGKILL)
    elif word == "exit":
        print("out of licences", flush=True)
        os._exit(7)
    elif word == "hang":
        time.sleep(600)
    elif word == "raise":
        raise ValueError("cannot read this one")
    elif word == "greedy":
        hoard = bytearray(700_000_000)
        hoard[::4096] = b"x" * len(hoard[::4096])
        time.sleep(60)
