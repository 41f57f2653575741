"""Text for synthetic lines: Korean sentences, random syllables, mixed lines and marks.

Words come from Debian's hunspell-ko, read at training time only; everything else is written here.
"""

import random
import unicodedata
from functools import lru_cache
from pathlib import Path

from training.alphabet import ASCII, BULLETS, JAMO, MARKS, SIGNS, UNITS, dictionary, syllables

WORD_LIST = Path("/usr/share/hunspell/ko.dic")

PARTICLES = (
    "은 는 이 가 을 를 의 에 에서 에게 와 과 도 만 로 으로 부터 까지 보다 처럼 마다 조차 밖에 이나 나 이라는 라고 "
    "이라고 에는 에도 에서는 으로는 와는 이며 이고 하고 에게서 께서 만큼 대로 뿐만 이다 입니다 이었다 였습니다"
).split()
ENDINGS = (
    "한다 했다 합니다 했습니다 하는 한 할 하여 해서 하면 하지만 하려고 하기 하면서 하고 하며 하도록 해야 했지만 된다 "
    "되었다 됩니다 되어 되는 된 될 되면 되지 되도록 있다 있습니다 있는 있으며 없다 없는 없이 같다 같은 같이"
).split()
SHORT_WORDS = (
    "그 이 저 더 잘 못 안 또 꼭 늘 왜 곧 다 한 두 세 네 첫 각 전 후 등 및 것 수 때 중 위 약 총 매우 아주 이미 다시 "
    "가장 모두 함께 바로 먼저 나중에 그리고 그러나 하지만 그래서 또한 따라서 우리 저는 나는 제가 내가 당신 여기 거기 "
    "오늘 내일 어제 지금 항상 자주 가끔 많이 조금 너무 정말 있다고 없다고 했어요 해요 예요 이에요 네요 군요 습니다"
).split()
SURNAMES = "김이박최정강조윤장임한오서신권황안송전홍유고문양손배백허남심노하곽성차주우구민진"
CITIES = (
    "서울특별시 부산광역시 대구광역시 인천광역시 광주광역시 대전광역시 울산광역시 세종특별자치시 경기도 강원도 충청북도 "
    "충청남도 전라북도 전라남도 경상북도 경상남도 제주특별자치도 종로구 강남구 해운대구 수성구 유성구 마포구 중구 서구"
).split()
ENGLISH = (
    "the of and to in is for on with that as are this from by at an be or not data model system report page test "
    "version update service network server user file code design project team meeting report global Korea Seoul Inc "
    "Ltd Co Tel Fax Email Web Open Source Python Linux Docker GitHub API SDK CPU GPU RAM SSD USB LED OLED HDMI PDF "
    "HTML JSON CSV SQL AI OCR IT PC TV DVD KTX SNS VIP A/S Q&A R&D B2B ESG GDP CEO Total Amount Price Qty No Date "
    "Order Invoice Receipt Tax VAT Card Cash Sale Free Best New Hot Ice Americano Latte Coffee Chicken Pizza Burger "
    "Size Color Black White Blue Small Medium Large Windows Android iPhone Galaxy Note Pro Max Mini Plus Ultra Smart "
    "Premium Standard Basic Chapter Figure Table Section Example Step Error Warning Level Type Class Value Input "
    "Output Image Learning Deep Machine Language Vision Text Detection Recognition accuracy score result method"
).split()
COUNTERS = "원 개 명 권 대 장 번 호 층 월 일 년 시 분 초 회 건 점 위 차 세 살 병 잔 그루 마리 쪽 매 박스 세트 인분".split()
END_MARKS = [".", ".", ".", ".", ",", "?", "!", "…", "", ""]


@lru_cache(maxsize=1)
def words() -> list[str]:
    """Korean words of hunspell-ko that the dictionary can spell, composed (NFC)."""
    if not WORD_LIST.is_file():
        raise FileNotFoundError(
            f"{WORD_LIST} is not there: install Debian's hunspell-ko (training only needs it)"
        )
    spellable = set(syllables())
    lines = WORD_LIST.read_text(encoding="utf-8").splitlines()[1:]
    composed = {unicodedata.normalize("NFC", line.split("/")[0]) for line in lines}
    return sorted(word for word in composed if len(word) > 1 and spellable.issuperset(word))


