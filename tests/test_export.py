"""Saving results: every format, whole files only, safe names, one page in memory at a time."""

import errno
import gc
import json
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import ocr_helpers as ocr
from ocr_helpers.export import (
    FORMATS,
    FileNotWrittenError,
    PageOrderError,
    UnknownFormatError,
    lines_table,
    load_records,
    page_record,
    save_results,
)
from ocr_helpers.export.records import LineRecord, PageRecord
from ocr_helpers.export.results import RecordSourceError
from ocr_helpers.loading.pipeline import load_pipeline
from ocr_helpers.output_files import FileNames, atomic_file, safe_stem

SAMPLES = Path(__file__).resolve().parent.parent / "data" / "samples"
TEXTS = ("text", "markdown", "json", "csv", "parquet")


def record(source: str = "scan.png", index: int = 0, *texts: str) -> PageRecord:
    """A page of level lines."""
    lines = [
        LineRecord(text, 0.5, ((10, top), (90, top), (90, top + 8), (10, top + 8)), paddleocr_index=place)
        for place, text in enumerate(texts)
        for top in [10 + 12 * place]
    ]
    return PageRecord(source, index, (100, 80), (100, 80), 72.0, lines=tuple(lines))


def page(source: str = "scan.png", index: int = 0) -> ocr.Page:
    """A page of noise."""
    noise = np.random.default_rng(index).integers(0, 256, (80, 100, 3), np.uint8)
    return ocr.Page(noise, source, index, 72.0)


@pytest.fixture(scope="module")
def staged() -> ocr.StagedPipeline:
    """A pipeline that remembers."""
    return ocr.StagedPipeline(load_pipeline("starter"))


def test_nothing_gives_no_documents_and_empty_tables(tmp_path: Path) -> None:
    written = save_results([], tmp_path, FORMATS)
    assert [name for name, paths in written.items() if paths] == ["csv", "parquet", "labels"]
    assert len(pd.read_parquet(tmp_path / "lines.parquet")) == 0
    assert save_results(iter(()), tmp_path / "none", ["pdf"]) == {"pdf": []}


def test_every_format_of_a_real_page(staged: ocr.StagedPipeline, tmp_path: Path) -> None:
    (found,) = ocr.load_pages(SAMPLES / "turned_180.png")
    result = staged.run(found, ocr.PipelineSettings(use_doc_orientation_classify=True))
    written = save_results((found, result), tmp_path, FORMATS)
    kept = page_record(found, result)
    assert sorted(written) == sorted(FORMATS)
    assert [path.name for name in ("text", "markdown", "json", "pdf") for path in written[name]] == [
        "turned_180.txt",
        "turned_180.md",
        "turned_180.json",
        "turned_180.pdf",
    ]
    assert (tmp_path / "turned_180.txt").read_text("utf-8") == result.text() + "\n"
    assert load_records(tmp_path / "turned_180.json") == [kept]
    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "lines.parquet"), lines_table([kept]))
    assert {path for paths in written.values() for path in paths} <= set(tmp_path.rglob("*"))
    assert not list(tmp_path.rglob("*.part"))


def test_labels_are_those_of_the_picture_that_was_read(staged: ocr.StagedPipeline, tmp_path: Path) -> None:
    (found,) = ocr.load_pages(SAMPLES / "turned_180.png")
    result = staged.run(found, ocr.PipelineSettings(use_doc_orientation_classify=True))
    for results in ((found, result), page_record(found, result)):  # again: rows are replaced
        save_results(results, tmp_path, ["labels"])
    (row,) = (tmp_path / "labels" / "Label.txt").read_text("utf-8").splitlines()
    image, labels = row.split("\t")
    assert np.array_equal(cv2.imread(str(tmp_path / image)), result.page_bgr)
    lines = result.lines()
    assert [label["transcription"] for label in json.loads(labels)] == [line.text for line in lines]
    assert np.array_equal([label["points"] for label in json.loads(labels)], [line.quad_xy for line in lines])
    rows = (tmp_path / "labels" / "rec_gt.txt").read_text("utf-8").splitlines()
    assert [row.split("\t")[1] for row in rows] == [line.text for line in lines if line.text]
    crops = [cv2.imread(str(tmp_path / "labels" / row.split("\t")[0])) for row in rows]
    recognizer = ocr.load_text_recognition("starter")
    (first,) = recognizer.predict(crops[:1])
    assert first["rec_text"] == lines[0].text


