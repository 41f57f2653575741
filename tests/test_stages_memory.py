"""What is remembered: bounded, apart from everything else in memory, and given back when forgotten."""

import gc
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import ocr_helpers as ocr
from benchmarks.exactness import SAMPLES, load
from benchmarks.pipeline_memory import resident_bytes
from ocr_helpers.loading.pipeline_arguments import engine_defaults
from ocr_helpers.models.names import Engine
from ocr_helpers.stages.memory import MemoryLimitError, Recall, StageMemory
from ocr_helpers.stages.memory_blocks import MemoryBlocks
from ocr_helpers.stages.models import ProbabilityMap, StageModels

LARGE = 3_000_000


def _bytes(size: int) -> NDArray[np.uint8]:
    return np.arange(size, dtype=np.uint8)


@pytest.mark.parametrize("limit", [-1, float("nan"), True, "512", None])
def test_a_limit_that_is_none_is_refused(limit: Any) -> None:
    with pytest.raises(MemoryLimitError, match="expected megabytes"):
        StageMemory(limit)


def test_the_least_recently_used_goes_first() -> None:
    memory = StageMemory(0.01)
    for key in "abc":
        memory.put(key, key, 3_000)
    assert len(memory) == 2 and memory.get("a") is None
    assert memory.get("b") == "b"
    memory.put("d", "d", 3_000)
    assert memory.get("c") is None and memory.get("b") == "b"
    memory.put("huge", "huge", 10_000)
    assert memory.get("huge") is None and len(memory) == 2
    memory.clear()
    assert memory.used_bytes == len(memory) == 0


@pytest.mark.parametrize("size", [0, 1_000, LARGE])
def test_a_view_is_remembered_without_what_it_is_part_of(size: int) -> None:
    whole = _bytes(2 * size)
    memory = StageMemory(100)
    kept = Recall(memory).recall("key", lambda: whole[size:])
    assert np.array_equal(kept, whole[size:]) and kept.dtype == np.uint8
    assert not np.shares_memory(kept, whole)
    assert not kept.flags.writeable and whole.flags.writeable
    assert Recall(memory).recall("key", lambda: pytest.fail("computed again")) is kept
    assert size <= memory.used_bytes <= size + 1_000


def test_what_is_larger_than_the_limit_is_handed_out_uncopied() -> None:
    given = _bytes(LARGE)
    memory = StageMemory(1)
    found = Recall(memory).recall("key", lambda: given)
    assert np.shares_memory(found, given) and len(memory) == 0
    assert not found.flags.writeable and given.flags.writeable


def test_arrays_of_any_layout_and_kind_are_kept_as_they_are() -> None:
    turned = np.rot90(np.arange(1_200_000, dtype=np.float32).reshape(1000, 400, 3))
    boxes: list[Any] = [np.array([[1, 2], [3, 4]], np.int16), ("글", 0.5), None]
    memory = StageMemory(100)
    kept, (box, line, nothing) = (
        Recall(memory).recall("turned", lambda: turned),
        Recall(memory).recall("boxes", lambda: boxes),
    )
    assert np.array_equal(kept, turned) and kept.dtype == turned.dtype
    assert np.array_equal(box, boxes[0]) and line == ("글", 0.5) and nothing is None


@pytest.mark.skipif(sys.platform != "linux", reason="a process's memory is read from /proc")
def test_what_is_forgotten_is_given_back() -> None:
    """On the heap it would stay with the process: what lives on above it keeps it there."""
    for _ in range(2):
        np.ones(30_000_000, np.uint8)  # once freed, the allocator takes arrays up to that size from the heap
    memory, others = StageMemory(1_000), []
    for key in range(40):
        Recall(memory).recall(key, lambda: np.ones(LARGE, np.uint8))
        others.append(np.ones(50_000, np.uint8))
    full = resident_bytes()
    memory.clear()
    gc.collect()
    assert full - resident_bytes() > 0.95 * 40 * LARGE
    assert len(others) == 40


def _first_byte(array: NDArray[Any]) -> int:
    return int(array.__array_interface__["data"][0])


