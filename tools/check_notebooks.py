"""Check that notebooks keep the project's conventions; ``python -m tools.check_notebooks [NOTEBOOK ...]``.

A notebook opens with a heading and the question it answers, imports once and on top, defines no function or
class, installs nothing, keeps its cells short, and names no path of one person's machine.
"""

import ast
import re
import sys
from pathlib import Path

import nbformat

from tools.run_notebooks import find_notebooks

MAX_CODE_LINES = 15
INSTALL = re.compile(
    r"^\s*[%!]+\s*(\S*/)?(pip3?|conda|mamba|uv|apt|apt-get|python3?\s+-m\s+pip)\b", re.MULTILINE
)
HOME_PATH = re.compile(r"(?<![\w.])/(home|root|Users)/|[A-Z]:\\\\?Users")
NOT_PYTHON = re.compile(r"^\s*[%!].*$", re.MULTILINE)


def check_notebook(path: Path) -> list[str]:
    """Return what is wrong with the notebook at ``path``, one sentence each; empty when all is well."""
    cells = nbformat.read(path, as_version=4).cells
    problems = _check_opening(cells)
    imported: dict[str, int] = {}
    first_import_cell = None
    for number, cell in enumerate(cells, start=1):
        if cell.cell_type != "code":
            continue
        where = f"cell {number}"
        if cell.outputs or cell.execution_count is not None:
            problems.append(f"{where} keeps its output; `make format` strips it")
        problems += [f"{where} {problem}" for problem in _check_source(cell.source)]
        try:
            tree = ast.parse(NOT_PYTHON.sub("", cell.source))
        except SyntaxError as error:
            problems.append(f"{where} is not valid Python: {error}")
            continue
        names = _imported_names(tree)
        if names and first_import_cell not in (None, number):
            problems.append(
                f"{where} imports {', '.join(names)}; imports stand in one cell (cell {first_import_cell})"
            )
        elif names:
            first_import_cell = number
        for name in names:
            if name in imported:
                problems.append(f"{where} imports {name} again (first in cell {imported[name]})")
            imported[name] = number
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                problems.append(f"{where} defines {node.name}; it belongs in ocr_helpers")
    code = [number for number, cell in enumerate(cells, start=1) if cell.cell_type == "code"]
    if code and first_import_cell not in (None, code[0]):
        problems.append(
            f"cell {first_import_cell} imports; imports stand in the first code cell (cell {code[0]})"
        )
    return problems


def _check_opening(cells: list[nbformat.NotebookNode]) -> list[str]:
    opening = cells[0] if cells else None
    if (
        opening is None
        or opening.cell_type != "markdown"
        or not opening.source.startswith("# ")
        or "?" not in opening.source
    ):
        return [
            "cell 1 should be markdown: a '# ' heading and the question the notebook answers (with its '?')"
        ]
    return []


def _check_source(source: str) -> list[str]:
    problems = []
    lines = [line for line in source.splitlines() if line.strip()]
    if len(lines) > MAX_CODE_LINES:
        problems.append(
            f"has {len(lines)} lines; {MAX_CODE_LINES} is the most, split it or move code into ocr_helpers"
        )
    if INSTALL.search(source):
        problems.append("installs something; dependencies stand in pyproject.toml")
    if HOME_PATH.search(source):
        problems.append("names a path of one machine; use a path relative to the notebook")
    return problems


def _imported_names(tree: ast.Module) -> list[str]:
    """Return what is imported anywhere in the cell, with the names taken: ``pathlib.Path``, ``numpy``."""
    names = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names += [f"{node.module}.{alias.name}" for alias in node.names]
    return names


def main() -> None:
    """Check the notebooks named, or all; the exit status says whether all keep the conventions."""
    notebooks = [Path(name) for name in sys.argv[1:]] or find_notebooks()
    if not notebooks:
        sys.exit("no notebook was found in notebooks/")
    problems = [f"{notebook}: {problem}" for notebook in notebooks for problem in check_notebook(notebook)]
    if problems:
        sys.exit("\n".join(problems))


if __name__ == "__main__":
    main()
