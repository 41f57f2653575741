"""Korean text as it is compared: one spelling for each syllable, its jamo, and what a model cannot spell."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any

from ocr_helpers.errors import OcrHelpersError

__all__ = [
    "DictionaryError",
    "TextsError",
    "UnsupportedCharacter",
    "comparable_text",
    "dictionary_characters",
    "jamo_of",
    "spellable_lines",
    "unsupported_characters",
]

_FIRST_SYLLABLE, _LAST_SYLLABLE = 0xAC00, 0xD7A3
_VOWELS, _FINALS = 21, 28
_SPACE = " "


class TextsError(OcrHelpersError, TypeError):
    """Texts that are not a sequence of ``str``, or not as many as they must be."""


class DictionaryError(OcrHelpersError, TypeError):
    """The object has no dictionary of characters that a text recogniser writes."""


@dataclass(frozen=True, slots=True)
class UnsupportedCharacter:
    """A character that a model's dictionary cannot spell.

    Attributes:
        character: one code point of the text as NFC.
        count: how often it stands in all texts.
        places: line, from 0, and place in that line as NFC, from 0; in order.

    """

    character: str
    count: int
    places: tuple[tuple[int, int], ...]

    @property
    def name(self) -> str:
        """Code point and Unicode's name of it: ``U+D587 HANGUL SYLLABLE HAES``."""
        name = unicodedata.name(self.character, "(no name)")
        return f"U+{ord(self.character):04X} {name}"


def comparable_text(text: str) -> str:
    """The text as all scores take it: NFC, without space at its ends.

    A Hangul syllable can be one code point or several conjoining jamo and look the same; and no picture of a
    line shows a space at its end.
    """
    return unicodedata.normalize("NFC", text).strip()


def jamo_of(text: str) -> str:
    """The text with each Hangul syllable as its conjoining jamo: initial, vowel and, if it has one, final.

    ``"각"`` gives U+1100 U+1161 U+11A8. A double consonant or a compound vowel (ㄲ, ㄳ, ㅘ) is one jamo, and
    an initial differs from the same consonant as a final. Every other character stays; NFD would take
    letters with accents apart too. The arithmetic is that of the Unicode Standard, section 3.12.

    Args:
        text: NFC.

    """
    parts = []
    for character in text:
        index = ord(character) - _FIRST_SYLLABLE
        if not 0 <= index <= _LAST_SYLLABLE - _FIRST_SYLLABLE:
            parts.append(character)
            continue
        rest, final = divmod(index, _FINALS)
        initial, vowel = divmod(rest, _VOWELS)
        parts.append(chr(0x1100 + initial) + chr(0x1161 + vowel) + (chr(0x11A7 + final) if final else ""))
    return "".join(parts)


def unsupported_characters(text: str | Iterable[str], model: Any) -> tuple[UnsupportedCharacter, ...]:
    """The characters of a ground truth that a model's dictionary cannot spell: no setting makes it read them.

    Args:
        text: lines of text; a ``str`` is taken apart at its line ends. Compared as NFC. A character counts as
            spelled too where the dictionary holds all conjoining jamo or marks it is composed of.
        model: see `dictionary_characters`.

    Returns:
        In order of first appearance; empty where everything can be spelled.

    Raises:
        TextsError: not text.
        DictionaryError: the model has no dictionary, and what
            :func:`ocr_helpers.models.config.read_model_config` raises for a directory.

    """
    known = dictionary_characters(model)
    places: dict[str, list[tuple[int, int]]] = {}
    for number, line in enumerate(_lines(text)):
        for place, character in enumerate(line):
            if not _spelled(character, known):
                places.setdefault(character, []).append((number, place))
    return tuple(UnsupportedCharacter(c, len(found), tuple(found)) for c, found in places.items())