@pytest.mark.parametrize("hold", [lambda a: a, lambda a: a[5:9].reshape(2, 2), memoryview, np.asarray])
def test_a_block_serves_again_only_when_nothing_refers_to_it(hold: Callable[[Any], Any]) -> None:
    blocks = MemoryBlocks()
    first = blocks.copy(_bytes(LARGE))
    place, held = _first_byte(first), hold(first)
    expected = bytes(held)
    del first
    others = [blocks.copy(np.zeros(LARGE, np.uint8)) for _ in range(3)]
    assert place not in map(_first_byte, others)
    assert bytes(held) == expected
    del held
    assert _first_byte(blocks.copy(np.zeros(LARGE, np.uint8))) == place


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a block cannot change its size")
def test_a_block_serves_arrays_of_other_sizes_and_kinds() -> None:
    blocks = MemoryBlocks()
    blocks.copy(_bytes(LARGE))
    (block,) = blocks._spare
    for size in (LARGE, LARGE // 3, 2 * LARGE):
        array = np.arange(size // 8, dtype=np.float64).reshape(2, -1)
        copied = blocks.copy(array)
        assert np.array_equal(copied, array) and copied.dtype == np.float64
        assert len(blocks._spare) == 0
        del copied
        assert list(blocks._spare) == [block] and len(block) == array.nbytes


def test_few_free_blocks_are_kept_and_none_after_giving_back() -> None:
    blocks = MemoryBlocks()
    arrays = [blocks.copy(_bytes(1_000)) for _ in range(20)]
    assert len(blocks._spare) == 0
    arrays.clear()
    assert 0 < len(blocks._spare) < 10
    blocks.give_back()
    assert len(blocks._spare) == 0


@pytest.mark.parametrize("side", [200, 1_300])
def test_a_probability_map_does_not_stay_in_its_networks_memory(
    side: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Onnxruntime's outputs are views of its arena, which would grow around those that are remembered."""
    given: list[NDArray[np.float32]] = []
    run = StageModels.probability_map

    def noted(self: StageModels, *arguments: Any) -> ProbabilityMap:
        found = run(self, *arguments)
        given.append(found.probabilities)
        return found

    monkeypatch.setattr(StageModels, "probability_map", noted)
    staged = ocr.StagedPipeline(load("onnxruntime"))
    page = ocr.load_pages(SAMPLES / "notice.png")[0].image_bgr[:side, :side]
    staged.run(np.ascontiguousarray(page))
    kept = [value for value, _ in staged.memory._entries.values() if isinstance(value, ProbabilityMap)]
    assert len(kept) == len(given) == 1
    assert np.array_equal(kept[0].probabilities, given[0])
    assert not np.shares_memory(kept[0].probabilities, given[0])


def test_sessions_for_inputs_of_any_size_plan_no_memory() -> None:
    planned = _memory_patterns(load("onnxruntime"))
    assert planned == {
        "unwarping": False,
        "text_detection": False,
        "textline_orientation": True,
        "text_recognition": False,
    }


def test_memory_plans_are_made_where_asked_for() -> None:
    pipeline = ocr.load_pipeline("starter", "cpu", "onnxruntime", engine_config={"enable_mem_pattern": True})
    assert set(_memory_patterns(pipeline).values()) == {True}


@pytest.mark.parametrize(
    ("module", "engine", "device"),
    [
        ("text_detection", "onnxruntime", "gpu:0"),
        ("text_detection", "paddle", "cpu"),
        ("doc_orientation", "onnxruntime", "cpu"),
    ],
)
def test_other_sessions_keep_the_engines_defaults(module: str, engine: Engine, device: str) -> None:
    assert engine_defaults(module, engine, device) == {}


def _memory_patterns(pipeline: Any) -> dict[str, bool]:
    inner = pipeline.paddlex_pipeline._pipeline
    prepare = inner.doc_preprocessor_pipeline
    models = {
        "unwarping": getattr(prepare, "_pipeline", prepare).doc_unwarping_model,
        "text_detection": inner.text_det_model,
        "textline_orientation": inner.textline_orientation_model,
        "text_recognition": inner.text_rec_model,
    }
    return {
        name: model.runner.session.get_session_options().enable_mem_pattern for name, model in models.items()
    }


def test_keys_of_images_are_those_of_their_pixels_where_anything_is_kept() -> None:
    image = _bytes(12).reshape(2, 2, 3)
    memory, none = StageMemory(1), StageMemory(0)
    assert memory.key_of(image) == memory.key_of(image.copy()) != memory.key_of(image.reshape(1, 4, 3))
    assert none.key_of(image) != none.key_of(image)
    assert Recall(none).recall("key", lambda: 1) == 1 and len(none) == 0