def korean_phrase(rng: random.Random, length: int) -> str:
    """Words with particles and endings up to about ``length`` characters, sometimes with spaces left out."""
    parts: list[str] = []
    while sum(map(len, parts)) + len(parts) < length:
        kind = rng.random()
        if kind < 0.22:
            parts.append(rng.choice(SHORT_WORDS))
        elif kind < 0.30:
            parts.append(quantity(rng))
        else:
            tail = rng.random()
            word = rng.choice(words())
            parts.append(
                word + (rng.choice(PARTICLES) if tail < 0.5 else rng.choice(ENDINGS) if tail < 0.65 else "")
            )
        if rng.random() < 0.07:
            parts[-1] = wrapped(rng, parts[-1])
        if rng.random() < 0.09:
            parts[-1] += rng.choice(",,,.·…?!:;")
    # Lines where the writer left a space out teach the network to look for the gap, not for the word.
    glue = 0.0 if rng.random() < 0.75 else rng.random() * 0.7
    text = parts[0]
    for part in parts[1:]:
        text += part if rng.random() < glue else " " + part
    return text + rng.choice(END_MARKS)


def random_syllables(rng: random.Random, length: int) -> str:
    """Every syllable of KS X 1001 as likely as every other, in words of one to six."""
    alphabet = syllables()
    parts: list[str] = []
    while sum(map(len, parts)) + len(parts) < length:
        parts.append("".join(rng.choice(alphabet) for _ in range(rng.randint(1, 6))))
    return " ".join(parts)


def mixed(rng: random.Random, length: int) -> str:
    """Korean with Latin words, numbers, codes, dates, prices, addresses and units."""
    makers = [latin, latin, code, date, price, phone, quantity, address, contact, measure, arithmetic]
    parts: list[str] = []
    while sum(map(len, parts)) + len(parts) < length:
        part = (
            korean_phrase(rng, rng.randint(2, 7)).rstrip(".")
            if rng.random() < 0.35
            else rng.choice(makers)(rng)
        )
        parts.append(wrapped(rng, part) if rng.random() < 0.12 else part)
    separator = " " if rng.random() < 0.88 else rng.choice([", ", " / ", " - ", " | ", ": ", "/", ""])
    return separator.join(parts)


def marks(rng: random.Random, length: int) -> str:
    """Marks of Korean documents around short words and by themselves."""
    parts: list[str] = []
    while sum(map(len, parts)) + len(parts) < length:
        kind = rng.random()
        if kind < 0.3:
            parts.append(wrapped(rng, rng.choice(words())))
        elif kind < 0.5:
            parts.append(rng.choice(BULLETS + SIGNS) + rng.choice(["", " "]) + rng.choice(words()))
        elif kind < 0.6:
            parts.append(measure(rng))
        elif kind < 0.75:
            parts.append("".join(rng.choice(MARKS) for _ in range(rng.randint(1, 4))))
        elif kind < 0.85:
            parts.append("".join(rng.choice(ASCII) for _ in range(rng.randint(1, 6))))
        elif kind < 0.9:
            parts.append(
                rng.choice(["ㅋㅋㅋ", "ㅎㅎ", "ㅠㅠ", "ㄱ.", "ㄴ.", "ㄷ.", "".join(rng.choices(JAMO, k=3))])
            )
        else:
            parts.append(rng.choice(words()) + rng.choice("·~…:;/→") + rng.choice(words()))
    return " ".join(parts)


def wrapped(rng: random.Random, text: str) -> str:
    """The text in a pair of brackets or quotes."""
    pairs = [
        "()",
        "[]",
        "<>",
        "{}",
        "''",
        '""',
        "‘’",
        "“”",
        "‘’",
        "“”",
        "「」",
        "『』",
        "《》",
        "〈〉",
        "【】",
        "〔〕",
        "()",
    ]
    pair = rng.choice(pairs)
    return pair[0] + text + pair[1]


def latin(rng: random.Random) -> str:
    """An English word, or letters in no order, in one of the usual cases."""
    if rng.random() < 0.55:
        word = rng.choice(ENGLISH)
    else:
        word = "".join(
            rng.choice("abcdefghijklmnopqrstuvwxyzeeaaiioollttrrnn") for _ in range(rng.randint(2, 9))
        )
    return rng.choice([word, word, word.lower(), word.upper(), word.capitalize()])


def code(rng: random.Random) -> str:
    """A product code, version or file name."""
    letters = "".join(rng.choice("ABCDEFGHIJKLMNOPQRSTUVWXYZ") for _ in range(rng.randint(1, 4)))
    digits = "".join(rng.choice("0123456789") for _ in range(rng.randint(1, 6)))
    return rng.choice([
        f"{letters}-{digits}", letters + digits, f"#{digits}", f"v{rng.randint(0, 9)}.{rng.randint(0, 20)}",
        f"{latin(rng).lower()}_{digits}.{rng.choice(['pdf', 'png', 'xlsx', 'py'])}", f"No.{digits}", digits,
        f"{digits}-{rng.choice('0123456789')}{rng.choice('0123456789')}-{letters}",
    ])  # fmt: skip


