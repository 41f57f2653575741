"""Which files are found, under which names, and what an untrusted folder may hold."""

import os
import time
from pathlib import Path

import pytest
from batch_readers import LightReader
from batch_samples import done_counts, make_images, results
from page_samples import pdf, png_claiming

from ocr_helpers.batch import read_documents
from ocr_helpers.batch.sources import find_sources, result_name


def keys(found: object) -> list[str]:
    return [file.key for file in found.files]  # type: ignore[attr-defined]


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Files of many kinds in nested folders."""
    for name in ("b.png", "a.PDF", "sub/b.png", "sub/deep/c.tif", "notes.txt", ".hidden.png", ".git/d.png"):
        path = tmp_path / "scans" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
    return tmp_path / "scans"


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        (None, ["scans/a.PDF", "scans/b.png", "scans/sub/b.png", "scans/sub/deep/c.tif"]),
        ("*.png", ["scans/b.png", "scans/sub/b.png"]),
        (["*.tif", "a.*"], ["scans/a.PDF", "scans/sub/deep/c.tif"]),
        ("sub/*", ["scans/sub/b.png", "scans/sub/deep/c.tif"]),
        ("*.txt", ["scans/notes.txt"]),
        ("*.jpg", []),
    ],
)
def test_patterns(tree: Path, pattern: str | list[str] | None, expected: list[str]) -> None:
    assert sorted(keys(find_sources(tree, pattern=pattern))) == expected


def test_a_file_named_itself_is_taken_whatever_it_is_called(tree: Path) -> None:
    assert keys(find_sources(tree / "notes.txt")) == ["scans/notes.txt"]


def test_a_file_reached_twice_is_read_once(tree: Path) -> None:
    found = find_sources([tree, tree / "b.png", tree / "sub" / ".." / "b.png", tree])
    assert keys(found).count("scans/b.png") == 1
    assert len(found.files) == 4


def test_the_output_folder_is_not_a_source(tree: Path) -> None:
    (tree / "out" / "pages").mkdir(parents=True)
    (tree / "out" / "pages" / "copy.png").write_bytes(b"x")
    assert not [key for key in keys(find_sources(tree, leave_out=tree / "out")) if "out" in key]


def test_folders_of_equal_names_keep_theirs(tmp_path: Path) -> None:
    for folder in ("x/scans", "y/scans", "z/y/scans"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "1.png").write_bytes(b"x")
    folders = [tmp_path / "x/scans", tmp_path / "y/scans", tmp_path / "z/y/scans"]
    found = find_sources(folders)
    assert keys(found) == ["scans/1.png", "y/scans/1.png", "z/y/scans/1.png"]
    # Another order, or one more, changes no name that was given before.
    again = find_sources(reversed(folders), known_roots=found.roots)
    assert sorted(keys(again)) == sorted(keys(found))


def test_names_below_one_another_never_meet(tmp_path: Path) -> None:
    (tmp_path / "a/b").mkdir(parents=True)
    (tmp_path / "z/b/a").mkdir(parents=True)
    for path in ("a/b/1.png", "z/b/a/1.png", "a/1.png", "z/b/1.png"):
        (tmp_path / path).write_bytes(b"x")
    found = find_sources([tmp_path / "a", tmp_path / "z/b", tmp_path / "z/b/a", tmp_path / "a/b"])
    assert len(set(keys(found))) == len(keys(found)) == 4


@pytest.mark.parametrize(
    "name",
    [
        "line\nend.png",
        "'quotes\" and $(touch x).png",
        "..png",
        "...png",
        "%2e%2e%2fetc.png",
        "..\\..\\up.png",
        "\udcff\udcfe not utf-8.png",
        "한글 이름.png",
        "-rf.png",
        "CON.png",
        "x" * 251 + ".png",
        "\x1b[31mred\x07.png",
        "\u202egnp.exe.png",
    ],
)
def test_strange_names_stay_inside_and_apart(tmp_path: Path, name: str) -> None:
    make_images(tmp_path / "in", 1)
    path = tmp_path / "in" / name
    (tmp_path / "in" / "0000.png").rename(path)
    named_itself = name.startswith(".")
    result = read_documents(
        path if named_itself else tmp_path / "in",
        tmp_path / "out",
        reader=LightReader(),
        workers=1,
        progress=False,
    )
    assert (result.done, result.failed) == (1, [])
    (written,) = results(tmp_path / "out")
    folder, _, file = written.partition("/")
    assert len(folder) == 2
    assert "/" not in file
    assert file.isprintable()
    assert not file.startswith((".", "-"))
    assert len(os.fsencode(file)) <= 255
    assert {path.name for path in tmp_path.iterdir()} == {"in", "out"}
    ((key, _page),) = done_counts(tmp_path / "out")
    assert key == f"in/{name}"


def test_a_source_given_by_way_of_a_parent_folder(tmp_path: Path) -> None:
    make_images(tmp_path / "in", 1)
    (tmp_path / "in" / "sub").mkdir()
    result = read_documents(
        f"{tmp_path}/in/sub/../../in/0000.png", tmp_path / "out", reader=LightReader(), progress=False
    )
    assert result.done == 1
    assert list(done_counts(tmp_path / "out")) == [("in/0000.png", 0)]


def test_result_names_differ_where_keys_do() -> None:
    keys = ["a/x.png", "b/x.png", "a_x.png", "a/x_png", "a/x\n.png", "a/x\r.png"]
    # More than there are folders for them: only the rest of the name can tell those in one folder apart.
    keys += [f"a/{'x' * 100}{number}.png" for number in range(600)]
    names = [result_name(key, page) for key in keys for page in (0, 1)]
    assert len(set(names)) == 2 * len(keys)


@pytest.mark.parametrize("follow", [False, True])
def test_loops_of_links_end(tmp_path: Path, follow: bool) -> None:
    make_images(tmp_path / "in" / "sub", 2)
    (tmp_path / "in" / "sub" / "up").symlink_to(tmp_path / "in")
    (tmp_path / "in" / "itself.png").symlink_to(tmp_path / "in" / "itself.png")
    (tmp_path / "in" / "away.png").symlink_to(tmp_path / "nowhere.png")
    (tmp_path / "in" / "also.png").symlink_to(tmp_path / "in" / "sub" / "0000.png")
    found = find_sources(tmp_path / "in", follow_links=follow)
    assert keys(found) == ["in/also.png", "in/sub/0000.png", "in/sub/0001.png"]
    reasons = {one.key: one.reason for one in found.skipped}
    assert set(reasons) == {"in/sub/up", "in/itself.png", "in/away.png"}
    assert ("walked already" if follow else "link to a folder") in reasons["in/sub/up"]
    result = read_documents(
        tmp_path / "in", tmp_path / "out", reader=LightReader(), follow_links=follow, progress=False
    )
    assert (result.done, len(result.skipped)) == (3, 3)


def test_a_link_out_of_the_folder_is_followed_only_where_asked_for(tmp_path: Path) -> None:
    make_images(tmp_path / "elsewhere", 1)
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "link").symlink_to(tmp_path / "elsewhere")
    assert keys(find_sources(tmp_path / "in")) == []
    assert keys(find_sources(tmp_path / "in", follow_links=True)) == ["in/link/0000.png"]


def test_what_could_block_is_skipped(tmp_path: Path) -> None:
    make_images(tmp_path / "in", 1)
    os.mkfifo(tmp_path / "in" / "pipe.png")
    result = read_documents(tmp_path / "in", tmp_path / "out", reader=LightReader(), progress=False)
    assert (result.done, [one.reason for one in result.skipped]) == (
        1,
        ["it is a device, a pipe or a socket"],
    )


def test_folders_nested_deeper_than_python_calls(tmp_path: Path) -> None:
    folders = [tmp_path / "in"]
    folders[0].mkdir()
    for _ in range(1200):
        folders.append(folders[-1] / "d")
        folders[-1].mkdir()
    (folders[-1] / "x.png").write_bytes(b"x")
    assert len(find_sources(tmp_path / "in").files) == 1
    (folders[-1] / "x.png").unlink()
    for folder in reversed(folders):  # pytest's own clean-up calls itself once per folder
        folder.rmdir()


def test_a_pdf_of_a_hundred_thousand_pages_is_refused(tmp_path: Path) -> None:
    make_images(tmp_path / "in", 1)
    (tmp_path / "in" / "endless.pdf").write_bytes(pdf(pages=100_000))
    options = {"reader": LightReader(), "workers": 1, "progress": False}
    result = read_documents(tmp_path / "in", tmp_path / "out", **options)  # type: ignore[arg-type]
    (failed,) = result.failed
    assert (result.done, failed.page, failed.error) == (1, None, "TooManyPagesError")
    assert "100,000 pages, more than the limit of 10,000. Raise max_pages" in failed.reason
    began = time.monotonic()
    more = read_documents(
        tmp_path / "in",
        tmp_path / "out",
        max_pages=200_000,
        stop_after=20,
        **options,  # type: ignore[arg-type]
    )
    assert (more.new, more.failed, more.complete, more.pages) == (20, [], False, 100_001)
    assert time.monotonic() - began < 60  # page by page: it does not wait for all of them


def test_a_document_that_claims_more_pages_than_it_has(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    claims = pdf(pages=2).replace(b"/Count 2", b"/Count 9")
    (tmp_path / "in" / "liar.pdf").write_bytes(claims)
    result = read_documents(
        tmp_path / "in", tmp_path / "out", reader=LightReader(), workers=1, progress=False
    )
    assert result.done == 2
    assert result.complete
    assert all(failed.error == "DamagedPdfError" for failed in result.failed)


def test_a_decompression_bomb_costs_no_memory(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "bomb.png").write_bytes(png_claiming(60_000, 60_000))
    (tmp_path / "in" / "huge.pdf").write_bytes(pdf(media_box="0 0 14000 14000"))
    result = read_documents(
        tmp_path / "in", tmp_path / "out", reader=LightReader(), memory_limit_mb=200, progress=False
    )
    assert [failed.error for failed in result.failed] == ["PageTooLargeError"] * 2
