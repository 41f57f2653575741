"""What is remembered from one call to the next: exactly the last one."""

from typing import NoReturn

import numpy as np
import pytest

from ocr_helpers.boxes.step_memory import StepMemory


@pytest.mark.parametrize(
    ("calls", "computed"),
    [
        pytest.param(["", ""], ["", ""], id="nothing"),
        pytest.param(["abc", "abc"], ["abc", ""], id="the same"),
        pytest.param(["abc", "cab"], ["abc", ""], id="in another order"),
        pytest.param(["abc", "bxcy"], ["abc", "xy"], id="new ones between"),
        pytest.param(["abc", "xyz"], ["abc", "xyz"], id="all new"),
        pytest.param(["aab", "baa"], ["aab", ""], id="twice the same"),
        pytest.param(["ab", "a", "ab"], ["ab", "", "b"], id="only the last call"),
        pytest.param(["ab", "", "ab"], ["ab", "", "ab"], id="nothing between"),
    ],
)
def test_only_new_things_are_computed(calls: list[str], computed: list[str]) -> None:
    memory = StepMemory()
    for call, expected in zip(calls, computed, strict=True):
        asked: list[str] = []

        def compute(new: list[int], call: str = call, asked: list[str] = asked) -> tuple[np.ndarray, ...]:
            things = [call[place] for place in new]
            asked += things
            codes = np.array([ord(thing) for thing in things], np.int16)
            return codes, np.stack([codes, codes / 3], axis=1)

        codes, pairs = memory.results([thing.encode() for thing in call], compute)
        assert "".join(asked) == expected
        assert codes.dtype == np.int16 and pairs.shape == (len(call), 2)
        assert codes.tolist() == [ord(thing) for thing in call]
        assert pairs.tolist() == [[ord(thing), ord(thing) / 3] for thing in call]


def test_results_handed_out_before_stay() -> None:
    memory = StepMemory()
    (first,) = memory.results([b"a", b"b"], lambda new: (np.array(new),))
    memory.results([b"b", b"c"], lambda new: (np.array(new) + 7,))
    assert first.tolist() == [0, 1]


def test_an_error_changes_nothing() -> None:
    def fail(new: list[int]) -> NoReturn:
        raise MemoryError(new)

    memory = StepMemory()
    memory.results([b"a"], lambda _: (np.array([1]),))
    with pytest.raises(MemoryError, match=r"\[1\]"):
        memory.results([b"a", b"b"], fail)
    (kept,) = memory.results([b"a"], fail)
    assert kept.tolist() == [1]
