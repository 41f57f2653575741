"""Counts of what a reader confuses: characters, jamo and spaces, each with where it happened."""

from collections.abc import Iterable
from dataclasses import dataclass

from ocr_helpers.scoring.alignment import AlignedPair, align_texts
from ocr_helpers.text import comparable_text, jamo_of

__all__ = ["Context", "ErrorCounts", "ErrorKind", "count_errors"]

# Position → first conjoining jamo of that position, and how each is written alone (compatibility jamo): a
# conjoining one is drawn at its place in a syllable, which nobody can read by itself.
_LETTERS = {
    "initial": (0x1100, "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ"),
    "vowel": (0x1161, "ㅏㅐㅑㅒㅓㅔㅕㅖㅗㅘㅙㅚㅛㅜㅝㅞㅟㅠㅡㅢㅣ"),
    "final": (0x11A8, "ㄱㄲㄳㄴㄵㄶㄷㄹㄺㄻㄼㄽㄾㄿㅀㅁㅂㅄㅅㅆㅇㅈㅊㅋㅌㅍㅎ"),
}
_AROUND = 4


@dataclass(frozen=True, slots=True)
class Context:
    """One place of an error: the expected text around it.

    Attributes:
        line: number of the line among those counted.
        before: up to four expected characters in front of it.
        expected: the expected character; "" where one was too many.
        read: the character that was read; "" where it is missing.
        after: up to four expected characters behind it.

    """

    line: int
    before: str
    expected: str
    read: str
    after: str


@dataclass(frozen=True, slots=True)
class ErrorKind:
    """One kind of error: what was read instead of what, how often and where.

    Attributes:
        expected: a character, or a jamo as it is written alone (ㄹ); "" where the read one is too many.
        read: the same; "" where it is missing.
        position: of a jamo: ``"initial"``, ``"vowel"`` or ``"final"``; "" of a character.
        count: how often.
        contexts: the first few places.

    """

    expected: str
    read: str
    position: str
    count: int
    contexts: tuple[Context, ...]


@dataclass(frozen=True, slots=True)
class ErrorCounts:
    """All kinds of errors, the most frequent first.

    Attributes:
        replaced: characters read as others; neither is a space.
        jamo: parts of a Hangul syllable that differ where another was read.
        missing: characters that were not read, spaces left out.
        surplus: characters that do not stand there, spaces left out.
        missing_spaces: one kind for each pair of characters with no space read between them.
        surplus_spaces: one kind for each pair of characters with a space read between them.

    """

    replaced: tuple[ErrorKind, ...]
    jamo: tuple[ErrorKind, ...]
    missing: tuple[ErrorKind, ...]
    surplus: tuple[ErrorKind, ...]
    missing_spaces: tuple[ErrorKind, ...]
    surplus_spaces: tuple[ErrorKind, ...]


def count_errors(texts: Iterable[tuple[str, str]], *, most_contexts: int = 3) -> ErrorCounts:
    """Count the differences of pairs of read and expected lines.

    Characters are paired by :func:`ocr_helpers.scoring.alignment.align_texts`, on NFC text without space at
    its ends. A letter in place of a space counts as a missing space and a surplus letter.

    Args:
        texts: read and expected text of each line.
        most_contexts: places kept of each kind.

    """
    found: dict[str, dict[tuple[str, str, str], list[Context]]] = {
        name: {} for name in ErrorCounts.__dataclass_fields__
    }
    for line, (read, expected) in enumerate(texts):
        expected = comparable_text(expected)
        for pair in align_texts(expected, comparable_text(read)):
            if pair.equal:
                continue
            context = _context(line, expected, pair)
            for table, key in _kinds(pair, context):
                found[table].setdefault(key, []).append(context)
    return ErrorCounts(**{name: _ranked(kinds, most_contexts) for name, kinds in found.items()})


def _kinds(pair: AlignedPair, context: Context) -> Iterable[tuple[str, tuple[str, str, str]]]:
    """Tables that a difference belongs to, and what it is called there."""
    left, right = context.before[-1:], context.after[:1]
    if pair.expected.isspace():
        yield "missing_spaces", (f"{left} {right}", f"{left}{right}", "")
    elif pair.expected and (not pair.read or pair.read.isspace()):
        yield "missing", (pair.expected, "", "")
    if pair.read.isspace():
        yield "surplus_spaces", (f"{left}{right}", f"{left} {right}", "")
    elif pair.read and (not pair.expected or pair.expected.isspace()):
        yield "surplus", ("", pair.read, "")
    if pair.expected.strip() and pair.read.strip():
        yield "replaced", (pair.expected, pair.read, "")
        parts, read_parts = jamo_of(pair.expected), jamo_of(pair.read)
        if len(parts) > 1 and len(read_parts) > 1:
            for n, (position, (first, letters)) in enumerate(_LETTERS.items()):
                a, b = (
                    letters[ord(side[n]) - first] if n < len(side) else "" for side in (parts, read_parts)
                )
                if a != b:
                    yield "jamo", (a, b, position)


def _context(line: int, expected: str, pair: AlignedPair) -> Context:
    end = pair.place + len(pair.expected)
    before = expected[max(0, pair.place - _AROUND) : pair.place]
    return Context(line, before, pair.expected, pair.read, expected[end : end + _AROUND])


def _ranked(kinds: dict[tuple[str, str, str], list[Context]], most_contexts: int) -> tuple[ErrorKind, ...]:
    ranked = sorted(kinds.items(), key=lambda item: -len(item[1]))
    return tuple(ErrorKind(*key, len(places), tuple(places[:most_contexts])) for key, places in ranked)