def date(rng: random.Random) -> str:
    """A date or a time as Korean documents write them."""
    y, m, d = rng.randint(1945, 2035), rng.randint(1, 12), rng.randint(1, 31)
    hour, minute = rng.randint(0, 23), rng.randint(0, 59)
    return rng.choice([
        f"{y}년 {m}월 {d}일", f"{y}.{m:02}.{d:02}", f"{y}-{m:02}-{d:02}", f"{y}/{m}/{d}", f"{m}월 {d}일", f"{y}. {m}. {d}.",
        f"{hour:02}:{minute:02}", f"{rng.choice(['오전', '오후'])} {hour % 12 + 1}시 {minute}분", f"'{y % 100:02}.{m}",
        f"({rng.choice('월화수목금토일')}) {hour:02}:{minute:02}~{(hour + 1) % 24:02}:{minute:02}", f"{y}~{y + 3}",
    ])  # fmt: skip


def price(rng: random.Random) -> str:
    """An amount of money, a percentage or a number with separators."""
    amount = rng.randint(1, 10 ** rng.randint(2, 8))
    return rng.choice([
        f"{amount:,}원", f"₩{amount:,}", f"{amount:,}", f"￦{amount:,}".replace("￦", "₩"), f"${amount:,}", f"€{amount:,}",
        f"{amount / 100:,.2f}", f"{amount % 1000 / 10}%", f"-{amount:,}", f"+{amount % 100}.{rng.randint(0, 99)}%",
    ])  # fmt: skip


def phone(rng: random.Random) -> str:
    """A telephone, registration or account number."""
    n = [str(rng.randint(0, 9999)).zfill(4) for _ in range(4)]
    return rng.choice([
        f"010-{n[0]}-{n[1]}", f"02-{n[0][:3]}-{n[1]}", f"0{rng.randint(31, 64)}) {n[0][:3]}-{n[1]}", f"{n[0]}-{n[1]}",
        f"{n[0][:3]}-{n[1][:2]}-{n[2]}{n[3][0]}", f"{n[0]}-{n[1]}-{n[2]}-{n[3]}", f"Tel. 0{n[0][:2]}-{n[1]}-{n[2]}",
    ])  # fmt: skip


def quantity(rng: random.Random) -> str:
    """A number with a Korean counter."""
    return f"{rng.randint(0, 10 ** rng.randint(1, 4))}{rng.choice(['', '', ' '])}{rng.choice(COUNTERS)}"


def address(rng: random.Random) -> str:
    """A Korean address, or a part of one, with an invented street."""
    street = rng.choice(words())[:3] + rng.choice(["로", "길", "동", "대로"])
    number = f"{rng.randint(1, 400)}" + (f"-{rng.randint(1, 30)}" if rng.random() < 0.4 else "")
    person = rng.choice(SURNAMES) + "".join(rng.choice(rng.choice(words())) for _ in range(2))
    return rng.choice(
        [f"{rng.choice(CITIES)} {street} {number}", f"{street} {number}, {rng.randint(1, 30)}층", person]
    )


def contact(rng: random.Random) -> str:
    """A mail or web address."""
    name, host = latin(rng).lower(), latin(rng).lower()
    return rng.choice(
        [
            f"{name}@{host}.com",
            f"www.{host}.co.kr",
            f"https://{host}.kr/{name}",
            f"{name}{rng.randint(1, 99)}@{host}.kr",
        ]
    )


def measure(rng: random.Random) -> str:
    """A number with a unit mark."""
    number = rng.choice(
        [str(rng.randint(0, 999)), f"{rng.uniform(0, 200):.1f}", f"{rng.randint(1, 99)}×{rng.randint(1, 99)}"]
    )
    return number + rng.choice(
        [*UNITS, "km", "kg", "mm", "cm", "g", "mL", "m", "GB", "MHz", "W", "V", "kcal"]
    )


def arithmetic(rng: random.Random) -> str:
    """A short expression."""
    a, b = rng.randint(0, 99), rng.randint(1, 99)
    return f"{a}{rng.choice([' ', ''])}{rng.choice('+-×÷=<>/*±≤≥')} {b}" + (
        f" = {a + b}" if rng.random() < 0.5 else ""
    )


KINDS = {"sentences": korean_phrase, "syllables": random_syllables, "mixed": mixed, "marks": marks}


def line_text(rng: random.Random, longest: int = 28) -> str:
    """One line of training text: at most ``longest`` characters, all of them in the dictionary, no outer spaces."""
    kind = rng.choices(list(KINDS), weights=[0.42, 0.22, 0.24, 0.12])[0]
    length = 2 + int((longest - 2) * rng.betavariate(1.3, 1.6))
    text = KINDS[kind](rng, length)
    start = rng.randint(0, max(0, min(4, len(text) - length)))
    spellable = {" ", *dictionary()}
    return (
        "".join(c for c in " ".join(text[start : start + length].split()) if c in spellable).strip() or "가"
    )
