"""Shared fixtures, and two rules: no test reaches the network; in CI nothing skips for a missing part."""

import os
import shutil
import socket
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent
# Reference data kept beside the project, never in it: tests of the official graphs may skip anywhere.
OFFICIAL_GRAPHS = ROOT.parent / "shared" / "official_graphs"
NOTHING_MAY_SKIP = os.environ.get("OCR_WORKBENCH_NO_SKIP") == "1"

os.environ.setdefault("MPLBACKEND", "Agg")


def _is_local(host: object) -> bool:
    name = host.decode() if isinstance(host, bytes) else host
    return name in (None, "", "localhost", "::1", "0.0.0.0") or str(name).startswith("127.")


@pytest.fixture(scope="session", autouse=True)
def _no_network() -> Iterator[None]:
    """Only this machine can be reached: a test gives the same answer with and without a network."""
    connect, look_up = socket.socket.connect, socket.getaddrinfo

    def local_connect(self: socket.socket, address: Any) -> None:
        if self.family in (socket.AF_INET, socket.AF_INET6) and not _is_local(address[0]):
            raise OSError(101, f"tests reach no network: {address[0]}")
        connect(self, address)

    def local_look_up(host: Any, *args: Any, **kwargs: Any) -> Any:
        if not _is_local(host):
            raise socket.gaierror(-3, f"tests reach no network: {host}")
        return look_up(host, *args, **kwargs)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", local_connect)
        patch.setattr(socket, "getaddrinfo", local_look_up)
        yield


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Turn a skip into a failure where nothing may be missing; the official graphs are the one exception."""
    report = yield
    allowed = "official_graphs" in getattr(item, "fixturenames", ()) and not OFFICIAL_GRAPHS.is_dir()
    if NOTHING_MAY_SKIP and report.skipped and not hasattr(report, "wasxfail") and not allowed:
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} skipped, and here nothing may: {report.longrepr}"
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """The same for a whole module that skips itself."""
    report = yield
    if NOTHING_MAY_SKIP and report.skipped:
        report.outcome = "failed"
        report.longrepr = f"{report.nodeid} skipped, and here nothing may: {report.longrepr}"
    return report


@pytest.fixture(scope="session")
def repository() -> Path:
    """The root of the working tree."""
    return ROOT


@pytest.fixture(scope="session")
def official_graphs() -> Path:
    """The folder of PaddleOCR's official graphs (no weights); a test that asks for it may skip."""
    if not OFFICIAL_GRAPHS.is_dir():
        pytest.skip("the official graphs are not beside this clone: ../shared/official_graphs")
    return OFFICIAL_GRAPHS


@pytest.fixture(scope="session")
def chromium() -> str:
    """Path of a Chromium; a browser test skips without one, saying what to install."""
    for name in ("chromium", "chromium-browser", "google-chrome", "chrome"):
        if found := shutil.which(name):
            return found
    pytest.skip("no Chromium on PATH: on Debian, apt-get install chromium")
