"""How well lines were read: exact lines, characters, words, jamo and spaces, summed over lines."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from functools import lru_cache

from ocr_helpers.text import TextsError, comparable_text, jamo_of

__all__ = ["LineScores", "score_lines", "sum_scores"]


@dataclass(frozen=True, slots=True)
class LineScores:
    """Counts over lines, and the scores that follow from them; add two to have those of all lines.

    Every score is a ratio of sums over all lines (micro average): a long line weighs more than a short one.
    Where the denominator is 0 it is nan. Counted on NFC text without space at its ends.

    Attributes:
        lines: how many.
        exact_lines: without any wrong character, punctuation and spaces included.
        exact_lines_ignoring_spaces: equal once all white space is taken out of both texts.
        characters: of the expected text, spaces included.
        character_edits: fewest characters to insert, delete or replace (Levenshtein).
        words: of the expected text, separated by white space.
        word_edits: the same over words.
        jamo: of the expected text: a Hangul syllable counts 2, with a final 3; any other character 1.
        jamo_edits: the same over these, so a wrong final is 1 of 3.
        expected_spaces: places between two characters of the expected text that carry white space, however
            wide.
        read_spaces: the same in the read text.
        right_spaces: spaces that stand in the same place in both; see
            :func:`ocr_helpers.scoring.alignment.count_right_spaces` for lines that differ in other
            characters.

    """

    lines: int = 0
    exact_lines: int = 0
    exact_lines_ignoring_spaces: int = 0
    characters: int = 0
    character_edits: int = 0
    words: int = 0
    word_edits: int = 0
    jamo: int = 0
    jamo_edits: int = 0
    expected_spaces: int = 0
    read_spaces: int = 0
    right_spaces: int = 0

    def __add__(self, other: "LineScores") -> "LineScores":
        """Counts of both together."""
        if not isinstance(other, LineScores):
            return NotImplemented
        return LineScores(
            *(getattr(self, field.name) + getattr(other, field.name) for field in fields(LineScores))
        )

    @property
    def exact_line_accuracy(self) -> float:
        """Share of the lines read without any wrong character, 0…1: what PaddleOCR's model cards state."""
        return _ratio(self.exact_lines, self.lines)

    @property
    def exact_line_accuracy_ignoring_spaces(self) -> float:
        """The same where spaces do not count, 0…1."""
        return _ratio(self.exact_lines_ignoring_spaces, self.lines)

    @property
    def cer(self) -> float:
        """Character error rate: edits by expected characters; 0 is perfect, above 1 is possible."""
        return _ratio(self.character_edits, self.characters)

    @property
    def wer(self) -> float:
        """Word error rate: edits by expected words; 0 is perfect, above 1 is possible."""
        return _ratio(self.word_edits, self.words)

    @property
    def jamo_cer(self) -> float:
        """Jamo error rate: edits by expected jamo; 0 is perfect, above 1 is possible."""
        return _ratio(self.jamo_edits, self.jamo)

    @property
    def spacing_precision(self) -> float:
        """Share of the read spaces that are right, 0…1; nan where none was read."""
        return _ratio(self.right_spaces, self.read_spaces)

    @property
    def spacing_recall(self) -> float:
        """Share of the expected spaces that were read, 0…1; nan where none is expected."""
        return _ratio(self.right_spaces, self.expected_spaces)

    @property
    def spacing_f1(self) -> float:
        """Harmonic mean of the two, 0…1; nan where there is no space at all."""
        return _ratio(2 * self.right_spaces, self.read_spaces + self.expected_spaces)

    def as_dict(self) -> dict[str, float]:
        """All scores by name, then all counts, as a row of a table."""
        names = [name for name, value in vars(LineScores).items() if isinstance(value, property)]
        return {name: getattr(self, name) for name in (*names, *(field.name for field in fields(self)))}


def score_lines(read: Sequence[str], expected: Sequence[str]) -> LineScores:
    """Compare lines with what stands there.

    CER and WER are those of jiwer 4 on NFC text, apart from texts without any expected character or word,
    for which they are nan here. Case, punctuation and width count: nothing else is normalised.

    Args:
        read: one text for each line.
        expected: what stands there, in the same order.

    Raises:
        TextsError: not as many of one as of the other, or not ``str``.

    """
    if isinstance(read, str) or isinstance(expected, str):
        raise TextsError(
            "score_lines takes a sequence of lines on both sides; for a single line pass [text]."
        )
    if len(read) != len(expected):
        raise TextsError(
            f"There are {len(read)} read and {len(expected)} expected lines; expected as many. A line that "
            "was not read is an empty text."
        )
    for name, texts in (("read", read), ("expected", expected)):
        for number, text in enumerate(texts):
            if not isinstance(text, str):
                raise TextsError(f"{name}[{number}] is {type(text).__name__}; expected str.")
    return sum_scores(_score_line(a, b) for a, b in zip(read, expected, strict=True))


def sum_scores(scores: Iterable[LineScores]) -> LineScores:
    """Counts of all together; without any, all are 0."""
    total = [0] * len(fields(LineScores))
    for one in scores:
        total = [a + getattr(one, field.name) for a, field in zip(total, fields(LineScores), strict=True)]
    return LineScores(*total)


# A sweep over settings reads the same lines again and again.
@lru_cache(maxsize=20_000)
def _score_line(read: str, expected: str) -> LineScores:
    from rapidfuzz.distance import Levenshtein

    from ocr_helpers.scoring.alignment import count_right_spaces

    read, expected = comparable_text(read), comparable_text(expected)
    words, read_words = expected.split(), read.split()
    solid, read_solid = "".join(words), "".join(read_words)
    gaps, read_gaps = _gaps(words), _gaps(read_words)
    jamo = jamo_of(expected)
    return LineScores(
        lines=1,
        exact_lines=int(read == expected),
        exact_lines_ignoring_spaces=int(read_solid == solid),
        characters=len(expected),
        character_edits=Levenshtein.distance(read, expected),
        words=len(words),
        word_edits=Levenshtein.distance(read_words, words),
        jamo=len(jamo),
        jamo_edits=Levenshtein.distance(jamo_of(read), jamo),
        expected_spaces=sum(gaps),
        read_spaces=sum(read_gaps),
        right_spaces=count_right_spaces(solid, gaps, read_solid, read_gaps),
    )


def _gaps(words: Sequence[str]) -> list[bool]:
    """One flag for each character but the first: it begins a word."""
    return [place == 0 for word in words for place in range(len(word))][1:]


def _ratio(part: int, whole: int) -> float:
    return part / whole if whole else float("nan")
