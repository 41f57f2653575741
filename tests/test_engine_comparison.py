"""Engines side by side: what each reads, what the table says, and that one that fails stops no other."""

import math
import os
import stat
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import ocr_helpers as ocr
from ocr_helpers.engines import readers as engine_readers
from ocr_helpers.engines import worker as engine_worker
from ocr_helpers.engines.comparison import ComparisonInputError, compare_engines
from ocr_helpers.engines.outcomes import EngineComparison, EngineOutcome, LineToRead, PageToRead, fold_twins
from ocr_helpers.engines.readers import ENGINES, UnknownEngineNameError, load_reader
from ocr_helpers.engines.reading import EngineMissingError, PageReading, peak_bytes
from ocr_helpers.engines.tesseract import TesseractFailedError, TesseractReader, _lines_of
from ocr_helpers.ground_truth import PageTruth
from ocr_helpers.pages import Page
from ocr_helpers.samples import samples_dir
from ocr_helpers.stages import StagedPipeline

RECEIPT = samples_dir() / "receipt.png"
WHITE = np.full((60, 80, 3), 255, np.uint8)
SQUARE = np.array([[[0, 0], [40, 0], [40, 20], [0, 20]]], np.float32)


@pytest.fixture(scope="module")
def compared() -> EngineComparison:
    """Three engines on the smallest sample and five lines, one of them of a kind that is not there."""
    lines = ocr.load_sample_lines()[:5]
    return compare_engines(RECEIPT, lines, ["starter", "official", "rapidocr+starter"], progress=False)


def test_table(compared: EngineComparison) -> None:
    table = compared.table
    assert list(table.index) == ["starter", "official", "rapidocr+starter"]
    for name in ("starter", "rapidocr+starter"):
        row = table.loc[name]
        assert row["status"] == "measured" and row["failures"] == 0
        assert row["hmean"] > 0.9 and row["page_cer"] < 0.1 and row["page_exact"] > 0.8
        assert row["line_exact"] >= 0.6 and 0 < row["s_per_page"] < 60 and 0 < row["ms_per_line"] < 6e4
        assert 50 < row["peak_mb"] < 5000
        assert row["version"] and row["settings"]
    assert compared.failures == []


def test_memory_is_that_of_the_engine_alone(compared: EngineComparison) -> None:
    """RapidOCR without paddle needs less than the workbench, however much this process holds."""
    peaks = compared.table["peak_mb"]
    assert peaks["rapidocr+starter"] < peaks["starter"]


def test_what_is_not_there_says_how_to_get_it(compared: EngineComparison) -> None:
    row = compared.table.loc["official"]
    if row["status"] == "measured":
        pytest.skip("official weights are cached here")
    assert row["status"] == "missing" and 'load_pipeline("official")' in row["note"]
    assert row[["hmean", "peak_mb", "line_exact"]].isna().all()


def test_figure(compared: EngineComparison) -> None:
    said = [text.get_text() for axes in compared.figure().axes for text in axes.texts]
    assert {"starter", "official", "rapidocr+starter", "boxes, H-mean", "seconds a page"} <= set(said)
    assert "1 page, 5 lines" in said


def test_readings_are_kept(compared: EngineComparison) -> None:
    starter = compared.engines[0]
    assert "온누리마트" in starter.pages[0].texts and starter.pages[0].quads_xy.shape[1:] == (4, 2)
    assert len(starter.lines) == 5


# Engines alone


def test_rapidocr_says_that_its_own_models_know_no_korean() -> None:
    reader = load_reader("rapidocr")
    if "korean" in reader.settings:
        pytest.skip("RapidOCR's Korean model is here")
    assert "no Hangul" in reader.note and "allow_download=True" in reader.note
    found = reader.read_page(WHITE, None)
    assert found.texts == [] and found.quads_xy.shape == (0, 4, 2)


def test_rapidocr_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "rapidocr", None)
    with pytest.raises(EngineMissingError, match=r"pip install rapidocr==3\.10\.0"):
        load_reader("rapidocr")


def test_unknown_engine() -> None:
    for call in (load_reader, lambda name: compare_engines(RECEIPT, engines=[name])):
        with pytest.raises(UnknownEngineNameError, match="choose from starter"):
            call("abbyy")


