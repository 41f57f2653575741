"""What a refused job says: which setting, model or version differs, on short lines."""

from pathlib import Path
from typing import Any

import pytest

from ocr_helpers.batch.differences import job_differences
from ocr_helpers.batch.errors import JobChangedError
from ocr_helpers.batch.job import check_job

OLD, NEW = "0123abcd" * 8, "fedc9876" * 8
MODEL = {
    "name": "UVDoc",
    "origin": "starter",
    "engine": "onnxruntime",
    "files": {"inference.onnx": f"{OLD} 12345"},
}
JOB: dict[str, Any] = {
    "reader": {
        "settings": {"use_doc_unwarping": True, "detection": {"thresh": 0.3, "box_thresh": 0.6}},
        "device": "cpu",
        "models": {"unwarping": MODEL},
    },
    "reading": {"dpi": 200.0, "max_pixels": 80_000_000},
    "packages": {"onnxruntime": "1.32.0"},
}


def changed(*path: str, to: Any) -> dict[str, Any]:
    """The job with one value changed; ``to=None`` takes it out."""
    key, *rest = path

    def inside(values: dict[str, Any], key: str, rest: list[str]) -> dict[str, Any]:
        if rest:
            return values | {key: inside(values[key], rest[0], rest[1:])}
        others = {name: value for name, value in values.items() if name != key}
        return others if to is None else others | {key: to}

    return inside(JOB, key, rest)


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (JOB, ""),
        (changed("reader", "settings", "detection", "thresh", to=0.25),
         "settings.detection.thresh was 0.3 and is 0.25"),
        (changed("reading", "dpi", to=150.0), "dpi was 200.0 and is 150.0"),
        (changed("packages", "onnxruntime", to="1.33.0"),
         "packages.onnxruntime was '1.32.0' and is '1.33.0'"),
        (changed("packages", "onnxruntime", to=None), "packages.onnxruntime was '1.32.0' and is not there"),
        (changed("reader", "models", "unwarping", to=None),
         "models.unwarping was UVDoc (starter weights, onnxruntime) and is not there"),
        (changed("reader", "models", "unwarping", "files", "inference.onnx", to=f"{NEW} 12346"),
         "models.unwarping.files.inference.onnx was 0123abcd…, 12,345 bytes and is fedc9876…, 12,346 bytes"),
        (changed("reader", "models", "unwarping", "engine", to="paddle"),
         "models.unwarping.engine was 'onnxruntime' and is 'paddle'"),
        (changed("reader", "device", to="x" * 5000), f"device was 'cpu' and is '{'x' * 78}…"),
        (changed("reader", "models", to={"a": {"b": 1}, "c": 2}), None),
    ],
)  # fmt: skip
def test_a_difference_is_one_short_line(now: dict[str, Any], expected: str | None) -> None:
    said = job_differences(JOB, now)
    lines = said.splitlines()
    if expected is None:
        assert [line.split(" was ")[0] for line in lines] == [
            "  models.a",
            "  models.c",
            "  models.unwarping",
        ]
        assert lines[0] == "  models.a was not there and is 1 value"
    elif expected:
        assert len(lines) == 1
        assert said.startswith(f"  {expected.removesuffix('…')}")
    else:
        assert said == ""
    assert all(len(line) < 180 for line in lines)


def test_of_many_differences_the_first_are_named() -> None:
    said = job_differences({}, {f"value_{number}": "\n" * 300 for number in range(30)})
    lines = said.splitlines()
    assert len(lines) == 13
    assert lines[0].startswith("  value_0 was not there and is '\\n")
    assert lines[-1] == "  and 18 more"


def test_the_error_says_what_differs_and_what_to_do() -> None:
    other = changed("reader", "models", "unwarping", to=None)
    other["reader"]["settings"] = JOB["reader"]["settings"] | {"use_doc_unwarping": False}
    with pytest.raises(JobChangedError) as refused:
        check_job(Path("read"), JOB, other)
    assert str(refused.value).splitlines() == [
        "'read' holds results that were read differently:",
        "  settings.use_doc_unwarping was True and is False",
        "  models.unwarping was UVDoc (starter weights, onnxruntime) and is not there",
        "Choose another out_dir, go back to what it was, or pass on_change='redo', which sets the earlier "
        "results aside and reads all pages again.",
    ]
    check_job(Path("read"), JOB, JOB)
