"""Write constraints.txt: exact versions of all that the project installs, on every Python it supports.

Run as ``make pins PYTHONS="python3.11 python3.12 python3.13"``: one interpreter of each supported version.
Their pip asks the registry it is set up for, and nothing is installed. Versions already in constraints.txt
stay unless ``--upgrade`` is given, so that adding one dependency moves nothing else.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CONSTRAINTS = ROOT / "constraints.txt"
# `make` installs the package without build isolation, so its build backend is pinned with the rest.
BUILD = ["setuptools>=77"]
# pip leaves out what the machine it runs on does not need: asked for by name, so that a Mac gets pins too.
MAC_ONLY = {"appnope"}
HEADER = """\
# Exact versions of everything `make lab` and `make test` install, for Python {first} to {last}.
# Written by tools/pin_dependencies.py; change pyproject.toml and run it again rather than editing by hand.
"""


def requirements() -> list[str]:
    """Return every requirement of pyproject.toml, extras included."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project.get("optional-dependencies", {})
    return [
        *project["dependencies"],
        *(line for lines in extras.values() for line in lines),
        *BUILD,
        *sorted(MAC_ONLY),
    ]


def resolve(python: str, wanted: list[str], keep: bool) -> tuple[str, dict[str, str]]:
    """Return ``("3.11", {normalised name: version})`` as that interpreter's pip resolves ``wanted`` today."""
    minor = subprocess.run(
        [python, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout.strip()
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        command = [python, "-m", "pip", "install", "--dry-run", "--ignore-installed", "--only-binary=:all:"]
        command += ["-qq", "--report", str(report), *wanted]
        if keep and CONSTRAINTS.exists():
            command += ["--constraint", str(CONSTRAINTS)]
        subprocess.run(command, check=True)
        installs = json.loads(report.read_text(encoding="utf-8"))["install"]
    pins = {}
    for item in installs:
        name = item["metadata"]["name"].lower().replace("_", "-").replace(".", "-")
        # "+cpu" and the like name a build, not a version; the plain version admits every build of it.
        pins[name] = item["metadata"]["version"].partition("+")[0]
    return minor, pins


def merge(by_python: dict[str, dict[str, str]]) -> list[str]:
    """Return constraint lines; a marker stands only where the Pythons differ."""
    lines = []
    for name in sorted({name for pins in by_python.values() for name in pins}):
        pythons_of: dict[str, list[str]] = {}
        for minor, pins in sorted(by_python.items()):
            if name in pins:
                pythons_of.setdefault(pins[name], []).append(minor)
        for version, minors in pythons_of.items():
            marker = ""
            if len(pythons_of) > 1:
                marker = " ; " + " or ".join(f'python_version == "{minor}"' for minor in minors)
            elif name in MAC_ONLY:
                marker = ' ; sys_platform == "darwin"'
            lines.append(f"{name}=={version}{marker}")
    return lines


def main() -> None:
    """Resolve with each interpreter and write the merged file."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("python", nargs="+", help="an interpreter of each supported minor version")
    parser.add_argument(
        "--upgrade", action="store_true", help="take the newest versions instead of the pinned ones"
    )
    arguments = parser.parse_args()
    wanted = requirements()
    by_python = dict(resolve(python, wanted, not arguments.upgrade) for python in arguments.python)
    header = HEADER.format(first=min(by_python), last=max(by_python))
    CONSTRAINTS.write_text(header + "\n".join(merge(by_python)) + "\n", encoding="utf-8")
    print(
        f"{CONSTRAINTS.name}: {sum(map(len, by_python.values()))} pins for {', '.join(by_python)}",
        file=sys.stderr,
    )


if __name__ == "__main__":
    main()
