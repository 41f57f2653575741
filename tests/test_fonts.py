"""Hangul fonts for matplotlib and PaddleX: found, registered without side effects, and never tofu."""

import io
import os
import subprocess
import sys
from pathlib import Path

import matplotlib
import numpy as np
import pytest
from matplotlib.figure import Figure
from numpy.typing import NDArray

from ocr_helpers import fonts
from ocr_helpers.figures.lettering import font

ASCII = "".join(map(chr, range(0x21, 0x7F)))
MARKS = "「」『』《》·…₩℃㎡㈜①⑮○■※→㎏′″“”‘’–—×÷±≤≥★☎✓"
KS_X_1001 = "".join(
    bytes([row, cell]).decode("euc_kr") for row in range(0xB0, 0xC9) for cell in range(0xA1, 0xFF)
)
PROBES = "\ue000\U0010fffd"  # private use: drawn by no font


def ink(character: str, families: list[str]) -> NDArray[np.uint8]:
    """What a figure paints for one character, by the path every text of this package takes."""
    figure = Figure(figsize=(0.5, 0.5), dpi=64, facecolor="white")
    properties = font(20).copy()
    properties.set_family(families)
    figure.text(0.1, 0.3, character, fontproperties=properties, parse_math=False)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="rgba", dpi=64)
    return np.frombuffer(buffer.getvalue(), np.uint8)


def tofu(text: str, families: list[str]) -> list[str]:
    """The characters of ``text`` drawn as nothing, as a .notdef glyph, or as matplotlib's last-resort box."""
    # The last-resort font has one box for each Unicode block: compare with the box of the character itself.
    found = []
    blank = ink(" ", families)
    with matplotlib.rc_context({"font.enable_last_resort": False}):
        notdef = [ink(probe, [family]) for probe in PROBES for family in families]
    for character in text:
        drawn = ink(character, families)
        last_resort = ink(character, ["Last Resort High-Efficiency"])
        if any(np.array_equal(drawn, other) for other in (blank, last_resort, *notdef)):
            found.append(character)
    return found


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PADDLE_PDX_LOCAL_FONT_FILE_PATH", raising=False)


@pytest.mark.filterwarnings("ignore:Glyph .* missing")
@pytest.mark.parametrize("text", [KS_X_1001[::10], ASCII, MARKS], ids=["hangul", "ascii", "marks"])
def test_no_character_is_drawn_as_tofu(text: str) -> None:
    assert tofu(text, list(fonts.register_hangul_font())) == []
    assert fonts.characters_without_glyph(text) == ()


@pytest.mark.filterwarnings("ignore:Glyph .* missing")
@pytest.mark.parametrize(
    ("text", "families", "expected"),
    [
        ("가々나", ["NanumGothic", "DejaVu Sans"], ["々"]),
        ("가\ue000", ["NanumGothic", "DejaVu Sans"], ["\ue000"]),
        ("a가힣", ["DejaVu Sans"], ["가", "힣"]),
        ("✓✔가", ["NanumGothic"], ["✓", "✔"]),
    ],
)
def test_the_tofu_check_catches_planted_characters(
    text: str, families: list[str], expected: list[str]
) -> None:
    fonts.register_hangul_font()
    assert tofu(text, families) == expected


@pytest.mark.parametrize(
    ("text", "missing"),
    [
        ("", ()),
        (KS_X_1001 + ASCII + MARKS + "\n", ()),
        ("가々a々\U00013000", ("々", "\U00013000")),
        ("한국", ()),  # conjoining jamo are composed first
    ],
)
def test_characters_without_glyph(text: str, missing: tuple[str, ...]) -> None:
    assert fonts.characters_without_glyph(text) == missing


def test_font_files_are_there() -> None:
    for path in (fonts.hangul_font_path(), fonts.hangul_font_path(bold=True)):
        assert path.is_file()
        assert path.read_bytes()[:4] == b"\x00\x01\x00\x00"
    assert fonts.hangul_font_path() != fonts.hangul_font_path(bold=True)


@pytest.mark.parametrize(
    ("files", "says"),
    [(None, "pip install koreanize-matplotlib"), ([], "pip install --force-reinstall koreanize-matplotlib")],
)
def test_absent_font_says_what_to_install(
    files: list[str] | None, says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "path", [str(tmp_path)])
    monkeypatch.delitem(sys.modules, "koreanize_matplotlib", raising=False)
    if files is not None:
        (tmp_path / "koreanize_matplotlib").mkdir()
        (tmp_path / "koreanize_matplotlib" / "__init__.py").touch()
    with pytest.raises(fonts.HangulFontError, match=says):
        fonts.hangul_font_path()


def test_registering_leaves_the_users_settings_alone() -> None:
    code = (
        "import sys, matplotlib; before = dict(matplotlib.rcParams)\n"
        "from ocr_helpers import fonts; fonts.register_hangul_font(); fonts.register_hangul_font()\n"
        "assert dict(matplotlib.rcParams) == before\n"
        "assert 'koreanize_matplotlib' not in sys.modules and 'matplotlib.pyplot' not in sys.modules\n"
        "from matplotlib.font_manager import fontManager\n"
        "names = [f.fname for f in fontManager.ttflist if 'koreanize_matplotlib' in f.fname]\n"
        "assert len(names) == len(set(names)), names\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)


def test_use_hangul_font_is_a_choice() -> None:
    with matplotlib.rc_context():
        fonts.use_hangul_font()
        assert matplotlib.rcParams["font.family"] == fonts.FONT_FAMILIES
        assert matplotlib.rcParams["axes.unicode_minus"] is True  # the fonts have U+2212
    assert matplotlib.rcParams["font.family"] != fonts.FONT_FAMILIES


def test_a_font_named_by_the_user_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "modules", {k: v for k, v in sys.modules.items() if not k.startswith("paddlex")})
    own = str(fonts.hangul_font_path(bold=True))
    monkeypatch.setenv("PADDLE_PDX_LOCAL_FONT_FILE_PATH", own)
    assert fonts.set_paddlex_font() == Path(own)
    assert os.environ["PADDLE_PDX_LOCAL_FONT_FILE_PATH"] == own


