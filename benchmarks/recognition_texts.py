"""What the benchmark's lines say: four kinds of Korean text, written or composed for this project.

Sentences and mixed lines were written by hand (``text/*.txt``), so they share no generator with the
training's text. Random syllables and lines with marks are composed from a seed.
"""

import random
import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from benchmarks.recognition_marks import marks_line
from training.alphabet import MARKS, dictionary, syllables

TEXT_DIR = Path(__file__).with_name("text")
KINDS = ("sentences", "syllables", "mixed", "marks")
SYLLABLES_LENGTH = (6, 16)


@lru_cache(maxsize=1)
def alphabet() -> frozenset[str]:
    """Every character a benchmark line may hold: the starter dictionary and the space."""
    return frozenset(dictionary()) | {" "}


@lru_cache(maxsize=4)
def written(name: str) -> tuple[str, ...]:
    """The lines of ``text/<name>.txt``, NFC; ValueError if the dictionary cannot spell one."""
    path = TEXT_DIR / f"{name}.txt"
    lines = tuple(unicodedata.normalize("NFC", path.read_text(encoding="utf-8")).splitlines())
    for number, line in enumerate(lines, 1):
        if not line or line != line.strip() or not alphabet().issuperset(line):
            odd = "".join(sorted(set(line) - alphabet()))
            raise ValueError(
                f"{path.name}:{number}: {line!r} is empty, has outer spaces or holds unknown {odd!r}"
            )
    return lines


def texts_of(kind: str, count: int, seed: int, marks: Sequence[str] = MARKS) -> list[str]:
    """``count`` lines of one kind; the same for the same arguments.

    Written kinds come in an order drawn from the seed and start again when they are used up. ``marks`` are
    those that can be drawn at all: lines of the kind "marks" take each of them in turn.
    """
    rng = random.Random(f"{kind} {seed}")
    if kind in ("sentences", "mixed"):
        order = rng.sample(written(kind), len(written(kind)))
        return [order[k % len(order)] for k in range(count)]
    if kind == "syllables":
        return [random_syllables(rng) for _ in range(count)]
    if kind == "marks":
        order = rng.sample(list(marks), len(marks))
        return [marks_line(rng, order[k % len(order)], written("words"), marks) for k in range(count)]
    raise ValueError(f"kind is {kind!r}; expected one of {', '.join(KINDS)}")


def random_syllables(rng: random.Random) -> str:
    """Words of one to six syllables, each of the 2,350 as likely; the line has 6 to 16 characters."""
    pool = syllables()
    left = rng.randint(*SYLLABLES_LENGTH)
    words = []
    while left > 0:
        # One character left over would hold a space or a syllable, not both.
        length = rng.choice([k for k in range(1, min(6, left) + 1) if left - k != 1])
        words.append("".join(rng.choices(pool, k=length)))
        left -= length + 1
    return " ".join(words)
