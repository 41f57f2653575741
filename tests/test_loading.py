"""Real PaddleOCR objects, with the starter weights; arguments, messages and every refusal."""

import logging
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from model_dirs import write_model, write_official_graph
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from ocr_helpers import messages
from ocr_helpers.device import (
    DeviceNotAvailableError,
    EngineNotAvailableError,
    UnknownDeviceError,
    UnknownEngineError,
    cpu_thread_count,
)
from ocr_helpers.errors import OcrHelpersError
from ocr_helpers.fonts import hangul_font_path
from ocr_helpers.loading import (
    LoadingArgumentError,
    ModelLoadError,
    load_plan,
    load_text_detection,
    load_text_recognition,
    plan_loading,
)
from ocr_helpers.loading import arguments as loading_arguments
from ocr_helpers.models.files import ModelDirectoryMissingError
from ocr_helpers.models.names import UnknownModelNameError, UnknownModuleError
from ocr_helpers.settings import DetectionSettings, SettingRangeError, SettingTypeError
from ocr_helpers.weights import UnknownWeightsError


@pytest.fixture(autouse=True)
def caches(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Empty caches, and no hub."""
    root = tmp_path_factory.getbasetemp() / "loading"
    monkeypatch.setenv("XDG_CACHE_HOME", str(root / "xdg"))
    monkeypatch.setenv("PADDLE_PDX_CACHE_HOME", str(root / "paddlex"))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")


def line_bgr(
    text: str, size_wh: tuple[int, int] = (420, 48), corner_xy: tuple[int, int] = (12, 6)
) -> NDArray[np.uint8]:
    """Black text on white, uint8 (H, W, 3)."""
    image = Image.new("RGB", size_wh, "white")
    font = ImageFont.truetype(str(hangul_font_path()), 30)
    ImageDraw.Draw(image).text(corner_xy, text, fill="black", font=font)
    return np.asarray(image)[:, :, ::-1].copy()


@pytest.mark.parametrize("module", ["loading", "weights", "device", "models.files"])
def test_importing_is_light(repository: Path, module: str) -> None:
    code = (
        f"import sys, ocr_helpers.{module}\n"
        "heavy = ('paddle', 'paddlex', 'paddleocr', 'onnxruntime', 'cv2', 'requests')\n"
        "print([name for name in heavy if name in sys.modules])"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=repository, check=True
    )
    assert run.stdout == "[]\n"


@pytest.mark.parametrize("engine", ["paddle", "onnxruntime"])
def test_starter_recognition_reads_a_line(engine: str) -> None:
    import paddleocr

    recognizer = load_text_recognition("starter", engine=engine)
    assert type(recognizer) is paddleocr.TextRecognition
    text = "안녕하세요 2026년"
    (result,) = recognizer.predict(line_bgr(text))
    assert result["rec_text"].replace(" ", "") == text.replace(" ", "")
    assert 0.5 < result["rec_score"] <= 1


def test_both_engines_read_the_same() -> None:
    lines = [line_bgr(text) for text in ("가나다라마바사", "총 금액 12,000원", "Seoul 서울 2호선", "")]
    texts = [
        [result["rec_text"] for result in load_text_recognition("starter", "cpu", engine).predict(lines)]
        for engine in ("paddle", "onnxruntime")
    ]
    assert texts[0] == texts[1]


def test_starter_detection_finds_lines() -> None:
    import paddleocr

    detector = load_text_detection("starter")
    assert type(detector) is paddleocr.TextDetection
    (blank,) = detector.predict(np.full((200, 600, 3), 255, np.uint8))
    assert len(blank["dt_polys"]) == 0
    (result,) = detector.predict(line_bgr("대한민국의 수도는 서울", (600, 200), (100, 80)))
    ((left, top), _, (right, bottom), _) = result["dt_polys"][0].tolist()
    assert len(result["dt_polys"]) == 1
    assert left in range(85, 105)
    assert top in range(70, 90)
    assert right in range(380, 460)
    assert bottom in range(105, 130)
    assert result["dt_scores"][0] > 0.8


def test_pictures_are_saved_offline(tmp_path: Path) -> None:
    (result,) = load_text_recognition("starter").predict(line_bgr("한글 그림"))
    result.save_to_img(str(tmp_path / "line.png"))
    assert (tmp_path / "line.png").stat().st_size > 1000


def test_pictures_are_saved_offline_where_paddlex_came_first(repository: Path, tmp_path: Path) -> None:
    code = (
        "import paddleocr, numpy, sys\n"
        "import socket; socket.getaddrinfo = lambda *a, **k: sys.exit('network')\n"
        "from ocr_helpers.loading import load_text_recognition\n"
        "result, = load_text_recognition('starter').predict(numpy.full((48, 99, 3), 255, 'uint8'))\n"
        f"result.save_to_img({str(tmp_path / 'line.png')!r})"
    )
    subprocess.run([sys.executable, "-c", code], cwd=repository, check=True, capture_output=True)
    assert (tmp_path / "line.png").exists()


@pytest.mark.parametrize("engine", ["paddle", "onnxruntime"])
def test_a_cell_shows_one_line_and_no_noise(repository: Path, engine: str) -> None:
    code = (
        "from ocr_helpers import load_text_recognition\n"
        "import numpy\n"
        f"recognizer = load_text_recognition('starter', engine={engine!r}, device='cpu', cpu_threads=2)\n"
        "recognizer.predict(numpy.full((48, 99, 3), 255, 'uint8'))\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=repository, check=True
    )
    assert run.stdout == (
        f"text_recognition: korean_PP-OCRv5_mobile_rec (starter weights), {engine} on cpu, 2 threads\n"
    )
    assert run.stderr == ""


@pytest.mark.parametrize(
    ("set_up", "expected"),
    [
        ("", ["once"]),
        ("logging.getLogger('ocr_helpers').setLevel('WARNING')", []),
        ("logging.basicConfig(level='INFO', stream=sys.stdout, format='root %(message)s')", ["root once"]),
    ],
    ids=["unconfigured", "silenced", "root logger configured"],
)
def test_our_lines_are_shown_once_and_can_be_silenced(
    repository: Path, set_up: str, expected: list[str]
) -> None:
    code = (
        f"import logging, sys\n{set_up}\n"
        "from ocr_helpers.messages import announce_once\n"
        "announce_once('once'); announce_once('once')"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=repository, check=True
    )
    assert run.stdout.splitlines() == expected
    assert run.stderr == ""


def test_paddlex_errors_pass_and_its_level_is_kept(capsys: pytest.CaptureFixture[str]) -> None:
    logger = logging.getLogger("paddlex")
    seen: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: seen.append(record.getMessage())  # type: ignore[method-assign]
    level = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    try:
        with messages.quiet_paddle():
            logger.warning("noise")
            logger.error("trouble")
        if "paddlex" in sys.modules:
            assert logger.level == logging.INFO
        logger.warning("outside")
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)
    assert seen == ["trouble", "outside"] or ("paddlex" not in sys.modules and seen[0] == "trouble")


# --- the plan ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("module", "options", "expected"),
    [
        ("text_recognition", {}, {"engine": "onnxruntime", "engine_config": {"intra_op_num_threads": None}}),
        ("text_recognition", {"cpu_threads": 3}, {"engine_config": {"intra_op_num_threads": 3}}),
        ("text_recognition", {"engine": "paddle"}, {"engine": "paddle", "cpu_threads": None}),
        ("text_recognition", {"engine": "paddle", "cpu_threads": 5}, {"cpu_threads": 5}),
        (
            "text_recognition",
            {"engine": "paddle", "enable_mkldnn": False, "mkldnn_cache_capacity": 1},
            {"enable_mkldnn": False, "mkldnn_cache_capacity": 1},
        ),
        (
            "text_recognition",
            {"engine_config": {"log_severity_level": 3}},
            {"engine_config": {"log_severity_level": 3}},
        ),
        ("text_recognition", {"input_shape": (3, 48, 320)}, {"input_shape": (3, 48, 320)}),
        ("text_detection", {"thresh": 0.2, "limit_type": "max"}, {"thresh": 0.2, "limit_type": "max"}),
        (
            "text_detection",
            DetectionSettings().as_constructor_kwargs(),
            {"box_thresh": 0.6, "limit_side_len": 64},
        ),
    ],
)
def test_arguments_reach_paddleocr(module: str, options: dict[str, Any], expected: dict[str, Any]) -> None:
    given = dict(options)
    plan = plan_loading(module, "starter", "cpu", **options)
    threads = cpu_thread_count()
    for name, value in expected.items():
        if value is None:
            value = threads
        elif isinstance(value, dict):
            value = {key: threads if inner is None else inner for key, inner in value.items()}
        assert plan.kwargs[name] == value, name
    assert plan.kwargs["model_name"] == plan.weights.model_name
    assert plan.kwargs["model_dir"] == str(plan.weights.model_dir)
    assert plan.kwargs["device"] == "cpu"
    assert options == given


def test_threads_reach_the_engine() -> None:
    session = load_text_recognition(
        "starter", "cpu", "onnxruntime", cpu_threads=1
    ).paddlex_predictor.runner.session
    assert session.get_session_options().intra_op_num_threads == 1
    runner = load_text_recognition("starter", "cpu", "paddle", cpu_threads=1).paddlex_predictor.runner
    assert runner._config["cpu_threads"] == 1


@pytest.mark.parametrize(
    ("version", "options", "expected", "noted"),
    [
        ("3.2.2", {}, None, False),
        ("3.3.0", {}, False, True),
        ("3.3.1", {}, False, True),
        ("3.3.1", {"enable_mkldnn": True}, True, False),
        ("3.3.1", {"engine_config": {"run_mode": "paddle"}}, None, False),
        ("3.4.0", {}, None, False),
        (None, {}, None, False),
    ],
)
def test_onednn_is_off_where_paddle_crashes_with_it(
    monkeypatch: pytest.MonkeyPatch,
    version: str | None,
    options: dict[str, Any],
    expected: bool | None,
    noted: bool,
) -> None:
    monkeypatch.setattr(loading_arguments, "paddle_version", lambda: version)
    plan = plan_loading("text_recognition", "starter", "cpu", "paddle", **options)
    assert plan.kwargs.get("enable_mkldnn") is expected
    assert ("oneDNN is off" in plan.describe()) is noted


def test_paddle_without_onednn_still_reads() -> None:
    recognizer = load_text_recognition("starter", "cpu", "paddle", enable_mkldnn=False)
    assert recognizer.paddlex_predictor.runner._config["run_mode"] == "paddle"
    assert len(recognizer.predict(line_bgr("가나다"))) == 1


def test_the_plan_in_words() -> None:
    plan = plan_loading("text_detection", "starter", "cpu", cpu_threads=1)
    assert plan.describe() == (
        "text_detection: PP-OCRv5_mobile_det (starter weights), onnxruntime on cpu, 1 thread"
    )


def test_each_load_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    plan = plan_loading("text_detection", "starter", "cpu")
    load_plan(plan, quiet=True)
    assert not caplog.records
    load_plan(plan)
    assert [(r.name, r.levelname, r.getMessage()) for r in caplog.records] == [
        ("ocr_helpers", "INFO", plan.describe())
    ]


@pytest.mark.parametrize(
    ("load", "module", "model_name"),
    [
        (load_text_recognition, "text_recognition", "korean_PP-OCRv5_mobile_rec"),
        (load_text_detection, "text_detection", "PP-OCRv5_mobile_det"),
        (load_text_detection, "text_detection", "PP-OCRv5_server_det"),
    ],
)
def test_official_graphs_load_from_a_local_directory(
    tmp_path: Path, official_graphs: Path, load: Any, module: str, model_name: str
) -> None:
    directory = write_official_graph(official_graphs, model_name, tmp_path / "model")
    model = load({module: directory}, device="cpu", model_name=model_name)
    assert len(model.predict(line_bgr("무엇이든", (160, 64)))) == 1


# --- refusals ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("module", "options", "error", "fragment"),
    [
        ("text_recognition", {"weights": "best"}, UnknownWeightsError, "'starter'"),
        (
            "text_recognition",
            {"weights": "my/model"},
            UnknownWeightsError,
            "{'text_recognition': 'my/model'}",
        ),
        ("text_recognition", {"weights": {}}, UnknownWeightsError, "text_recognition"),
        ("text_recognition", {"weights": {"text_recognition": "x"}}, ModelDirectoryMissingError, "not there"),
        ("text_recognition", {"device": "cuda:0"}, UnknownDeviceError, "gpu:N"),
        ("text_recognition", {"device": None}, UnknownDeviceError, "gpu:N"),
        ("text_recognition", {"device": "gpu:99"}, DeviceNotAvailableError, "gpu:99"),
        ("text_recognition", {"engine": "onnx"}, UnknownEngineError, "'onnxruntime'"),
        ("text_recognition", {"engine": None}, UnknownEngineError, "'onnxruntime'"),
        ("text_detection", {"engine": "paddle"}, EngineNotAvailableError, "no paddle form"),
        ("text_recognition", {"model_name": "korean"}, UnknownModelNameError, "korean_PP-OCRv5_mobile_rec"),
        ("text_detection", {"model_name": "korean_PP-OCRv5_mobile_rec"}, UnknownModelNameError, "server_det"),
        ("text_recognition", {"model_dir": "x"}, LoadingArgumentError, "weights={module: directory}"),
        ("text_recognition", {"show_log": False}, LoadingArgumentError, "no such argument"),
        ("text_recognition", {"enable_hpi": True}, LoadingArgumentError, "ignores it"),
        ("text_recognition", {"batch_size": 8}, LoadingArgumentError, "predict(images, batch_size=...)"),
        ("text_recognition", {"thresh": 0.3}, LoadingArgumentError, "no argument 'thresh'"),
        ("text_recognition", {"lang": "korean"}, LoadingArgumentError, "It takes cpu_threads"),
        (
            "text_detection",
            {"max_side_limit": 900},
            LoadingArgumentError,
            "predict(image, max_side_limit=...)",
        ),
        ("text_detection", {"thresh": 0}, SettingRangeError, "thresh"),
        ("text_detection", {"thresh": 1.5}, SettingRangeError, "thresh"),
        ("text_detection", {"box_thresh": "0.5"}, SettingTypeError, "box_thresh"),
        ("text_detection", {"unclip_ratio": -1}, SettingRangeError, "unclip_ratio"),
        ("text_detection", {"limit_side_len": 0}, SettingRangeError, "limit_side_len"),
        ("text_detection", {"limit_type": "middle"}, SettingRangeError, "limit_type"),
        ("text_recognition", {"cpu_threads": 0}, LoadingArgumentError, "at least 1"),
        ("text_recognition", {"cpu_threads": 2.0}, LoadingArgumentError, "whole number"),
        ("text_recognition", {"cpu_threads": True}, LoadingArgumentError, "whole number"),
        ("text_recognition", {"input_shape": (48, 320)}, LoadingArgumentError, "channels, height, width"),
        ("text_recognition", {"input_shape": "3,48,320"}, LoadingArgumentError, "channels, height, width"),
        ("text_recognition", {"input_shape": (3, 0, 320)}, LoadingArgumentError, "channels, height, width"),
        ("text_recognition", {"engine_config": "fast"}, LoadingArgumentError, "mapping"),
        (
            "text_recognition",
            {"engine_config": {}, "cpu_threads": 2},
            LoadingArgumentError,
            "exclude each other",
        ),
        ("text_recognition", {"enable_mkldnn": 1, "engine": "paddle"}, LoadingArgumentError, "True or False"),
        ("text_recognition", {"enable_mkldnn": False}, LoadingArgumentError, "engine='paddle'"),
        ("text_recognition", {"precision": "fp8", "engine": "paddle"}, LoadingArgumentError, "'fp16'"),
        ("text_recognition", {"use_tensorrt": True}, LoadingArgumentError, "would be ignored"),
        ("text_recognition", {"use_tensorrt": True, "engine": "paddle"}, LoadingArgumentError, "GPU"),
    ],
)
def test_refusals_are_clear_and_quick(
    module: str, options: dict[str, Any], error: type[OcrHelpersError], fragment: str
) -> None:
    load = {"text_recognition": load_text_recognition, "text_detection": load_text_detection}[module]
    started = time.process_time()
    with pytest.raises(error) as caught:
        load(**{"weights": "starter", **({} if "device" in options else {"device": "cpu"}), **options})
    assert fragment in str(caught.value)
    assert time.process_time() - started < 1


def test_an_unknown_module_lists_the_five() -> None:
    with pytest.raises(UnknownModuleError, match="unwarping"):
        plan_loading("detection", "starter")


@pytest.mark.parametrize("engine", ["paddle", "onnxruntime"])
def test_a_model_that_the_engine_refuses(tmp_path: Path, engine: str) -> None:
    hollow = write_model(tmp_path / "hollow", engines=(engine,))
    with pytest.raises(
        ModelLoadError, match=f"{engine} on cpu could not load korean_PP-OCRv5_mobile_rec from"
    ):
        load_text_recognition({"text_recognition": hollow}, device="cpu")


def test_options_that_the_engine_refuses() -> None:
    with pytest.raises(ModelLoadError, match="no_such_option"):
        load_text_recognition("starter", "cpu", engine_config={"no_such_option": 1})
