"""Where the weights come from: local directories, PaddleOCR's cache, the starter weights."""

import dataclasses
import hashlib
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml
from model_dirs import DEFAULT_NAMES, config_of, write_model

from ocr_helpers import messages
from ocr_helpers.device import UnknownEngineError
from ocr_helpers.errors import OcrHelpersError
from ocr_helpers.models import official, starter
from ocr_helpers.models.config import ModelConfigError, ModelNameMismatchError
from ocr_helpers.models.files import ModelDirectoryMissingError, ModelFilesIncompleteError
from ocr_helpers.models.names import ENGINES, MODULES, UnknownModelNameError, UnknownModuleError
from ocr_helpers.models.official import OfficialWeightsUnreachableError, any_answers, why_unreachable
from ocr_helpers.models.starter import (
    STARTER_MODELS_DIR,
    CacheDirectoryError,
    StarterWeightsDamagedError,
    StarterWeightsMissingError,
    cache_dir,
    starter_model_dir,
)
from ocr_helpers.weights import ModelWeights, UnknownWeightsError, find_weights

DETECTION, RECOGNITION = "PP-OCRv5_mobile_det", "korean_PP-OCRv5_mobile_rec"
SMALL_TEXTLINE = "PP-LCNet_x0_25_textline_ori"  # a model without starter weights


@pytest.fixture(autouse=True)
def caches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Empty caches, and no hub: returns PaddleOCR's cache of official models."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    monkeypatch.setenv("PADDLE_PDX_CACHE_HOME", str(tmp_path / "paddlex"))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setattr(messages, "_said", set())
    return tmp_path / "paddlex" / "official_models"


# --- a mapping ---------------------------------------------------------------------------------------------


def test_no_modules_no_weights() -> None:
    assert find_weights("official", modules=[]) == {}


def test_a_mapping_names_local_directories(tmp_path: Path) -> None:
    directory = write_model(tmp_path / "mine")
    found = find_weights({"text_recognition": directory}, modules=["text_recognition"])
    assert found == {
        "text_recognition": ModelWeights(
            "text_recognition", RECOGNITION, directory, "local", ("paddle", "onnxruntime")
        )
    }


def test_a_mapping_may_say_starter_for_one_module(tmp_path: Path) -> None:
    directory = write_model(tmp_path / "mine")
    weights = {"text_recognition": str(directory), "text_detection": "starter"}
    found = find_weights(weights)
    assert [(w.module, w.origin) for w in found.values()] == [
        ("text_detection", "starter"),
        ("text_recognition", "local"),
    ]
    assert weights == {"text_recognition": str(directory), "text_detection": "starter"}


def test_a_directory_of_another_model_of_the_module(tmp_path: Path) -> None:
    config = config_of("text_detection", "PP-OCRv5_server_det")
    directory = write_model(tmp_path / "server", "text_detection", config=config)
    weights, modules = {"text_detection": directory}, ["text_detection"]
    with pytest.raises(ModelNameMismatchError, match="Pass model_name='PP-OCRv5_server_det'"):
        find_weights(weights, modules=modules)
    found = find_weights(weights, modules=modules, model_names={"text_detection": "PP-OCRv5_server_det"})
    assert found["text_detection"].model_name == "PP-OCRv5_server_det"


def test_weights_are_frozen(tmp_path: Path) -> None:
    found = find_weights({"text_recognition": write_model(tmp_path / "m")}, modules="text_recognition")
    with pytest.raises(dataclasses.FrozenInstanceError):
        found["text_recognition"].origin = "official"  # type: ignore[misc]


