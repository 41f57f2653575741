"""Lines with marks, composed as documents use them: titles in brackets, bullets, units, formulas."""

import random
from collections.abc import Collection, Sequence

from training.alphabet import BRACKETS, MARKS, SIGNS, UNITS

MARKS_LENGTH = (6, 20)

_PAIRS = tuple(BRACKETS[k : k + 2] for k in range(0, len(BRACKETS), 2))
_CURRENCIES = "₩€£¥"
_CIRCLED = "①②③④⑤⑥⑦⑧⑨⑩⑪⑫⑬⑭⑮"
_TRIANGLES = "△▲▽▼"
_QUANTITY_OF = {
    "℃": "기온",
    "℉": "온도",
    "㎡": "면적",
    "㎥": "부피",
    "㎏": "무게",
    "㎎": "나트륨",
    "㎞": "거리",
    "㎝": "길이",
    "㎜": "두께",
    "㎖": "용량",
    "ℓ": "물",
    "°": "각도",
    "%": "습도",
    "¢": "가격",
}
# Signs that stand in formulas or beside a name rather than between two words.
_PHRASES = {
    "×": ("{a} × {b} = {product}", "크기 {a}×{b}"),
    "÷": ("{product} ÷ {a} = {b}",),
    "±": ("오차 ±{a}.{d}", "전압 ±{a}%"),
    "≤": ("속도 ≤ {a}", "{d} ≤ x ≤ {product}"),
    "≥": ("점수 ≥ {a}점", "x ≥ {a}일 때"),
    "≠": ("{w} ≠ {v}", "a ≠ {a}일 때"),
    "∞": ("n → ∞일 때", "{w} ∞ {v}"),
    "√": ("√{square} = {d}", "√{a}의 값은?"),
    "∑": ("∑ {w} = {product}",),
    "∴": ("∴ x = {a}, y = {b}", "∴ 답은 {a}이다"),
    "§": ("§ {a} {w} {v}", "§{d}.{d} {w}"),
    "¶": ("¶ {w} {v}",),
    "†": ("{w}† {v}", "† {w} {v}"),
    "‡": ("{w}‡ {v}", "‡ {w}: {v}"),
    "☎": ("☎ 02-{long}-{year}", "{w} ☎ {year}-{year}"),
    "☞": ("☞ {w} {v}", "{w} ☞ {a}쪽"),
    "✓": ("✓ {w} {v}", "{w} ✓ {v} ✓"),
    "©": ("© {year} {w}", "{w} © {year}"),
    "®": ("{w}® {v}", "새 {w}® {v}"),
    "™": ("{w}™ {v}", "{w} {v}™"),
    "α": ("α = 0.{a} {w}", "{w} +α {v}"),
    "β": ("각 α와 각 β", "계수 β = {a}.{d}"),
    "γ": ("γ선과 {w}", "상수 γ = 0.{a}"),
    "π": ("원주율 π = 3.14", "넓이 {square}π"),
    "μ": ("두께 {a}μm", "{w} {a}.{d}μg"),
    "Ω": ("저항 {a}Ω", "{w} {a}.{d}kΩ"),
    "—": ("{w} — {v}", "— {w}, {v}"),
}


def marks_line(rng: random.Random, mark: str, words: Sequence[str], allowed: Collection[str] = MARKS) -> str:
    """A line of 6 to 20 characters that holds the mark among words, and no mark that is not allowed."""
    for _ in range(1000):
        line = _compose(rng, mark, words)
        fits = MARKS_LENGTH[0] <= len(line) <= MARKS_LENGTH[1]
        if fits and mark in line and set(line) & set(MARKS) <= set(allowed):
            return line
    raise ValueError(
        f"no line of {MARKS_LENGTH[0]} to {MARKS_LENGTH[1]} characters was found for the mark {mark!r}"
    )


