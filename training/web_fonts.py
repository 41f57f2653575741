"""Fetch the Korean families that Debian lacks from the npm registry: ``python -m training.web_fonts``.

Display faces draw ㅇ as anything from a circle to a square; Debian's alone are too few to learn that from.
All are under the SIL Open Font License; they are read at training time only.
"""

import argparse
import subprocess
import tarfile
import tempfile
from io import BytesIO
from pathlib import Path

from fontTools.ttLib import TTFont

FOLDER = Path("build/fonts")
# Package version and weights. No relative of a family that fonts.KEPT_OUT names.
FAMILIES = {
    "bagel-fat-one": ("5.3.0", [400]), "black-han-sans": ("5.3.0", [400]), "cute-font": ("5.2.8", [400]),
    "dongle": ("5.2.7", [400]), "gaegu": ("5.3.0", [400]), "gothic-a1": ("5.3.0", [300, 500, 800]),
    "gowun-batang": ("5.3.0", [400]), "gowun-dodum": ("5.3.0", [400]), "gugi": ("5.3.0", [400]),
    "hahmlet": ("5.3.0", [300, 500, 800]), "hi-melody": ("5.3.0", [400]), "ibm-plex-sans-kr": ("5.3.0", [300, 500, 700]),
    "orbit": ("5.3.0", [400]), "poor-story": ("5.3.0", [400]), "song-myung": ("5.2.8", [400]), "stylish": ("5.3.1", [400]),
    "sunflower": ("5.3.1", [300, 500, 700]),
}  # fmt: skip


def fetch(family: str, version: str, weights: list[int], folder: Path) -> list[Path]:
    """Write one TTF per weight: Hangul, ASCII and the marks of the package's Korean part."""
    with tempfile.TemporaryDirectory() as scratch:
        command = ["npm", "pack", "--silent", f"@fontsource/{family}@{version}"]
        subprocess.run(command, cwd=scratch, check=True, stdout=subprocess.DEVNULL)
        (package,) = Path(scratch).glob("*.tgz")
        written = []
        with tarfile.open(package) as archive:
            for weight in weights:
                member = archive.extractfile(f"package/files/{family}-korean-{weight}-normal.woff2")
                assert member is not None
                font = TTFont(BytesIO(member.read()))
                font.flavor = None
                written.append(folder / f"{family}-{weight}.ttf")
                font.save(written[-1])
    return written


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=FOLDER)
    folder: Path = parser.parse_args().out
    folder.mkdir(parents=True, exist_ok=True)
    for family, (version, weights) in FAMILIES.items():
        for path in fetch(family, version, weights, folder):
            print(f"{path.name:<28}{path.stat().st_size / 1e6:6.2f} MB")


if __name__ == "__main__":
    main()