def test_a_page_is_read_anew_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else the second reading would take no time."""
    run, results = StagedPipeline.run, list[Any]()

    def run_and_keep(*given: Any) -> Any:
        results.append(run(*given))
        return results[-1]

    monkeypatch.setattr(StagedPipeline, "run", run_and_keep)
    reader = load_reader("starter")
    page = ocr.load_pages(RECEIPT)[0]
    first, second = (reader.read_page(page.image_bgr, page.dpi) for _ in range(2))
    assert first.texts == second.texts and len(results) == 2
    assert not any(step.remembered for step in results[1].steps.values() if step.on)


def test_peak_memory() -> None:
    own = peak_bytes()
    assert own is not None and own > 20e6
    assert peak_bytes(2**30) is None


# Tesseract, with a program in its place: the calls are its own


def tesseract(folder: Path, body: str) -> None:
    script = folder / "tesseract"
    script.write_text(f"#!{sys.executable}\nimport sys\nargs = sys.argv[1:]\n{body}", encoding="utf-8")
    script.chmod(script.stat().st_mode | stat.S_IXUSR)


LISTS = """
if args == ["--version"]:
    print("tesseract 5.9\\n leptonica"); sys.exit()
if args == ["--list-langs"]:
    print("List of languages (3):\\neng\\nkor\\nosd"); sys.exit()
"""
# A row of a table, a word in two pieces, and a line without a word.
TSV = """level\tpage_num\tblock_num\tpar_num\tline_num\tword_num\tleft\ttop\twidth\theight\tconf\ttext
1\t1\t0\t0\t0\t0\t0\t0\t160\t120\t-1\t
4\t1\t1\t1\t1\t0\t20\t10\t130\t20\t-1\t
5\t1\t1\t1\t1\t1\t20\t10\t16\t20\t90\t"한
5\t1\t1\t1\t1\t2\t38\t12\t10\t18\t90\t글
5\t1\t1\t1\t1\t3\t54\t10\t26\t18\t90\t줄
5\t1\t1\t1\t1\t4\t130\t10\t20\t20\t90\t1,850
4\t1\t1\t1\t2\t0\t0\t50\t9\t9\t-1\t
5\t1\t1\t1\t2\t1\t0\t50\t9\t9\t9\t\x20
"""
PAGE = f"""
import pathlib
pathlib.Path(args[1] + ".tsv").write_text({TSV!r}, encoding="utf-8")
pathlib.Path(args[1] + ".txt").write_text('"한글  줄        1,850\\n\\n', encoding="utf-8")
"""


def test_tesseract_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Boxes in pixels of the page as it was given, cells apart, Korean words whole, no empty line."""
    tesseract(tmp_path, LISTS + PAGE)
    monkeypatch.setenv("PATH", str(tmp_path))
    reader = TesseractReader()
    assert reader.version == "tesseract 5.9" and "-l kor+eng --oem 1" in reader.settings
    found = reader.read_page(WHITE, 150.0)
    assert found.texts == ['"한글 줄', "1,850"]
    assert found.quads_xy[:, 0].tolist() == [[10, 5], [65, 5]]
    assert found.quads_xy[:, 2].tolist() == [[40, 15], [75, 15]]
    assert reader.read_page(WHITE, 600.0).quads_xy[0, 0].tolist() == [20, 10]
    assert reader.peak_bytes() or not Path("/proc/self/status").exists()


def test_tesseract_text_that_does_not_fit_its_boxes() -> None:
    """Where the plain text has no such piece, a space stands before it."""
    assert _lines_of(TSV, "else", 1.0).texts == ['"한 글 줄', "1,850"]


@pytest.mark.parametrize("table", ["", "level\tleft\ttop\twidth\theight\ttext\n1\t0\t0\t9\t9\t\n"])
def test_tesseract_finds_nothing(table: str) -> None:
    found = _lines_of(table, "", 2.0)
    assert found.texts == [] and found.quads_xy.shape == (0, 4, 2)


