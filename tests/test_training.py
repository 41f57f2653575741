"""The text and pictures the starter recogniser learns from; its network needs PyTorch, which tests do not."""

import random
import unicodedata

import numpy as np
import pytest

from training import corpus, fonts
from training.alphabet import JAMO, MARKS, dictionary, syllables
from training.lines import HEIGHT, make_line

PROMISED_MARKS = "「」『』《》·…₩℃㎡㈜①○■※→"


@pytest.fixture(scope="module")
def words() -> None:
    """Skip, or in CI fail, where the word list is not installed."""
    if not corpus.WORD_LIST.is_file():
        pytest.skip("training text needs Debian's hunspell-ko")


@pytest.fixture(scope="module")
def faces() -> dict[str, fonts.Face]:
    """Every face of Debian's; skip, or in CI fail, where Debian's fonts are not installed."""
    try:
        return {stem: fonts.face(stem) for stem in [*fonts.DEBIAN, *fonts.KEPT_OUT.values()]}
    except FileNotFoundError as error:
        pytest.skip(str(error))


def test_dictionary_has_what_it_promises() -> None:
    spelled = dictionary()
    assert len(syllables()) == 2350 and syllables()[0] == "가" and syllables()[-1] == "힝"
    assert len(spelled) == len(set(spelled))
    assert set(spelled) >= set(syllables()) | set(map(chr, range(0x21, 0x7F))) | set(PROMISED_MARKS)
    assert " " not in spelled, "PaddleX adds the space itself"
    assert all(unicodedata.normalize("NFC", character) == character for character in spelled)


def test_families_kept_out_are_never_trained_on(faces: dict[str, fonts.Face]) -> None:
    assert not set(fonts.KEPT_OUT.values()) & set(fonts.TRAINING)
    for stem in fonts.KEPT_OUT.values():
        # Another weight of the same family would give the shapes away.
        family = faces[stem].sized(10).getname()[0]
        trained = {faces[other].sized(10).getname()[0] for other in fonts.DEBIAN}
        assert family not in trained


@pytest.mark.parametrize("kind", list(corpus.KINDS))
@pytest.mark.usefixtures("words")
def test_every_kind_makes_text_of_the_asked_length(kind: str) -> None:
    rng = random.Random(7)
    for length in (2, 10, 25):
        assert len(corpus.KINDS[kind](rng, length)) >= min(length, 2) - 1


@pytest.mark.usefixtures("words")
def test_lines_are_spelled_by_the_dictionary_and_cover_it() -> None:
    rng = random.Random(3)
    texts = [corpus.line_text(rng) for _ in range(3000)]
    spellable = set(dictionary()) | {" "}
    assert all(1 <= len(text) <= 28 and text == text.strip() for text in texts)
    assert all(spellable.issuperset(text) for text in texts)
    seen = set("".join(texts))
    assert len(seen & set(syllables())) > 2200
    assert len(set(MARKS) - seen) <= 3
    assert len(seen & set(JAMO)) > 10


@pytest.mark.usefixtures("words")
def test_a_line_says_where_its_characters_stand(faces: dict[str, fonts.Face]) -> None:
    for seed in range(40):
        rng, noise = random.Random(seed), np.random.default_rng(seed)
        text = corpus.line_text(rng)
        line = make_line(text, faces[rng.choice(list(fonts.DEBIAN))], rng, noise)
        assert line.image.dtype == np.uint8 and line.image.shape[0] == HEIGHT
        assert line.spans.shape == (len(text), 2)
        middles = line.spans.mean(axis=1)
        assert (np.diff(middles) > 0).all(), "characters stand in reading order"
        inside = (middles > -HEIGHT) & (middles < line.image.shape[1] + HEIGHT)
        assert inside.all()


@pytest.mark.usefixtures("words")
def test_the_same_seed_makes_the_same_line(faces: dict[str, fonts.Face]) -> None:
    first, second = (
        make_line("한글 123", faces["NanumGothic"], random.Random(5), np.random.default_rng(5))
        for _ in range(2)
    )
    assert np.array_equal(first.image, second.image) and np.array_equal(first.spans, second.spans)
