"""The package imports fast and light, and the lists that say what to install agree with each other."""

import ast
import importlib
import pkgutil
import re
import statistics
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

import nbformat
import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

import ocr_helpers

ROOT = Path(__file__).resolve().parent.parent
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EXTRAS: dict[str, list[str]] = PROJECT["optional-dependencies"]
DECLARED = [
    Requirement(line) for line in [*PROJECT["dependencies"], *(r for rs in EXTRAS.values() for r in rs)]
]
PINS = [
    Requirement(line)
    for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    if line and not line.startswith("#")
]
PLATFORMS = [
    {"python_version": python, "python_full_version": f"{python}.5", "sys_platform": system, "extra": ""}
    | {"platform_system": {"linux": "Linux", "darwin": "Darwin"}[system], "os_name": "posix"}
    for python in ("3.11", "3.12", "3.13")
    for system in ("linux", "darwin")
]
HEAVY = ("paddle", "paddlex", "paddleocr", "torch", "matplotlib.pyplot", "onnxruntime", "pypdfium2", "cv2")


def _pins(environment: dict[str, str]) -> dict[str, Version]:
    """Exact versions that hold in ``environment``, by normalised name."""
    return {
        canonicalize_name(pin.name): Version(next(iter(pin.specifier)).version)
        for pin in PINS
        if pin.marker is None or pin.marker.evaluate(environment)
    }


def test_import_takes_under_three_tenths_of_a_second() -> None:
    seconds = []
    for _ in range(5):
        command = [sys.executable, "-X", "importtime", "-c", "import ocr_helpers"]
        lines = subprocess.run(
            command, capture_output=True, text=True, check=True, cwd=ROOT
        ).stderr.splitlines()
        row = next(line for line in lines if line.split("|")[-1].strip() == "ocr_helpers")
        seconds.append(int(row.split("|")[1]) / 1e6)
    assert statistics.median(seconds) < 0.3, seconds


@pytest.mark.parametrize("code", ["import ocr_helpers", "import ocr_helpers; dir(ocr_helpers)"])
def test_import_leaves_heavy_packages_alone(code: str) -> None:
    check = f"{code}; import sys; print(*(name for name in {HEAVY!r} if name in sys.modules))"
    done = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.split() == []


def test_public_names() -> None:
    assert ocr_helpers.__all__ == [
        "BatchResult",
        "DetectionSettings",
        "DetectionTuner",
        "ErrorReport",
        "LineReview",
        "LineUpload",
        "ModelWeights",
        "ModuleToggles",
        "OcrHelpersError",
        "Page",
        "PipelineSettings",
        "SampleLine",
        "StagedPipeline",
        "choose_device",
        "compare_engines",
        "find_boxes",
        "find_weights",
        "iter_pages",
        "load_labelled_pages",
        "load_pages",
        "load_pipeline",
        "load_records",
        "load_sample_lines",
        "load_text_detection",
        "load_text_recognition",
        "preflight",
        "read_documents",
        "restore_spacing",
        "save_results",
        "score_boxes",
        "score_lines",
        "score_page_text",
        "score_result",
        "show_line",
        "show_page",
        "show_stages",
        "shrink_line",
        "sweep_detection",
        "unsupported_characters",
    ]


@pytest.mark.parametrize("name", ocr_helpers.__all__)
def test_every_public_name_is_there_and_says_what_it_is(name: str) -> None:
    assert getattr(ocr_helpers, name).__doc__


def test_no_generated_equality_compares_arrays() -> None:
    """``==`` of two arrays has no truth value; from Python 3.13 on, more of the generated ones ask for it."""
    for module in pkgutil.walk_packages(ocr_helpers.__path__, "ocr_helpers."):
        found = vars(importlib.import_module(module.name)).values()
        for kind in (kind for kind in found if isinstance(kind, type) and is_dataclass(kind)):
            arrays = [field.name for field in fields(kind) if "ndarray" in str(field.type)]
            assert not (arrays and kind.__dataclass_params__.eq), f"{kind} compares {arrays}"  # type: ignore[attr-defined]


@pytest.mark.parametrize("pin", PINS, ids=str)
def test_constraints_are_exact_versions(pin: Requirement) -> None:
    assert re.fullmatch(r"==[0-9][0-9a-z.]*", str(pin.specifier)), f"{pin}: expected name==version"
    assert pin.url is None
    assert not pin.extras


@pytest.mark.parametrize("environment", PLATFORMS, ids=lambda e: f"{e['python_version']}-{e['sys_platform']}")
def test_every_declared_dependency_is_pinned_within_its_range(environment: dict[str, str]) -> None:
    pins = _pins(environment)
    assert [r.name for r in DECLARED if canonicalize_name(r.name) not in pins] == []
    wrong = [str(r) for r in DECLARED if not r.specifier.contains(pins[canonicalize_name(r.name)])]
    assert wrong == [], "constraints.txt is older than pyproject.toml: run `make pins`"


