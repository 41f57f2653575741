"""Line images of the orientation benchmark: those of the recognition benchmark, and single words."""

from collections.abc import Iterator

import numpy as np

from benchmarks.recognition_lines import QUALITIES, BenchmarkLine, can_draw, draw_line, make_lines
from benchmarks.recognition_texts import written
from training.fonts import KEPT_OUT

LONG_ENOUGH = 4  # characters from which the target counts a line
WORDS = "words"


def make_upright_lines(per_kind: int, seed: int = 0) -> Iterator[BenchmarkLine]:
    """Yield ``per_kind`` lines of each kind and quality, and as many words of 1 to 6 characters.

    Raises:
        FileNotFoundError: a font is not installed; names Debian's packages.

    """
    yield from make_lines(per_kind, seed)
    words, families = written(WORDS), list(KEPT_OUT)
    order = np.random.default_rng([seed, 9]).permutation(len(words))
    for quality in QUALITIES:
        for number in range(per_kind):
            text = words[order[number % len(words)]]
            able = [family for family in families if all(can_draw(family, c) for c in text)]
            rng = np.random.default_rng([seed, 10 + QUALITIES.index(quality), number])
            family = able[(number + 3 * QUALITIES.index(quality)) % len(able)]
            yield draw_line(WORDS, quality, family, text, rng)