def test_tesseract_lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In their order, however they were shared out."""
    body = "import pathlib\nfor path in pathlib.Path(args[0]).read_text().split():\n"
    body += "    sys.stdout.write(f'{pathlib.Path(path).stat().st_size}  x\\n\\f')\n"
    tesseract(tmp_path, LISTS + body)
    monkeypatch.setenv("PATH", str(tmp_path))
    reader = TesseractReader()
    noise = np.random.default_rng(1)
    lines = [noise.integers(0, 255, (48, width, 3), np.uint8) for width in (40, 400, 120, 240, 80)]
    sizes = [int(text.split()[0]) for text in reader.read_lines(lines)]
    assert np.argsort(sizes).tolist() == [0, 4, 2, 3, 1]
    assert reader.read_lines([]) == []


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (
            "if '--version' in args: print('tesseract 5')\nelse: print('List:\\neng')",
            "no data for kor.*apt-get",
        ),
        (None, "not on PATH.*apt-get install tesseract-ocr tesseract-ocr-kor"),
    ],
)
def test_tesseract_is_missing(
    body: str | None, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if body:
        tesseract(tmp_path, body)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(EngineMissingError, match=message):
        load_reader("tesseract")


def test_tesseract_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tesseract(tmp_path, LISTS + "sys.stderr.write('no such picture'); sys.exit(3)")
    monkeypatch.setenv("PATH", str(tmp_path))
    reader = TesseractReader()
    with pytest.raises(TesseractFailedError, match="ended with 3: no such picture"):
        reader.read_page(WHITE, None)
    tesseract(tmp_path, LISTS + "print('one')")
    with pytest.raises(TesseractFailedError, match="gave 1 texts for 2 lines"):
        reader._read_list([WHITE, WHITE])


def test_tesseract_reads_korean() -> None:
    """The real one, where it is installed."""
    try:
        reader = TesseractReader()
    except EngineMissingError as error:
        pytest.skip(str(error))
    lines = [line for line in ocr.load_sample_lines() if line.name in ("textbook", "units")]
    read = reader.read_lines([line.image_bgr for line in lines])
    assert len(read) == 2 and "온도" in read[1]


# The worker


class Fake:
    """Reads a page as its size; fails where it is 7 pixels wide."""

    version, settings, note = "fake 1", "none", ""

    def read_page(self, image_bgr: Any, dpi: float | None) -> PageReading:
        if image_bgr.shape[1] == 7:
            raise ValueError("seven\npixels")
        return PageReading(SQUARE, [f"{image_bgr.shape[1]} at {dpi}"])

    def read_lines(self, images_bgr: Any) -> list[str]:
        return [self.read_page(image, None).texts[0] for image in images_bgr]

    def peak_bytes(self) -> int:
        return 5_000_000


def job(folder: Path, widths: list[int], line_widths: list[int]) -> dict[str, Any]:
    for kind, given in (("page", widths), ("line", line_widths)):
        for number, width in enumerate(given):
            np.save(folder / f"{kind}{number}.npy", np.zeros((9, width, 3), np.uint8))
    pages = [{"file": f"page{number}.npy", "dpi": 150.0} for number in range(len(widths))]
    lines = [f"line{number}.npy" for number in range(len(line_widths))]
    return {"engine": "starter", "allow_download": False, "repeats": 2, "pages": pages, "lines": lines}


def outcome(folder: Path, widths: list[int], line_widths: list[int]) -> EngineOutcome:
    records: list[dict[str, Any]] = []
    engine_worker.work(job(folder, widths, line_widths), folder, records.append)
    return EngineOutcome.of("starter", records, len(line_widths))


def test_a_bad_page_and_a_bad_line_are_listed_and_the_others_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine_worker, "load_reader", lambda name, allow_download: Fake())
    found = outcome(tmp_path, [7, 8, 9], [8, 7])
    assert found.status == "measured" and sorted(found.pages) == [1, 2]
    assert found.pages[1].texts == ["8 at 150.0"] and found.lines == {0: "8 at None"}
    assert found.failures == ("page 1: ValueError: seven pixels", "line 2: ValueError: seven pixels")
    assert math.isnan(found.line_seconds) and found.peak_bytes == 5_000_000


def test_an_engine_that_cannot_be_loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(name: str, allow_download: bool) -> Fake:
        raise RuntimeError("bad model")

    monkeypatch.setattr(engine_worker, "load_reader", broken)
    found = outcome(tmp_path, [8], [])
    assert found.status == "failed" and found.failures == ("cannot be loaded: RuntimeError: bad model",)


def worker(folder: Path, monkeypatch: pytest.MonkeyPatch, body: str) -> None:
    """Have the engines' processes run something else first."""
    (folder / "sitecustomize.py").write_text(body, encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(folder))


