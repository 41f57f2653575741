"""Real PaddleOCR pipelines with the starter weights: five named models, toggles, sharing, every refusal."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from model_dirs import DEFAULT_NAMES, config_of, write_model, write_official_graph
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from ocr_helpers.device import (
    DeviceNotAvailableError,
    EngineNotAvailableError,
    PaddleBuild,
    UnknownDeviceError,
    UnknownEngineError,
    cpu_thread_count,
)
from ocr_helpers.errors import OcrHelpersError
from ocr_helpers.fonts import hangul_font_path
from ocr_helpers.loading import LoadingArgumentError, ModelLoadError
from ocr_helpers.loading import arguments as loading_arguments
from ocr_helpers.loading.pipeline import (
    describe_pipeline,
    forget_pipelines,
    load_pipeline,
    plan_pipeline,
)
from ocr_helpers.models.config import ModelConfigError, ModelNameMismatchError, UnsafeModelConfigError
from ocr_helpers.models.files import ModelDirectoryMissingError, ModelFilesIncompleteError
from ocr_helpers.models.names import MODULES, UnknownModelNameError, UnknownModuleError
from ocr_helpers.models.official import OfficialWeightsUnreachableError
from ocr_helpers.settings import SettingRangeError, SettingTypeError
from ocr_helpers.weights import UnknownWeightsError

TOGGLES = ("use_doc_orientation_classify", "use_doc_unwarping", "use_textline_orientation")


@pytest.fixture(scope="module", autouse=True)
def caches(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Empty caches, no hub; and no models of other tests, nor for them."""
    root = tmp_path_factory.getbasetemp() / "pipeline_loading"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(root / "xdg"))
        patch.setenv("PADDLE_PDX_CACHE_HOME", str(root / "paddlex"))
        patch.setenv("HF_HUB_OFFLINE", "1")
        forget_pipelines()
        yield
        forget_pipelines()


@pytest.fixture(scope="module")
def pipeline() -> Any:
    """The starter pipeline, loaded once."""
    return load_pipeline("starter", "cpu")


@pytest.fixture(scope="module")
def page_bgr() -> NDArray[np.uint8]:
    """Two black lines on white, uint8 (160, 480, 3)."""
    image = Image.new("RGB", (480, 160), "white")
    font = ImageFont.truetype(str(hangul_font_path()), 28)
    for top, text in ((20, "대한민국의 수도는 서울"), (90, "총 금액 12,000원")):
        ImageDraw.Draw(image).text((40, top), text, fill="black", font=font)
    return np.asarray(image)[:, :, ::-1].copy()


def predictors(pipeline: Any) -> dict[str, Any]:
    """Module → PaddleX's predictor."""
    inner = pipeline.paddlex_pipeline
    return {
        "doc_orientation": inner.doc_preprocessor_pipeline.doc_ori_classify_model,
        "unwarping": inner.doc_preprocessor_pipeline.doc_unwarping_model,
        "text_detection": inner.text_det_model,
        "textline_orientation": inner.textline_orientation_model,
        "text_recognition": inner.text_rec_model,
    }


def write_five(root: Path, engines: tuple[str, ...] = ("paddle", "onnxruntime")) -> dict[str, Path]:
    """Five model directories that pass every check and hold no networks."""
    return {
        module: write_model(root / name, module, config=config_of(module), engines=engines)
        for module, name in DEFAULT_NAMES.items()
    }


# --- what is loaded ----------------------------------------------------------------------------------------


def test_five_named_models(pipeline: Any) -> None:
    import paddleocr

    assert isinstance(pipeline, paddleocr.PaddleOCR)
    plans = plan_pipeline("starter", "cpu")
    found = predictors(pipeline)
    assert list(found) == list(plans) == list(MODULES)
    assert {module: found[module].model_name for module in found} == DEFAULT_NAMES
    for module, plan in plans.items():
        assert Path(found[module].model_dir) == plan.weights.model_dir
        assert type(found[module].runner).__name__ == "ONNXRuntimeRunner"
        assert (plan.engine, plan.device, plan.weights.origin) == ("onnxruntime", "cpu", "starter")


