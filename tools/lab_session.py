"""A JupyterLab for a program that drives a browser, started as ``make lab`` does it: loopback, token kept."""

import json
import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tools.lab import command

ROOT = Path(__file__).resolve().parents[1]
# Generous: a loaded machine is slow, and a passing run never waits for these.
START_TIMEOUT_S = 180
RUN_TIMEOUT_S = 600


@contextmanager
def running_lab(folder: Path, notebook: str) -> Iterator[str]:
    """Start JupyterLab on a folder; give the address, with token, that opens a notebook in it.

    Args:
        folder: holds the notebook, and is given Lab's settings and log.
        notebook: path of the notebook in ``folder``.

    """
    config, runtime = folder / "config", folder / "runtime"
    settings = config / "lab/user-settings/@jupyterlab/notebook-extension/tracker.jupyterlab-settings"
    settings.parent.mkdir(parents=True)
    # Every cell in the page at once, so that every picture can be looked at.
    settings.write_text(json.dumps({"windowingMode": "none"}), encoding="utf-8")
    places = {"CONFIG": config, "RUNTIME": runtime, "DATA": folder / "share"}
    environment = os.environ | {f"JUPYTER_{name}_DIR": str(path) for name, path in places.items()}
    environment["IPYTHONDIR"] = str(folder / "ipython")
    line = [*command(folder), "--no-browser", "--ServerApp.port=0", "--LabApp.expose_app_in_browser=True"]
    with (folder / "log").open("w", encoding="utf-8") as log:
        server = subprocess.Popen(line, env=environment, cwd=ROOT, stdout=log, stderr=subprocess.STDOUT)
    try:
        yield _address(server, runtime, folder / "log", notebook)
    finally:
        server.terminate()
        server.wait(timeout=30)


def _address(server: subprocess.Popen[bytes], runtime: Path, log: Path, notebook: str) -> str:
    deadline = time.monotonic() + START_TIMEOUT_S
    while server.poll() is None and time.monotonic() < deadline:
        for found in runtime.glob("jpserver-*.json"):
            try:
                info = json.loads(found.read_text(encoding="utf-8"))
            except json.JSONDecodeError:
                continue  # still being written
            return f"{info['url']}lab/tree/{notebook}?token={info['token']}"
        time.sleep(0.1)
    raise RuntimeError(f"JupyterLab did not start:\n{log.read_text(encoding='utf-8')}")
