"""The comparison benchmark: one short run, and what it refuses."""

from pathlib import Path

import pytest

from benchmarks import comparison
from ocr_helpers.samples import samples_dir


def test_table_comes_last(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    picture = tmp_path / "figure.png"
    page = str(samples_dir() / "receipt.png")
    arguments = ["--engines", "starter", "--pages", page, "--repeats", "1", "--figure", str(picture)]
    assert comparison.main(arguments) == 0
    out = capsys.readouterr().out
    assert "starter: workbench" in out and "1 pages, 18 lines; best of 1" in out
    head, row = [line for line in out.split("\n") if line.strip() and not line.startswith("engine")][-2:]
    assert "H-mean" in head and row.startswith("starter")
    assert len(row.split()) == 1 + len(comparison.COLUMNS)
    assert picture.stat().st_size > 1000


@pytest.mark.parametrize("arguments", [["--repeats", "0"], ["--pages", "nowhere.png"], ["--engines", "x"]])
def test_bad_arguments(arguments: list[str]) -> None:
    with pytest.raises(SystemExit):
        comparison.main(arguments)