def test_the_optional_modules_run_only_when_asked_for(pipeline: Any, page_bgr: NDArray[np.uint8]) -> None:
    before = page_bgr.copy()
    for switched_on in ((), *((name,) for name in TOGGLES), TOGGLES, ()):
        results = pipeline.predict(page_bgr, **dict.fromkeys(switched_on, True))
        assert len(results) == 1, "PaddleX adds a result that holds an error where a model is not loaded"
        assert _that_ran(results[0]) == set(switched_on)
    assert np.array_equal(page_bgr, before)


def _that_ran(result: Any) -> set[str]:
    settings = dict(result["model_settings"])
    if settings.pop("use_doc_preprocessor"):
        settings |= result["doc_preprocessor_res"]["model_settings"]
    return {name for name, on in settings.items() if on}


def test_predict_iter_has_the_same_defaults(pipeline: Any, page_bgr: NDArray[np.uint8]) -> None:
    (result,) = pipeline.predict_iter(page_bgr)
    assert _that_ran(result) == set()
    (result,) = pipeline.predict_iter(page_bgr, use_textline_orientation=True)
    assert _that_ran(result) == {"use_textline_orientation"}


def test_the_page_is_read(pipeline: Any, page_bgr: NDArray[np.uint8]) -> None:
    (result,) = pipeline.predict(page_bgr)
    assert [text.replace(" ", "") for text in result["rec_texts"]] == [
        "대한민국의수도는서울",
        "총금액12,000원",
    ]
    assert result["text_det_params"] == {
        "limit_side_len": 64,
        "limit_type": "min",
        "thresh": 0.3,
        "max_side_limit": 4000,
        "box_thresh": 0.6,
        "unclip_ratio": 1.5,
    }


def test_defaults_given_here_hold_for_every_call_that_does_not_say_otherwise(
    pipeline: Any, page_bgr: NDArray[np.uint8]
) -> None:
    other = load_pipeline(
        "starter", "cpu", use_textline_orientation=True, text_det_thresh=0.4, text_rec_score_thresh=1.0
    )
    (result,) = other.predict(page_bgr)
    assert _that_ran(result) == {"use_textline_orientation"}
    assert result["text_det_params"]["thresh"] == 0.4
    assert result["rec_texts"] == []
    assert len(result["dt_polys"]) == 2
    (result,) = other.predict(
        page_bgr, use_textline_orientation=False, text_det_thresh=0.2, text_rec_score_thresh=0.0
    )
    assert _that_ran(result) == set()
    assert result["text_det_params"]["thresh"] == 0.2
    assert len(result["rec_texts"]) == 2
    (result,) = pipeline.predict(page_bgr)
    assert _that_ran(result) == set(), "the first pipeline took on the second one's defaults"
    assert result["text_det_params"]["thresh"] == 0.3


def test_engines_per_module(page_bgr: NDArray[np.uint8]) -> None:
    engines = {"text_recognition": "paddle", "text_detection": "onnxruntime"}
    mixed = load_pipeline(
        "starter",
        "cpu",
        engines,
        cpu_threads=1,
        enable_mkldnn=False,
        text_recognition_batch_size=2,
        textline_orientation_batch_size=3,
    )
    assert engines == {"text_recognition": "paddle", "text_detection": "onnxruntime"}
    found = predictors(mixed)
    assert {module for module in found if type(found[module].runner).__name__ == "PaddleStaticRunner"} == {
        "text_recognition"
    }
    config = found["text_recognition"].runner._config
    assert (config["cpu_threads"], config["run_mode"]) == (1, "paddle")
    for module in set(MODULES) - {"text_recognition"}:
        options = found[module].runner.session.get_session_options()
        assert options.intra_op_num_threads == 1, module
    assert found["text_recognition"].batch_sampler.batch_size == 2
    assert found["textline_orientation"].batch_sampler.batch_size == 3
    (result,) = mixed.predict(page_bgr)
    assert len(result["rec_texts"]) == 2


def test_options_for_each_engine() -> None:
    options = {"paddle_static": {"run_mode": "paddle"}, "onnxruntime": {"intra_op_num_threads": 1}}
    mixed = load_pipeline("starter", "cpu", {"text_recognition": "paddle"}, engine_config=options)
    found = predictors(mixed)
    assert found["text_recognition"].runner._config["run_mode"] == "paddle"
    session = found["text_detection"].runner.session
    assert session.get_session_options().intra_op_num_threads == 1
    assert options == {"paddle_static": {"run_mode": "paddle"}, "onnxruntime": {"intra_op_num_threads": 1}}


