"""Device, engine and the preflight report."""

import html.parser
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from model_dirs import write_model

import ocr_helpers
from ocr_helpers.device import (
    DeviceNotAvailableError,
    EngineNotAvailableError,
    PaddleBuild,
    UnknownDeviceError,
    UnknownEngineError,
    check_device_name,
    choose_device,
    choose_engine,
    cpu_thread_count,
    engine_of,
    engine_preference,
    paddle_build,
)
from ocr_helpers.environment import EnvironmentFacts, Trap, find_traps, gather_facts
from ocr_helpers.environment.preflight import (
    ModuleStatus,
    PreflightReport,
    TrialPrediction,
    _module_traps,
    preflight,
)
from ocr_helpers.errors import OcrHelpersError
from ocr_helpers.messages import quiet_paddle
from ocr_helpers.models.names import MODULES, UnknownModelNameError, UnknownModuleError
from ocr_helpers.weights import UnknownWeightsError

NONE = PaddleBuild(installed=False)
CPU = PaddleBuild(installed=True)
BLIND = PaddleBuild(installed=True, cuda="12.6")
BROKEN = PaddleBuild(installed=True, cuda="12.6", error="libcuda.so.1: cannot open shared object file")
TWO = PaddleBuild(installed=True, cuda="12.6", gpu_names=("NVIDIA A", "NVIDIA B"))


@pytest.fixture(autouse=True)
def caches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Empty caches, and no hub."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    monkeypatch.setenv("PADDLE_PDX_CACHE_HOME", str(tmp_path / "paddlex"))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")


@pytest.mark.parametrize(
    ("device", "build", "expected"),
    [
        ("auto", NONE, "cpu"),
        ("auto", CPU, "cpu"),
        ("auto", BLIND, "cpu"),
        ("auto", BROKEN, "cpu"),
        ("auto", TWO, "gpu:0"),
        ("cpu", NONE, "cpu"),
        ("cpu", TWO, "cpu"),
        ("gpu", TWO, "gpu:0"),
        ("gpu:0", TWO, "gpu:0"),
        ("gpu:1", TWO, "gpu:1"),
    ],
)
def test_the_device_chosen(device: str, build: PaddleBuild, expected: str) -> None:
    assert choose_device(device, build=build) == expected


@pytest.mark.parametrize(
    ("device", "build", "fragments"),
    [
        ("gpu", NONE, ["PaddlePaddle is not installed", "device='cpu'"]),
        ("gpu:0", CPU, ["CPU build", "paddlepaddle-gpu"]),
        ("gpu:0", BLIND, ["built for CUDA 12.6, but sees no GPU"]),
        ("gpu:0", BROKEN, ["cannot be imported", "libcuda.so.1"]),
        ("gpu:2", TWO, ["gpu:0 (NVIDIA A), gpu:1 (NVIDIA B)", "Choose from gpu:0, gpu:1 or 'cpu'"]),
    ],
)
def test_a_device_that_is_not_there_says_what_is(
    device: str, build: PaddleBuild, fragments: list[str]
) -> None:
    with pytest.raises(DeviceNotAvailableError) as caught:
        choose_device(device, build=build)
    for fragment in (repr(device), *fragments):
        assert fragment in str(caught.value)


@pytest.mark.parametrize(
    "device",
    [
        "",
        "CPU",
        "cuda",
        "cuda:0",
        "gpu:",
        "gpu:-1",
        "gpu:a",
        "gpu:0,1",
        "gpu:٣",
        "npu",
        "cpu:0",
        " cpu",
        None,
        0,
        b"cpu",
    ],
)
def test_devices_that_are_not_understood(device: Any) -> None:
    with pytest.raises(UnknownDeviceError, match="choose 'auto', 'cpu', 'gpu' or 'gpu:N'"):
        choose_device(device, build=TWO)


def test_the_installed_paddle_is_asked() -> None:
    build = paddle_build()
    assert build.installed
    with quiet_paddle():
        import paddle

    assert (build.cuda is not None) == paddle.device.is_compiled_with_cuda()
    assert choose_device() == ("gpu:0" if build.gpu_names else "cpu")


BOTH = ("paddle", "onnxruntime")


@pytest.mark.parametrize(
    ("engine", "device", "available", "installed", "has_cuda", "expected"),
    [
        ("auto", "cpu", BOTH, BOTH, False, "onnxruntime"),
        ("auto", "cpu", ("paddle",), BOTH, False, "paddle"),
        ("auto", "cpu", BOTH, ("paddle",), False, "paddle"),
        ("auto", "gpu:0", BOTH, BOTH, True, "paddle"),
        ("auto", "gpu:0", ("onnxruntime",), BOTH, True, "onnxruntime"),
        ("auto", "gpu:0", BOTH, ("onnxruntime",), True, "onnxruntime"),
        ("paddle", "cpu", BOTH, BOTH, False, "paddle"),
        ("onnxruntime", "cpu", BOTH, BOTH, False, "onnxruntime"),
        ("onnxruntime", "gpu:1", BOTH, BOTH, True, "onnxruntime"),
    ],
)
def test_the_engine_chosen(
    engine: str, device: str, available: Any, installed: Any, has_cuda: bool, expected: str
) -> None:
    chosen = choose_engine(
        engine, device=device, available=available, installed=installed, onnxruntime_has_cuda=has_cuda
    )
    assert chosen == expected


