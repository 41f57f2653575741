"""``make`` finds a usable Python, or says which ones it found and what to install."""

import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parent.parent / "tools" / "make_venv.sh"


def _fake_python(folder: Path, name: str, version: str, venv: bool = True) -> None:
    """A program that answers as Python would: its version, whether ensurepip imports, and ``-m venv``."""
    path = folder / name
    path.write_text(
        "#!/bin/sh\n"
        'case "$*" in\n'
        f"    *version_info*) echo {version} ;;\n"
        f"    *ensurepip*) exit {0 if venv else 1} ;;\n"
        '    *"-m venv"*) echo "$0 $*" ;;\n'
        "esac\n",
        encoding="utf-8",
    )
    path.chmod(0o755)


def _run(folder: Path, python: str = "") -> subprocess.CompletedProcess[str]:
    environment = {"PATH": str(folder), "PYTHON": python}
    return subprocess.run(
        ["/bin/sh", str(SCRIPT), "new-venv"], env=environment, cwd=folder, capture_output=True, text=True
    )


@pytest.mark.parametrize(
    ("pythons", "chosen"),
    [
        ([("python3", "3.11", True)], "python3"),
        ([("python3", "3.13", True)], "python3"),
        ([("python3", "3.9", True), ("python3.12", "3.12", True)], "python3.12"),
        ([("python3.11", "3.11", True), ("python3.13", "3.13", True)], "python3.11"),
        ([("python3.11", "3.11", False), ("python3.12", "3.12", True)], "python3.12"),
        ([("python", "3.12", True)], "python"),
    ],
)
def test_takes_the_first_usable_python(
    pythons: list[tuple[str, str, bool]], chosen: str, tmp_path: Path
) -> None:
    for name, version, venv in pythons:
        _fake_python(tmp_path, name, version, venv)
    done = _run(tmp_path)
    assert done.returncode == 0, done.stderr
    assert f"/{chosen} -m venv --clear new-venv" in done.stdout


def test_takes_the_python_it_is_told_to(tmp_path: Path) -> None:
    _fake_python(tmp_path, "python3", "3.11")
    _fake_python(tmp_path, "mine", "3.12")
    assert "/mine -m venv" in _run(tmp_path, python=str(tmp_path / "mine")).stdout


@pytest.mark.parametrize(
    ("pythons", "said"),
    [
        ([], "Found: none"),
        ([("python3", "3.9", True)], "python3 is Python 3.9"),
        ([("python3", "3.14", True)], "python3 is Python 3.14"),
        ([("python3", "3.11", False)], "apt-get install python3.11-venv"),
    ],
)
def test_says_what_it_found_and_what_to_do(
    pythons: list[tuple[str, str, bool]], said: str, tmp_path: Path
) -> None:
    for name, version, venv in pythons:
        _fake_python(tmp_path, name, version, venv)
    done = _run(tmp_path)
    assert done.returncode == 1
    assert "Expected: Python 3.11, 3.12 or 3.13" in done.stderr
    assert said in done.stderr


def test_a_shim_that_does_not_run_is_passed_over(tmp_path: Path) -> None:
    shim = tmp_path / "python3.11"
    shim.write_text("#!/bin/sh\nexit 127\n", encoding="utf-8")
    shim.chmod(0o755)
    _fake_python(tmp_path, "python3", "3.12")
    assert "/python3 -m venv" in _run(tmp_path).stdout
