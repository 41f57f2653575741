"""Whole documents with the starter models: the same as read one by one, stopped or not, and as a command."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from batch_samples import done_counts, results

import ocr_helpers as ocr
from ocr_helpers.batch import read_documents
from ocr_helpers.batch.cli import main
from ocr_helpers.batch.errors import JobChangedError, ModelsDifferError
from ocr_helpers.batch.events import Limits
from ocr_helpers.batch.reader import plan_reader
from ocr_helpers.batch.slots import Slot
from ocr_helpers.export.json import load_records

ROOT = Path(__file__).resolve().parent.parent
SAMPLES = ROOT / "data" / "samples"
FILES = [SAMPLES / "receipt.png", SAMPLES / "lines" / "price.png", SAMPLES / "report_three_pages.pdf"]
SETTINGS = ocr.PipelineSettings(use_textline_orientation=True)


@pytest.fixture(scope="module")
def yaml_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Settings as people keep them."""
    path = tmp_path_factory.mktemp("settings") / "tuned.yaml"
    path.write_text(SETTINGS.to_yaml(), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def read_once(tmp_path_factory: pytest.TempPathFactory, yaml_file: Path) -> Path:
    """The output folder of the command, stopped after two pages and called again."""
    out = tmp_path_factory.mktemp("batch") / "out"
    given = [*map(str, FILES), str(out), "--settings", str(yaml_file), "--weights", "starter", "--dpi", "100"]
    assert main([*given, "--workers", "2", "--stop-after", "2", "--quiet"]) == 0
    assert len(results(out)) == 2
    command = [sys.executable, "-m", "ocr_helpers.batch", *given, "--workers", "1"]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.startswith("5 of 5 pages done, 0 failed, 0 skipped; 3 read now")
    return out


def test_texts_are_those_of_reading_one_page(read_once: Path) -> None:
    records = {(Path(one.source).name, one.index): one for one in load_records(read_once / "pages")}
    staged = ocr.StagedPipeline(ocr.load_pipeline("starter"))
    pages = list(ocr.iter_pages(FILES, dpi=100))
    assert len(records) == len(pages) == 5
    for page in pages:
        record = records[Path(page.source).name, page.index]
        assert [line.text for line in record.lines] == [
            line.text for line in staged.run(page, SETTINGS).lines()
        ]
        assert record.milliseconds == {}
        assert {model.module for model in record.models} == {
            "text_detection",
            "textline_orientation",
            "text_recognition",
        }
    assert set(done_counts(read_once).values()) == {1}


def test_bytes_do_not_depend_on_workers_and_their_threads(read_once: Path, tmp_path: Path) -> None:
    again = read_documents(
        FILES, tmp_path, SETTINGS, weights="starter", workers=2, dpi=100, progress=False, recycle_after=1
    )
    assert again.done == 5
    assert results(tmp_path) == results(read_once)


def test_settings_and_models_that_changed_are_noticed(read_once: Path, tmp_path: Path) -> None:
    other = replace(SETTINGS, detection=ocr.DetectionSettings(thresh=0.25))
    with pytest.raises(JobChangedError, match=r"settings\.detection\.thresh was 0\.3 and is 0\.25"):
        read_documents(FILES, read_once, other, weights="starter", dpi=100, progress=False)
    weights = dict.fromkeys(("doc_orientation", "unwarping", "text_detection"), "starter")
    changed = tmp_path / "rec"
    changed.mkdir()
    found = ocr.find_weights("starter", modules=["text_recognition"])["text_recognition"]
    for name in ("inference.yml", "inference.onnx"):
        (changed / name).write_bytes((found.model_dir / name).read_bytes())
    with (changed / "inference.yml").open("a", encoding="utf-8") as configuration:
        configuration.write("# another file\n")
    weights |= {"textline_orientation": "starter", "text_recognition": str(changed)}
    with pytest.raises(
        JobChangedError, match=r"\n  models\.text_recognition\.files\.inference\.yml was [0-9a-f]{8}…, "
    ):
        read_documents(FILES, read_once, SETTINGS, weights=weights, dpi=100, progress=False)


def test_a_worker_with_other_model_files_refuses() -> None:
    reader = plan_reader(SETTINGS, weights="starter", allow_download=False)
    digests = {module: dict.fromkeys(files, "0" * 64 + " 1") for module, files in reader.digests.items()}
    limits = Limits(1, 10**10, 60, 60, 100, 100, 10**8, None)
    slot = Slot(replace(reader, digests=digests), limits)
    from ocr_helpers.batch.events import ReadTask

    state = FILES[0].stat()
    with pytest.raises(ModelsDifferError, match=r"inference\.onnx.*is not the file that the job began with"):
        list(slot.read(ReadTask("receipt.png", str(FILES[0]), state.st_size, state.st_mtime_ns)))
    slot.close()


def test_the_command_says_how_it_went(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "in").mkdir()
    out = str(tmp_path / "out")
    assert main([str(tmp_path / "in"), out, "--quiet"]) == 0
    (tmp_path / "in" / "broken.png").write_bytes(b"no picture")
    assert main([str(tmp_path / "in"), out, "--quiet"]) == 1
    assert "broken.png" in capsys.readouterr().out
    assert main([str(tmp_path / "nowhere"), out, "--quiet"]) == 2
    assert "NoSourcesError" in capsys.readouterr().err
    assert main([str(tmp_path / "in"), out, "--dpi", "150", "--quiet"]) == 2
    assert "dpi was 200.0 and is 150.0" in capsys.readouterr().err
