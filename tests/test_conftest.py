"""The shared test rules hold: nothing skips silently in CI, and the network is out of reach."""

import os
import shutil
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
SKIPS = {
    "in a test": "import pytest\ndef test_a():\n    pytest.skip('no tesseract')\n",
    "by mark": "import pytest\n@pytest.mark.skip(reason='no chromium')\ndef test_a():\n    pass\n",
    "in a fixture": "def test_a(chromium):\n    pass\n",
    "a whole module": "import pytest\npytest.skip('no torch', allow_module_level=True)\n",
    "a missing import": "import pytest\npytest.importorskip('no_such_package')\ndef test_a():\n    pass\n",
}
ALLOWED = {
    "the official graphs": "def test_a(official_graphs):\n    pass\n",
    "an expected failure": "import pytest\n@pytest.mark.xfail\ndef test_a():\n    assert False\n",
}


def _run(source: str, folder: Path, no_skip: str) -> int:
    (folder / "tests").mkdir()
    shutil.copy(HERE / "conftest.py", folder / "tests" / "conftest.py")
    (folder / "tests" / "test_it.py").write_text(source, encoding="utf-8")
    (folder / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    environment = os.environ | {"OCR_WORKBENCH_NO_SKIP": no_skip, "PATH": ""}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests"]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True).returncode


@pytest.mark.parametrize("source", SKIPS.values(), ids=SKIPS)
def test_a_skip_fails_where_nothing_may_skip(source: str, tmp_path: Path) -> None:
    # 1: a test failed; 2: a collection failed. 5 would be "no tests", which is a skip by another name.
    assert _run(source, tmp_path, no_skip="1") in (1, 2)


@pytest.mark.parametrize("source", [SKIPS["in a test"], SKIPS["by mark"], SKIPS["in a fixture"]])
def test_a_skip_is_a_skip_elsewhere(source: str, tmp_path: Path) -> None:
    assert _run(source, tmp_path, no_skip="0") == 0


@pytest.mark.parametrize("source", ALLOWED.values(), ids=ALLOWED)
def test_what_may_skip_everywhere(source: str, tmp_path: Path) -> None:
    assert _run(source, tmp_path, no_skip="1") == 0


@pytest.mark.parametrize("address", [("192.0.2.1", 80), ("example.invalid", 443)])
def test_the_network_is_out_of_reach(address: tuple[str, int]) -> None:
    with pytest.raises(OSError, match="tests reach no network"):
        socket.create_connection(address, timeout=5)


def test_a_download_is_out_of_reach() -> None:
    with pytest.raises(urllib.error.URLError, match="tests reach no network"):
        urllib.request.urlopen("http://example.invalid/model.tar", timeout=5)


def test_this_machine_is_within_reach() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        socket.create_connection(server.getsockname(), timeout=5).close()
