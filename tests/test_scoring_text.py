"""Scores of lines: known answers, jiwer on random text, alignments against all shortest edits."""

import math
import unicodedata
from dataclasses import fields
from typing import Any

import jiwer
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rapidfuzz.distance import Levenshtein

from ocr_helpers.scoring import LineScores, score_lines, sum_scores
from ocr_helpers.scoring.alignment import align_texts, count_right_spaces
from ocr_helpers.text import TextsError

NAN = math.nan


def scores(read: str, expected: str) -> LineScores:
    return score_lines([read], [expected])


@pytest.mark.parametrize(
    ("read", "expected", "exact", "ignoring_spaces", "cer", "wer", "jamo_cer"),
    [
        ("", "", 1, 1, NAN, NAN, NAN),
        ("가", "", 0, 0, NAN, NAN, NAN),
        ("", "가나", 0, 0, 1, 1, 1),
        ("가나다", "가나다", 1, 1, 0, 0, 0),
        ("가나다.", "가나다", 0, 0, 1 / 3, 1, 1 / 6),  # punctuation counts
        ("저는 오늘", "저는오늘", 0, 1, 1 / 4, 2, 1 / 10),
        ("저는오늘", "저는 오늘", 0, 1, 1 / 5, 1, 1 / 11),
        ("간", "강", 0, 0, 1, 1, 1 / 3),  # a wrong final
        ("가", "강", 0, 0, 1, 1, 1 / 3),
        ("봅", "강", 0, 0, 1, 1, 1),
        ("강", "가", 0, 0, 1, 1, 1 / 2),
        ("A", "강", 0, 0, 1, 1, 1),
        ("a1", "A1", 0, 0, 1 / 2, 1, 1 / 2),  # case counts
        ("１", "1", 0, 0, 1, 1, 1),  # and width
        ("\u1112\u1161\u11ab글", "한글", 1, 1, 0, 0, 0),  # conjoining jamo on either side
        ("한글", "\u1112\u1161\u11ab글", 1, 1, 0, 0, 0),
        (" 한글 ", "한글", 1, 1, 0, 0, 0),  # no picture shows a space at the end
        ("한  글", "한 글", 0, 1, 1 / 3, 0, 1 / 7),
        ("가나다라마바", "가", 0, 0, 5, 1, 5),
    ],
)
def test_known_answers(
    read: str,
    expected: str,
    exact: int,
    ignoring_spaces: int,
    cer: float,
    wer: float,
    jamo_cer: float,
) -> None:
    found = scores(read, expected)
    assert found.exact_line_accuracy == exact
    assert found.exact_line_accuracy_ignoring_spaces == ignoring_spaces
    assert found.cer == pytest.approx(cer, nan_ok=True)
    assert found.wer == pytest.approx(wer, nan_ok=True)
    assert found.jamo_cer == pytest.approx(jamo_cer, nan_ok=True)


@pytest.mark.parametrize(
    ("read", "expected", "counts"),  # right, read, expected
    [
        ("", "", (0, 0, 0)),
        ("가나", "가나", (0, 0, 0)),
        ("가 나", "가 나", (1, 1, 1)),
        ("가나", "가 나", (0, 0, 1)),
        ("가 나", "가나", (0, 1, 0)),
        ("가  나", "가 나", (1, 1, 1)),  # however wide
        (" 가 나", "가 나 ", (1, 1, 1)),
        ("자기는돈이", "자기는 돈이", (0, 0, 1)),
        ("저는오늘오후에 도서관에서", "저는 오늘 오후에 도서관에서", (1, 1, 3)),
        ("저 는 오늘", "저는 오늘", (1, 2, 1)),
        ("저눈 오늘", "저는 오늘", (1, 1, 1)),  # another character is wrong
        ("저 오늘", "저는 오늘", (1, 1, 1)),  # missing in front of the space
        ("저는 늘", "저는 오늘", (1, 1, 1)),  # and behind it
        ("저는x 오늘", "저는 오늘", (1, 1, 1)),
        ("저는 x 오늘", "저는 오늘", (1, 2, 1)),  # one of the two is too many
        ("가 다", "가 나 다", (1, 1, 2)),  # one of the two is missing
        ("오 늘 가", "오늘 늘 가", (2, 2, 2)),  # of two shortest edits the one that keeps the spaces
        ("", "가 나 다", (0, 0, 2)),
        ("다른 말 이다", "전혀 같지 않은 줄", (2, 2, 3)),
    ],
)
def test_spaces(read: str, expected: str, counts: tuple[int, int, int]) -> None:
    found = scores(read, expected)
    assert (found.right_spaces, found.read_spaces, found.expected_spaces) == counts


