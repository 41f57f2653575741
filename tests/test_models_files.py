"""Model directories are checked before PaddleOCR sees them."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from model_dirs import (
    DEFAULT_NAMES,
    SHAPES,
    config_of,
    field,
    graph_json,
    onnx_bytes,
    pdiparams_bytes,
    write_model,
    write_official_graph,
)

from ocr_helpers.errors import OcrHelpersError
from ocr_helpers.models.config import ModelConfigError, ModelNameMismatchError, UnsafeModelConfigError
from ocr_helpers.models.files import ModelDirectoryMissingError, ModelFilesIncompleteError, check_model_dir
from ocr_helpers.models.names import (
    MODEL_NAMES,
    MODULES,
    UnknownModelNameError,
    UnknownModuleError,
    check_model_name,
)


@pytest.mark.parametrize("module", MODULES)
@pytest.mark.parametrize("engines", [("paddle",), ("onnxruntime",), ("paddle", "onnxruntime")])
def test_a_whole_directory_passes(tmp_path: Path, module: str, engines: tuple[str, ...]) -> None:
    write_model(tmp_path, module, engines=engines)
    assert check_model_dir(tmp_path, module=module) == engines


def test_the_five_modules_and_their_default_models() -> None:
    assert {module: check_model_name(module) for module in MODULES} == DEFAULT_NAMES


@pytest.mark.parametrize("model_name", [name for names in MODEL_NAMES.values() for name in names])
def test_paddlex_offers_every_model_name_in_both_forms(model_name: str) -> None:
    from paddlex.inference.utils import official_models

    assert model_name in official_models.OCR_MODELS
    assert model_name in official_models.ONNX_SUPPORTED_MODELS


@pytest.mark.parametrize(
    ("module", "model_name", "error", "fragment"),
    [
        ("", None, UnknownModuleError, "unwarping"),
        ("detection", None, UnknownModuleError, "text_detection"),
        (None, None, UnknownModuleError, "text_detection"),
        (["text_detection"], None, UnknownModuleError, "text_detection"),
        ("text_detection", "", UnknownModelNameError, "PP-OCRv5_server_det"),
        ("text_detection", "korean_PP-OCRv5_mobile_rec", UnknownModelNameError, "PP-OCRv5_server_det"),
        ("text_recognition", "korean", UnknownModelNameError, "korean_PP-OCRv5_mobile_rec"),
        ("text_recognition", 3, UnknownModelNameError, "korean_PP-OCRv5_mobile_rec"),
    ],
)
def test_unknown_names_list_the_choices(
    module: Any, model_name: Any, error: type[OcrHelpersError], fragment: str
) -> None:
    with pytest.raises(error, match=fragment):
        check_model_name(module, model_name)


def _cut(name: str, keep: float) -> Callable[[Path], None]:
    def change(directory: Path) -> None:
        path = directory / name
        path.write_bytes(path.read_bytes()[: int(path.stat().st_size * keep)])

    return change


def _write(name: str, content: bytes | str) -> Callable[[Path], None]:
    def change(directory: Path) -> None:
        (directory / name).write_bytes(content.encode() if isinstance(content, str) else content)

    return change


def _remove(*names: str) -> Callable[[Path], None]:
    def change(directory: Path) -> None:
        for name in names:
            (directory / name).unlink()

    return change


LFS = "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n"
OTHER = {**SHAPES, "conv.w_0": (4, 3, 5, 5)}
FEWER = {name: shape for name, shape in SHAPES.items() if name != "scale.w_0"}


@pytest.mark.parametrize(
    ("change", "fragment"),
    [
        pytest.param(
            _remove("inference.json", "inference.pdiparams", "inference.onnx"), "no weights", id="empty"
        ),
        pytest.param(_remove("inference.json"), "inference.json is missing", id="no graph"),
        pytest.param(_remove("inference.pdiparams"), "pdiparams is missing", id="no parameters"),
        pytest.param(_write("inference.json", ""), "is empty", id="empty graph"),
        pytest.param(_write("inference.pdiparams", ""), "is empty", id="empty parameters"),
        pytest.param(_write("inference.onnx", ""), "is empty", id="empty onnx"),
        pytest.param(_cut("inference.json", 0.5), "not a whole Paddle 3 graph", id="half a graph"),
        pytest.param(_write("inference.json", "[]"), "not a whole Paddle 3 graph", id="json, not a graph"),
        pytest.param(_write("inference.json", "[" * 100_000), "not a whole Paddle 3 graph", id="deep json"),
        pytest.param(_write("inference.json", b"\xff\xfe"), "not a whole Paddle 3 graph", id="not text"),
        pytest.param(_cut("inference.pdiparams", 0.99), "cut short", id="end of the data missing"),
        pytest.param(_cut("inference.pdiparams", 0.01), "cut short", id="ends in the first header"),
        pytest.param(
            _write("inference.pdiparams", pdiparams_bytes(FEWER)),
            "1 of its 3 tensors are missing",
            id="a tensor short",
        ),
        pytest.param(
            _write("inference.pdiparams", pdiparams_bytes(OTHER)), "different models", id="other shapes"
        ),
        pytest.param(
            _write("inference.pdiparams", pdiparams_bytes() + b"\0" * 7), "cut short", id="7 bytes more"
        ),
        pytest.param(_write("inference.pdiparams", bytes(5000)), "damaged at byte 0", id="zeros"),
        pytest.param(_write("inference.pdiparams", b"\xff" * 5000), "damaged at byte 0", id="noise"),
        pytest.param(
            _write("inference.pdiparams", pdiparams_bytes(data_type=99)),
            "damaged at byte 0",
            id="unknown type",
        ),
        pytest.param(
            _write("inference.pdiparams", LFS), "Git LFS pointer", id="parameters are an LFS pointer"
        ),
        pytest.param(_write("inference.onnx", LFS), "git lfs pull", id="onnx is an LFS pointer"),
        pytest.param(_write("inference.onnx", "<!DOCTYPE html><html>"), "web page", id="onnx is a web page"),
        pytest.param(_cut("inference.onnx", 0.5), "cut short or damaged", id="half an onnx"),
        pytest.param(_cut("inference.onnx", 0.999), "cut short or damaged", id="onnx without its end"),
        pytest.param(
            _write("inference.onnx", b"\x08\x08" + field(2, b"x")), "not an ONNX model", id="no graph in it"
        ),
        pytest.param(
            _write("inference.onnx", onnx_bytes() + field(15, b"x")), "not an ONNX model", id="other field"
        ),
        pytest.param(_write("inference.onnx", b"\x00\x01"), "damaged", id="not protobuf"),
    ],
)
def test_incomplete_files_are_refused(tmp_path: Path, change: Callable[[Path], None], fragment: str) -> None:
    write_model(tmp_path)
    change(tmp_path)
    with pytest.raises(ModelFilesIncompleteError, match=fragment):
        check_model_dir(tmp_path, module="text_recognition")


@pytest.mark.parametrize(
    ("path", "fragment"),
    [
        ("nowhere", "not there"),
        ("a_file", "a file, not a directory"),
        ("", "expected a path"),
        ("  ", "expected"),
    ],
)
def test_a_directory_that_is_none(tmp_path: Path, path: str, fragment: str) -> None:
    (tmp_path / "a_file").touch()
    with pytest.raises(ModelDirectoryMissingError, match=fragment):
        check_model_dir(tmp_path / path if path.strip() else path, module="text_recognition")


@pytest.mark.parametrize("path", [None, 3, b"bytes", ["a"]])
def test_a_directory_that_is_not_a_path(path: Any) -> None:
    with pytest.raises(ModelDirectoryMissingError, match="expected a path"):
        check_model_dir(path, module="text_recognition")


def test_a_path_with_spaces_and_hangul_and_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_model(tmp_path / "내 모델 폴더")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert check_model_dir("~/내 모델 폴더", module="text_recognition") == ("paddle", "onnxruntime")


@pytest.mark.parametrize(
    "scale", [1, 0.00392156862745098, "1./255.", "1/255", "1.0 / 255.0", " 3.9e-3 ", ".5"]
)
def test_scales_that_are_numbers_pass(tmp_path: Path, scale: Any) -> None:
    config = config_of("text_detection")
    config["PreProcess"]["transform_ops"][2]["NormalizeImage"]["scale"] = scale
    write_model(tmp_path, "text_detection", config=config)
    assert check_model_dir(tmp_path, module="text_detection")


CODE = "__import__('os').mkdir('RAN')"


@pytest.mark.parametrize(
    "scale",
    [
        CODE,
        f"1./255. if {CODE} else 1",
        "1/255#",
        "(1/255)",
        "1/255/1",
        "2**-8",
        "1_0",
        "",
        "nan",
        "-1/255",
        "１/255",
    ],
)
def test_scales_that_would_run_as_python_are_refused_and_not_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, scale: str
) -> None:
    monkeypatch.chdir(tmp_path)
    config = config_of("text_detection")
    config["PreProcess"]["transform_ops"][2]["NormalizeImage"]["scale"] = scale
    write_model(tmp_path / "model", "text_detection", config=config)
    with pytest.raises(UnsafeModelConfigError, match="run it as Python"):
        check_model_dir("model", module="text_detection")
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


@pytest.mark.parametrize("scale", [0, -1, "0", "1/0", "1/0.0", True, None, [1], {"a": 1}, float("inf")])
def test_scales_that_are_no_use(tmp_path: Path, scale: Any) -> None:
    config = config_of("text_detection")
    config["PreProcess"]["transform_ops"][2]["NormalizeImage"]["scale"] = scale
    write_model(tmp_path, "text_detection", config=config)
    with pytest.raises(ModelConfigError, match="expected a positive number"):
        check_model_dir(tmp_path, module="text_detection")


def test_a_scale_anywhere_else_is_checked_too(tmp_path: Path) -> None:
    config = config_of("unwarping") | {"Hpi": {"deep": [{"down": {"scale": CODE}}]}}
    write_model(tmp_path, "unwarping", config=config)
    with pytest.raises(UnsafeModelConfigError):
        check_model_dir(tmp_path, module="unwarping")


def _changed(module: str, **changes: Any) -> str:
    config = config_of(module) | changes
    return yaml.safe_dump({key: value for key, value in config.items() if value is not None})


STEPS = config_of("text_detection")["PreProcess"]["transform_ops"]


@pytest.mark.parametrize(
    ("module", "text", "error", "fragment"),
    [
        ("unwarping", "", ModelConfigError, "NoneType, expected a mapping"),
        ("unwarping", "just text", ModelConfigError, "str, expected a mapping"),
        ("unwarping", "a: [1", ModelConfigError, "cannot be read as YAML"),
        ("unwarping", "a: 1\n---\nb: 2\n", ModelConfigError, "cannot be read as YAML"),
        ("unwarping", "[" * 3000, ModelConfigError, "cannot be read as YAML"),
        ("unwarping", "Global: 3", ModelConfigError, "Global.model_name is missing"),
        ("unwarping", "Global: {model_name: 3}", ModelConfigError, "Global.model_name is missing"),
        ("unwarping", "Global: {model_name: UVDoc2}", ModelNameMismatchError, "UVDoc2, but unwarping needs"),
        (
            "unwarping",
            "Global: {model_name: PP-OCRv5_server_det}",
            ModelNameMismatchError,
            "a model of the module text_detection, but unwarping needs UVDoc",
        ),
        (
            "text_detection",
            "Global: {model_name: PP-OCRv5_server_det}",
            ModelNameMismatchError,
            "model_names={'text_detection': 'PP-OCRv5_server_det'}",
        ),
        ("unwarping", "a: !!python/object/apply:os.mkdir [RAN]", UnsafeModelConfigError, "Refused"),
        ("unwarping", "a: !!python/name:os.system", UnsafeModelConfigError, "Refused"),
        (
            "text_recognition",
            _changed("text_recognition", PreProcess=None),
            ModelConfigError,
            "transform_ops",
        ),
        ("text_recognition", _changed("text_recognition", PreProcess=[1]), ModelConfigError, "transform_ops"),
        (
            "text_recognition",
            _changed("text_recognition", PostProcess=None),
            ModelConfigError,
            "CTCLabelDecode",
        ),
        (
            "text_detection",
            _changed("text_detection", PostProcess={"name": "X"}),
            ModelConfigError,
            "DBPostProcess",
        ),
        (
            "text_detection",
            _changed("text_detection", PreProcess={"transform_ops": STEPS[:2]}),
            ModelConfigError,
            "needs the pre-processing step NormalizeImage, ToCHWImage",
        ),
        (
            "text_detection",
            _changed("text_detection", PreProcess={"transform_ops": [*STEPS, {"RunThis": None}]}),
            ModelConfigError,
            "no pre-processing step RunThis",
        ),
        (
            "text_detection",
            _changed("text_detection", PreProcess={"transform_ops": ["ToCHWImage"]}),
            ModelConfigError,
            "one name each",
        ),
        (
            "text_detection",
            _changed(
                "text_detection", PreProcess={"transform_ops": [*STEPS, {"NormalizeImage": {"std": "x"}}]}
            ),
            ModelConfigError,
            "three numbers",
        ),
        (
            "text_recognition",
            _changed(
                "text_recognition",
                PreProcess={
                    "transform_ops": [{"DecodeImage": None}, {"RecResizeImg": {"image_shape": [3, "a"]}}]
                },
            ),
            ModelConfigError,
            r"expected \[3, 48, 320\]",
        ),
        (
            "text_recognition",
            _changed("text_recognition", PostProcess={"name": "CTCLabelDecode", "character_dict": []}),
            ModelConfigError,
            "must list",
        ),
        (
            "text_recognition",
            _changed("text_recognition", PostProcess={"name": "CTCLabelDecode", "character_dict": ["가", 1]}),
            ModelConfigError,
            r"character_dict\[1\] is 1",
        ),
    ],
)
def test_configurations_that_are_refused(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    module: str,
    text: str,
    error: type[OcrHelpersError],
    fragment: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    write_model(tmp_path / "model", module, config=text)
    started = time.process_time()
    with pytest.raises(error, match=fragment):
        check_model_dir("model", module=module)
    assert time.process_time() - started < 1
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


def test_a_configuration_that_is_missing_or_no_text_or_huge(tmp_path: Path) -> None:
    write_model(tmp_path)
    config = tmp_path / "inference.yml"
    config.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ModelConfigError, match="cannot be read as YAML"):
        check_model_dir(tmp_path, module="text_recognition")
    with config.open("wb") as file:
        file.truncate(9 * 1024 * 1024)
    with pytest.raises(ModelConfigError, match="larger than 8 MiB"):
        check_model_dir(tmp_path, module="text_recognition")
    config.unlink()
    with pytest.raises(ModelConfigError, match="is missing"):
        check_model_dir(tmp_path, module="text_recognition")


@pytest.mark.parametrize("module", MODULES)
def test_official_graphs_pass(tmp_path: Path, official_graphs: Path, module: str) -> None:
    directory = write_official_graph(official_graphs, DEFAULT_NAMES[module], tmp_path / "model")
    started = time.process_time()
    assert check_model_dir(directory, module=module) == ("paddle",)
    assert time.process_time() - started < 1
    _cut("inference.pdiparams", 0.7)(directory)
    with pytest.raises(ModelFilesIncompleteError, match="cut short"):
        check_model_dir(directory, module=module)


def test_graph_and_parameters_in_another_order_pass(tmp_path: Path) -> None:
    write_model(tmp_path)
    (tmp_path / "inference.json").write_text(graph_json(dict(reversed(SHAPES.items()))), encoding="utf-8")
    assert "paddle" in check_model_dir(tmp_path, module="text_recognition")
