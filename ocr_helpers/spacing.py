"""Spaces that a reading lacks, found with Kiwi, a Korean morphological analyser that runs on this machine.

Recognition misses spaces where a line is set tightly: ``자기는돈이``, ``많이있는다고``. Kiwi's own ``space``
is made for text that has hardly any: in lines that are right it splits names and compound nouns
(``가람 평생 학습 관``), separates ``24 %`` and takes spaces away (``11.4.``). So only its analysis is used
here, and a space is put in where that leaves no doubt. ``python -m benchmarks.spacing`` measures what this
gains and harms.
"""

import math
import re
import unicodedata
from collections import defaultdict
from functools import lru_cache
from itertools import pairwise
from threading import Lock
from typing import Any, NamedTuple

from ocr_helpers.errors import OcrHelpersError

__all__ = ["KiwiMissingError", "TextTypeError", "restore_spacing"]

_ANALYSES = 8
_SURE, _LIKELY = 0.99, 0.9
"""Share of the likelihood that analyses with a break need: alone, and in a line that lacks other spaces.

Chosen with the rules below on 3,000 Korean messages of Debian's programs, which no benchmark reports on.
"""
_STARVED = 10
"""A chunk with so many syllables lacks spaces, even where no break in it is sure."""
_LONGEST = 100
"""Characters analysed at once: eight analyses tell the doubt about a line, not that about a chapter."""

_HANGUL = re.compile("[가-힣]")
# A syllable spelled with conjoining jamo is one place for a break, and Kiwi is to see it as one syllable.
_CONJOINED = re.compile("[\u1100-\u1112][\u1161-\u1175][\u11a8-\u11c2]?|[가-힣][\u11a8-\u11c2]")
_ALONE = re.compile(r"[@_\\`]|^#|://|www\.|\.[A-Za-z]|^/|/.*/")
"""A chunk with any of these is an address, a path, a file name or code, Hangul in it included."""
_PIECE = re.compile(r"\S*\s*")


class KiwiMissingError(OcrHelpersError, ImportError):
    """kiwipiepy, which knows where Korean has spaces, cannot be loaded; the message says what to do."""


class TextTypeError(OcrHelpersError, TypeError):
    """Something else than a text."""


def restore_spacing(text: str) -> str:
    """The text with spaces where Korean needs them and the reader missed them.

    A space is put in between two syllables of Hangul, after a comma or full stop between two, and between a
    particle or ending and the number or Latin word that follows; nowhere else. So Latin words, numbers,
    codes, dates, amounts, addresses and file names stay whole. Nothing is removed: spaces that are too many
    stay, and every other character is as it was, NFC or not.

    The places come from the eight likeliest analyses of Kiwi (https://github.com/bab2min/Kiwi, Lee 2024,
    Apache-2.0). After a particle or an ending a space is put in where 99 % of their likelihood has a break;
    between nouns, where usage varies, only in a line that lacks such a space too, or where ten syllables and
    more have none between them.

    Args:
        text: one line or many, each judged on its own. The first call loads Kiwi's model, which takes one to
            three seconds and 300 MB; a line then takes about 2 ms. Can be called from several threads.

    Returns:
        Another text; the one that came, where nothing is missing.

    Raises:
        TextTypeError: ``text`` is no str.
        KiwiMissingError: kiwipiepy or its model is not installed.

    """
    if not isinstance(text, str):
        raise TextTypeError(
            f"restore_spacing takes a str, not a {type(text).__name__}; for a list of lines, call it on each."
        )
    return "".join(_restored(piece) for line in text.splitlines(keepends=True) for piece in _pieces(line))


def _pieces(line: str) -> list[str]:
    """Parts of at most `_LONGEST` characters, cut after spaces; a longer chunk without one is cut inside."""
    if len(line) <= _LONGEST:
        return [line]
    parts = [""]
    for piece in _PIECE.findall(line):
        for start in range(0, len(piece), _LONGEST):
            part = piece[start : start + _LONGEST]
            if len(parts[-1]) + len(part) > _LONGEST:
                parts.append("")
            parts[-1] += part
    return parts


@lru_cache(maxsize=4096)
def _restored(text: str) -> str:
    if len(_HANGUL.findall(unicodedata.normalize("NFC", text))) < 2:
        return text
    composed, starts = _composed(text)
    cuts = [0, *(starts[place] for place in sorted(_missing(composed))), len(text)]
    return " ".join(text[a:b] for a, b in pairwise(cuts))


def _composed(text: str) -> tuple[str, list[int]]:
    """The text with conjoined syllables as one character each, and where each of its characters began."""
    characters, starts, at = [], [], 0
    while at < len(text):
        found = _CONJOINED.match(text, at)
        whole = unicodedata.normalize("NFC", found[0]) if found else text[at]
        if len(whole) > 1:  # a syllable that has its final consonant already, and another
            found, whole = None, text[at]
        # Half of a surrogate pair cannot be handed over; Kiwi counts code points, so its place is kept.
        characters.append("\ufffd" if "\ud800" <= whole <= "\udfff" else whole)
        starts.append(at)
        at = found.end() if found else at + 1
    return "".join(characters), starts


class _Break(NamedTuple):
    """A place between two morphemes where Korean has a space: Kiwi's tags and forms, and how sure, 0…1."""

    left_tag: str
    right_tag: str
    left_form: str
    right_form: str
    likelihood: float