@pytest.mark.parametrize(
    ("weights", "options", "error", "fragment"),
    [
        ("best", {}, UnknownWeightsError, "'auto', 'official', 'starter'"),
        ("", {}, UnknownWeightsError, "'auto', 'official', 'starter'"),
        ("Starter", {}, UnknownWeightsError, "'starter'"),
        (None, {}, UnknownWeightsError, "mapping of module"),
        (1, {}, UnknownWeightsError, "mapping of module"),
        (["starter"], {}, UnknownWeightsError, "mapping of module"),
        ("models/mine", {}, UnknownWeightsError, "{'text_detection': 'models/mine'}"),
        (Path("mine"), {}, UnknownWeightsError, "{'text_detection': 'mine'}"),
        ({}, {}, UnknownWeightsError, "no module, but not 'text_detection'"),
        ({"text_recognition": "x"}, {}, UnknownWeightsError, "not 'text_detection', which is needed"),
        ({"text_detection": None, "text_recognition": "x"}, {}, UnknownWeightsError, "is None; expected"),
        ({"text_detection": " ", "text_recognition": "x"}, {}, UnknownWeightsError, "expected a directory"),
        ({"text_detection": "nowhere", "text_recognition": "x"}, {}, ModelDirectoryMissingError, "not there"),
        (
            {"text_detection": "starter", "text_recognition": "starter", "detection": "x"},
            {},
            UnknownModuleError,
            "'detection'",
        ),
        ("starter", {"modules": ["detection"]}, UnknownModuleError, "text_detection"),
        ("starter", {"modules": "detection"}, UnknownModuleError, "text_detection"),
        ("starter", {"model_names": {"det": DETECTION}}, UnknownModuleError, "text_detection"),
        ("starter", {"model_names": {"text_detection": RECOGNITION}}, UnknownModelNameError, "server_det"),
        ("starter", {"engine": "tensorrt"}, UnknownEngineError, "'paddle', 'onnxruntime'"),
        ("starter", {"engine": None}, UnknownEngineError, "'paddle', 'onnxruntime'"),
        (
            "starter",
            {"modules": ["textline_orientation"], "model_names": {"textline_orientation": SMALL_TEXTLINE}},
            StarterWeightsMissingError,
            "only for",
        ),
        (
            "starter",
            {"model_names": {"text_detection": "PP-OCRv5_server_det"}},
            StarterWeightsMissingError,
            "PP-OCRv5_server_det",
        ),
        (
            "auto",
            {"modules": ["textline_orientation"], "model_names": {"textline_orientation": SMALL_TEXTLINE}},
            StarterWeightsMissingError,
            SMALL_TEXTLINE,
        ),
        ("starter", {"engine": {"detection": "paddle"}}, UnknownModuleError, "'detection'"),
        ("starter", {"engine": {"text_detection": "onnx"}}, UnknownEngineError, "text_detection: engine"),
        ("starter", {"engine": {"unwarping": 1}}, UnknownEngineError, "unwarping: engine is 1"),
    ],
)
def test_bad_requests(
    weights: Any, options: dict[str, Any], error: type[OcrHelpersError], fragment: str
) -> None:
    started = time.process_time()
    with pytest.raises(error) as caught:
        find_weights(weights, **options)
    assert fragment in str(caught.value)
    assert time.process_time() - started < 1


# --- official ----------------------------------------------------------------------------------------------


def test_official_unreachable_says_what_to_do(caches: Path) -> None:
    with pytest.raises(OfficialWeightsUnreachableError) as caught:
        find_weights("official", modules=["text_recognition"])
    message = str(caught.value)
    assert "weights='starter'" in message
    assert str(caches / f"{RECOGNITION}_onnx") in message
    assert "{'text_recognition': directory}" in message
    assert caught.value.reason == "HF_HUB_OFFLINE is set"


@pytest.mark.parametrize(
    ("cached", "engine", "device", "expected"),
    [
        (("", "_onnx"), "auto", "cpu", "_onnx"),
        (("", "_onnx"), "auto", "gpu:0", ""),
        (("", "_onnx"), "paddle", "cpu", ""),
        (("",), "auto", "cpu", ""),  # what is there is used before anything is fetched
        (("_onnx",), "auto", "gpu:0", "_onnx"),
    ],
)
@pytest.mark.parametrize("weights", ["official", "auto"])
def test_official_where_cached(
    caches: Path, weights: str, cached: tuple[str, ...], engine: str, device: str, expected: str
) -> None:
    for suffix in cached:
        write_model(caches / f"{RECOGNITION}{suffix}", engines=("onnxruntime" if suffix else "paddle",))
    found = find_weights(weights, engine=engine, device=device, modules=["text_recognition"])
    assert found["text_recognition"].origin == "official"
    assert found["text_recognition"].model_dir == caches / f"{RECOGNITION}{expected}"