def test_lines_that_stand_on_their_head_are_cut_out_upright(
    staged: ocr.StagedPipeline, tmp_path: Path
) -> None:
    (upright,) = ocr.load_pages(SAMPLES / "receipt.png")
    turned = replace(upright, image_bgr=upright.image_bgr[::-1, ::-1].copy())
    result = staged.run(turned, ocr.PipelineSettings(use_textline_orientation=True))
    save_results((turned, result), tmp_path, ["labels"])
    rows = (tmp_path / "labels" / "rec_gt.txt").read_text("utf-8").splitlines()
    names, texts = zip(*(row.split("\t") for row in rows), strict=True)
    recognizer = ocr.load_text_recognition("starter")
    read = [
        next(iter(recognizer.predict([cv2.imread(str(tmp_path / "labels" / name))])))["rec_text"]
        for name in names[:8]
    ]
    assert sum(a == b for a, b in zip(read, texts, strict=False)) >= 6


def test_a_result_alone_knows_no_resolution(staged: ocr.StagedPipeline, tmp_path: Path) -> None:
    (found,) = ocr.load_pages(SAMPLES / "receipt.png")
    result = staged.run(found)
    save_results(result, tmp_path, ["json"])
    (kept,) = load_records(tmp_path)
    assert kept == replace(page_record(found, result), dpi=None)


def test_pages_of_a_document_stand_in_one_file(tmp_path: Path) -> None:
    pages = [record("a.pdf", 0, "하나"), record("a.pdf", 2, "둘", "셋"), record("b/a.pdf", 0, "# 넷")]
    save_results(iter(pages), tmp_path, TEXTS)
    assert (tmp_path / "a.txt").read_text("utf-8") == "하나\n\f둘\n셋\n"
    assert (tmp_path / "a.md").read_text("utf-8") == "하나\n\n---\n\n둘\\\n셋\n"
    assert load_records(tmp_path / "a.json") == pages[:2]
    (other,) = tmp_path.glob("a-*.txt")
    assert other.read_text("utf-8") == "# 넷\n"
    assert pd.read_parquet(tmp_path / "lines.parquet")["text"].tolist() == ["하나", "둘", "셋", "# 넷"]


def test_the_same_results_give_the_same_bytes(tmp_path: Path) -> None:
    pairs = [(page("a.pdf", index), record("a.pdf", index, "글", "말")) for index in range(2)]
    for folder in ("one", "two"):
        save_results(pairs, tmp_path / folder, FORMATS)
    one = {path.relative_to(tmp_path / "one"): path.read_bytes() for path in (tmp_path / "one").rglob("*.*")}
    two = {path.relative_to(tmp_path / "two"): path.read_bytes() for path in (tmp_path / "two").rglob("*.*")}
    assert one == two and len(one) >= 12


def test_times_can_be_left_out_of_json(tmp_path: Path) -> None:
    slow = replace(record(), milliseconds={"crops": 3.0})
    save_results(slow, tmp_path, "json", with_times=False)
    assert load_records(tmp_path) == [record()]


def test_spacing_is_restored_beside_what_was_recognised(tmp_path: Path) -> None:
    from ocr_helpers.spacing import restore_spacing

    raw = "자기는돈이많이있는다고"
    spaced = restore_spacing(raw)
    assert spaced != raw
    written = save_results(
        (page(), record("scan.png", 0, raw)), tmp_path, [*TEXTS, "pdf"], restore_spacing=True
    )
    assert (
        (tmp_path / "scan.txt").read_text("utf-8")
        == (tmp_path / "scan.md").read_text("utf-8")
        == f"{spaced}\n"
    )
    (kept,) = load_records(tmp_path)
    assert (kept.lines[0].text, kept.lines[0].spaced_text) == (raw, spaced)
    for table in (pd.read_parquet(written["parquet"][0]), pd.read_csv(written["csv"][0])):
        assert table[["text", "text_spaced"]].to_numpy().tolist() == [[raw, spaced]]
    import pypdfium2

    with pypdfium2.PdfDocument(written["pdf"][0]) as document:
        assert document[0].get_textpage().get_text_range() == spaced


@pytest.mark.parametrize(
    "pages",
    [
        [("a.pdf", 0), ("b.pdf", 0), ("a.pdf", 1)],
        [("a.pdf", 2), ("a.pdf", 1)],
        [("a.pdf", 1), ("a.pdf", 1)],
    ],
)
def test_pages_out_of_order_are_refused(tmp_path: Path, pages: list[tuple[str, int]]) -> None:
    with pytest.raises(PageOrderError, match="Sort the results"):
        save_results([record(*page) for page in pages], tmp_path, ["text"])
    assert not list(tmp_path.rglob("*.part"))