def test_spacing_ratios() -> None:
    found = scores("가 나 다라마", "가 나다 라 마")
    assert (found.spacing_precision, found.spacing_recall) == (1 / 2, 1 / 3)
    assert found.spacing_f1 == pytest.approx(2 * (1 / 2) * (1 / 3) / (1 / 2 + 1 / 3))
    none = scores("가", "가")
    assert all(math.isnan(x) for x in (none.spacing_precision, none.spacing_recall, none.spacing_f1))


def test_averages_are_over_all_characters() -> None:
    found = score_lines(["가", "가나다라마바사아자"], ["나", "가나다라마바사아자"])
    assert found.cer == 1 / 10  # not the mean of 1 and 0
    assert found.exact_line_accuracy == 1 / 2


def test_sums() -> None:
    first, second = scores("가 나", "가나"), scores("다", "다라")
    assert first + second == score_lines(["가 나", "다"], ["가나", "다라"]) == sum_scores([first, second])
    assert sum_scores([]) == LineScores() == score_lines([], [])
    assert math.isnan(LineScores().exact_line_accuracy)


def test_as_a_row() -> None:
    row = scores("가", "나").as_dict()
    assert {field.name for field in fields(LineScores)} <= row.keys()
    assert row["cer"] == 1 and row["lines"] == 1 and math.isnan(row["spacing_f1"])


@pytest.mark.parametrize(
    ("read", "expected", "message"),
    [
        ("가", "가", "pass \\[text\\]"),
        (["가"], [], "1 read and 0 expected"),
        (["가", None], ["가", "나"], r"read\[1\] is NoneType"),
        (["가"], [3], r"expected\[0\] is int"),
    ],
)
def test_other_input_is_refused(read: Any, expected: Any, message: str) -> None:
    with pytest.raises(TextsError, match=message):
        score_lines(read, expected)


LETTERS = "가각간나낙 다.,1 aA"
lines = st.text(alphabet=LETTERS, max_size=16)
pairs_of_lines = st.lists(st.tuples(lines, lines), min_size=1, max_size=5)


@settings(deadline=None, max_examples=200)
@given(pairs_of_lines)
def test_cer_and_wer_are_jiwers(pairs: list[tuple[str, str]]) -> None:
    read, expected = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    found = score_lines(read, expected)
    characters, words = jiwer.process_characters(expected, read), jiwer.process_words(expected, read)
    edits = characters.substitutions + characters.deletions + characters.insertions
    assert found.character_edits == edits
    assert found.word_edits == words.substitutions + words.deletions + words.insertions
    if any(text.strip() for text in expected):
        assert found.cer == pytest.approx(characters.cer)
        assert found.wer == pytest.approx(words.wer)
    else:
        assert math.isnan(found.cer) and math.isnan(found.wer)


@settings(deadline=None)
@given(lines, lines)
def test_jamo_cer_is_jiwers_on_jamo(read: str, expected: str) -> None:
    apart = [unicodedata.normalize("NFD", text.strip()) for text in (read, expected)]
    if apart[1]:
        assert scores(read, expected).jamo_cer == pytest.approx(jiwer.cer(apart[1], apart[0]))


