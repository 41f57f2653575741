"""Text as it is compared: jamo, and what a dictionary cannot spell."""

import unicodedata
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import ocr_helpers as ocr
from ocr_helpers.models.config import ModelConfigError
from ocr_helpers.models.names import MODEL_NAMES
from ocr_helpers.models.starter import starter_model_dir
from ocr_helpers.text import (
    DictionaryError,
    TextsError,
    comparable_text,
    dictionary_characters,
    jamo_of,
    spellable_lines,
    unsupported_characters,
)

RECOGNIZER = MODEL_NAMES["text_recognition"][0]
RARE = "햏똠뷁펲믜쨕"


@pytest.mark.parametrize(
    ("text", "comparable"),
    [
        ("", ""),
        (" 가 나 ", "가 나"),
        ("\u1112\u1161\u11ab", "한"),
        ("\u212b", "\u00c5"),  # the official dictionary spells Å as the Ångström sign
        ("\u3000가\t", "가"),
    ],
)
def test_comparable_text(text: str, comparable: str) -> None:
    assert comparable_text(text) == comparable


@pytest.mark.parametrize(
    ("text", "jamo"),
    [
        ("", ""),
        ("가", "\u1100\u1161"),
        ("각", "\u1100\u1161\u11a8"),
        ("힣", "\u1112\u1175\u11c2"),
        ("넋과", "\u1102\u1165\u11aa\u1100\u116a"),  # a cluster and a compound vowel are one jamo each
        ("A é ㄱ漢", "A é ㄱ漢"),  # not taken apart
    ],
)
def test_jamo(text: str, jamo: str) -> None:
    assert jamo_of(text) == jamo


def test_jamo_of_every_syllable_is_unicodes() -> None:
    syllables = "".join(map(chr, range(0xAC00, 0xD7A4)))
    assert jamo_of(syllables) == unicodedata.normalize("NFD", syllables)


@given(st.text())
def test_jamo_compose_again(text: str) -> None:
    composed = unicodedata.normalize("NFC", text)
    assert unicodedata.normalize("NFC", jamo_of(composed)) == composed


def test_unsupported_in_order_with_places() -> None:
    found = unsupported_characters(["가나 뷁", "뷁쓩 가"], ["가", "나"])
    assert [(one.character, one.count, one.places) for one in found] == [
        ("뷁", 2, ((0, 3), (1, 0))),
        ("쓩", 1, ((1, 1),)),
    ]
    assert found[0].name == "U+BDC1 HANGUL SYLLABLE BWELG"


@pytest.mark.parametrize(
    ("text", "dictionary", "missing"),
    [
        ("", ["가"], ""),
        ([], ["가"], ""),
        ("가 가", ["가"], ""),  # PaddleX adds the space
        ("\u1100\u1161", ["가"], ""),
        ("가", ["\u1100", "\u1161"], ""),  # jamo that compose
        ("각", ["\u1100", "\u1161"], "각"),
        ("Å", ["\u212b"], ""),
        ("가나\r\n다\n", ["가"], "나다"),  # a line end is no character
        (["가\n"], ["가"], ""),
        ("가\u00a0나\t", ["가", "나"], "\u00a0\t"),  # other spaces are
        ("blank", ["blank", "b"], "lank"),  # PaddleX's name of the class that writes nothing
    ],
)
def test_what_a_dictionary_spells(text: str | list[str], dictionary: list[str], missing: str) -> None:
    assert "".join(one.character for one in unsupported_characters(text, dictionary)) == missing


def test_lines_that_can_be_spelled() -> None:
    assert spellable_lines(["가", "나가", "", "가 가"], ["가"]) == [0, 2, 3]


@pytest.fixture(scope="module")
def recognizer() -> Any:
    return ocr.load_text_recognition(weights="starter", device="cpu")


def test_rare_syllables_of_the_sample(recognizer: Any) -> None:
    (sample,) = ocr.load_sample_lines("rare_syllables")
    found = unsupported_characters(sample.text, recognizer)
    assert "".join(one.character for one in found) == RARE
    assert {one.character: one.count for one in found} == {c: sample.text.count(c) for c in RARE}
    assert spellable_lines([sample.text, "서울 2026"], recognizer) == [1]


def test_every_form_of_a_model_has_the_same_dictionary(recognizer: Any) -> None:
    directory = starter_model_dir(RECOGNIZER)
    pipeline = ocr.load_pipeline(weights="starter", device="cpu")
    weights = ocr.find_weights("starter", modules=["text_recognition"])["text_recognition"]
    known = dictionary_characters(directory)
    assert len(known) == 2599 and {" ", "가", "힘"} <= known and "blank" not in known
    for model in (recognizer, pipeline, ocr.StagedPipeline(pipeline), str(directory), weights, sorted(known)):
        assert dictionary_characters(model) == known


def test_the_official_dictionary(official_graphs: Path) -> None:
    found = unsupported_characters("漢字 ₩5,000 20℃ 3㎡ 「뷁」 ㈜쓩 ○■ Å", official_graphs / RECOGNIZER)
    assert "".join(one.character for one in found) == "漢字₩℃㎡「」㈜○■"


@pytest.mark.parametrize("model", [None, 3, [], [1, 2], object()])
def test_what_has_no_dictionary_is_refused(model: Any) -> None:
    with pytest.raises(DictionaryError, match=f"model is {type(model).__name__} without a dictionary"):
        unsupported_characters("가", model)


def test_a_directory_of_another_module_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelConfigError, match=r"inference\.yml is missing"):
        unsupported_characters("가", tmp_path)
    with pytest.raises(ModelConfigError, match="for text_recognition"):
        unsupported_characters("가", starter_model_dir("PP-LCNet_x1_0_doc_ori"))


@pytest.mark.parametrize("text", [None, b"abc", 3, ["가", None]])
def test_what_is_no_text_is_refused(text: Any) -> None:
    with pytest.raises(TextsError, match="expected"):
        unsupported_characters(text, ["가"])
