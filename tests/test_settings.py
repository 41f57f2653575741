"""Settings come back from code, command line and YAML; PaddleOCR's own parser and signatures agree."""

import ast
import inspect
import shlex
from dataclasses import FrozenInstanceError, asdict
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocr_helpers.settings import DetectionSettings, InexpressibleSettingError

_MAX_SIDES = st.integers(32, 32_767)
_NUMBERS = {
    "thresh": st.floats(0, 1, exclude_min=True),
    "box_thresh": st.floats(0, 1, exclude_min=True),
    "unclip_ratio": st.floats(0, 10, exclude_min=True),
    "limit_type": st.sampled_from(["min", "max", "resize_long"]),
}
ANY = _MAX_SIDES.flatmap(
    lambda most: st.builds(
        DetectionSettings,
        **_NUMBERS,
        limit_side_len=st.integers(1, most),
        max_side_limit=st.just(most),
    )
)
EXPRESSIBLE = st.builds(DetectionSettings, **_NUMBERS, limit_side_len=st.integers(1, 4000))
# Names that a shell or an option parser could take for something else.
SOURCES = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=20)


@cache
def _parser() -> Any:
    """Return PaddleOCR's real command-line parser."""
    from paddleocr._cli import _get_parser

    return _get_parser()


def test_the_defaults_are_those_of_the_pipeline() -> None:
    """Read from the configuration that PaddleX installs."""
    from paddlex.inference import load_pipeline_config

    config = load_pipeline_config("OCR")["SubModules"]["TextDetection"]
    assert {name: config[name] for name in asdict(DetectionSettings())} == asdict(DetectionSettings())


def test_paddleocr_takes_every_name() -> None:
    """The real signatures: predict of the detection module, both constructors, predict of the pipeline."""
    import paddleocr
    from paddlex.inference.models.text_detection.predictor import TextDetRunnerPredictor

    settings = DetectionSettings()
    inspect.signature(TextDetRunnerPredictor.process).bind(None, [], **settings.as_kwargs())
    named = set(inspect.signature(paddleocr.TextDetection.__init__).parameters)
    assert set(settings.as_constructor_kwargs()) <= named
    assert "max_side_limit" not in named, (
        "PaddleOCR takes max_side_limit now: as_constructor_kwargs may pass it"
    )
    for method in (paddleocr.PaddleOCR.__init__, paddleocr.PaddleOCR.predict):
        names = set(inspect.signature(method).parameters)
        assert set(settings.as_pipeline_kwargs()) <= names
        assert "text_det_max_side_limit" not in names


@given(ANY)
def test_code_gives_the_settings_again(settings: DetectionSettings) -> None:
    """The expression needs only the class's own name."""
    assert eval(settings.as_code(), {"DetectionSettings": DetectionSettings}) == settings


@given(ANY, SOURCES)
def test_the_detection_program_passes_every_setting(settings: DetectionSettings, source: str) -> None:
    """The arguments of its last call, read back from the syntax tree."""
    arguments, keywords = _last_call(settings.as_code("text_detection", source))
    assert (arguments, keywords) == ([source], settings.as_kwargs())


@given(ANY, SOURCES)
def test_the_pipeline_program_passes_every_setting(settings: DetectionSettings, source: str) -> None:
    """max_side_limit goes through the configuration, exactly where it is not the default."""
    code = settings.as_code("pipeline", source)
    arguments, keywords = _last_call(code)
    kwargs = {f"text_det_{name}": value for name, value in asdict(settings).items()}
    del kwargs["text_det_max_side_limit"]
    assert (arguments, keywords) == ([source], kwargs)
    changed = f'["max_side_limit"] = {settings.max_side_limit}\n'
    assert (changed in code) == ("paddlex_config=config" in code) == (settings.max_side_limit != 4000)


def _last_call(code: str) -> tuple[list[Any], dict[str, Any]]:
    call = ast.parse(code).body[-1].value  # type: ignore[attr-defined]
    assert isinstance(call, ast.Call)
    keywords = {str(keyword.arg): ast.literal_eval(keyword.value) for keyword in call.keywords}
    return [ast.literal_eval(argument) for argument in call.args], keywords