@given(st.text(alphabet=LETTERS, min_size=1, max_size=8), st.lists(st.booleans(), min_size=8, max_size=8))
def test_spacing_of_lines_that_differ_in_spaces_only(text: str, spaced: list[bool]) -> None:
    expected = " ".join(text.split())
    solid = "".join(expected.split())
    read = "".join(c + " " * space for c, space in zip(solid, spaced, strict=False))
    places = [
        {len("".join(line[:n].split())) for n, c in enumerate(line) if c == " "} for line in (read, expected)
    ]
    places[0].discard(len(solid))
    found = scores(read, expected)
    assert found.exact_lines_ignoring_spaces == 1
    assert found.right_spaces == len(places[0] & places[1])
    assert (found.read_spaces, found.expected_spaces) == (len(places[0]), len(places[1]))


@settings(deadline=None)
@given(lines, lines)
def test_an_alignment_is_a_shortest_edit(expected: str, read: str) -> None:
    pairs = align_texts(expected, read)
    assert "".join(pair.expected for pair in pairs) == expected
    assert "".join(pair.read for pair in pairs) == read
    assert sum(not pair.equal for pair in pairs) == Levenshtein.distance(expected, read)
    assert [pair.place for pair in pairs if pair.expected] == list(range(len(expected)))
    assert [pair.read_place for pair in pairs if pair.read] == list(range(len(read)))


@pytest.mark.parametrize(
    ("expected", "read", "pairs"),
    [
        ("저는 가", "저능가", ["저저", "는능", " -", "가가"]),  # the syllables that share most
        ("가나", "간", ["가간", "나-"]),
        ("나가", "간", ["나-", "가간"]),
        ("가 나", "가x나", ["가가", " x", "나나"]),
    ],
)
def test_likely_pairs(expected: str, read: str, pairs: list[str]) -> None:
    found = align_texts(expected, read)
    assert [(pair.expected or "-") + (pair.read or "-") for pair in found] == pairs


def most_right_spaces(expected: str, expected_gaps: list[bool], read: str, read_gaps: list[bool]) -> int:
    """By trying every shortest edit, and in each every choice of pairs."""
    spaced = [False, *expected_gaps, False], [False, *read_gaps, False]

    def choose(cells: list[tuple[int, int]], used: frozenset[tuple[int, int]]) -> int:
        if not cells:
            return 0
        (i, j), rest = cells[0], cells[1:]
        best = choose(rest, used)
        if (0, i) not in used and (1, j) not in used:
            best = max(best, 1 + choose(rest, used | {(0, i), (1, j)}))
        return best

    def walk(i: int, j: int, left: int, cells: list[tuple[int, int]]) -> int:
        if left < Levenshtein.distance(expected[i:], read[j:]):
            return 0
        if spaced[0][i : i + 1] == [True] and spaced[1][j : j + 1] == [True]:
            cells = [*cells, (i, j)]
        if i == len(expected) and j == len(read):
            return choose(cells, frozenset())
        ways = []
        if i < len(expected) and j < len(read):
            ways.append(walk(i + 1, j + 1, left - (expected[i] != read[j]), cells))
        if i < len(expected):
            ways.append(walk(i + 1, j, left - 1, cells))
        if j < len(read):
            ways.append(walk(i, j + 1, left - 1, cells))
        return max(ways)

    return walk(0, 0, Levenshtein.distance(expected, read), [])


short = st.text(alphabet="가나다", max_size=5)
flags = st.lists(st.booleans(), min_size=4, max_size=4)


@settings(deadline=None, max_examples=200)
@given(short, flags, short, flags)
def test_right_spaces_are_the_most_that_a_shortest_edit_allows(
    expected: str, expected_gaps: list[bool], read: str, read_gaps: list[bool]
) -> None:
    gaps = expected_gaps[: max(0, len(expected) - 1)], read_gaps[: max(0, len(read) - 1)]
    assert count_right_spaces(expected, gaps[0], read, gaps[1]) == most_right_spaces(
        expected, gaps[0], read, gaps[1]
    )


def test_texts_too_long_for_all_edits_are_aligned_too() -> None:
    expected = "가 나다 " * 600
    read = "가나 다 " * 600
    assert (len(expected) + 1) * (len(read) + 1) > 4_000_000
    pairs = align_texts(expected, read)
    assert sum(not pair.equal for pair in pairs) == Levenshtein.distance(expected, read)
    found = scores(read, expected)
    assert found.exact_lines_ignoring_spaces == 1 and found.right_spaces == 599
