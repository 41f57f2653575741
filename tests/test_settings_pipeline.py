"""Settings of the whole pipeline: PaddleOCR's signatures and parser agree, and every form comes back."""

import ast
import inspect
import shlex
from dataclasses import FrozenInstanceError, replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocr_helpers.device import UnknownDeviceError
from ocr_helpers.errors import OcrHelpersError
from ocr_helpers.settings import (
    DetectionSettings,
    InexpressibleSettingError,
    SettingRangeError,
    SettingsSyntaxError,
    SettingTypeError,
    UnknownSettingError,
)
from ocr_helpers.settings.pipeline import PipelineSettings

DETECTION = st.builds(
    DetectionSettings,
    thresh=st.floats(0, 1, exclude_min=True),
    unclip_ratio=st.floats(0, 10, exclude_min=True),
    limit_side_len=st.integers(1, 4000),
    limit_type=st.sampled_from(["min", "max", "resize_long"]),
)
EXPRESSIBLE = st.builds(
    PipelineSettings,
    use_doc_orientation_classify=st.booleans(),
    use_doc_unwarping=st.booleans(),
    use_textline_orientation=st.booleans(),
    detection=DETECTION,
    text_rec_score_thresh=st.floats(0, 1),
)
DEVICES = st.sampled_from([None, "cpu", "gpu", "gpu:1"])
OPTIONAL_MODELS = {
    "use_doc_orientation_classify": ("doc_orientation_classify_model_name", "PP-LCNet_x1_0_doc_ori"),
    "use_doc_unwarping": ("doc_unwarping_model_name", "UVDoc"),
    "use_textline_orientation": ("textline_orientation_model_name", "PP-LCNet_x1_0_textline_ori"),
}
ANY_SETTINGS: Any = PipelineSettings  # untyped: most rows below hold what the types forbid


@cache
def _parser() -> Any:
    from paddleocr._cli import _get_parser

    return _get_parser()


def test_the_defaults_are_paddleocrs_and_the_optional_modules_are_off() -> None:
    settings = PipelineSettings()
    assert settings.detection == DetectionSettings()
    assert settings.as_kwargs() == {
        "use_doc_orientation_classify": False,
        "use_doc_unwarping": False,
        "use_textline_orientation": False,
        "text_det_thresh": 0.3,
        "text_det_box_thresh": 0.6,
        "text_det_unclip_ratio": 1.5,
        "text_det_limit_side_len": 64,
        "text_det_limit_type": "min",
        "text_rec_score_thresh": 0.0,
    }


def test_paddleocr_takes_every_name() -> None:
    import paddleocr
    from paddlex.inference import load_pipeline_config

    assert set(PipelineSettings().as_kwargs()) <= set(
        inspect.signature(paddleocr.PaddleOCR.predict).parameters
    )
    everything_on = PipelineSettings(
        use_doc_orientation_classify=True, use_doc_unwarping=True, use_textline_orientation=True
    )
    constructor, _ = _calls(everything_on.as_code("pipeline"))
    assert set(constructor) <= set(inspect.signature(paddleocr.PaddleOCR.__init__).parameters)
    default = load_pipeline_config("OCR")["SubModules"]["TextRecognition"]["score_thresh"]
    assert PipelineSettings().text_rec_score_thresh == default


@given(EXPRESSIBLE)
def test_code_gives_the_settings_again(settings: PipelineSettings) -> None:
    names = {"PipelineSettings": PipelineSettings, "DetectionSettings": DetectionSettings}
    assert eval(settings.as_code(), names) == settings


@given(EXPRESSIBLE, st.text(min_size=1, max_size=20), DEVICES)
def test_the_program_passes_every_setting(
    settings: PipelineSettings, source: str, device: str | None
) -> None:
    constructor, predict = _calls(settings.as_code("pipeline", source, device=device))
    toggles = {name: getattr(settings, name) for name in OPTIONAL_MODELS}
    expected = toggles | {
        "text_detection_model_name": "PP-OCRv5_mobile_det",
        "text_recognition_model_name": "korean_PP-OCRv5_mobile_rec",
    }
    expected |= {argument: name for toggle, (argument, name) in OPTIONAL_MODELS.items() if toggles[toggle]}
    assert constructor == expected | ({} if device is None else {"device": device})
    kwargs = settings.as_kwargs()
    assert predict == {"": source} | {name: kwargs[name] for name in kwargs if name not in toggles}