def test_a_wrong_font_named_by_the_user_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PADDLE_PDX_LOCAL_FONT_FILE_PATH", "/nowhere/나눔.ttf")
    with pytest.raises(fonts.PaddlexFontError, match=r"/nowhere/나눔\.ttf.*unset"):
        fonts.set_paddlex_font()


# PaddleX's own result classes over arrays of the form its predictors give them; the network is closed.
OFFLINE_SAVE = """
import socket, sys, tempfile
from pathlib import Path
import numpy as np
from PIL import Image

def closed(*args, **kwargs):
    raise OSError("this test may not use the network")

socket.socket.connect = closed
socket.getaddrinfo = closed

def load():
    global TextRecResult, OCRResult, get_text_rec_vis_font
    from paddlex.inference.models.text_recognition.predictor import get_text_rec_vis_font
    from paddlex.inference.models.text_recognition.result import TextRecResult
    from paddlex.inference.pipelines.ocr.result import OCRResult

def ink_of(text):
    image = np.full((48, 480, 3), 255, np.uint8)
    line = {"input_path": None, "page_index": None, "input_img": image, "rec_text": text, "rec_score": 0.9}
    saved = []
    with tempfile.TemporaryDirectory() as folder:
        TextRecResult({**line, "vis_font": vis_font}).save_to_img(folder + "/line.png")
        quad = np.array([[5, 5], [475, 5], [475, 45], [5, 45]])
        OCRResult({
            "input_path": "page.png", "page_index": None, "doc_preprocessor_res": {"output_img": image},
            "dt_polys": [quad], "rec_polys": [quad], "rec_texts": [text], "rec_scores": [0.9],
            "vis_fonts": [vis_font], "model_settings": {"use_doc_preprocessor": False},
        }).save_to_img(folder)
        for path in sorted(Path(folder).iterdir()):
            saved.append(np.asarray(Image.open(path).convert("L")).tobytes())
    assert len(saved) == 2
    return saved

from ocr_helpers.fonts import set_paddlex_font
if sys.argv[1] == "font first":
    set_paddlex_font()
    load()
    vis_font = get_text_rec_vis_font("korean_PP-OCRv5_mobile_rec")
else:
    load()
    vis_font = get_text_rec_vis_font("korean_PP-OCRv5_mobile_rec")  # a model that is loaded already
    if sys.argv[1] == "paddlex first":
        set_paddlex_font()
drawn = [ink_of(text) for text in ("한국어", "가나다", "\\ue000\\ue000\\ue000")]
for pictures in zip(*drawn, strict=True):
    assert len(set(pictures)) == 3, "Hangul is drawn as tofu"
print("all saved")
"""


@pytest.mark.parametrize(
    ("order", "works"), [("font first", True), ("paddlex first", True), ("no font", False)]
)
def test_paddleocr_saves_pictures_offline(order: str, works: bool, tmp_path: Path) -> None:
    pytest.importorskip("paddlex")
    environment = {**os.environ, "HOME": str(tmp_path), "PADDLE_PDX_CACHE_HOME": str(tmp_path / "cache")}
    run = [sys.executable, "-c", OFFLINE_SAVE, order]
    done = subprocess.run(run, env=environment, capture_output=True, text=True, timeout=300)
    assert ("all saved" in done.stdout) is works, done.stderr[-2000:]
    # Without the font the very same script must fail, and by asking the network for one.
    assert ("this test may not use the network" in done.stderr) is not works


REAL_SAVE = """
import socket, sys

def closed(*args, **kwargs):
    raise OSError("this test may not use the network")

socket.socket.connect = closed
socket.getaddrinfo = closed
if sys.argv[1] == "paddleocr first":
    import paddleocr
import ocr_helpers
recognizer = ocr_helpers.load_text_recognition(weights="starter", device="cpu")
(result,) = recognizer.predict(sys.argv[2])
assert any("가" <= character <= "힣" for character in result["rec_text"])
result.save_to_img(sys.argv[3])
assert result["vis_font"].path.endswith("NanumGothic.ttf")
"""


@pytest.mark.parametrize("order", ["ocr_helpers first", "paddleocr first"])
def test_a_real_result_saves_its_picture_offline(order: str, repository: Path, tmp_path: Path) -> None:
    line = min((repository / "data" / "samples" / "lines").glob("*.png"))
    environment = {**os.environ, "PADDLE_PDX_CACHE_HOME": str(tmp_path / "cache")}
    run = [sys.executable, "-c", REAL_SAVE, order, str(line), str(tmp_path / "line.png")]
    done = subprocess.run(run, env=environment, cwd=repository, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-2000:]
    assert (tmp_path / "line.png").stat().st_size > 1000