def test_another_detection_model_by_name(tmp_path: Path, official_graphs: Path) -> None:
    name = "PP-OCRv5_server_det"
    directory = write_official_graph(official_graphs, name, tmp_path / "server")
    weights: dict[str, Any] = {**dict.fromkeys(MODULES, "starter"), "text_detection": directory}
    plans = plan_pipeline(weights, "cpu", model_names={"text_detection": name})
    assert plans["text_detection"].weights.model_name == name
    assert {module: plan.engine for module, plan in plans.items()} == {
        **dict.fromkeys(MODULES, "onnxruntime"),
        "text_detection": "paddle",
    }


# --- loaded once -------------------------------------------------------------------------------------------


def test_models_are_loaded_once_and_shared(pipeline: Any, caplog: pytest.LogCaptureFixture) -> None:
    again = load_pipeline("starter", "cpu")
    other_defaults = load_pipeline("starter", "cpu", use_doc_unwarping=True, text_det_box_thresh=0.5)
    same_files = load_pipeline(
        {module: plan.weights.model_dir for module, plan in plan_pipeline("starter").items()}, "cpu"
    )
    for other in (again, other_defaults, same_files):
        assert other.paddlex_pipeline is pipeline.paddlex_pipeline
    assert {record.getMessage() for record in caplog.records} == {
        "The pipeline's five models are loaded already, and shared."
    }


def test_what_is_told_apart(pipeline: Any) -> None:
    batches = load_pipeline("starter", "cpu", text_recognition_batch_size=1)
    threads = load_pipeline("starter", "cpu", cpu_threads=1)
    found = {id(each.paddlex_pipeline) for each in (pipeline, batches, threads)}
    assert len(found) == 3


def test_forgetting_loads_anew(pipeline: Any) -> None:
    forget_pipelines()
    anew = load_pipeline("starter", "cpu")
    assert anew.paddlex_pipeline is not pipeline.paddlex_pipeline


