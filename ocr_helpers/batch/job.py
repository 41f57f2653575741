"""What the results of an output folder depend on, kept beside them: a change is noticed before it mixes."""

import json
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Final

from ocr_helpers.batch.differences import job_differences
from ocr_helpers.batch.errors import JobChangedError, JobFileError, OutputError
from ocr_helpers.batch.files import output_errors, write_files
from ocr_helpers.batch.manifest import MANIFEST_NAME
from ocr_helpers.errors import shown
from ocr_helpers.messages import announce

__all__ = [
    "JOB_NAME",
    "PAGES_NAME",
    "accept_job",
    "check_job",
    "describe_job",
    "read_job",
    "set_aside",
    "write_job",
]

JOB_NAME = "job.json"
PAGES_NAME = "pages"
"""The folder of results."""
_FORMAT: Final = "ocr_helpers.batch.job"
_PACKAGES: Final = (
    "korean-ocr-workbench",
    "paddleocr",
    "paddlex",
    "onnxruntime",
    "paddlepaddle",
    "pypdfium2",
)
"""Packages whose versions can change a result."""


def describe_job(reader: Mapping[str, Any], reading: Mapping[str, Any]) -> dict[str, Any]:
    """Everything that results depend on, as JSON keeps it.

    Args:
        reader: what the reader says of itself.
        reading: how pages are decoded.

    """
    packages = {}
    for name in _PACKAGES:
        try:
            packages[name] = version(name)
        except PackageNotFoundError:
            continue
    described: dict[str, Any] = json.loads(
        json.dumps({"reader": reader, "reading": reading, "packages": packages})
    )
    return described


def read_job(out_dir: Path) -> dict[str, Any] | None:
    """What ``job.json`` says, None where there is none.

    Raises:
        JobFileError: it is there, and not such a file.

    """
    path = out_dir / JOB_NAME
    try:
        found = json.loads(path.read_bytes())
        if found["format"] == _FORMAT and isinstance(found["results_depend_on"], dict):
            roots = found["roots"]
            if all(isinstance(one, str) for pair in roots.items() for one in pair):
                return dict(found)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        pass
    raise JobFileError(
        f"{shown(str(path))} is not a job of read_documents of this version. Choose an empty out_dir, or one "
        "of an earlier run."
    )


def write_job(out_dir: Path, depends_on: Mapping[str, Any], roots: Mapping[str, str]) -> None:
    """Keep what results depend on, and under which name each source goes. It is whole or not there."""
    content = {"format": _FORMAT, "results_depend_on": depends_on, "roots": roots}
    text = json.dumps(content, indent=1, sort_keys=True)
    with output_errors(out_dir):
        write_files({out_dir / JOB_NAME: text.encode("ascii") + b"\n"})


def check_job(out_dir: Path, before: Mapping[str, Any], now: Mapping[str, Any]) -> None:
    """Compare what earlier results depend on with what new ones would.

    Raises:
        JobChangedError: they differ; the message says in what, a line for each difference.

    """
    if changes := job_differences(before, now):
        raise JobChangedError(
            f"{shown(str(out_dir))} holds results that were read differently:\n{changes}\n"
            "Choose another out_dir, go back to what it was, or pass on_change='redo', which sets the "
            "earlier results aside and reads all pages again."
        )


def set_aside(out_dir: Path, names: tuple[str, ...]) -> Path:
    """Move earlier results into a folder beside ``out_dir``, so that nothing reads them by mistake.

    Interrupted, it is simply called again: ``job.json``, named last, still tells the old job until then.

    Raises:
        OutputError: they cannot be moved.

    """
    number = 1
    while (target := out_dir.with_name(f"{out_dir.name}.earlier-{number}")).exists():
        number += 1
    try:
        target.mkdir()
        for name in names:
            if (out_dir / name).exists():
                (out_dir / name).rename(target / name)
    except OSError as error:
        raise OutputError(
            f"The earlier results in {shown(str(out_dir))} cannot be moved to {shown(str(target))} "
            f"({error.strerror}). Choose another out_dir."
        ) from error
    return target


def accept_job(
    out: Path, job: dict[str, Any] | None, depends_on: dict[str, Any], on_change: str
) -> dict[str, Any]:
    """The job to go on with: the one that is there, or a new one.

    Raises:
        JobChangedError: results depend on something else now, and ``on_change`` is not ``"redo"``.
        JobFileError: results are there, and nothing says what they depend on.

    """
    if job is not None:
        try:
            check_job(out, job["results_depend_on"], depends_on)
            return job
        except JobChangedError:
            if on_change != "redo":
                raise
        changes = job_differences(job["results_depend_on"], depends_on)
        aside = set_aside(out, (PAGES_NAME, MANIFEST_NAME, JOB_NAME))
        announce(f"All pages are read again, for these differences:\n{changes}\nEarlier results: {aside}")
    elif (out / MANIFEST_NAME).exists() or (out / PAGES_NAME).exists():
        raise JobFileError(
            f"{shown(str(out))} holds pages or a manifest, but no {JOB_NAME} that says how they were read. "
            "Put it back, or choose another out_dir."
        )
    return {"results_depend_on": depends_on, "roots": {}}