def test_the_pipelines_configuration_can_be_changed_as_the_program_does() -> None:
    """The lines before the models are created, run against PaddleX."""
    code = DetectionSettings(max_side_limit=8000).as_code("pipeline")
    lines = code.partition("pipeline = ")[0].replace("from paddleocr import PaddleOCR\n", "")
    namespace: dict[str, Any] = {}
    exec(lines, namespace)
    assert namespace["config"]["SubModules"]["TextDetection"]["max_side_limit"] == 8000


@given(EXPRESSIBLE, SOURCES)
def test_paddleocrs_command_line_reads_the_settings_back(settings: DetectionSettings, source: str) -> None:
    """Through the shell's splitting and PaddleOCR's argparse; models that read Korean are named."""
    program, *words = shlex.split(settings.as_cli("text_detection", source))
    parsed = vars(_parser().parse_args(words))
    assert (program, parsed["input"], parsed["model_name"]) == ("paddleocr", source, "PP-OCRv5_mobile_det")
    expected = settings.as_constructor_kwargs()
    assert {name: parsed[name] for name in expected} == expected

    program, *words = shlex.split(settings.as_cli("ocr", source))
    parsed = vars(_parser().parse_args(words))
    assert (program, parsed["input"]) == ("paddleocr", source)
    assert parsed["text_recognition_model_name"] == "korean_PP-OCRv5_mobile_rec"
    expected = settings.as_pipeline_kwargs()
    assert {name: parsed[name] for name in expected} == expected


@given(ANY)
def test_yaml_gives_the_settings_again(settings: DetectionSettings) -> None:
    """Text to settings and back."""
    assert DetectionSettings.from_yaml(settings.to_yaml()) == settings


@pytest.mark.parametrize(
    ("text", "settings"),
    [
        ("{}", DetectionSettings()),
        ("# mine\nthresh: 0.25\n", DetectionSettings(thresh=0.25)),
        ("{limit_type: max, limit_side_len: 960}", DetectionSettings(limit_type="max", limit_side_len=960)),
        ("thresh: 1", DetectionSettings(thresh=1.0)),
    ],
)
def test_yaml_by_hand(text: str, settings: DetectionSettings) -> None:
    """What is left out keeps its default."""
    assert DetectionSettings.from_yaml(text) == settings


def test_yaml_from_a_file(tmp_path: Path) -> None:
    """A Path is read, a str is the text itself."""
    file = tmp_path / "설정.yaml"
    file.write_text(DetectionSettings(thresh=0.2).to_yaml(), encoding="utf-8")
    assert DetectionSettings.from_yaml(file) == DetectionSettings(thresh=0.2)


def test_numpys_numbers_become_pythons_and_settings_stay_frozen() -> None:
    """Sliders and sweeps hand over NumPy's numbers; code and YAML must not show them."""
    settings = DetectionSettings(thresh=np.float64(0.25), limit_side_len=np.int64(960))  # type: ignore[arg-type]
    assert settings == DetectionSettings(thresh=0.25, limit_side_len=960)
    assert "np." not in settings.as_code() and "thresh: 0.25\n" in settings.to_yaml()
    with pytest.raises(FrozenInstanceError):
        settings.thresh = 0.3  # type: ignore[misc]


@pytest.mark.parametrize(
    "action",
    [
        lambda settings: settings.as_constructor_kwargs(),
        lambda settings: settings.as_pipeline_kwargs(),
        lambda settings: settings.as_cli("text_detection"),
        lambda settings: settings.as_cli("ocr"),
    ],
    ids=["constructor", "pipeline", "text_detection", "ocr"],
)
def test_a_value_that_paddleocr_cannot_be_given_is_not_dropped(action: Any) -> None:
    """The maximum side has no parameter there."""
    with pytest.raises(InexpressibleSettingError, match="max_side_limit is 8000"):
        action(DetectionSettings(max_side_limit=8000))