def _compose(rng: random.Random, mark: str, words: Sequence[str]) -> str:
    one, two, three = rng.sample(words, 3)
    if mark in BRACKETS:
        return _bracketed(rng, mark, one, two)
    if mark in _PHRASES:
        a, b, d = rng.randint(2, 98), rng.randint(2, 98), rng.randint(2, 9)
        values = {"a": a, "b": b, "d": d, "product": a * b, "square": d * d, "w": one, "v": two}
        values |= {"year": rng.randint(1000, 2030), "long": rng.randint(100, 999)}
        return rng.choice(_PHRASES[mark]).format(**values)
    if mark in UNITS:
        return _measured(rng, mark, one, two)
    if mark in SIGNS and mark in "♠♣♥♡♪":
        return rng.choice([f"{mark} {one} {two}", f"{one} {mark} {two}", f"{one} {two} {mark}"])
    if mark in SIGNS and mark in "↑↓":
        return rng.choice(
            [f"{one} {mark} {rng.randint(1, 99)}.{rng.randint(0, 9)}%", f"{one}{mark} {two}{mark}"]
        )
    if mark in SIGNS:
        return rng.choice([f"{one} {mark} {two}", f"A {mark} B {one}", f"{one}{mark}{two}"])
    return _bulleted(rng, mark, one, two, three)


def _bracketed(rng: random.Random, mark: str, one: str, two: str) -> str:
    pair = next(pair for pair in _PAIRS if mark in pair)
    left, right = pair[0], pair[1]
    return rng.choice(
        [
            f"{left}{one}{right} {two}",
            f"{two} {left}{one}{right}",
            f"{left}{one} {two}{right}",
            f"{left}{one}{right}, {left}{two}{right}",
        ]
    )


def _measured(rng: random.Random, mark: str, word: str, other: str) -> str:
    largest = 99 if mark in "℃℉°%" else 999
    number = rng.choice([f"{rng.randint(1, largest)}", f"{rng.randint(1, 99)}.{rng.randint(0, 9)}"])
    if mark in _CURRENCIES:
        return rng.choice(
            [f"{word} {mark}{rng.randint(10, 9999) * 100:,}", f"{mark}{rng.randint(1000, 999999):,} ({word})"]
        )
    if mark == "㈜":
        return rng.choice([f"㈜{word} 대표", f"{word}㈜ 귀하", f"㈜{word} {other}"])
    return rng.choice([f"{_QUANTITY_OF[mark]} {number}{mark}", f"{_QUANTITY_OF[mark]}: 약 {number}{mark}"])


def _bulleted(rng: random.Random, mark: str, one: str, two: str, three: str) -> str:
    if mark in _CIRCLED:
        after = _CIRCLED[(_CIRCLED.index(mark) + 1) % len(_CIRCLED)]
        return rng.choice(
            [
                f"{mark} {one} {two}",
                f"{mark} {one} {after} {two}",
                f"{mark}{one} {after}{two}",
                f"정답은 {mark}번 {one}",
            ]
        )
    if mark == "※":
        return rng.choice([f"※ {one}: {two}", f"※ {one} {two} 바람"])
    if mark == "·":
        return rng.choice([f"{one}·{two}", f"· {one} {two}", f"{one}·{two} {three}"])
    if mark == "…":
        return rng.choice([f"{one}… {two}", f"{one} … {rng.randint(1, 300)}쪽", f"아, {one} {two}…"])
    if mark in "★☆":
        stars = rng.randint(1, 4)
        return rng.choice([f"{'★' * stars}{'☆' * (5 - stars)} {one}", f"{mark} {one} {two} {mark}"])
    if mark in _TRIANGLES and rng.random() < 0.5:
        return rng.choice(
            [f"{mark}{one} {mark}{two}", f"{one} {mark}{rng.randint(1, 99)}.{rng.randint(0, 9)}%"]
        )
    return rng.choice([f"{mark} {one} {two}", f"{mark} {one}: {two}", f"{mark} {one} {mark} {two}"])
