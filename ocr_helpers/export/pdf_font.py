"""The font of the invisible text: NanumGothic, of which only the characters used are embedded.

A character that the font cannot draw gets an empty glyph: it is found, selected and copied like any other.
"""

import io
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b

from ocr_helpers.export.pdf_file import PdfFile
from ocr_helpers.fonts import hangul_font_path

__all__ = ["ASCENT", "DESCENT", "TextFont"]

ASCENT, DESCENT = 0.92, -0.23
"""Of the font's line, in units of its size; from NanumGothic's ``hhea`` table."""

# Codes have two bytes, and 0 is the glyph for what is missing, which must not be used.
_MOST_CODES = 65_535
_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
_BLOCK = 100  # entries allowed in one block of a character map


class TextFont:
    """Gives each character a code when it is first used, and writes the font for all of them at the end."""

    def __init__(self) -> None:
        self._codes: dict[str, int] = {}
        self._widths: list[int] = []

    def encode(self, text: str) -> tuple[str, float]:
        """Return the text's codes, four hexadecimal digits each, and its width in units of the font size."""
        codes = [self._code(character) for character in text]
        width = sum(self._widths[code - 1] for code in codes) / 1000
        return "".join(f"{code:04X}" for code in codes), width

    def write(self, pdf: PdfFile, reserved: int) -> None:
        """Write the font, with the glyphs of the characters that were used."""
        subset = _subset("".join(self._codes))
        name = f"{subset.tag}+NanumGothic"
        program = pdf.write_stream(f"/Length1 {len(subset.program)}", subset.program)
        descriptor = pdf.write(
            f"<< /Type /FontDescriptor /FontName /{name} /Flags 4 /FontBBox [0 -230 1005 920] /ItalicAngle 0 "
            f"/Ascent {ASCENT * 1000:.0f} /Descent {DESCENT * 1000:.0f} /CapHeight 800 /StemV 80 "
            f"/FontFile2 {program} 0 R >>"
        )
        glyphs = b"".join(glyph.to_bytes(2, "big") for glyph in (0, *subset.glyphs))
        to_glyph = pdf.write_stream("", glyphs)
        widths = " ".join(map(str, self._widths))
        font = pdf.write(
            f"<< /Type /Font /Subtype /CIDFontType2 /BaseFont /{name} /CIDSystemInfo "
            f"<< /Registry (Adobe) /Ordering (Identity) /Supplement 0 >> /FontDescriptor {descriptor} 0 R "
            f"/CIDToGIDMap {to_glyph} 0 R /DW 1000 /W [1 [{widths}]] >>"
        )
        to_unicode = pdf.write_stream("", _to_unicode(self._codes))
        pdf.write(
            f"<< /Type /Font /Subtype /Type0 /BaseFont /{name} /Encoding /Identity-H "
            f"/DescendantFonts [{font} 0 R] /ToUnicode {to_unicode} 0 R >>",
            reserved,
        )

    def _code(self, character: str) -> int:
        code = self._codes.get(character)
        if code is None:
            if len(self._codes) >= _MOST_CODES - 1 and character != _REPLACEMENT:
                return self._code(_REPLACEMENT)
            code = self._codes[character] = len(self._codes) + 1
            self._widths.append(_width(character))
        return code


@dataclass(frozen=True, slots=True)
class _Subset:
    program: bytes
    glyphs: tuple[int, ...]
    tag: str


@lru_cache(maxsize=1)
def _metrics() -> dict[str, tuple[str, int]]:
    """Character → its glyph's name and width in thousandths of the font size."""
    from fontTools.ttLib import TTFont

    with TTFont(hangul_font_path(), lazy=True) as font:
        widths, scale = font["hmtx"], 1000 / font["head"].unitsPerEm
        return {
            chr(point): (name, round(widths[name][0] * scale)) for point, name in font.getBestCmap().items()
        }


def _width(character: str) -> int:
    found = _metrics().get(character)
    if found is not None:
        return found[1]
    if unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 1000 if unicodedata.east_asian_width(character) in "WF" else 500


def _subset(characters: str) -> _Subset:
    """Return the font with the glyphs of these characters only, and the place of each one's glyph in it."""
    from fontTools.subset import Options, Subsetter
    from fontTools.ttLib import TTFont

    blank = _metrics()[" "][0]
    names = [_metrics().get(character, (blank, 0))[0] for character in characters]
    options = Options(
        hinting=False,
        layout_features=[],
        notdef_outline=True,
        glyph_names=False,
        recalc_timestamp=False,
        drop_tables=["cmap", "kern", "name", "OS/2", "post", "gasp", *(f"TSI{n}" for n in (0, 1, 2, 3, 5))],
    )
    subsetter = Subsetter(options)
    subsetter.populate(glyphs=[*names, blank])
    with TTFont(hangul_font_path(), recalcTimestamp=False, lazy=True) as font:
        font.getGlyphOrder()  # names stand in the table "post", which is dropped
        subsetter.subset(font)
        places = {name: place for place, name in enumerate(font.getGlyphOrder())}
        buffer = io.BytesIO()
        font.save(buffer)
    digest = blake2b(" ".join(places).encode(), digest_size=6).digest()
    tag = "".join(chr(ord("A") + byte % 26) for byte in digest)
    return _Subset(buffer.getvalue(), tuple(places[name] for name in names), tag)


def _to_unicode(codes: dict[str, int]) -> bytes:
    """Return the character map that says which text each code stands for (Adobe Technical Note 5411)."""
    rows = [f"<{code:04X}> <{text.encode('utf-16-be').hex().upper()}>" for text, code in codes.items()]
    blocks = [rows[start : start + _BLOCK] for start in range(0, len(rows), _BLOCK)]
    body = "\n".join(f"{len(block)} beginbfchar\n" + "\n".join(block) + "\nendbfchar" for block in blocks)
    return (
        "/CIDInit /ProcSet findresource begin\n12 dict begin\nbegincmap\n"
        "/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def\n"
        "/CMapName /Adobe-Identity-UCS def\n/CMapType 2 def\n"
        f"1 begincodespacerange\n<0000> <FFFF>\nendcodespacerange\n{body}\n"
        "endcmap\nCMapName currentdict /CMap defineresource pop\nend\nend\n"
    ).encode("ascii")