def test_official_of_the_wrong_form_is_not_enough(caches: Path) -> None:
    write_model(caches / RECOGNITION, engines=("paddle",))
    with pytest.raises(OfficialWeightsUnreachableError):
        find_weights("official", engine="onnxruntime", modules=["text_recognition"])


@pytest.mark.parametrize("weights", ["official", "auto"])
def test_a_broken_download_in_the_cache_is_named_not_used(caches: Path, weights: str) -> None:
    directory = write_model(caches / f"{RECOGNITION}_onnx", engines=("onnxruntime",))
    onnx = directory / "inference.onnx"
    onnx.write_bytes(onnx.read_bytes()[:100])
    with pytest.raises(ModelFilesIncompleteError, match="download it again"):
        find_weights(weights, modules=["text_recognition"])
    (directory / "inference.yml").unlink()
    with pytest.raises(ModelConfigError, match="is missing"):
        find_weights(weights, modules=["text_recognition"])


def test_auto_falls_back_to_starter_and_says_so_once(caplog: pytest.LogCaptureFixture) -> None:
    for _ in range(3):
        assert find_weights("auto", modules=["text_detection"])["text_detection"].origin == "starter"
    said = [record.getMessage() for record in caplog.records if record.name == "ocr_helpers"]
    assert len(said) == 1
    assert "starter weights" in said[0]
    assert "HF_HUB_OFFLINE" in said[0]


def test_models_that_are_replaced_for_the_same_reason_share_a_line(caplog: pytest.LogCaptureFixture) -> None:
    assert len(find_weights("auto")) == 2
    (line,) = [record.getMessage() for record in caplog.records if record.name == "ocr_helpers"]
    assert f"for {DETECTION}, {RECOGNITION}: the official ones" in line


def test_an_engine_for_each_module(caches: Path) -> None:
    for name, suffix in ((RECOGNITION, ""), (RECOGNITION, "_onnx"), (DETECTION, ""), (DETECTION, "_onnx")):
        module = "text_recognition" if name == RECOGNITION else "text_detection"
        write_model(caches / f"{name}{suffix}", module, engines=("onnxruntime" if suffix else "paddle",))
    engines = {"text_recognition": "paddle"}
    found = find_weights("official", engine=engines)
    assert {w.module: w.engines for w in found.values()} == {
        "text_detection": ("onnxruntime",),
        "text_recognition": ("paddle",),
    }
    assert engines == {"text_recognition": "paddle"}


@pytest.mark.parametrize(("modules", "prefix"), [(["text_recognition"], ""), (MODULES, "text_recognition: ")])
def test_of_several_modules_the_broken_one_is_named(tmp_path: Path, modules: list[str], prefix: str) -> None:
    weights: dict[str, Any] = {
        module: write_model(tmp_path / module, module, config=config_of(module)) for module in MODULES
    }
    weights["text_recognition"] = tmp_path / "nowhere"
    with pytest.raises(ModelDirectoryMissingError) as caught:
        find_weights(weights, modules=modules)
    assert str(caught.value).startswith(f"{prefix}{tmp_path / 'nowhere'} is not there")


