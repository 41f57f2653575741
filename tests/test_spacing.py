"""Spaces put in where Korean needs them: which, which not, and that nothing else ever changes."""

import sys
import unicodedata
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ocr_helpers import spacing
from ocr_helpers.spacing import KiwiMissingError, TextTypeError, restore_spacing

MENDED = [
    ("", ""),
    ("리에 씨가 자기는돈이 많이있는다고 했어요", "리에 씨가 자기는 돈이 많이 있는다고 했어요"),
    ("저는오늘오후에 도서관에서", "저는 오늘 오후에 도서관에서"),
    ("비용은 적게 들뿐 아니라", "비용은 적게 들 뿐 아니라"),
    ("냄새를빼 주십시오.", "냄새를 빼 주십시오."),
    ("갈수있다", "갈 수 있다"),
    ("회의를 마쳤습니다.내일 다시 만나요,여러분", "회의를 마쳤습니다. 내일 다시 만나요, 여러분"),
    ("가격은1,200원입니다", "가격은 1,200원입니다"),
    ("결과를API로 보내세요", "결과를 API로 보내세요"),
    ("첫 줄은그대로\n둘째줄은나란히\r\n", "첫 줄은 그대로\n둘째 줄은 나란히\r\n"),
]

RIGHT = [
    "가람평생학습관", "온새환경연구소 물환경팀", "강만복(67) 씨가", "새마을도서관장", "지난봄 굵은소금",
    "빈칸", "이산화탄소와 물로", "3단지 관리사무소장", "돌려주면 함께하는", "받 음", "1994. 4. 12.",
    "2026. 10. 14.(수) 14:00", "경로·다자녀 감면 (20%)", "물빛로118번길 27-4, 302호", "서울 12가3456",
    "123나4567", "제품 코드 A-12B/3", "₩1,284,900 (24% 할인)", "전화 031-555-0172", "210㎜ × 297㎜",
    "R&D 투자", "PC방에서", "5G로", "문의: hong@전자우편은여기.kr", "https://예시.kr/가게에서파는물건",
    "/문서/보고서에서고른것.pdf", "`값을바꾸는함수`", "10만 명", "ㅋㅋㅋ", "🙂가🙂나🙂",
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), MENDED)
def test_missing_spaces(text: str, expected: str) -> None:
    """What recognition runs together is parted; what is parted once stays so."""
    assert restore_spacing(text) == expected
    assert restore_spacing(expected) == expected


@pytest.mark.parametrize("text", RIGHT)
def test_left_alone(text: str) -> None:
    """Names, compounds, numbers, codes, dates, addresses and file names that are right."""
    assert restore_spacing(text) == text


@pytest.mark.parametrize(("text", "expected"), [row for row in MENDED if row[0]])
def test_conjoining_jamo(text: str, expected: str) -> None:
    """A text that is not NFC is parted at the same places, and stays as it is spelled."""
    spelled = unicodedata.normalize("NFD", text)
    assert restore_spacing(spelled) == unicodedata.normalize("NFD", expected)


CODES = ["A-12B/3", "hong@example.kr", "https://example.kr/a?b=1", "02-555-0196", "1,200", "3.5"]
SENTENCES = [text for text, _ in MENDED] + RIGHT
WHITE = " \t\n\r\x0b\x0c\x1c\x85\xa0\u2003\u2028\u3000"
ODD = "\u200b\u200d\ufeff\ufe0f\u0301\x00\ud800\udc00\uffffㄱㅏᄀ\u1100\u1161\u11a8\u115f\u1160\ua960가각"
PIECES = st.one_of(
    st.sampled_from(SENTENCES),
    st.text(st.characters(min_codepoint=0xAC00, max_codepoint=0xD7A3), max_size=12),
    st.text(st.sampled_from("은는이가을를에서로할수있다고합니다그리고나라말"), max_size=20),
    st.text(st.sampled_from(WHITE), max_size=3),
    st.text(st.sampled_from(ODD), max_size=4),
    st.text(st.sampled_from("aZ09.,-/:;()[]@#%&_'\"~·…※₩℃「」㈜①🙂👨‍👩‍👧🇰🇷"), max_size=6),
    st.text(max_size=6),
)


@settings(max_examples=400, deadline=None)
@given(st.lists(PIECES, max_size=6).map("".join))
@example("나는밥을먹고" * 40)
@example("각\u11a8은나라\u11a8은")
def test_only_spaces_are_added(text: str) -> None:
    """Every character of the text is there, in order; what is new are single spaces between two others."""
    restored = restore_spacing(text)
    at, new = 0, []
    for place, character in enumerate(restored):
        if at < len(text) and character == text[at]:
            at += 1
        else:
            assert character == " "
            new.append(place)
    assert at == len(text)
    for place in new:
        assert 0 < place < len(restored) - 1
        assert not (restored[place - 1] + restored[place + 1]).isspace()
        assert not restored[place - 1].isspace()
    assert "".join(restored.split()) == "".join(text.split())


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(CODES), st.sampled_from(SENTENCES), st.sampled_from(SENTENCES))
def test_codes_stay_whole(code: str, before: str, after: str) -> None:
    """Whatever stands around it."""
    assert code in restore_spacing(before + code + after)


def test_long_text_is_judged_in_parts() -> None:
    """A line's spaces do not depend on how much stands after it."""
    line = "저는오늘오후에 도서관에서 책을 읽었습니다. "
    restored = "저는 오늘 오후에 도서관에서 책을 읽었습니다. "
    assert restore_spacing(line * 30) == restored * 30


def test_threads() -> None:
    """Several at once give what one gives."""
    texts = [text for text, _ in MENDED] * 5
    spacing._restored.cache_clear()
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(restore_spacing, texts)) == [expected for _, expected in MENDED] * 5


def test_kiwi_is_loaded_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """By whoever comes first, while the others wait."""
    loads = []
    load = spacing._load

    def counted() -> object:
        loads.append(1)
        return load()

    monkeypatch.setattr(spacing, "_loaded", [])
    monkeypatch.setattr(spacing, "_load", counted)
    spacing._restored.cache_clear()
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(restore_spacing, [text for text, _ in MENDED]))
    assert len(loads) == 1


def test_kiwi_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    """The message says what to install; a text that needs no Kiwi is returned all the same."""
    monkeypatch.setattr(spacing, "_loaded", [])
    monkeypatch.setitem(sys.modules, "kiwipiepy", None)
    spacing._restored.cache_clear()
    assert restore_spacing("A-12B/3") == "A-12B/3"
    with pytest.raises(KiwiMissingError, match="pip install kiwipiepy"):
        restore_spacing("자기는돈이")


@pytest.mark.parametrize("text", [None, 3, b"abc", ["한글"]])
def test_no_text(text: object) -> None:
    """Refused, saying what came."""
    with pytest.raises(TextTypeError, match=f"not a {type(text).__name__}"):
        restore_spacing(text)  # type: ignore[arg-type]