def _missing(text: str) -> set[int]:
    chunks = [chunk for chunk in re.finditer(r"\S+", text) if not _ALONE.search(chunk[0])]
    open_places = {place for chunk in chunks for place in range(chunk.start() + 1, chunk.end())}
    sure: set[int] = set()
    likely: set[int] = set()
    for place, found in sorted(_breaks(text).items()):
        weight = _weight(text, place, found, sure) if place in open_places else 0
        if weight == 2 and found.likelihood >= _SURE:
            sure.add(place)
        elif weight and found.likelihood >= _LIKELY:
            likely.add(place)
    if sure:
        return sure | likely
    starved = (chunk for chunk in chunks if len(_HANGUL.findall(chunk[0])) >= _STARVED)
    return {place for chunk in starved for place in likely if chunk.start() < place < chunk.end()}


def _breaks(text: str) -> dict[int, _Break]:
    analyses = _analyse(text)
    best = max(score for _, score in analyses)
    weights = [math.exp(score - best) for _, score in analyses]
    likelihoods: defaultdict[int, float] = defaultdict(float)
    first: dict[int, tuple[str, str, str, str]] = {}
    for (morphemes, _), weight in zip(analyses, weights, strict=True):
        for left, right in pairwise(morphemes):
            # Contracted morphemes (했 = 하 + 었) overlap: between them there is no place.
            if left.start + left.len != right.start or not 0 < right.start < len(text):
                continue
            if _is_break(left, right):
                likelihoods[right.start] += weight / sum(weights)
                first.setdefault(right.start, (left.tag, right.tag, left.form, right.form))
    return {place: _Break(*first[place], min(1.0, share)) for place, share in likelihoods.items()}


_WORDS = re.compile("[NMI]|V[VAX]|VCN|XR|XPN|S[LNH]")


def _is_break(left: Any, right: Any) -> bool:
    """Whether a new word begins: particles, endings, suffixes and the copula join what precedes them."""
    if not _WORDS.match(right.tag) or (right.tag.startswith("VX") and right.form in ("하", "지")):
        return False
    return left.tag[0] not in "SUWX" or left.tag.startswith(("XR", "XS")) or left.tag in ("SF", "SP")


def _weight(text: str, place: int, found: _Break, sure: set[int]) -> int:
    """2: a space belongs there; 1: if other spaces are missing beside it; 0: leave it alone."""
    before, after = text[place - 1], text[place]
    left, right = _class_of(found.left_tag), _class_of(found.right_tag)
    stem = _syllables_before(text, place, sure)
    if before in ",." and _HANGUL.match(after):
        return 2 if place >= 2 and _HANGUL.match(text[place - 2]) else 0
    if not _HANGUL.match(before):
        return 0
    if after.isascii() and after.isalnum():
        # 물빛로118번길, 12가3456: street numbers and number plates follow what looks like a particle.
        street = after.isdigit() and found.left_form in ("로", "으로")
        return 2 if left in ("J", "E") and stem >= 2 and not street else 0
    if not _HANGUL.match(after):
        return 0
    if left == right == "N":
        return int(len(found.right_form) > 1)  # 안내대, 진동판: mostly a suffix that Kiwi takes for a noun
    if not _parts_words(left, right):
        return 1
    if stem < 2 and right != "NNB":
        return 1  # 난달, 온새, 해제: a particle or ending after one syllable is often the middle of a word
    if found.left_tag == "ETM" and found.left_form in ("ᆫ", "은") and right == "N" and stem < 3:
        return 1  # 빈칸, 지난봄, 굵은소금: how compound nouns are made
    return 2


def _parts_words(left: str, right: str) -> bool:
    """Whether the spelling rules leave no choice between these classes."""
    if left in ("J", "E"):  # not an ending before a verb: 돌려주다 and 돌려 주다 are both right
        return right in ("N", "NP", "NR", "M", "XR", "XPN", "V" if left == "J" else "NNB")
    return right == "N" if left.startswith("XS") else (left, right) == ("NNB", "V")


_CLASSES = {"NNG": "N", "NNP": "N", "VV": "V", "VA": "V", "VCN": "V"}


def _class_of(tag: str) -> str:
    """Kiwi's tag, as coarse as the rules need it: J particles, E endings, N nouns, V verbs, M modifiers."""
    tag = tag.partition("-")[0]
    return _CLASSES.get(tag, tag[0] if tag[0] in "JEM" else tag)


def _syllables_before(text: str, place: int, sure: set[int]) -> int:
    start = place
    while start and _HANGUL.match(text[start - 1]):
        start -= 1
        if start in sure:
            break
    return place - start


_lock = Lock()
_loaded: list[Any] = []


def _analyse(text: str) -> list[tuple[list[Any], float]]:
    with _lock:
        if not _loaded:
            _loaded.append(_load())
        analyses: list[tuple[list[Any], float]] = _loaded[0].analyze(text, top_n=_ANALYSES)
    return analyses


def _load() -> Any:
    try:
        from kiwipiepy import Kiwi

        return Kiwi(num_workers=1, load_multi_dict=False)
    except (ImportError, OSError) as error:
        raise KiwiMissingError(
            f"Spacing is restored with kiwipiepy, which cannot be loaded: {error}. "
            "Install it: `pip install kiwipiepy`."
        ) from error