def _calls(code: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Arguments of the program's last two calls, the constructor and predict; the positional one under ""."""
    found = []
    for line in ast.parse(code).body[-2:]:
        assert isinstance(line, ast.Assign)
        assert isinstance(line.value, ast.Call)
        assert len(line.value.args) <= 1
        arguments = dict(zip([""], map(ast.literal_eval, line.value.args), strict=False))
        for keyword in line.value.keywords:
            if keyword.arg != "paddlex_config":
                arguments[str(keyword.arg)] = ast.literal_eval(keyword.value)
        found.append(arguments)
    return found[0], found[1]


def test_the_program_sets_a_maximum_side_in_the_configuration() -> None:
    code = PipelineSettings(detection=DetectionSettings(max_side_limit=8000)).as_code("pipeline")
    assert '["max_side_limit"] = 8000\n' in code
    assert "paddlex_config=config" in code
    assert "max_side_limit" not in PipelineSettings().as_code("pipeline")


@given(EXPRESSIBLE, st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=20), DEVICES)
def test_paddleocrs_command_line_reads_the_settings_back(
    settings: PipelineSettings, source: str, device: str | None
) -> None:
    program, *words = shlex.split(settings.as_cli(source, device=device))
    parsed = vars(_parser().parse_args(words))
    assert (program, parsed["subcommand"], parsed["input"]) == ("paddleocr", "ocr", source)
    kwargs = settings.as_kwargs()
    assert {name: parsed[name] for name in kwargs} == kwargs
    assert parsed["text_recognition_model_name"] == "korean_PP-OCRv5_mobile_rec"
    assert parsed["device"] == device


@given(EXPRESSIBLE)
def test_yaml_gives_the_settings_again(settings: PipelineSettings) -> None:
    assert PipelineSettings.from_yaml(settings.to_yaml()) == settings


@pytest.mark.parametrize(
    ("text", "settings"),
    [
        ("{}", PipelineSettings()),
        ("use_doc_unwarping: yes\n", PipelineSettings(use_doc_unwarping=True)),
        ("detection: {}", PipelineSettings()),
        ("detection:\n  thresh: 0.2\n", PipelineSettings(detection=DetectionSettings(thresh=0.2))),
        (
            "# mine\ndetection: {thresh: 0.2}\ntext_rec_score_thresh: 1\n",
            PipelineSettings(detection=DetectionSettings(thresh=0.2), text_rec_score_thresh=1.0),
        ),
    ],
)
def test_yaml_by_hand(text: str, settings: PipelineSettings) -> None:
    assert PipelineSettings.from_yaml(text) == settings


def test_yaml_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "설정.yaml"
    settings = PipelineSettings(use_textline_orientation=True)
    file.write_text(settings.to_yaml(), encoding="utf-8")
    assert PipelineSettings.from_yaml(file) == settings


def test_numpys_values_become_pythons_and_settings_stay_frozen() -> None:
    settings = ANY_SETTINGS(use_doc_unwarping=np.True_, text_rec_score_thresh=np.float32(0.5))
    assert settings == PipelineSettings(use_doc_unwarping=True, text_rec_score_thresh=0.5)
    assert "np." not in settings.as_code()
    assert "use_doc_unwarping: true\n" in settings.to_yaml()
    with pytest.raises(FrozenInstanceError):
        settings.use_doc_unwarping = False
    assert len({settings, replace(settings), PipelineSettings()}) == 2


def test_detections_yaml_is_as_flat_as_before() -> None:
    with pytest.raises(SettingsSyntaxError, match="not one flat"):
        DetectionSettings.from_yaml("detection:\n  thresh: 0.2\n")