def test_without_download_nothing_is_said_or_asked(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HF_HUB_OFFLINE")
    monkeypatch.setattr(official, "why_unreachable", lambda: pytest.fail("the network was asked"))
    assert find_weights("auto", modules=["text_detection"], allow_download=False)
    with pytest.raises(OfficialWeightsUnreachableError, match="not allowed"):
        find_weights("official", modules=["text_detection"], allow_download=False)
    assert not caplog.records


class _Answer(BaseHTTPRequestHandler):
    """Answers HEAD with the status named in the path."""

    def do_HEAD(self) -> None:
        self.send_response(int(self.path[1:]))
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Stay quiet."""


@pytest.fixture
def server() -> Iterator[str]:
    """A web server on this machine that answers with the status in the path."""
    with HTTPServer(("127.0.0.1", 0), _Answer) as httpd:
        threading.Thread(target=httpd.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{httpd.server_port}"
        httpd.shutdown()


@pytest.fixture
def silence() -> Iterator[str]:
    """A socket on this machine that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


def test_hubs_are_asked_all_at_once_and_briefly(server: str, silence: str) -> None:
    refused = "http://127.0.0.1:1"
    table: list[tuple[set[str], bool]] = [
        (set(), False),
        ({refused}, False),
        ({f"{server}/200"}, True),
        ({f"{server}/302"}, True),
        ({f"{server}/404", f"{server}/503"}, False),
        ({silence, f"{silence}/2", refused, f"{server}/200"}, True),
        ({"not an address"}, False),
    ]
    for urls, expected in table:
        started = time.perf_counter()
        assert any_answers(urls, 20) is expected, urls
        assert time.perf_counter() - started < 10, "it waited for the silent ones"
    started = time.perf_counter()
    assert not any_answers({silence, f"{silence}/2", f"{silence}/3"}, 1.0)
    assert time.perf_counter() - started < 2.5, "they were asked one after the other"


def test_unreachable_hubs_are_known_within_seconds_and_asked_once(
    monkeypatch: pytest.MonkeyPatch, silence: str
) -> None:
    monkeypatch.delenv("HF_HUB_OFFLINE")
    monkeypatch.setattr(official, "hub_urls", lambda: {f"{silence}/{number}" for number in range(4)})
    official._a_hub_answers.cache_clear()
    try:
        started = time.perf_counter()
        with pytest.raises(OfficialWeightsUnreachableError, match="no model hub can be reached"):
            find_weights("official", modules=["text_recognition"])
        assert time.perf_counter() - started < 5
        started = time.perf_counter()
        assert why_unreachable() == "no model hub can be reached"
        assert time.perf_counter() - started < 2
    finally:
        official._a_hub_answers.cache_clear()


def test_the_hubs_are_those_that_paddlex_asks() -> None:
    from paddlex.inference.utils.official_models import official_models as paddlex_models

    asked = {hoster.healthcheck_url for hoster in paddlex_models.hoster_candidates}
    assert official.hub_urls() == asked


@pytest.mark.parametrize("value", ["1", "true", "ON", "yes"])
def test_offline_by_variable(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", value)
    assert why_unreachable() == "HF_HUB_OFFLINE is set"


# --- starter -----------------------------------------------------------------------------------------------


def test_every_starter_file_is_listed_and_as_published() -> None:
    sums: dict[str, str] = {}
    for line in (STARTER_MODELS_DIR / "SHA256SUMS").read_text(encoding="utf-8").splitlines():
        digest, name = line.split("  ", 1)
        sums[name] = digest
    there = {
        path.relative_to(STARTER_MODELS_DIR).as_posix()
        for path in STARTER_MODELS_DIR.glob("*/*")
        if path.name.startswith("inference.")
    }
    assert there == set(sums)
    for name, digest in sums.items():
        assert hashlib.sha256((STARTER_MODELS_DIR / name).read_bytes()).hexdigest() == digest, name


def test_starter_weights_of_all_five_modules() -> None:
    found = find_weights("starter", modules=MODULES)
    assert list(found) == list(MODULES)
    for module, name in DEFAULT_NAMES.items():
        engines = tuple(engine for engine in ENGINES if engine != "paddle" or module != "text_detection")
        directory = found[module].model_dir
        assert found[module] == ModelWeights(module, name, directory, "starter", engines)
    assert list(find_weights("starter")) == ["text_detection", "text_recognition"]


def test_starter_detection_is_put_into_the_cache_once(tmp_path: Path) -> None:
    first = starter_model_dir(DETECTION)
    assert (
        first.parent
        == tmp_path / "xdg" / "korean-ocr-workbench" / "starter_models"
        == cache_dir() / "starter_models"
    )
    times = {path.name: path.stat().st_mtime_ns for path in first.iterdir()}
    assert starter_model_dir(DETECTION) == first
    assert {path.name: path.stat().st_mtime_ns for path in first.iterdir()} == times
    assert sorted(times) == ["inference.onnx", "inference.yml"]
    assert [path.name for path in first.parent.iterdir()] == [first.name]


@pytest.mark.parametrize(
    "damage",
    [
        lambda directory: (directory / "inference.onnx").write_bytes(b"half"),
        lambda directory: (directory / "inference.yml").write_text("scale: evil()", encoding="utf-8"),
        lambda directory: (directory / "inference.yml").unlink(),
        lambda directory: shutil.rmtree(directory),
    ],
)
def test_a_damaged_copy_in_the_cache_is_replaced(damage: Callable[[Path], object]) -> None:
    directory = starter_model_dir(DETECTION)
    whole = {path.name: path.read_bytes() for path in directory.iterdir()}
    damage(directory)
    assert starter_model_dir(DETECTION) == directory
    assert {path.name: path.read_bytes() for path in directory.iterdir()} == whole


def test_processes_at_the_same_time_share_one_copy(repository: Path) -> None:
    code = "from ocr_helpers.models.starter import starter_model_dir as d; print(d('PP-OCRv5_mobile_det'))"
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", code],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=repository,
        )
        for _ in range(6)
    ]
    outcomes = [(*process.communicate(timeout=60), process.returncode) for process in processes]
    assert {(err, code) for _, err, code in outcomes} == {("", 0)}
    (printed,) = {out.strip() for out, _, _ in outcomes}
    assert [path.name for path in Path(printed).parent.iterdir()] == [Path(printed).name]
    assert starter_model_dir(DETECTION) == Path(printed)


