"""The characters the starter recogniser can spell, in the order of its output classes."""

from functools import lru_cache

JAMO = "".join(map(chr, range(0x3131, 0x3164)))
ASCII = "".join(map(chr, range(0x21, 0x7F)))
# One mark of each look-alike group: · stands for ㆍ and ・, ~ for ∼ and ～, — for ― and –, I for Ⅰ. Two classes
# that a reader cannot tell apart would only teach the network to guess.
BRACKETS = "「」『』《》〈〉【】〔〕‘’“”"
UNITS = "₩€£¥¢℃℉㎡㎥㎏㎎㎞㎝㎜㎖ℓ㈜°%"
BULLETS = "①②③④⑤⑥⑦⑧⑨⑩⑪⑫⑬⑭⑮○●◎□■△▲▽▼◇◆☆★※·…"
SIGNS = "→←↑↓↔⇒×÷±≤≥≠∞√∑∴—§¶†‡♠♣♥♡♪☎☞✓©®™αβγπμΩ"
MARKS = "".join(dict.fromkeys(BRACKETS + UNITS + BULLETS + SIGNS))


@lru_cache(maxsize=1)
def syllables() -> str:
    """The 2,350 Hangul syllables of KS X 1001, in its order (rows 16 to 40 of the EUC-KR plane)."""
    return bytes(
        byte for row in range(0xB0, 0xC9) for cell in range(0xA1, 0xFF) for byte in (row, cell)
    ).decode("euc_kr")


@lru_cache(maxsize=1)
def _characters() -> tuple[str, ...]:
    return tuple(dict.fromkeys(syllables() + ASCII + MARKS + JAMO))


def dictionary() -> list[str]:
    """Characters in class order, without CTC's blank (class 0) and the space, which PaddleX puts last."""
    return list(_characters())
