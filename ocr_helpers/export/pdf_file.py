"""A PDF written object by object, so that no page has to stay in memory; the same input gives the same bytes.

Syntax after ISO 32000-1 (PDF 1.7), chapter 7; what archives ask for beyond it after ISO 19005-2 (PDF/A-2).
"""

import zlib
from datetime import datetime
from functools import lru_cache
from hashlib import blake2b
from typing import BinaryIO
from xml.sax.saxutils import escape

__all__ = ["PdfFile", "number", "text_string"]

_PRODUCER = "ocr_helpers"
# Four bytes above 127 tell transfer programs that the file is binary.
_HEADER = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"


class PdfFile:
    """Numbers objects, remembers where they stand, and writes the table of them at the end.

    Args:
        stream: where to; written from its current position on, which must be the start of the file.

    """

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._offsets: list[int] = []
        self._position = 0
        self._hash = blake2b(digest_size=16)
        self._put(_HEADER)

    def reserve(self) -> int:
        """Return the number of an object that is written later, so that others can refer to it."""
        self._offsets.append(0)
        return len(self._offsets)

    def write(self, body: str, reserved: int | None = None) -> int:
        """Write an object, such as ``"<< /Type /Page >>"``; return its number."""
        return self._object(body.encode("ascii"), reserved)

    def write_stream(
        self, entries: str, data: bytes, reserved: int | None = None, *, compress: bool = True
    ) -> int:
        """Write a stream with these entries in its dictionary; return its number.

        ``compress=False`` for data with a filter of its own, and for metadata, which programs that know no
        PDF look for in the plain.
        """
        if compress:
            data = zlib.compress(data, 9)
            entries = f"{entries} /Filter /FlateDecode"
        head = f"<< {entries} /Length {len(data)} >>\nstream\n".encode("ascii")
        return self._object(head + data + b"\nendstream", reserved)

    def finish(self, pages: int, *, title: str, language: str, created: datetime | None) -> None:
        """Write the catalogue and what ends a PDF.

        Args:
            pages: number of the root of the page tree.
            title: any text; shown in the window's title.
            language: of the text, such as ``"ko-KR"``.
            created: written as the date of creation; None leaves dates out.

        """
        metadata = self.write_stream(
            "/Type /Metadata /Subtype /XML", _xmp(title, language, created), compress=False
        )
        profile = self.write_stream("/N 3", _srgb_profile())
        intent = (
            f"<< /Type /OutputIntent /S /GTS_PDFA1 /OutputConditionIdentifier (sRGB) /Info (sRGB) "
            f"/DestOutputProfile {profile} 0 R >>"
        )
        root = self.write(
            f"<< /Type /Catalog /Pages {pages} 0 R /Lang {text_string(language)} /Metadata {metadata} 0 R "
            f"/OutputIntents [{intent}] /ViewerPreferences << /DisplayDocTitle true >> >>"
        )
        dates = f" /CreationDate {_date(created)} /ModDate {_date(created)}" if created else ""
        info = self.write(f"<< /Title {text_string(title)} /Producer {text_string(_PRODUCER)}{dates} >>")
        table = self._position
        rows = "".join(f"{offset:010d} 00000 n \n" for offset in self._offsets)
        identity = self._hash.hexdigest()
        size = len(self._offsets) + 1
        self._put(
            f"xref\n0 {size}\n0000000000 65535 f \n{rows}trailer\n<< /Size {size} /Root {root} 0 R "
            f"/Info {info} 0 R /ID [<{identity}> <{identity}>] >>\nstartxref\n{table}\n%%EOF\n".encode()
        )

    def _object(self, body: bytes, reserved: int | None) -> int:
        place = self.reserve() if reserved is None else reserved
        self._offsets[place - 1] = self._position
        self._put(b"%d 0 obj\n%s\nendobj\n" % (place, body))
        return place

    def _put(self, data: bytes) -> None:
        self._stream.write(data)
        self._position += len(data)
        self._hash.update(data)


def number(value: float) -> str:
    """Write a number as PDF does: no exponent, no more digits than a page can show."""
    text = f"{value:.5f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def text_string(text: str) -> str:
    """Write any text as a string outside of pages: UTF-16 with a byte order mark, in hexadecimal."""
    return f"<FEFF{text.encode('utf-16-be', 'replace').hex().upper()}>"


def _date(moment: datetime) -> str:
    # Without a zone PDF and XMP mean an unknown one.
    zone = moment.strftime("%z")
    return f"(D:{moment:%Y%m%d%H%M%S}{f'{zone[:3]}' + chr(39) + zone[3:5] if zone else ''})"


def _xmp(title: str, language: str, created: datetime | None) -> bytes:
    stamp = created.replace(microsecond=0).isoformat() if created else ""
    dates = f"<xmp:CreateDate>{stamp}</xmp:CreateDate><xmp:ModifyDate>{stamp}</xmp:ModifyDate>"
    packet = f"""<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/"
 xmlns:pdf="http://ns.adobe.com/pdf/1.3/" xmlns:xmp="http://ns.adobe.com/xap/1.0/">
<dc:title><rdf:Alt><rdf:li xml:lang="x-default">{escape(title)}</rdf:li></rdf:Alt></dc:title>
<dc:language><rdf:Bag><rdf:li>{escape(language)}</rdf:li></rdf:Bag></dc:language>
<pdf:Producer>{_PRODUCER}</pdf:Producer>{dates if created else ""}
</rdf:Description></rdf:RDF></x:xmpmeta>
<?xpacket end="r"?>"""
    return packet.encode()


@lru_cache(maxsize=1)
def _srgb_profile() -> bytes:
    """Return LittleCMS's sRGB profile, without the moment at which it was made."""
    from PIL import ImageCms

    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    # ICC.1, 7.2: bytes 24 to 35 are the date of creation, 84 to 99 a checksum that may be zero.
    profile[24:36] = bytes.fromhex("07e8 0001 0001 0000 0000 0000")
    profile[84:100] = bytes(16)
    return bytes(profile)
