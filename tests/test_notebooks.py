"""Every notebook runs through in a fresh kernel and keeps the conventions; the checker knows a bad one."""

from pathlib import Path

import nbformat
import pytest

from tools.check_notebooks import MAX_CODE_LINES, check_notebook
from tools.run_notebooks import execute, find_notebooks

NOTEBOOKS = find_notebooks()


def test_the_first_notebook_is_there() -> None:
    assert "01_single_line_recognition" in [path.stem for path in NOTEBOOKS]


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_keeps_the_conventions(notebook: Path) -> None:
    assert check_notebook(notebook) == []


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
@pytest.mark.timeout(1200)
def test_runs_from_top_to_bottom(notebook: Path) -> None:
    before = notebook.read_bytes()
    run = execute(notebook)
    if run.error:
        pytest.fail(run.error, pytrace=False)
    html = run.html.read_text(encoding="utf-8")
    assert "<img" in html, f"{run.html} shows no picture"
    assert notebook.read_bytes() == before


def _write(path: Path, *cells: nbformat.NotebookNode) -> Path:
    nbformat.write(nbformat.v4.new_notebook(cells=list(cells)), path)
    return path


def _markdown(source: str) -> nbformat.NotebookNode:
    cell: nbformat.NotebookNode = nbformat.v4.new_markdown_cell(source)
    return cell


def _code(source: str, **rest: object) -> nbformat.NotebookNode:
    cell: nbformat.NotebookNode = nbformat.v4.new_code_cell(source, **rest)
    return cell


OPENING = _markdown("# Reading a line\nWhat does the model read?")
IMPORTS = _code("from pathlib import Path\nimport numpy as np")


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        ([], "cell 1 should be markdown"),
        ([IMPORTS], "cell 1 should be markdown"),
        ([_markdown("# Reading a line")], "cell 1 should be markdown"),
        ([OPENING, _code("1", execution_count=3)], "keeps its output"),
        ([OPENING, _code("1", outputs=[nbformat.v4.new_output("stream", text="1")])], "keeps its output"),
        ([OPENING, _code("1"), IMPORTS], "imports stand in the first code cell"),
        ([OPENING, IMPORTS, _code("if True:\n    import sys")], "imports sys; imports stand in one cell"),
        ([OPENING, _code("import sys\nimport sys")], "imports sys again"),
        ([OPENING, _code("def helper():\n    return 1")], "defines helper"),
        ([OPENING, _code("class Helper:\n    pass")], "defines Helper"),
        ([OPENING, _code("%pip install numpy")], "installs something"),
        ([OPENING, _code("!python3 -m pip install numpy")], "installs something"),
        ([OPENING, _code("!apt-get install chromium")], "installs something"),
        ([OPENING, _code("\n".join(["x = 1"] * (MAX_CODE_LINES + 1)))], "lines; 15 is the most"),
        ([OPENING, _code("path = '/home/kim/a.png'")], "path of one machine"),
        ([OPENING, _code("path = 'C:\\\\Users\\\\kim'")], "path of one machine"),
        ([OPENING, _code("x = = 1")], "not valid Python"),
    ],
)
def test_the_checker_names_what_is_wrong(
    cells: list[nbformat.NotebookNode], expected: str, tmp_path: Path
) -> None:
    problems = check_notebook(_write(tmp_path / "bad.ipynb", *cells))
    assert [problem for problem in problems if expected in problem], problems


def test_the_checker_passes_a_good_notebook(tmp_path: Path) -> None:
    good = _write(
        tmp_path / "good.ipynb", OPENING, IMPORTS, _markdown("Why."), _code("%matplotlib inline\nPath('x')")
    )
    assert check_notebook(good) == []


def test_a_failing_cell_is_named_and_the_html_is_still_written(tmp_path: Path) -> None:
    notebook = _write(
        tmp_path / "fails.ipynb", OPENING, _code("print('first')"), _code("raise ValueError('마지막')")
    )
    run = execute(notebook, html_dir=tmp_path / "html")
    assert run.error is not None
    assert "fails.ipynb" in run.error
    assert "ValueError: 마지막" in run.error
    assert "first" in run.html.read_text(encoding="utf-8")


def test_a_cell_that_never_ends_is_stopped(tmp_path: Path) -> None:
    notebook = _write(tmp_path / "hangs.ipynb", OPENING, _code("import time\ntime.sleep(60)"))
    run = execute(notebook, html_dir=tmp_path / "html", cell_timeout_s=2)
    assert run.error is not None
    assert run.seconds < 30
    assert "sleep" in run.error