def spellable_lines(texts: Iterable[str], model: Any) -> list[int]:
    """Places of the lines all of whose characters the model's dictionary can spell.

    Scores of these lines alone tell how well a model reads what it could read::

        able = spellable_lines(expected, recognizer)
        score_lines([read[n] for n in able], [expected[n] for n in able])

    Arguments and errors as for `unsupported_characters`.
    """
    known = dictionary_characters(model)
    return [
        n for n, line in enumerate(_lines(texts)) if all(_spelled(character, known) for character in line)
    ]


def dictionary_characters(model: Any) -> frozenset[str]:
    """Every character that a text recogniser can write, as NFC, the space among them.

    Args:
        model: a ``paddleocr.TextRecognition``, a ``paddleocr.PaddleOCR``, a ``StagedPipeline``, the directory
            of a recognition model (``str``, ``Path`` or ``ModelWeights``), or the characters of a dictionary
            (as in ``character_dict`` of its ``inference.yml``; a file of PaddleOCR's such as
            ``ppocrv5_korean_dict.txt`` has one a line).

    Raises:
        DictionaryError: nothing of these. ocr_helpers.models.config.ModelConfigError, UnsafeModelConfigError:
            a directory without a usable ``inference.yml`` of a text recogniser.

    """
    entries = _entries(model)
    # An entry of several characters, such as PaddleX's "blank", spells none of them alone.
    composed = (unicodedata.normalize("NFC", entry) for entry in entries)
    # PaddleX appends the space to every dictionary (``BaseRecLabelDecode``, paddlex 3.7).
    return frozenset(entry for entry in composed if len(entry) == 1) | {_SPACE}


def _entries(model: Any) -> Sequence[str]:
    """What the dictionary lists, PaddleX's ``blank`` included."""
    if isinstance(model, str | PathLike):
        return _entries_of_directory(Path(model).expanduser())
    predictor = getattr(model, "paddlex_predictor", None)
    if (pipeline := getattr(model, "pipeline", model)) is not None and predictor is None:
        inner = getattr(getattr(pipeline, "paddlex_pipeline", None), "_pipeline", None)
        predictor = getattr(inner, "text_rec_model", None)
    found = getattr(getattr(predictor, "post_op", None), "character", None)
    if found is not None:
        return list(found)
    if isinstance(directory := getattr(model, "model_dir", None), Path):
        return _entries_of_directory(directory)
    if isinstance(model, Iterable):
        entries = list(model)
        if entries and all(isinstance(entry, str) for entry in entries):
            return entries
    raise DictionaryError(
        f"model is {type(model).__name__} without a dictionary of characters; expected a loaded "
        "paddleocr.TextRecognition or PaddleOCR, the directory of a recognition model, or a sequence of "
        "characters."
    )


def _entries_of_directory(directory: Path) -> Sequence[str]:
    from ocr_helpers.models.config import read_model_config
    from ocr_helpers.models.names import MODEL_NAMES

    path = directory / "inference.yml"
    name = MODEL_NAMES["text_recognition"][0]
    if path.is_file():
        # Whichever recogniser it is: its own name is expected, and everything else is checked.
        said = re.search(r"^\s*model_name:\s*(\S+)\s*$", path.read_text("utf-8", "replace"), re.MULTILINE)
        name = said[1] if said else name
    config = read_model_config(directory, module="text_recognition", model_name=name)
    entries: list[str] = config["PostProcess"]["character_dict"]
    return entries


def _lines(text: str | Iterable[str]) -> list[str]:
    if isinstance(text, str):
        lines = text.splitlines()
    elif isinstance(text, Iterable) and not isinstance(text, bytes | bytearray):
        lines = list(text)
    else:
        raise TextsError(f"text is {type(text).__name__}; expected a str or a sequence of str.")
    for number, line in enumerate(lines):
        if not isinstance(line, str):
            raise TextsError(f"Text {number} is {type(line).__name__}; expected str.")
    return [unicodedata.normalize("NFC", line.rstrip("\r\n")) for line in lines]


def _spelled(character: str, known: frozenset[str]) -> bool:
    if character in known:
        return True
    parts = unicodedata.normalize("NFD", character)
    return len(parts) > 1 and known.issuperset(parts)