@pytest.mark.parametrize(
    ("action", "error", "fragment"),
    [
        (lambda: ANY_SETTINGS(use_doc_unwarping=1), SettingTypeError, "use_doc_unwarping is 1, of type int"),
        (lambda: ANY_SETTINGS(use_doc_unwarping=None), SettingTypeError, "expected True or False"),
        (lambda: ANY_SETTINGS(use_textline_orientation="on"), SettingTypeError, "'on', of type str"),
        (lambda: ANY_SETTINGS(use_doc_orientation_classify=np.str_("True")), SettingTypeError, "True or"),
        (lambda: ANY_SETTINGS(use_doc_orientation_classify=np.array([True])), SettingTypeError, "True or"),
        (lambda: ANY_SETTINGS(detection=None), SettingTypeError, r"DetectionSettings(...)"),
        (lambda: ANY_SETTINGS(detection={"thresh": 0.2}), SettingTypeError, "of type dict"),
        (lambda: ANY_SETTINGS(detection=DetectionSettings), SettingTypeError, "of type type"),
        (lambda: ANY_SETTINGS(text_rec_score_thresh=1.01), SettingRangeError, "from 0 to 1"),
        (lambda: ANY_SETTINGS(text_rec_score_thresh=-0.1), SettingRangeError, "from 0 to 1"),
        (lambda: ANY_SETTINGS(text_rec_score_thresh=float("nan")), SettingRangeError, "from 0 to 1"),
        (lambda: ANY_SETTINGS(text_rec_score_thresh=True), SettingTypeError, "of type bool"),
        (lambda: ANY_SETTINGS(text_rec_score_thresh="0.5"), SettingTypeError, "of type str"),
        (lambda: PipelineSettings.from_yaml("use_unwarping: true"), UnknownSettingError, "use_doc_unwarping"),
        (lambda: PipelineSettings.from_yaml("thresh: 0.2"), UnknownSettingError, "not a setting of Pipeline"),
        (
            lambda: PipelineSettings.from_yaml("detection: {tresh: 0.2}"),
            UnknownSettingError,
            "not a setting of DetectionSettings. Did you mean 'thresh'",
        ),
        (lambda: PipelineSettings.from_yaml("detection: 0.3"), SettingTypeError, "detection is 0.3"),
        (lambda: PipelineSettings.from_yaml("detection:"), SettingTypeError, "detection is None"),
        (lambda: PipelineSettings.from_yaml("detection: [1]"), SettingsSyntaxError, "only 'detection'"),
        (lambda: PipelineSettings.from_yaml("detection: {a: {b: 1}}"), SettingsSyntaxError, "not one flat"),
        (
            lambda: PipelineSettings.from_yaml("detection: {detection: {a: 1}}"),
            SettingsSyntaxError,
            "not one flat",
        ),
        (
            lambda: PipelineSettings.from_yaml("use_doc_unwarping: {a: 1}"),
            SettingsSyntaxError,
            "not one flat",
        ),
        (lambda: PipelineSettings.from_yaml("{a: 1}: 2"), SettingsSyntaxError, "not one flat"),
        (lambda: PipelineSettings.from_yaml("detection: {thresh: 0}"), SettingRangeError, "thresh is 0"),
        (
            lambda: PipelineSettings.from_yaml("detection: {thresh: 0.2, thresh: 0.3}"),
            SettingsSyntaxError,
            "thresh: given more than once",
        ),
        (
            lambda: PipelineSettings.from_yaml("detection: {}\ndetection: {}"),
            SettingsSyntaxError,
            "detection: given more than once",
        ),
        (lambda: PipelineSettings.from_yaml("use_doc_unwarping: 1"), SettingTypeError, "True or False"),
        (lambda: PipelineSettings.from_yaml(""), SettingsSyntaxError, "not one flat"),
        (lambda: PipelineSettings.from_yaml(Path("no-such.yaml")), SettingsSyntaxError, "cannot be read"),
        (lambda: ANY_SETTINGS().as_code("text_detection"), SettingRangeError, "'settings' or 'pipeline'"),
        (lambda: PipelineSettings().as_code("pipeline", device="auto"), UnknownDeviceError, "'gpu:N'"),
        (lambda: PipelineSettings().as_cli(device=""), UnknownDeviceError, "'gpu:N'"),
        (
            lambda: PipelineSettings(detection=DetectionSettings(max_side_limit=8000)).as_kwargs(),
            InexpressibleSettingError,
            "max_side_limit is 8000",
        ),
        (
            lambda: PipelineSettings(detection=DetectionSettings(max_side_limit=8000)).as_cli(),
            InexpressibleSettingError,
            "max_side_limit is 8000",
        ),
    ],
)
def test_refusals_say_what_came_and_what_was_expected(
    action: Any, error: type[OcrHelpersError], fragment: str
) -> None:
    with pytest.raises(OcrHelpersError) as caught:
        action()
    assert caught.type is error
    assert fragment in str(caught.value)


def test_a_value_may_stand_in_both_places() -> None:
    text = "text_rec_score_thresh: 0.3\ndetection:\n  thresh: 0.3\n  box_thresh: 0.3\n"
    assert PipelineSettings.from_yaml(text).detection == DetectionSettings(thresh=0.3, box_thresh=0.3)