@pytest.mark.parametrize(
    ("engine", "device", "available", "installed", "fragments"),
    [
        ("auto", "cpu", (), BOTH, ["no onnx form", "no paddle form", "other weights"]),
        ("auto", "cpu", BOTH, (), ["onnxruntime is not installed", "paddle is not installed"]),
        ("paddle", "cpu", ("onnxruntime",), BOTH, ["no paddle form", "engine='onnxruntime'"]),
        ("onnxruntime", "cpu", ("paddle",), BOTH, ["no onnx form", "engine='paddle'"]),
        ("onnxruntime", "cpu", BOTH, ("paddle",), ["onnxruntime is not installed", "engine='paddle'"]),
        ("onnxruntime", "gpu:0", BOTH, BOTH, ["cannot use gpu:0", "engine='paddle'", "device='cpu'"]),
        ("auto", "gpu:0", ("onnxruntime",), BOTH, ["no paddle form", "cannot use gpu:0", "device='cpu'"]),
    ],
)
def test_an_engine_that_cannot_run_says_why(
    engine: str, device: str, available: Any, installed: Any, fragments: list[str]
) -> None:
    with pytest.raises(EngineNotAvailableError) as caught:
        choose_engine(
            engine, device=device, available=available, installed=installed, onnxruntime_has_cuda=False
        )
    for fragment in fragments:
        assert fragment in str(caught.value)


@pytest.mark.parametrize("engine", ["", "onnx", "Paddle", "tensorrt", "transformers", None, 1, ["paddle"]])
def test_engines_that_are_not_understood(engine: Any) -> None:
    for function in (lambda: choose_engine(engine), lambda: engine_preference(engine, "cpu")):
        with pytest.raises(UnknownEngineError, match="'auto', 'paddle', 'onnxruntime'"):
            function()


@pytest.mark.parametrize(
    ("engine", "expected"),
    [
        ("paddle", "paddle"),
        ({}, "auto"),
        ({"text_detection": "onnxruntime"}, "auto"),
        ({"unwarping": "paddle", "text_detection": "onnxruntime"}, "paddle"),
    ],
)
def test_the_engine_of_one_module(engine: Any, expected: str) -> None:
    assert engine_of(engine, "unwarping") == expected


def test_a_wrong_engine_of_another_module_is_named() -> None:
    with pytest.raises(UnknownEngineError, match=r"^text_detection: engine is 'onnx'"):
        engine_of({"text_detection": "onnx"}, "unwarping")
    with pytest.raises(UnknownModuleError, match="'detection'"):
        engine_of({"detection": "paddle"}, "unwarping")


@pytest.mark.parametrize("device", ["cpu", "gpu", "gpu:0", "gpu:12"])
def test_device_names_that_paddleocr_takes(device: str) -> None:
    assert check_device_name(device) == device


@pytest.mark.parametrize("device", ["auto", "", "cuda", "gpu:", "gpu:0,1", "GPU", None, 0])
def test_device_names_that_it_does_not(device: Any) -> None:
    with pytest.raises(UnknownDeviceError, match="'gpu:N'"):
        check_device_name(device)


def test_threads_respect_the_cores_of_the_process(repository: Path) -> None:
    assert 1 <= cpu_thread_count() <= 4096
    code = (
        "import os; os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})\n"
        "from ocr_helpers.device import cpu_thread_count; print(cpu_thread_count())"
    )
    if not hasattr(__import__("os"), "sched_setaffinity"):
        return  # macOS and Windows have no affinity to respect
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=repository, check=True
    )
    assert run.stdout == "1\n"


# --- traps -------------------------------------------------------------------------------------------------

HEALTHY: dict[str, Any] = {
    "python": "3.11.7",
    "system": "Linux x86_64",
    "versions": {
        "paddlepaddle": "3.2.2",
        "paddleocr": "3.7.0",
        "paddlex": "3.7.2",
        "onnxruntime": "1.32.0",
        "opencv-contrib-python": "4.10.0.84",
    },
    "paddle": CPU,
    "hangul_font": Path("NanumGothic.ttf"),
}