def test_files_that_changed_are_loaded_anew(tmp_path: Path) -> None:
    weights: dict[str, Any] = dict.fromkeys(MODULES, "starter")
    source = plan_pipeline("starter", "cpu")["text_recognition"].weights.model_dir
    directory = tmp_path / "mine"
    directory.mkdir()
    for path in source.glob("inference.*"):
        (directory / path.name).write_bytes(path.read_bytes())
    weights["text_recognition"] = directory
    first = load_pipeline(weights, "cpu")
    assert load_pipeline(weights, "cpu").paddlex_pipeline is first.paddlex_pipeline
    config = directory / "inference.yml"
    config.write_text(config.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    assert load_pipeline(weights, "cpu").paddlex_pipeline is not first.paddlex_pipeline


# --- the plan ----------------------------------------------------------------------------------------------


def test_the_plan_of_local_directories(tmp_path: Path) -> None:
    weights = write_five(tmp_path)
    given = dict(weights)
    plans = plan_pipeline(weights, "cpu", cpu_threads=3, text_rec_input_shape=(3, 48, 320))
    assert {module: plan.weights.model_dir for module, plan in plans.items()} == weights == given
    assert {plan.engine for plan in plans.values()} == {"onnxruntime"}
    assert plans["text_recognition"].kwargs["input_shape"] == (3, 48, 320)
    assert "input_shape" not in plans["text_detection"].kwargs
    assert {plan.kwargs["engine_config"]["intra_op_num_threads"] for plan in plans.values()} == {3}
    on_paddle = plan_pipeline(weights, "cpu", "paddle", enable_mkldnn=False)
    assert {plan.engine for plan in on_paddle.values()} == {"paddle"}
    assert all(plan.kwargs["enable_mkldnn"] is False for plan in on_paddle.values())


def test_each_module_takes_a_form_that_is_there(tmp_path: Path) -> None:
    weights = write_five(tmp_path)
    (weights["unwarping"] / "inference.onnx").unlink()
    plans = plan_pipeline(weights, "cpu")
    assert {module for module, plan in plans.items() if plan.engine == "paddle"} == {"unwarping"}


def test_one_device_for_all_five(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a machine with a GPU for Paddle and onnxruntime's CPU build."""
    monkeypatch.setattr("ocr_helpers.device.paddle_build", lambda: PaddleBuild(True, "12.6", ("GPU",)))
    monkeypatch.setattr("ocr_helpers.device._onnxruntime_has_cuda", lambda: False)
    both, onnx_only = write_five(tmp_path / "both"), write_five(tmp_path / "onnx", ("onnxruntime",))
    plans = plan_pipeline(both)
    assert {(plan.engine, plan.device) for plan in plans.values()} == {("paddle", "gpu:0")}
    weights = {**both, "text_detection": onnx_only["text_detection"]}
    plans = plan_pipeline(weights)
    assert {plan.device for plan in plans.values()} == {"cpu"}
    assert describe_pipeline(plans).splitlines()[5:] == [
        "Not on gpu:0: not every model has a form that can run there."
    ]
    with pytest.raises(EngineNotAvailableError, match=r"text_detection .*cannot use gpu:0"):
        plan_pipeline(weights, "gpu:0")


def test_the_plan_in_words(tmp_path: Path) -> None:
    weights: dict[str, Any] = {**write_five(tmp_path), "text_recognition": "starter"}
    (weights["unwarping"] / "inference.onnx").unlink()
    assert describe_pipeline(plan_pipeline(weights, "cpu", cpu_threads=1)).splitlines() == [
        "doc_orientation       PP-LCNet_x1_0_doc_ori       local weights    onnxruntime on cpu, 1 thread",
        "unwarping             UVDoc                       local weights    paddle on cpu, 1 thread",
        "text_detection        PP-OCRv5_mobile_det         local weights    onnxruntime on cpu, 1 thread",
        "textline_orientation  PP-LCNet_x1_0_textline_ori  local weights    onnxruntime on cpu, 1 thread",
        "text_recognition      korean_PP-OCRv5_mobile_rec  starter weights  onnxruntime on cpu, 1 thread",
    ]


def test_a_note_is_said_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loading_arguments, "paddle_version", lambda: "3.3.1")
    lines = describe_pipeline(plan_pipeline(write_five(tmp_path), "cpu", "paddle")).splitlines()
    assert len(lines) == 6
    assert lines[5].startswith("oneDNN is off")


def test_auto_says_in_one_line_which_models_stand_in(caplog: pytest.LogCaptureFixture) -> None:
    from ocr_helpers import messages

    messages._said.clear()
    plan_pipeline()
    (line,) = [record.getMessage() for record in caplog.records if record.name == "ocr_helpers"]
    assert all(name in line for name in DEFAULT_NAMES.values())


def test_a_cell_shows_five_lines_and_no_noise(repository: Path) -> None:
    code = (
        "from ocr_helpers.loading.pipeline import load_pipeline\n"
        "import numpy\n"
        "pipeline = load_pipeline('starter', 'cpu')\n"
        "pipeline.predict(numpy.full((64, 99, 3), 255, 'uint8'), use_textline_orientation=True)\n"
        "load_pipeline('starter', 'cpu')\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=repository, check=True
    )
    lines = run.stdout.splitlines()
    assert [line.split()[0] for line in lines[:5]] == list(MODULES)
    assert lines[5:] == ["The pipeline's five models are loaded already, and shared."]
    assert all(f"onnxruntime on cpu, {cpu_thread_count()} thread" in line for line in lines[:5])
    assert run.stderr == ""


# --- refusals ----------------------------------------------------------------------------------------------


def _swap(weights: dict[str, Path], module: str, other: str) -> None:
    weights[module] = weights[other]


def _cut(path: Path, keep: int) -> None:
    path.write_bytes(path.read_bytes()[:keep])


@pytest.mark.parametrize("module", MODULES)
@pytest.mark.parametrize(
    ("damage", "error", "fragment"),
    [
        (lambda w, m: w.update({m: w[m] / "nowhere"}), ModelDirectoryMissingError, "not there"),
        (lambda w, m: w.update({m: w[m] / "inference.yml"}), ModelDirectoryMissingError, "a file, not"),
        (lambda w, m: (w[m] / "inference.yml").unlink(), ModelConfigError, "inference.yml is missing"),
        (lambda w, m: (w[m] / "inference.yml").write_text("Global: [", "utf-8"), ModelConfigError, "YAML"),
        (
            lambda w, m: (w[m] / "inference.yml").write_text(
                (w[m] / "inference.yml").read_text("utf-8") + "\nscale: exit()\n", "utf-8"
            ),
            UnsafeModelConfigError,
            "would run it as Python",
        ),
        (lambda w, m: _cut(w[m] / "inference.onnx", 100), ModelFilesIncompleteError, "cut short"),
        (lambda w, m: _cut(w[m] / "inference.onnx", 0), ModelFilesIncompleteError, "is empty"),
        (lambda w, m: _cut(w[m] / "inference.pdiparams", 900), ModelFilesIncompleteError, "cut short"),
        (lambda w, m: (w[m] / "inference.json").unlink(), ModelFilesIncompleteError, "needs both"),
    ],
    ids=["missing", "file", "no yml", "bad yml", "unsafe", "half onnx", "empty onnx", "half pd", "no graph"],
)
def test_a_broken_model_is_named_with_its_module_and_directory(
    tmp_path: Path, module: str, damage: Any, error: type[OcrHelpersError], fragment: str
) -> None:
    weights = write_five(tmp_path)
    damage(weights, module)
    with pytest.raises(OcrHelpersError) as caught:
        load_pipeline(weights, "cpu")
    assert caught.type is error
    assert str(caught.value).startswith(f"{module}: ")
    assert str(tmp_path / DEFAULT_NAMES[module]) in str(caught.value)
    assert fragment in str(caught.value)


@pytest.mark.parametrize("module", MODULES)
@pytest.mark.parametrize("other", MODULES)
def test_a_model_of_the_wrong_module_is_named(tmp_path: Path, module: str, other: str) -> None:
    weights = write_five(tmp_path)
    weights[module] = weights[other]
    if module == other:
        assert plan_pipeline(weights, "cpu")[module].weights.model_dir == tmp_path / DEFAULT_NAMES[module]
        return
    with pytest.raises(ModelNameMismatchError) as caught:
        load_pipeline(weights, "cpu")
    for part in (f"{module}: ", str(weights[other]), f"a model of the module {other}", DEFAULT_NAMES[module]):
        assert part in str(caught.value)


def test_nothing_is_loaded_before_every_model_is_checked(repository: Path, tmp_path: Path) -> None:
    weights = {module: str(path) for module, path in write_five(tmp_path).items()}
    _cut(Path(weights["text_recognition"]) / "inference.onnx", 50)
    code = (
        "import sys\n"
        "from ocr_helpers.loading.pipeline import load_pipeline\n"
        f"try: load_pipeline({weights!r}, 'cpu')\n"
        "except Exception as error: print(type(error).__name__)\n"
        "print([name for name in ('paddle', 'paddlex', 'paddleocr', 'onnxruntime') if name in sys.modules])"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=repository, check=True
    )
    assert run.stdout.splitlines() == ["ModelFilesIncompleteError", "[]"]


def test_a_model_that_the_engine_refuses_is_named(tmp_path: Path) -> None:
    weights: dict[str, Any] = dict.fromkeys(MODULES, "starter")
    weights["unwarping"] = write_five(tmp_path, ("onnxruntime",))["unwarping"]
    with pytest.raises(ModelLoadError, match=f"could not load UVDoc from {tmp_path / 'UVDoc'}"):
        load_pipeline(weights, "cpu")


@pytest.mark.parametrize("engine", ["paddle", {"text_detection": "paddle"}])
def test_starter_detection_has_no_paddle_form(engine: Any) -> None:
    with pytest.raises(EngineNotAvailableError) as caught:
        load_pipeline("starter", "cpu", engine)
    message = str(caught.value)
    assert message.startswith("text_detection (PP-OCRv5_mobile_det in ")
    assert "no paddle form" in message
    remedy = eval(message.partition("own: engine=")[2].rstrip("."))
    assert remedy["text_detection"] == "onnxruntime"
    assert set(remedy.values()) == ({"onnxruntime", "paddle"} if engine == "paddle" else {"onnxruntime"})
    assert plan_pipeline("starter", "cpu", remedy)["text_detection"].engine == "onnxruntime"


@pytest.mark.parametrize(
    ("options", "error", "fragment"),
    [
        ({"weights": "best"}, UnknownWeightsError, "'starter'"),
        ({"weights": None}, UnknownWeightsError, "mapping of module"),
        (
            {"weights": {}},
            UnknownWeightsError,
            "'textline_orientation', 'text_recognition', which are needed",
        ),
        ({"weights": {"text_recognition": "x"}}, UnknownWeightsError, "but not 'doc_orientation', 'unwarp"),
        (
            {"weights": {**dict.fromkeys(MODULES, "starter"), "detection": "x"}},
            UnknownModuleError,
            "'detection'",
        ),
        ({"weights": {**dict.fromkeys(MODULES, "starter"), "unwarping": 3}}, UnknownWeightsError, "is 3"),
        ({"weights": "official"}, OfficialWeightsUnreachableError, "doc_orientation: The official weights"),
        ({"device": "cuda"}, UnknownDeviceError, "gpu:N"),
        ({"device": "gpu:99"}, DeviceNotAvailableError, "gpu:99"),
        ({"engine": "onnx"}, UnknownEngineError, "'onnxruntime'"),
        ({"engine": None}, UnknownEngineError, "'onnxruntime'"),
        ({"engine": {"unwarping": "onnx"}}, UnknownEngineError, "unwarping: engine is 'onnx'"),
        ({"engine": {"unwarping": None}}, UnknownEngineError, "unwarping: engine is None"),
        ({"engine": {"detection": "paddle"}}, UnknownModuleError, "text_detection"),
        ({"model_names": {"detection": "x"}}, UnknownModuleError, "text_detection"),
        ({"model_names": {"text_detection": "x"}}, UnknownModelNameError, "PP-OCRv5_server_det"),
        ({"model_names": {"text_recognition": "PP-OCRv6_medium_rec"}}, UnknownModelNameError, "korean_"),
        ({"use_doc_unwarping": "yes"}, SettingTypeError, "use_doc_unwarping is 'yes'"),
        ({"use_textline_orientation": 1}, SettingTypeError, "expected True or False"),
        ({"return_word_box": "no"}, SettingTypeError, "return_word_box"),
        ({"text_det_thresh": 0}, SettingRangeError, "text_det_thresh is 0"),
        ({"text_det_limit_side_len": 5000}, SettingRangeError, "text_det_limit_side_len is 5000"),
        ({"text_det_limit_type": "middle"}, SettingRangeError, "text_det_limit_type"),
        ({"text_rec_score_thresh": 2}, SettingRangeError, "from 0 to 1"),
        ({"text_recognition_batch_size": 0}, LoadingArgumentError, "whole number of at least 1"),
        ({"textline_orientation_batch_size": 2.0}, LoadingArgumentError, "whole number of at least 1"),
        ({"text_rec_input_shape": (48, 320)}, LoadingArgumentError, "channels, height, width"),
        ({"cpu_threads": 0}, LoadingArgumentError, "at least 1"),
        ({"cpu_threads": 2, "engine_config": {}}, LoadingArgumentError, "exclude each other"),
        ({"enable_mkldnn": False}, LoadingArgumentError, "all 5 modules run on onnxruntime"),
        ({"engine_config": "fast"}, LoadingArgumentError, "mapping"),
        ({"engine_config": {"paddle_static": {}}}, LoadingArgumentError, "none for onnxruntime"),
        (
            {"engine": {"text_recognition": "paddle"}, "engine_config": {"intra_op_num_threads": 1}},
            LoadingArgumentError,
            "'paddle_static': {...}",
        ),
        ({"lang": "korean"}, LoadingArgumentError, "model_names={module: name}"),
        ({"text_detection_model_dir": "x"}, LoadingArgumentError, "weights={module: directory}"),
        ({"text_detection_model_name": "x"}, LoadingArgumentError, "model_names={module: name}"),
        ({"use_angle_cls": True}, LoadingArgumentError, "use_textline_orientation"),
        ({"det_db_thresh": 0.3}, LoadingArgumentError, "text_det_thresh"),
        ({"paddlex_config": {}}, LoadingArgumentError, "each module its engine"),
        ({"text_det_max_side_limit": 960}, LoadingArgumentError, "no such argument"),
        ({"thresh": 0.3}, LoadingArgumentError, "text_det_thresh"),
    ],
)
def test_refusals_name_what_came(
    options: dict[str, Any], error: type[OcrHelpersError], fragment: str
) -> None:
    given: dict[str, Any] = {"weights": "starter", **options}
    if "device" not in options:
        given["device"] = "cpu"
    with pytest.raises(OcrHelpersError) as caught:
        load_pipeline(**given)
    assert caught.type is error
    assert fragment in str(caught.value)
