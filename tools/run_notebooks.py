"""Execute every notebook from top to bottom in a fresh kernel; the executed HTML goes to build/notebooks/."""

import os
import re
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbconvert import HTMLExporter

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOKS = ROOT / "notebooks"
HTML = ROOT / "build" / "notebooks"
CELL_TIMEOUT_S = 600  # against a hang: a whole notebook takes about a minute
COLOURS = re.compile(r"\x1b\[[0-9;]*m")  # a kernel colours its tracebacks


@dataclass(frozen=True)
class Run:
    """One executed notebook: its HTML (written even when a cell failed), seconds, and the error or None."""

    html: Path
    seconds: float
    error: str | None


def find_notebooks() -> list[Path]:
    """Return the notebooks in the order of their numbers; checkpoints do not count."""
    return sorted(NOTEBOOKS.glob("*.ipynb"))


def execute(notebook: Path, html_dir: Path = HTML, cell_timeout_s: int = CELL_TIMEOUT_S) -> Run:
    """Execute ``notebook`` in its own folder, stop at the first failing cell, and write what ran as HTML."""
    node = nbformat.read(notebook, as_version=4)
    client = NotebookClient(
        node,
        timeout=cell_timeout_s,
        kernel_name="python3",  # the kernel of the environment that runs this, whatever the file says
        resources={"metadata": {"path": str(notebook.parent)}},
    )
    started = time.perf_counter()
    error = None
    try:
        # As in JupyterLab: a backend chosen for other programs would keep the kernel from showing figures.
        client.execute(env={name: value for name, value in os.environ.items() if name != "MPLBACKEND"})
    except (CellExecutionError, CellTimeoutError, DeadKernelError) as failure:
        error = COLOURS.sub("", f"{notebook.name}: {failure}")
    seconds = time.perf_counter() - started
    html_dir.mkdir(parents=True, exist_ok=True)
    html = html_dir / f"{notebook.stem}.html"
    body, _ = HTMLExporter().from_notebook_node(node)
    html.write_text(body, encoding="utf-8")
    return Run(html=html, seconds=seconds, error=error)


def main() -> None:
    """Execute every notebook; the exit status says whether all ran through."""
    notebooks = find_notebooks()
    if not notebooks:
        sys.exit(f"no notebook in {NOTEBOOKS}")
    failed = 0
    for notebook in notebooks:
        run = execute(notebook)
        print(f"{notebook.name}: {run.seconds:.0f} s, {run.html.relative_to(ROOT)}", flush=True)
        if run.error:
            failed += 1
            print(run.error, file=sys.stderr)
    if failed:
        sys.exit(f"{failed} of {len(notebooks)} notebooks failed")


if __name__ == "__main__":
    main()