def _closure(environment: dict[str, str]) -> Iterator[tuple[str, Requirement]]:
    """Every requirement, direct or not, that installing the package and its test extra brings in."""
    todo = [Requirement(line) for line in [*PROJECT["dependencies"], *EXTRAS["test"]]]
    seen = set()
    while todo:
        requirement = todo.pop()
        key = (canonicalize_name(requirement.name), frozenset(requirement.extras))
        if key in seen:
            continue
        seen.add(key)
        try:
            lines = metadata.distribution(requirement.name).requires or []
        except metadata.PackageNotFoundError:
            continue  # meant for another system than this; that it is pinned is asserted below
        for needed in map(Requirement, lines):
            extras = ["", *requirement.extras]
            if needed.marker is None or any(
                needed.marker.evaluate({**environment, "extra": e}) for e in extras
            ):
                todo.append(needed)
                yield requirement.name, needed


@pytest.mark.parametrize("environment", PLATFORMS, ids=lambda e: f"{e['python_version']}-{e['sys_platform']}")
def test_the_whole_closure_is_pinned(environment: dict[str, str]) -> None:
    pins = _pins(environment)
    loose = []
    for parent, needed in _closure(environment):
        version = pins.get(canonicalize_name(needed.name))
        if version is None or not needed.specifier.contains(version, prereleases=True):
            loose.append(f"{parent} needs {needed}, pinned: {version}")
    assert loose == []


def test_installed_versions_are_the_pinned_ones() -> None:
    pins = _pins({})
    names = {needed.name for _, needed in _closure({})} | {
        r.name for r in DECLARED if r.name not in _training()
    }
    different = []
    for name in sorted(names):
        installed = Version(metadata.version(name))
        if Version(installed.public) != pins[canonicalize_name(name)]:
            different.append(f"{name} {installed}, pinned: {pins[canonicalize_name(name)]}")
    assert different == []


def _training() -> set[str]:
    """What only training needs, and nothing else installs."""
    return {Requirement(line).name for line in EXTRAS["training"]}


def test_opencv_is_one_version_and_the_headless_build() -> None:
    import cv2

    versions = {
        d.version for d in metadata.distributions() if canonicalize_name(d.name).startswith("opencv-")
    }
    assert versions == {"4.10.0.84"}
    gui = next(line for line in cv2.getBuildInformation().splitlines() if line.strip().startswith("GUI:"))
    assert gui.split() == ["GUI:", "NONE"], (
        "cv2 of opencv-contrib-python needs libGL: see `make lab`'s last install"
    )


def test_conda_installs_the_same() -> None:
    environment = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    python, pip, lists = environment["dependencies"]
    assert python == f"python{PROJECT['requires-python']}"
    assert pip == "pip"
    assert lists == {"pip": ["-c constraints.txt", "-e .[test]"]}


def _imports(source: str) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.partition(".")[0])
    return found


def _sources(folder: str) -> Iterator[str]:
    for path in (ROOT / folder).rglob("*.py"):
        yield path.read_text(encoding="utf-8")
    for path in (ROOT / folder).glob("*.ipynb"):
        for cell in nbformat.read(path, as_version=4).cells:
            if cell.cell_type == "code":
                yield re.sub(r"^\s*[%!].*$", "", cell.source, flags=re.MULTILINE)


@pytest.mark.parametrize(
    ("folder", "extras"),
    [
        ("ocr_helpers", []),
        ("notebooks", []),
        ("benchmarks", ["test"]),
        ("tools", ["test"]),
        ("training", ["training"]),
        ("tests", ["test"]),
    ],
)
def test_every_import_is_a_declared_dependency(folder: str, extras: list[str]) -> None:
    lines = [*PROJECT["dependencies"], *(line for extra in extras for line in EXTRAS[extra])]
    declared = {canonicalize_name(Requirement(line).name) for line in lines}
    own = {
        "ocr_helpers",
        "training",
        "benchmarks",
        "tools",
        *(path.stem for path in (ROOT / "tests").glob("*.py")),
    }
    imported = {name for source in _sources(folder) for name in _imports(source)}
    packages = metadata.packages_distributions()
    undeclared = {
        name: packages.get(name, ["not installed"])
        for name in imported - set(sys.stdlib_module_names) - own
        if not declared & {canonicalize_name(d) for d in packages.get(name, [name])}
    }
    assert undeclared == {}


def _committed_texts() -> Iterator[tuple[str, str]]:
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    for name in filter(None, listed.split("\0")):
        path = ROOT / name
        if path.is_file() and b"\0" not in (data := path.read_bytes())[:8192]:
            yield name, data.decode("utf-8")


def test_no_file_names_a_registry_or_a_home_directory() -> None:
    # In pieces, so that this file does not name what it looks for.
    registries = [
        "pypi" + ".org",
        "python" + "hosted",
        "index" + "-url",
        "find" + "-links",
        "npmjs" + ".",
        "simple" + "/",
    ]
    found = []
    for name, text in _committed_texts():
        found += [f"{name}: {word}" for word in registries if word in text.lower()]
        if name != "tests/test_notebooks.py":  # its table of bad notebooks holds such paths
            found += [f"{name}: {path}" for path in re.findall(r"(?<![\w.])/(?:home|root|Users)/\w+", text)]
    assert found == []


def test_ci_runs_the_tests_and_installs_every_font_the_code_names() -> None:
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert script.splitlines()[-2:] == ["export OCR_WORKBENCH_NO_SKIP=1", "make test"]
    named = {
        word
        for folder in ("training", "tests", "benchmarks")
        for path in (ROOT / folder).rglob("*.py")
        for word in re.findall(r"\bfonts-[a-z0-9]+(?:-[a-z0-9]+)*", path.read_text(encoding="utf-8"))
    }
    assert named - set(script.split()) == set()