@pytest.mark.parametrize("formats", ["docx", ["text", "PDF"], [None]])
def test_another_format_is_refused(tmp_path: Path, formats: Any) -> None:
    with pytest.raises(UnknownFormatError, match="expected some of text, markdown"):
        save_results([], tmp_path / "out", formats)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("results", "message"),
    [
        (3, "results holds int"),
        ([None], "results holds NoneType"),
        ({"rec_texts": []}, "results holds dict"),
        ([(page(), {"rec_texts": []})], "result is dict"),
        ([(record(), record())], "page is PageRecord"),
        ([(page(), replace(record(), size_wh=(5, 5)))], r"The record is of \(5, 5\) pixels"),
        (["scan.png"], "results holds str"),
    ],
)
def test_what_is_no_result_is_refused(tmp_path: Path, results: Any, message: str) -> None:
    with pytest.raises(RecordSourceError, match=message):
        save_results(results, tmp_path, ["text"])


def test_a_failure_leaves_whole_documents_and_no_halves(tmp_path: Path) -> None:
    (tmp_path / "b.txt").write_text("before")

    def pages() -> Iterator[PageRecord]:
        yield record("a.png", 0, "하나")
        yield record("b.png", 0, "둘")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        save_results(pages(), tmp_path, TEXTS)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.json", "a.md", "a.txt", "b.txt"]
    assert (tmp_path / "b.txt").read_text() == "before"


@pytest.mark.filterwarnings("error::pytest.PytestUnraisableExceptionWarning")
def test_a_failure_leaves_no_table_and_no_complaint(tmp_path: Path) -> None:
    def pages() -> Iterator[PageRecord]:
        yield record("a.png", 0, "하나")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        save_results(pages(), tmp_path, ["csv", "parquet"])
    gc.collect()  # what the writers say when they end
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_said_and_harms_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    path = tmp_path / "scan.txt"
    path.write_text("before")
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(FileNotWrittenError, match=r"No space left.*untouched"):
        save_results(record(), tmp_path, ["text"])
    assert [(found.name, found.read_text()) for found in tmp_path.iterdir()] == [("scan.txt", "before")]


def test_a_folder_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file")
    with pytest.raises(FileNotWrittenError, match="out"):
        save_results(record(), tmp_path / "out", ["text"])


def test_an_atomic_file_replaces_only_when_complete(tmp_path: Path) -> None:
    path = tmp_path / "new" / "file.bin"
    with atomic_file(path) as stream:
        stream.write(b"one")
        assert not path.exists()
    assert path.read_bytes() == b"one"
    with pytest.raises(ZeroDivisionError), atomic_file(path) as stream:
        stream.write(b"two")
        raise ZeroDivisionError
    assert path.read_bytes() == b"one" and list(path.parent.iterdir()) == [path]
    mask = os.umask(0)
    os.umask(mask)
    assert path.stat().st_mode & 0o777 == 0o666 & ~mask


@pytest.mark.parametrize(
    ("source", "stem"),
    [
        ("scans/공고문.png", "공고문"),
        ("C:\\scans\\a.b.pdf", "a.b"),
        ("\u1112\u1161\u11ab.png", "한"),
        ("../../etc/passwd", "passwd"),
        ("..", "_"),
        ("a/..", "_"),
        ("/", "page"),
        ("", "page"),
        (".hidden", "_hidden"),
        ("-rf.png", "_rf"),
        ("~root.png", "_root"),
        ("a\nb\x00c\ud800.png", "a_b_c_"),
        ("a\"b'c`d$e<f>g|h?i*j:k.png", "a_b_c_d_e_f_g_h_i_j_k"),
        ("con.png", "_con"),
        ("LPT1.a.png", "_LPT1.a"),
        ("end. .png", "end_"),
        ("https://example.com/%EA%B3%B5%EB%AC%B8%20a.png?q=/b.png#c", "공문 a"),
        ("https://example.com/", "page"),
        ("x" * 500 + ".png", "x" * 180),
        ("글" * 500 + ".png", "글" * 60),
        ("\u202egnp.exe.png", "_gnp.exe"),
    ],
)
def test_file_names_are_safe_whatever_the_source_is_called(source: str, stem: str) -> None:
    assert safe_stem(source) == stem


@given(st.lists(st.text(st.characters(), max_size=15), max_size=10))
def test_each_document_has_a_name_of_its_own_that_stays_in_the_folder(sources: list[str]) -> None:
    names = FileNames()
    stems = [names.stem(source) for source in sources]
    assert len({stem.casefold() for stem in stems}) == len(stems)
    for stem in stems:
        assert Path(stem).name == stem and stem not in (".", "..") and stem.isprintable()
    again = FileNames()
    assert [again.stem(source) for source in sources] == stems


def test_names_with_anything_in_them_become_files_in_the_folder(tmp_path: Path) -> None:
    sources = ["../up.png", "a/up.png", "b/UP.png", 'new\nline".png', "\udcff.png", "array", "array"]
    save_results([record(source, 0, "글") for source in sources], tmp_path / "out", ["text", "json"])
    assert len(list((tmp_path / "out").glob("*.txt"))) == len(sources)
    assert sorted(found.source for found in load_records(tmp_path / "out")) == sorted(sources)
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