def test_a_cache_that_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    with pytest.raises(CacheDirectoryError, match="XDG_CACHE_HOME"):
        starter_model_dir(DETECTION)


@pytest.mark.parametrize("value", ["", "relative/path"])
def test_the_cache_is_under_home_by_default(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", value)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert cache_dir() == tmp_path / ".cache" / "korean-ocr-workbench"


@pytest.mark.parametrize("name", sorted(set(DEFAULT_NAMES.values()) - {DETECTION}))
def test_starter_files_that_were_changed_or_lost(tmp_path: Path, name: str) -> None:
    source = tmp_path / "starter_models"
    with pytest.raises(StarterWeightsMissingError, match="come with the repository"):
        starter_model_dir(name, source_dir=source)
    shutil.copytree(STARTER_MODELS_DIR, source)
    assert starter_model_dir(name, source_dir=source) == source / name
    config = source / name / "inference.yml"
    config.write_text(config.read_text(encoding="utf-8") + "#", encoding="utf-8")
    with pytest.raises(StarterWeightsDamagedError, match=r"inference\.yml is not the published file"):
        starter_model_dir(name, source_dir=source)
    config.unlink()
    with pytest.raises(StarterWeightsMissingError, match="git checkout"):
        starter_model_dir(name, source_dir=source)
    sums = source / "SHA256SUMS"
    for text in ("not a sum", f"{'0' * 64}  ../../outside"):
        sums.write_text(text, encoding="utf-8")
        with pytest.raises(StarterWeightsDamagedError, match="as sha256sum writes them"):
            starter_model_dir(name, source_dir=source)
    sums.write_text("\n", encoding="utf-8")
    with pytest.raises(StarterWeightsMissingError, match="lists no file"):
        starter_model_dir(name, source_dir=source)


def test_another_rapidocr_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(starter, "_RAPIDOCR_SHA256", "0" * 64)
    with pytest.raises(StarterWeightsDamagedError, match=r"rapidocr==3\.10\.0"):
        starter_model_dir(DETECTION)


def test_detection_is_fed_as_the_official_model_is(official_graphs: Path) -> None:
    def steps(path: Path) -> dict[str, Any]:
        config = yaml.safe_load(path.read_text(encoding="utf-8"))
        operations = {
            name: value for step in config["PreProcess"]["transform_ops"] for name, value in step.items()
        }
        return {"pre": operations, "post": config["PostProcess"]}

    ours = steps(STARTER_MODELS_DIR / DETECTION / "inference.yml")
    official = steps(official_graphs / DETECTION / "inference.yml")
    assert ours["post"] == official["post"]
    assert ours["pre"] == {name: official["pre"][name] for name in ours["pre"]}
    assert set(official["pre"]) - set(ours["pre"]) == {"DetLabelEncode", "KeepKeys"}  # PaddleX skips these