def facts(versions: dict[str, str | None] | None = None, **changes: Any) -> EnvironmentFacts:
    """Healthy facts with changes; a version of None means not installed."""
    merged = HEALTHY["versions"] | (versions or {})
    return EnvironmentFacts(**{**HEALTHY, "versions": {k: v for k, v in merged.items() if v}, **changes})


GPU_WHEEL: dict[str, str | None] = {"paddlepaddle": None, "paddlepaddle-gpu": "3.2.2"}


@pytest.mark.parametrize(
    ("found", "severities", "what", "remedy"),
    [
        pytest.param(facts(), [], "", "", id="healthy"),
        pytest.param(
            facts({"opencv-python-headless": "4.10.0.84"}), [], "", "", id="two OpenCV, same version"
        ),
        pytest.param(facts(GPU_WHEEL, paddle=TWO, device="gpu:0"), [], "", "", id="GPU in use"),
        pytest.param(
            facts({"paddlepaddle": "3.3.0"}), ["warning"], "oneDNN", "enable_mkldnn=False", id="3.3.0"
        ),
        pytest.param(
            facts({"paddlepaddle": "3.3.1"}), ["warning"], "3.3.1", "paddlepaddle==3.2.2", id="3.3.1"
        ),
        pytest.param(facts({"paddlepaddle": "3.4.0"}), [], "", "", id="3.4 is not known to crash"),
        pytest.param(
            facts({"paddlepaddle": None, "paddlepaddle-gpu": "3.3.1"}, paddle=TWO, device="gpu:0"),
            [],
            "",
            "",
            id="3.3.1 on a GPU has no oneDNN",
        ),
        pytest.param(
            facts(GPU_WHEEL, paddle=BLIND), ["warning"], "sees no GPU", "nvidia-smi", id="GPU wheel, no GPU"
        ),
        pytest.param(
            facts(GPU_WHEEL, paddle=BROKEN), ["error"], "libcuda.so.1", "uninstall", id="GPU wheel, no CUDA"
        ),
        pytest.param(
            facts({"paddlepaddle-gpu": "3.2.2"}, paddle=TWO),
            ["error"],
            "paddlepaddle 3.2.2, paddlepaddle-gpu 3.2.2 are both installed",
            "pip uninstall paddlepaddle paddlepaddle-gpu",
            id="both Paddles",
        ),
        pytest.param(
            facts({"onnxruntime-gpu": "1.32.0"}),
            ["error"],
            "overwrite each other's module onnxruntime",
            "pip uninstall onnxruntime onnxruntime-gpu",
            id="both onnxruntimes",
        ),
        pytest.param(
            facts({"opencv-python": "4.12.0.88"}),
            ["error"],
            "opencv-python 4.12.0.88, opencv-contrib-python 4.10.0.84",
            "pip install opencv-contrib-python==4.10.0.84",
            id="mixed OpenCV",
        ),
        pytest.param(
            facts({"opencv-contrib-python": None}), ["error"], "OpenCV is not", "pip install", id="no OpenCV"
        ),
        pytest.param(
            facts(hangul_font=None, font_error="koreanize_matplotlib is not installed."),
            ["error"],
            "boxes instead of Korean. koreanize_matplotlib is not installed.",
            "pip install koreanize-matplotlib",
            id="no font",
        ),
        pytest.param(
            facts({"paddleocr": "2.9.1"}), ["error"], "PaddleOCR 2.9.1", ">=3.7,<3.8", id="old PaddleOCR"
        ),
        pytest.param(
            facts({"paddleocr": None}), ["error"], "PaddleOCR is not", ">=3.7,<3.8", id="no PaddleOCR"
        ),
        pytest.param(
            facts({"onnxruntime": None}), ["error"], "onnxruntime is not", ">=1.32", id="no onnxruntime"
        ),
        pytest.param(
            facts({"paddlepaddle": None}, paddle=NONE),
            ["error"],
            "PaddlePaddle is not",
            "==3.2.2",
            id="no Paddle",
        ),
        pytest.param(EnvironmentFacts("3.11", "Linux"), ["error"] * 5, "", "", id="nothing at all"),
    ],
)
def test_traps(found: EnvironmentFacts, severities: list[str], what: str, remedy: str) -> None:
    traps = find_traps(found)
    assert [trap.severity for trap in traps] == severities
    if len(traps) == 1:
        assert what in traps[0].what
        assert remedy in traps[0].remedy


def test_the_facts_of_this_machine_are_healthy() -> None:
    found = gather_facts("cpu")
    assert found.versions["paddleocr"].startswith("3.7.")
    assert found.cpu_threads == cpu_thread_count()
    assert [trap for trap in find_traps(found) if trap.severity == "error"] == []


# --- the report --------------------------------------------------------------------------------------------


