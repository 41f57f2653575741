"""The end of a network on quarters of its map: the same answers with any scales, and what only looks so."""

from collections.abc import Sequence

import numpy as np
import onnx
import pytest
from test_models_blocked_layout import ONE, THREE, Node, answer, kinds, model_of

from ocr_helpers.models.blocked_layout import in_blocked_layout

NEAREST = {"mode": "nearest", "coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}
END: list[Node] = [
    ("Conv", ["all", "w", "b"], "a", THREE),
    ("Relu", ["a"], "r", {}),
    ("Conv", ["r", "v", "c"], "s", ONE),
    ("Sigmoid", ["s"], "p", {}),
    ("DepthToSpace", ["p"], "y", {"blocksize": 2}),
]
END_SHAPES = {"b": (8,), "v": (4, 8, 1, 1), "c": (4,)}
GATE_SHAPES = {"squeeze": (4, 3, 1, 1), "excite": (3, 4, 1, 1), "e": (3,)}


def gated(source: str, name: str) -> list[Node]:
    """A map of three channels that a convolution makes, and ``x + x * gate`` of it."""
    return [
        ("Conv", [source, f"{name}.w"], f"{name}.x", ONE),
        ("GlobalAveragePool", [f"{name}.x"], f"{name}.mean", {}),
        ("Conv", [f"{name}.mean", "squeeze"], f"{name}.squeezed", ONE),
        ("Relu", [f"{name}.squeezed"], f"{name}.relu", {}),
        ("Conv", [f"{name}.relu", "excite", "e"], f"{name}.excited", ONE),
        ("HardSigmoid", [f"{name}.excited"], f"{name}.gate", {"alpha": 0.2}),
        ("Mul", [f"{name}.x", f"{name}.gate"], f"{name}.product", {}),
        ("Add", [f"{name}.x", f"{name}.product"], name, {}),
    ]


def model(
    factors: Sequence[int],
    end: Sequence[Node] = END,
    shapes: dict[str, tuple[int, ...]] = END_SHAPES,
    **enlarged: str,
) -> bytes:
    """A model that puts maps beside each other that are enlarged so often; that of ``x`` is the coarsest."""
    nodes: list[Node] = []
    names, weights = [], {"w": (8, 3 * len(factors), 3, 3)}
    for place, factor in enumerate(factors):
        name = f"{place}.map"
        nodes.append(("Resize", ["x", "roi", f"times {max(factors) // factor}"], f"{place}.source", NEAREST))
        nodes += gated(f"{place}.source", name)
        nodes.append(("Resize", [name, "roi", f"times {factor}"], f"{place}.large", NEAREST | enlarged))
        names.append(f"{place}.large" if factor > 1 else name)
        weights[f"{name}.w"] = (3, 3, 1, 1)
    times = {f"times {number}": np.array([1, 1, number, number], np.float32) for number in range(1, 9)}
    times["roi"] = np.zeros(0, np.float32)
    nodes += [("Concat", names, "all", {"axis": 1}), *end]
    made = [node for node in nodes if node[2] != "y" and any(node[2] in other[1] for other in nodes)]
    return model_of([*made, end[-1]], shapes | GATE_SHAPES | weights, times)


@pytest.mark.parametrize("factors", [(2, 1), (1, 2), (4, 2, 1), (8, 1, 4, 2), (4, 1)])
@pytest.mark.parametrize("size", [(1, 3, 4, 6), (2, 3, 3, 5)])
def test_quarters_give_the_same_answers(factors: Sequence[int], size: tuple[int, ...]) -> None:
    given = np.random.default_rng(0).standard_normal(size).astype(np.float32)
    before = model(factors)
    after = in_blocked_layout(before)
    onnx.checker.check_model(onnx.load_model_from_string(after), full_check=True)
    assert kinds(after).count("Gather") == 1
    assert kinds(after)[-1] == "DepthToSpace" and kinds(after).count("Sigmoid") == 4
    for as_written in (True, False):
        found, wanted = (answer(model, given, as_written=as_written) for model in (after, before))
        assert wanted.std() > 0.01
        np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-6)


def test_more_than_one_map_is_spread() -> None:
    given = np.random.default_rng(0).standard_normal((1, 3, 4, 6)).astype(np.float32)
    before = model((2, 1), shapes=END_SHAPES | {"v": (12, 8, 1, 1), "c": (12,)})
    after = in_blocked_layout(before)
    assert "Gather" in kinds(after)
    np.testing.assert_allclose(answer(after, given), answer(before, given), rtol=1e-5, atol=1e-6)


CUT = {"kernel_shape": [3, 3], "pads": [0, 0, 0, 0]}


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(model((3, 1)), id="an odd factor"),
        pytest.param(model((2, 1), mode="linear"), id="not simply repeated"),
        pytest.param(model((2, 1, 1)), id="two fine maps"),
        pytest.param(model((1, 1)), id="nothing enlarged"),
        pytest.param(model((2, 1), [("Conv", ["all", "w", "b"], "a", CUT), *END[1:]]), id="a cut edge"),
        pytest.param(model((2, 1), [*END[:3], ("Tanh", ["s"], "p", {}), END[-1]]), id="another end"),
        pytest.param(model((2, 1), [*END[:3], ("Sigmoid", ["s"], "y", {})]), id="no end that moves pixels"),
        pytest.param(
            model((2, 1), [*END[:2], ("Conv", ["r", "v", "c"], "s", THREE), *END[3:]],
                  END_SHAPES | {"v": (4, 8, 3, 3)}),
            id="pixels that see their neighbours",
        ),
    ],
)  # fmt: skip
def test_other_ends_stay_as_they_are(other: bytes) -> None:
    assert "Gather" not in kinds(in_blocked_layout(other))
