"""The spacing benchmark: its sets, its counting, and a short run."""

from pathlib import Path

import pytest

from benchmarks import spacing
from benchmarks.spacing import Lines, Outcome, outcome, read_pages, without_spaces, worn


@pytest.mark.parametrize(
    ("text", "share", "expected"),
    [("", 1.0, ""), ("가 나 다", 0.0, "가 나 다"), ("가 나  다", 1.0, "가나다"), ("가나다", 1.0, "가나다")],
)
def test_spaces_out(text: str, share: float, expected: str) -> None:
    assert without_spaces(text, share) == expected


def test_half_of_the_spaces_out() -> None:
    """The same ones each time, and about half."""
    text = "가 " * 1000
    worn_text = without_spaces(text, 0.5)
    assert worn_text == without_spaces(text, 0.5) != without_spaces(text, 0.5, seed=1)
    assert 450 < worn_text.count(" ") < 550


def test_sets_of_a_text() -> None:
    names = [(lines.name, lines.read, lines.expected) for lines in worn("x", ["가 나"])]
    assert names[0] == ("x, as it is", ("가 나",), ("가 나",))
    assert names[2] == ("x, all spaces out", ("가나",), ("가 나",))


def test_nothing_to_judge() -> None:
    assert outcome(Lines("none", (), ()), str).harm == 0


def test_outcome() -> None:
    """One right line harmed, one kept, one mended, one changed from wrong to wrong."""
    lines = Lines("x", ("가나", "가 나", "다라", "바사"), ("가나", "가 나", "다 라", "바사아"))
    found = outcome(lines, lambda text: {"가나": "가 나", "다라": "다 라", "바사": "바 사"}.get(text, text))
    assert isinstance(found, Outcome)
    assert (found.right, found.harmed, found.harm) == (2, 1, 0.5)
    assert len(found.changed) == 3
    assert (found.before.exact_lines, found.after.exact_lines) == (2, 2)
    assert (found.before.spacing_precision, found.before.spacing_recall) == (1.0, 0.5)
    assert (found.after.spacing_precision, found.after.spacing_recall) == (0.5, 1.0)


def test_sentences_gain_and_are_not_harmed(capsys: pytest.CaptureFixture[str]) -> None:
    assert spacing.main(["--only", "sentences", "samples"]) == 0
    table = capsys.readouterr().out
    assert table.count("all spaces out") == 2
    assert "sentences, as it is                      270    1.000    1.000    1.000    1.000" in table


def test_harm_ends_with_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A file whose spacing is wrong on purpose: mending it counts as harm."""
    path = tmp_path / "own.txt"
    path.write_text("저는오늘오후에 도서관에서\n\n", encoding="utf-8")
    assert spacing.main(["--only", "--text", str(path)]) == 1
    out = capsys.readouterr().out
    assert "harmed, own.txt, as it is: 저는오늘오후에 도서관에서  →  저는 오늘 오후에 도서관에서" in out
    assert "at most 0.5%" in out


def test_unknown_file() -> None:
    with pytest.raises(SystemExit):
        spacing.main(["--only", "--text", "nowhere.txt"])


def test_pages_are_read_with_their_truth() -> None:
    """Turned pages included, and texts beside what stands there."""
    lines = read_pages("receipt.png", "turned_90.png")
    assert len(lines.read) == len(lines.expected) > 95
    assert sum(a == b for a, b in zip(lines.read, lines.expected, strict=True)) > 0.8 * len(lines.read)