def test_preflight_uses_the_starter_weights_and_reads_a_line() -> None:
    report = ocr_helpers.preflight()
    origins = {s.module: s.plan.weights.origin for s in report.modules if s.plan is not None}
    assert origins == dict.fromkeys(MODULES, "starter")
    assert [status.module for status in report.modules] == list(MODULES)
    assert not any("No weights" in trap.what for trap in report.traps)
    assert report.trial is not None
    assert report.trial.right, report
    assert 0.5 < report.trial.score <= 1
    assert report.ok, report
    rows = dict(report.rows())
    assert rows["paddleocr"].startswith("3.7.")
    assert rows["text_detection"] == "PP-OCRv5_mobile_det: starter weights, onnxruntime on cpu"
    assert rows["unwarping"] == "UVDoc: starter weights, onnxruntime on cpu"
    assert rows["Hangul font"].endswith("NanumGothic.ttf")
    assert rows["verdict"] == "ready"


def test_preflight_shows_official_weights_where_cached(tmp_path: Path) -> None:
    write_model(
        tmp_path / "paddlex" / "official_models" / "UVDoc_onnx", "unwarping", engines=("onnxruntime",)
    )
    report = preflight("auto")
    assert dict(report.rows())["unwarping"] == "UVDoc: official weights, onnxruntime on cpu"


def test_preflight_reports_a_model_that_does_not_run(tmp_path: Path) -> None:
    # In form right, but the graph inside is empty: the engine refuses it, and the report says so.
    report = preflight({"text_recognition": write_model(tmp_path / "hollow")})
    assert report.trial is None
    assert not report.ok
    (trap,) = (trap for trap in report.traps if "trial prediction failed" in trap.what)
    assert "hollow" in trap.what


def test_a_module_without_weights_is_a_warning() -> None:
    report = preflight("starter", model_names={"textline_orientation": "PP-LCNet_x0_25_textline_ori"})
    (trap,) = (trap for trap in report.traps if trap.what.startswith("No weights here"))
    assert trap.severity == "warning"
    assert "textline_orientation (PP-LCNet_x0_25_textline_ori)" in trap.what
    assert dict(report.rows())["textline_orientation"].endswith("no weights, see below")
    assert report.ok, report


def test_modules_without_weights_share_one_warning() -> None:
    names = ("doc_orientation", "unwarping", "textline_orientation")
    (trap,) = _module_traps(
        [ModuleStatus(name, f"model of {name}", None, "Why. What.", True) for name in names]
    )
    assert trap.severity == "warning"
    assert all(f"{name} (model of {name})" in trap.what for name in names)


def test_preflight_reports_weights_that_cannot_be_used(tmp_path: Path) -> None:
    report = preflight({"text_recognition": tmp_path / "nowhere", "text_detection": "starter"})
    assert report.trial is None
    (trap,) = (trap for trap in report.traps if trap.severity == "error")
    assert trap.what.startswith("text_recognition cannot run")
    assert "nowhere" in trap.what


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"weights": "best"}, UnknownWeightsError),
        ({"weights": None}, UnknownWeightsError),
        ({"weights": {"detection": "starter"}}, UnknownModuleError),
        ({"device": "cuda"}, UnknownDeviceError),
        ({"device": "gpu:99"}, DeviceNotAvailableError),
        ({"engine": "onnx"}, UnknownEngineError),
        ({"model_names": {"detection": "x"}}, UnknownModuleError),
        ({"model_names": {"text_detection": "x"}}, UnknownModelNameError),
    ],
)
def test_preflight_refuses_what_it_cannot_understand(
    arguments: dict[str, Any], error: type[OcrHelpersError]
) -> None:
    with pytest.raises(error):
        preflight(**arguments)


class _Cells(html.parser.HTMLParser):
    """Collects the text of a table's cells; any tag that is not of a table is an error."""

    def __init__(self) -> None:
        super().__init__()
        self.cells: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in ("table", "tr", "th", "td"), tag
        assert "color" not in str(attrs), "colours are the theme's"
        if tag in ("th", "td"):
            self.cells.append("")

    def handle_data(self, data: str) -> None:
        self.cells[-1] += data


def test_the_report_as_text_and_as_a_table() -> None:
    statuses = tuple(ModuleStatus(module, "<b>model</b>", None, "reason & more") for module in MODULES)
    trap = Trap("<script>alert(1)</script>", "a & b")
    report = PreflightReport(facts(), statuses, TrialPrediction("가 나", "가나", 0.5, 0.0123), (trap,))
    assert not report.ok
    table = _Cells()
    table.feed(report._repr_html_())
    assert table.cells == [cell for row in report.rows() for cell in row]
    text = repr(report)
    assert "ERROR" in text
    assert "score 0.50, 12 ms" in text
    assert "read right" in text
    assert max(map(len, text.splitlines())) <= 125
    assert PreflightReport(facts(), (), None, (Trap("slow", "wait", "warning"),)).ok