def test_a_process_that_dies_is_a_row_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    worker(tmp_path, monkeypatch, "import os, sys\nsys.stderr.write('gone')\nsys.stderr.flush()\nos._exit(9)")
    compared = compare_engines([Page(WHITE, "white")], engines="starter", progress=False)
    assert compared.table.loc["starter", "status"] == "failed"
    assert compared.failures == ["starter: its process ended with 9: gone"]


def test_a_process_that_hangs_is_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    worker(
        tmp_path,
        monkeypatch,
        f"import os, time\nopen({str(tmp_path / 'pid')!r}, 'w').write(str(os.getpid()))\ntime.sleep(600)",
    )
    compared = compare_engines([WHITE], engines=["starter"], timeout_s=3, progress=True)
    assert compared.failures == ["starter: stopped after 3 seconds (timeout_s)"]
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)


# Scores


def comparison(*engines: EngineOutcome) -> EngineComparison:
    truth = PageTruth(SQUARE, ("가격 ~ ₩5",))
    return EngineComparison((PageToRead("a", truth), PageToRead("b", None)), (LineToRead("나 다"),), engines)


def test_scores_are_those_of_the_readings() -> None:
    right = EngineOutcome(
        "starter", "measured", pages={0: PageReading(SQUARE, ["가격 ～ ￦5"])}, page_seconds={0: 1.0, 1: 3.0},
        lines={0: "나다"}, line_seconds=0.002, peak_bytes=7_000_000,
    )  # fmt: skip
    nothing = EngineOutcome("tesseract", "measured", lines={0: "나 다"}, failures=("page 1: x",))
    absent = EngineOutcome("official", "missing", note="get it")
    table = comparison(right, nothing, absent).table
    row = table.loc["starter"]
    assert (row["hmean"], row["page_cer"], row["page_exact"]) == (1.0, 0.0, 1.0)
    assert (row["line_exact"], row["line_cer"]) == (0.0, pytest.approx(1 / 3))
    assert (row["s_per_page"], row["ms_per_line"], row["peak_mb"]) == (2.0, 2.0, 7.0)
    row = table.loc["tesseract"]
    assert (row["hmean"], row["page_cer"], row["page_exact"], row["line_exact"]) == (0.0, 1.0, 0.0, 1.0)
    assert row["note"] == "page 1: x" and table["s_per_page"].isna().tolist() == [False, True, True]
    assert table.loc["official", "note"] == "get it"


def test_figure_without_any_engine_that_could_be_measured() -> None:
    figure = comparison(EngineOutcome("official", "missing", note="get it " * 60)).figure()
    said = [text.get_text() for axes in figure.axes for text in axes.texts]
    assert "missing: see below" in said and any("get it" in text for text in said)


@pytest.mark.parametrize(("text", "folded"), [("", ""), ("Ａ１～￦", "A1~₩"), ("가", "가"), ("ㆍ–", "·—")])
def test_look_alikes(text: str, folded: str) -> None:
    assert fold_twins(text) == folded


# What is refused


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, "no page and no line"),
        ({"pages": [WHITE], "truths": []}, "1 pages and 0 truths"),
        ({"pages": [WHITE], "repeats": 0}, "repeats is 0"),
        ({"pages": [WHITE], "timeout_s": 0}, "timeout_s 0"),
        ({"lines": ["a.png"]}, r"lines\[0\] is str"),
        ({"lines": [(WHITE[..., 0], "가")]}, r"lines\[0\] is \(60, 80\)"),
        ({"lines": [(WHITE, None)]}, "NoneType"),
    ],
)
def test_bad_input(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ComparisonInputError, match=message):
        compare_engines(**arguments, engines=["starter"])


def test_every_engine_is_described() -> None:
    assert engine_readers.__doc__ is not None
    assert all(f"``{name}``" in engine_readers.__doc__ for name in ENGINES)
