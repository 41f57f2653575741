"""The checks that pre-commit runs before a commit pass in CI too: same commands, same versions."""

import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
import yaml

from tools.run_notebooks import find_notebooks

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
CONFIG: dict[str, Any] = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))
HOOKS: list[dict[str, Any]] = [hook for repo in CONFIG["repos"] for hook in repo["hooks"]]


def test_every_check_is_a_hook() -> None:
    assert [hook["id"] for hook in HOOKS] == ["ruff-check", "ruff-format", "mypy", "nbstripout", "notebooks"]


@pytest.mark.parametrize("hook", HOOKS, ids=lambda hook: hook["id"])
def test_hook_passes(hook: dict[str, Any]) -> None:
    command = hook["entry"].split()
    assert command[0].startswith(".venv/bin/"), "hooks run the pinned tools of .venv"
    command[0] = str(BIN / Path(command[0]).name)
    if hook.get("pass_filenames", True):
        command += [str(path) for path in find_notebooks()]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)
    if done.returncode != 0:
        pytest.fail(f"{hook['entry']}\n{done.stdout}{done.stderr}", pytrace=False)


def test_hooks_come_from_the_environment_alone() -> None:
    assert {repo["repo"] for repo in CONFIG["repos"]} == {"local"}, "a remote hook brings versions of its own"
    assert {hook["language"] for hook in HOOKS} == {"system"}


@pytest.mark.parametrize("tool", ["ruff", "mypy"])
def test_the_command_is_the_installed_version(tool: str) -> None:
    printed = subprocess.run(
        [str(BIN / tool), "--version"], capture_output=True, text=True, check=True
    ).stdout
    assert version(tool) in printed


def test_the_configuration_is_valid_for_pre_commit(tmp_path: Path) -> None:
    command = [str(BIN / "pre-commit"), "validate-config", str(ROOT / ".pre-commit-config.yaml")]
    done = subprocess.run(
        command, capture_output=True, text=True, env={"PRE_COMMIT_HOME": str(tmp_path), "PATH": ""}
    )
    assert done.returncode == 0, done.stdout + done.stderr
