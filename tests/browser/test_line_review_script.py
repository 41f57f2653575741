"""The script of LineReview in Chromium: the real Python object behind it, an input method before it."""

import json
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright
from review_kernel import (
    SAMPLES,
    SCORES,
    TEXTS,
    Kernel,
    deliver,
    draw,
    field,
    labelled_result,
    notes,
    result,
    row,
    saved,
    show,
    start,
)

from ocr_helpers.widgets.line_review import LineReview

HOSTILE = '<img src=x onerror="window.harm = 1"><script>window.harm = 1</script>&amp;\'"`${harm}'
MANY = [f"줄 {number} 입니다" for number in range(1_000)]


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, headless=True, args=["--no-sandbox"])
        yield browser
        browser.close()


Open = Callable[..., tuple[Page, Kernel]]


@pytest.fixture
def open_review(browser: Browser, tmp_path: Path) -> Iterator[Open]:
    """Return a function that shows a review; errors of the page fail the test."""
    contexts = []
    errors: list[str] = []

    def open_review(
        source: Any = None, autosave: Any = tmp_path / "review.jsonl", pipeline: Any = None
    ) -> tuple[Page, Kernel]:
        kernel = Kernel([result()] if source is None else source, autosave, pipeline)
        contexts.append(browser.new_context(viewport={"width": 1000, "height": 900}))
        page = contexts[-1].new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        start(page, kernel)
        return page, kernel

    yield open_review
    for context in contexts:
        context.close()
    assert not errors


def journal(folder: Path) -> list[dict[str, Any]]:
    path = folder / "review.jsonl"
    rows = path.read_text(encoding="utf-8").splitlines()[1:] if path.exists() else []
    return [json.loads(line) for line in rows]


class Hangul:
    """An input method as Chromium sees one: syllables under way, then given in."""

    STEPS = (("ㅎ", "하", "한"), ("ㄱ", "그", "글"))

    def __init__(self, page: Page) -> None:
        self._page = page
        self._session = page.context.new_cdp_session(page)

    def making(self, text: str) -> None:
        """The syllable under the cursor as it stands now."""
        at = len(text)
        self._session.send(
            "Input.imeSetComposition", {"text": text, "selectionStart": at, "selectionEnd": at}
        )

    def give_in(self, text: str) -> None:
        self._session.send("Input.insertText", {"text": text})

    def key(self, key: str) -> None:
        """A key that the input method keeps for itself: the page sees the code 229."""
        common = {"key": key, "code": key, "windowsVirtualKeyCode": 229}
        self._session.send("Input.dispatchKeyEvent", {"type": "rawKeyDown", **common})
        self._session.send("Input.dispatchKeyEvent", {"type": "keyUp", **common})

    def type(self, word: str = "한글") -> None:
        for steps, syllable in zip(self.STEPS, word, strict=True):
            for step in steps:
                self.key("Process")
                self.making(step)
            self.give_in(syllable)


# Typing Hangul


def test_hangul_through_an_input_method(open_review: Open, tmp_path: Path) -> None:
    page, kernel = open_review()
    field(page, 0).fill("")
    Hangul(page).type()
    assert field(page, 0).input_value() == "한글"
    assert journal(tmp_path) == []
    page.keyboard.press("Enter")
    expect(row(page, 0)).to_have_attribute("data-state", "done")
    saved(page).wait_for()
    expect(field(page, 1)).to_be_focused()
    assert kernel.texts()[0] == "한글"
    (record,) = journal(tmp_path)
    assert list(record["lines"].values()) == [["한글", "done"]]


@pytest.mark.parametrize("key", ["Enter", "Escape", "ArrowDown", "PageDown", "Process"])
def test_keys_of_the_input_method_are_left_to_it(open_review: Open, key: str) -> None:
    page, kernel = open_review()
    field(page, 0).fill("")
    method = Hangul(page)
    method.making("하")
    method.key(key)
    method.making("한")
    expect(field(page, 0)).to_be_focused()
    assert field(page, 0).input_value() == "한"
    assert kernel.states()[0] == "open"
    method.give_in("한")
    expect(field(page, 0)).to_be_focused()
    assert field(page, 0).input_value() == "한"


def test_the_enter_that_ends_a_syllable_is_not_the_one_that_goes_on(open_review: Open) -> None:
    page, kernel = open_review()
    field(page, 0).fill("")
    method = Hangul(page)
    method.making("한")
    method.key("Enter")  # as Chromium on macOS and Windows: first with 229 while composing …
    method.give_in("한")
    page.keyboard.press("Enter")  # … then the key itself
    expect(field(page, 1)).to_be_focused()
    saved(page).wait_for()
    assert kernel.states() == ["done", "open", "open", "open", "open"]
    assert kernel.texts()[0] == "한"


def test_leaving_the_field_in_a_syllable_keeps_it(open_review: Open) -> None:
    page, kernel = open_review()
    field(page, 0).fill("")
    Hangul(page).making("한")
    field(page, 3).click()
    saved(page).wait_for()
    expect(row(page, 0)).to_have_attribute("data-state", "done")
    assert kernel.texts()[0] == "한"


def test_what_the_kernel_says_does_not_break_a_syllable(open_review: Open) -> None:
    page, kernel = open_review()
    field(page, 0).fill("")
    method = Hangul(page)
    method.making("하")
    kernel.review.corrections.correct(1, "다른 곳에서")
    page.evaluate("tell({message: {kind: 'changed', lines: [0, 1]}, buffers: []})")
    expect(field(page, 1)).to_have_value("다른 곳에서")
    method.making("한")
    method.give_in("한")
    assert field(page, 0).input_value() == "한"


def test_decomposed_hangul_becomes_nfc(open_review: Open) -> None:
    page, kernel = open_review()
    field(page, 0).fill(" 한글 ")
    page.keyboard.press("Enter")
    saved(page).wait_for()
    assert kernel.texts()[0] == "한글"
    expect(field(page, 0)).to_have_value("한글")


# Keys


def test_enter_accepts_and_goes_on_and_shift_enter_goes_back(open_review: Open) -> None:
    page, kernel = open_review()
    field(page, 0).click()
    for _ in range(3):
        page.keyboard.press("Enter")
    expect(field(page, 3)).to_be_focused()
    page.keyboard.press("Shift+Enter")
    expect(field(page, 2)).to_be_focused()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    expect(field(page, 4)).to_be_focused()
    saved(page).wait_for()
    assert kernel.states() == ["done", "done", "done", "open", "open"]
    page.keyboard.press("Enter")
    expect(notes(page)).to_contain_text("last line")
    expect(page.locator(".ocr-review-counts")).to_contain_text("4 of 5 looked at")


def test_escape_takes_back_what_was_typed(open_review: Open, tmp_path: Path) -> None:
    page, _ = open_review()
    field(page, 0).fill("잘못")
    page.keyboard.press("Escape")
    expect(field(page, 0)).to_have_value(TEXTS[0])
    page.keyboard.press("Tab")
    assert journal(tmp_path) == []


def test_control_z_in_the_field_is_the_browsers(open_review: Open) -> None:
    page, kernel = open_review()
    field(page, 0).click()
    page.keyboard.press("Enter")
    saved(page).wait_for()
    page.keyboard.press("End")
    page.keyboard.insert_text("!")
    expect(field(page, 1)).to_have_value(TEXTS[1] + "!")
    page.keyboard.press("Control+z")
    expect(field(page, 1)).to_have_value(TEXTS[1])
    assert kernel.states()[0] == "done"


@pytest.mark.parametrize("by", ["keys", "buttons"])
def test_undo_and_redo(open_review: Open, by: str) -> None:
    page, kernel = open_review()
    undo, redo = (page.get_by_role("button", name=name) for name in ("Undo", "Redo"))
    expect(undo).to_be_disabled()
    field(page, 2).fill("저는 오늘 오후에")
    page.keyboard.press("Enter")
    expect(undo).to_be_enabled()
    expect(row(page, 2)).to_contain_text(f"read: {TEXTS[2]}")
    page.keyboard.press("Control+Alt+z") if by == "keys" else undo.click()
    expect(field(page, 2)).to_have_value(TEXTS[2])
    expect(field(page, 2)).to_be_focused()
    expect(row(page, 2)).to_have_attribute("data-state", "open")
    page.keyboard.press("Control+Alt+y") if by == "keys" else redo.click()
    expect(field(page, 2)).to_have_value("저는 오늘 오후에")
    assert kernel.texts()[2] == "저는 오늘 오후에"


@pytest.mark.parametrize(
    ("key", "name", "state"),
    [("Control+Alt+u", "Cannot be read", "unreadable"), ("Control+Alt+x", "Not a line 줄 아님", "deleted")],
)
@pytest.mark.parametrize("by", ["key", "button"])
def test_marks_and_back(open_review: Open, key: str, name: str, state: str, by: str) -> None:
    page, kernel = open_review()
    mark = row(page, 3).get_by_role("button", name=name)
    field(page, 3).click()
    for expected in (state, "open"):
        page.keyboard.press(key) if by == "key" else mark.click()
        expect(row(page, 3)).to_have_attribute("data-state", expected)
        expect(mark).to_have_attribute("aria-pressed", str(expected == state).lower())
        saved(page).wait_for()
        assert kernel.states()[3] == expected
    assert kernel.texts() == TEXTS


def test_the_text_as_it_was_read_comes_back(open_review: Open) -> None:
    page, kernel = open_review()
    field(page, 0).fill("고친 글")
    page.keyboard.press("Enter")
    field(page, 0).click()
    page.keyboard.press("Control+Alt+r")
    page.keyboard.press("Enter")
    saved(page).wait_for()
    assert kernel.texts()[0] == TEXTS[0]


def test_an_empty_text_is_not_given_in(open_review: Open, tmp_path: Path) -> None:
    page, _ = open_review()
    field(page, 0).fill("  ")
    page.keyboard.press("Enter")
    expect(notes(page)).to_contain_text("An empty text says nothing")
    expect(field(page, 0)).to_have_value(TEXTS[0])
    expect(field(page, 0)).to_be_focused()
    assert journal(tmp_path) == []


# Lists


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("Score below, as a number 점수 미만, 숫자로", "0.8", [2, 4]),
        ("Score below, as a number 점수 미만, 숫자로", "0", []),
        ("Find 찾기", "합계", [1]),
        ("Find 찾기", "没有", []),
    ],
)
def test_filters(open_review: Open, name: str, value: str, expected: list[int]) -> None:
    page, _ = open_review()
    expect(page.locator(".ocr-review-row")).to_have_count(5)
    page.get_by_label(name, exact=True).fill(value)
    expect(page.locator(".ocr-review-row")).to_have_count(len(expected))
    for number in expected:
        expect(field(page, number)).to_have_value(TEXTS[number])
    expect(page.locator(".ocr-review-empty")).to_be_visible(visible=not expected)


def test_the_slider_filters_too_and_a_search_waits_for_the_syllable(open_review: Open) -> None:
    page, _ = open_review()
    expect(page.locator(".ocr-review-row")).to_have_count(5)
    page.get_by_role("slider", name="Score below").fill("0.7")
    expect(page.locator(".ocr-review-row")).to_have_count(1)
    page.get_by_role("slider", name="Score below").fill("1")
    expect(page.locator(".ocr-review-row")).to_have_count(5)
    page.get_by_label("Find").focus()
    before = len(page.evaluate("sent"))
    method = Hangul(page)
    method.making("하")
    page.wait_for_timeout(400)
    assert len(page.evaluate("sent")) == before
    method.give_in("합")
    expect(page.locator(".ocr-review-row")).to_have_count(2)


def test_a_line_stays_in_the_list_when_it_does_not_fit_any_more(open_review: Open) -> None:
    page, _ = open_review()
    page.get_by_label("Show").select_option("open")
    field(page, 0).click()
    page.keyboard.press("Enter")
    saved(page).wait_for()
    expect(page.locator(".ocr-review-row")).to_have_count(5)
    page.get_by_role("button", name="List the lines that fit now").click()
    expect(page.locator(".ocr-review-row")).to_have_count(4)


def test_accept_all_from_a_score(open_review: Open) -> None:
    page, kernel = open_review()
    page.get_by_label("Accept all lines with at least this score").fill("0.95")
    page.get_by_role("button", name="Take all lines").click()
    expect(page.locator(".ocr-review-row[data-state=done]")).to_have_count(3)
    assert kernel.states() == ["done", "done", "open", "done", "open"]
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(".ocr-review-row[data-state=open]")).to_have_count(5)


def test_thousands_of_lines_are_sent_in_small_parts(open_review: Open) -> None:
    page, kernel = open_review([result(MANY, [0.5] * len(MANY))])
    expect(page.locator(".ocr-review-row")).to_have_count(20)
    expect(page.locator(".ocr-review-crop img")).to_have_count(20)
    asked = [message["lines"] for message in page.evaluate("sent") if message["kind"] == "rows"]
    assert asked == [list(range(20)), list(range(20, 40))]
    field(page, 19).click()
    page.keyboard.press("Enter")
    expect(field(page, 20)).to_be_focused()
    expect(page.locator(".ocr-review-place")).to_have_text("21–40 of 1000")
    page.keyboard.press("Shift+Enter")
    expect(field(page, 19)).to_be_focused()
    page.keyboard.press("PageDown")
    expect(field(page, 20)).to_be_focused()
    assert page.locator(".ocr-review-row").count() == 20
    saved(page).wait_for()
    assert kernel.states()[19] == "done"
    for _ in range(12):
        page.get_by_role("button", name="Next lines").click()
    expect(field(page, 260)).to_be_visible()
    assert page.evaluate("document.querySelectorAll('.ocr-review-root :not(polygon)').length") < 600


def test_undo_turns_to_the_line(open_review: Open) -> None:
    page, _ = open_review([result(MANY, [0.5] * len(MANY))])
    field(page, 0).fill("고친 글")
    page.keyboard.press("PageDown")
    expect(field(page, 20)).to_be_focused()
    page.keyboard.press("Control+Alt+z")
    expect(field(page, 0)).to_be_focused()
    expect(field(page, 0)).to_have_value(MANY[0])


def test_texts_are_data(open_review: Open) -> None:
    texts = [HOSTILE, *TEXTS[1:]]
    page, kernel = open_review([result(texts, SCORES, source=f"{HOSTILE.replace('/', '')}.png")])
    expect(field(page, 0)).to_have_value(HOSTILE)
    field(page, 0).fill(HOSTILE + "2")
    page.keyboard.press("Enter")
    expect(row(page, 0)).to_contain_text(f"read: {HOSTILE}")
    saved(page).wait_for()
    assert kernel.texts()[0] == HOSTILE + "2"
    page.get_by_label("Find").fill(HOSTILE)
    expect(page.locator(".ocr-review-row")).to_have_count(1)
    page.get_by_label("Folder").fill(f"\0{HOSTILE}")
    page.get_by_role("button", name="Save as PaddleOCR").click()
    expect(notes(page)).to_have_attribute("data-error", "")
    assert page.evaluate("window.harm") is None
    assert (
        page.locator(
            ".ocr-review-root :is(script, img:not(.ocr-review-crop > img, .ocr-review-picture))"
        ).count()
        == 0
    )


# Saving


def test_labels_are_saved_and_a_conflict_is_asked_about(open_review: Open, tmp_path: Path) -> None:
    page, _ = open_review()
    folder = tmp_path / "set"
    page.get_by_label("Folder").fill(str(folder))
    field(page, 0).fill("고친 글")
    save = page.get_by_role("button", name="Save as PaddleOCR")
    save.click()  # with the text still in the field
    expect(notes(page)).to_contain_text("4 lines nobody has looked at")
    assert "고친 글" in (folder / "Label.txt").read_text(encoding="utf-8")
    (folder / "Label.txt").write_text(
        (folder / "Label.txt").read_text(encoding="utf-8").replace("고친", "손으로 고친"), encoding="utf-8"
    )
    save.click()
    expect(notes(page)).to_contain_text("has other labels")
    assert "손으로" in (folder / "Label.txt").read_text(encoding="utf-8")
    page.get_by_role("button", name="Replace them").click()
    expect(notes(page)).to_contain_text("Saved")
    assert "손으로" not in (folder / "Label.txt").read_text(encoding="utf-8")
    page.get_by_role("button", name="Save as ground truth").click()
    expect(notes(page)).to_contain_text(re.compile(r"Saved .*\.json"))


def test_a_journal_that_cannot_be_written_loses_nothing(open_review: Open, tmp_path: Path) -> None:
    (tmp_path / "no").write_text("a file, not a folder", encoding="utf-8")
    page, kernel = open_review(autosave=tmp_path / "no" / "review.jsonl")
    field(page, 0).fill("고친 글")
    page.keyboard.press("Enter")
    expect(notes(page)).to_contain_text("1 not saved. “고친 글”: The correction is not saved")
    expect(field(page, 0)).to_have_value("고친 글")
    assert kernel.texts()[0] == TEXTS[0]
    (tmp_path / "no").unlink()
    page.get_by_role("button", name="Send again").click()
    saved(page).wait_for()
    assert kernel.texts()[0] == "고친 글"
    expect(notes(page)).not_to_have_attribute("data-error", "")


def test_a_correction_that_fits_no_line_can_be_thrown_away(open_review: Open) -> None:
    page, kernel = open_review()
    name = f"ocr-line-review:{kernel.review.document}"
    edit = {"id": "old-1", "key": "0:1,1,2,1,2,2,1,2", "text": "어느 줄", "state": "done"}
    page.evaluate("([name, all]) => localStorage.setItem(name, JSON.stringify(all))",
                  [name, {"edits": {edit["key"]: edit}, "drafts": {}}])  # fmt: skip
    show(page, kernel)
    expect(notes(page)).to_contain_text("1 not saved. “어느 줄”")
    page.get_by_role("button", name="Discard").click()
    saved(page).wait_for()
    assert page.evaluate("name => localStorage.getItem(name)", name) is None


# The kernel is gone


def test_nothing_is_lost_while_the_kernel_is_gone(open_review: Open) -> None:
    page, kernel = open_review()
    field(page, 0).click()
    page.keyboard.press("Enter")
    saved(page).wait_for()
    page.evaluate("kernel = false")
    field(page, 1).fill("없는 동안 하나")
    page.keyboard.press("Enter")
    page.keyboard.press("Control+Alt+x")
    expect(row(page, 2)).to_have_attribute("data-state", "deleted")
    field(page, 3).fill("하나")
    page.keyboard.press("Enter")
    field(page, 3).fill("다시 고친 것")
    page.keyboard.press("Enter")
    field(page, 4).fill("치다 만 글")
    expect(notes(page)).to_contain_text("kept in this browser", timeout=10_000)
    expect(page.locator(".ocr-review-saved")).to_contain_text("3 not confirmed by the kernel yet")
    kernel.restart()
    assert kernel.texts()[1] == TEXTS[1]
    show(page, kernel)
    saved(page).wait_for()
    assert kernel.texts() == [TEXTS[0], "없는 동안 하나", TEXTS[2], "다시 고친 것", "치다 만 글"]
    assert kernel.states() == ["done", "done", "deleted", "done", "open"]
    expect(field(page, 4)).to_have_value("치다 만 글")
    kernel.restart()
    assert kernel.states() == ["done", "done", "deleted", "done", "open"]
    assert page.evaluate("localStorage.length") == 0


def test_a_confirmation_that_was_lost_changes_nothing(open_review: Open, tmp_path: Path) -> None:
    page, kernel = open_review()
    page.evaluate("""() => { model.send = content => {
        sent.push(content);
        toKernel(content); }; }""")
    field(page, 0).fill("고친 글")
    page.keyboard.press("Enter")
    expect(page.locator(".ocr-review-root")).to_have_attribute("data-pending", "1")
    kernel.restart()
    kernel.review.corrections.correct(0, "später")
    show(page, kernel)
    saved(page).wait_for()
    assert kernel.texts()[0] == "später"
    assert [record["do"] for record in journal(tmp_path)] == ["set", "set"]


def test_an_old_view_hands_its_corrections_to_a_new_one(open_review: Open) -> None:
    page, kernel = open_review()
    expect(page.locator(".ocr-review-row")).to_have_count(5)
    page.evaluate("""() => {
        kernel = false; // for the first view alone
        const alive = {...model, send: content => toKernel(content).then(answers => answers.forEach(tell))};
        const el = document.createElement("div");
        el.id = "new";
        document.body.append(el);
        widget.render({model: alive, el});
    }""")
    expect(page.locator("#new .ocr-review-row")).to_have_count(5)
    field(page, 0).first.fill("옛 창에서")
    page.keyboard.press("Enter")
    expect(page.locator("#new .ocr-review-field").first).to_have_value("옛 창에서")
    assert kernel.texts()[0] == "옛 창에서"


def test_a_tab_without_a_kernel_hands_its_corrections_to_another(open_review: Open) -> None:
    page, kernel = open_review()
    expect(page.locator(".ocr-review-row")).to_have_count(5)
    other = page.context.new_page()
    start(other, kernel)
    expect(other.locator(".ocr-review-row")).to_have_count(5)
    page.evaluate("kernel = false")
    field(page, 0).fill("다른 탭에서")
    page.keyboard.press("Enter")
    expect(field(other, 0)).to_have_value("다른 탭에서")
    saved(page).wait_for()
    assert kernel.texts()[0] == "다른 탭에서"


@pytest.mark.parametrize("width", [1000, 560])
def test_nothing_sticks_out(open_review: Open, width: int) -> None:
    page, _ = open_review([result([*TEXTS, "가" * 200], [*SCORES, 0.5], source="긴 이름 " * 12 + ".png")])
    page.set_viewport_size({"width": width, "height": 900})
    expect(page.locator(".ocr-review-crop img")).to_have_count(6)
    assert page.locator(".ocr-review-root").evaluate("root => root.scrollWidth - root.clientWidth") <= 0


def test_a_view_that_is_removed_leaves_nothing_behind(open_review: Open) -> None:
    page, kernel = open_review()
    field(page, 0).fill("고친 글")
    page.evaluate("remove()")
    assert page.evaluate("listeners()") == 0
    assert kernel.texts()[0] == "고친 글"


# Lines that were missed, and boxes that are no line

MISSED = 2
"""A line of the notice that its result here does not have."""


@pytest.fixture(scope="module")
def pipeline() -> Any:
    import ocr_helpers as ocr

    return ocr.StagedPipeline(ocr.load_pipeline("starter"))


@pytest.fixture(scope="module")
def missed() -> tuple[str, list[float]]:
    """Text of that line, and left, top, right, bottom of its box."""
    lines = json.loads((SAMPLES / "notice.json").read_text(encoding="utf-8"))["lines"]
    xs, ys = zip(*lines[MISSED]["quad"], strict=True)
    return lines[MISSED]["text"], [min(xs) - 4, min(ys) - 4, max(xs) + 4, max(ys) + 4]


def boxes(page: Page, state: str = "") -> Locator:
    wanted = f"[data-state={state}]" if state else ""
    return page.locator(f".ocr-review-boxes g > polygon{wanted}")


def test_a_line_that_was_missed_is_drawn_and_read(
    open_review: Open, pipeline: Any, missed: tuple[str, list[float]], tmp_path: Path
) -> None:
    given = labelled_result("notice.png", [MISSED])
    page, kernel = open_review([given], pipeline=pipeline)
    count = len(given["rec_texts"])
    expect(boxes(page)).to_have_count(count)
    field(page, 0).fill("치던 글")
    text, box = missed
    draw(page, box)
    expect(row(page, count)).to_be_visible()
    expect(field(page, count)).to_be_focused()
    expect(boxes(page)).to_have_count(count + 1)
    deliver(page, kernel)
    expect(field(page, count)).to_have_value(text)
    numbers = page.locator(".ocr-review-row").evaluate_all(
        "rows => rows.map(row => Number(row.dataset.line))"
    )
    assert numbers[MISSED - 1 : MISSED + 2] == [MISSED - 1, count, MISSED]
    page.keyboard.press("Enter")
    expect(row(page, count)).to_have_attribute("data-state", "done")
    saved(page).wait_for()
    assert kernel.texts()[0] == "치던 글"
    truth = kernel.review.truths[0]
    assert truth.texts[MISSED] == text
    assert np.abs(truth.quads_xy[MISSED][[0, 2]].reshape(-1) - box).max() <= 3
    kernel.restart()
    show(page, kernel)
    expect(field(page, count)).to_have_value(text)
    expect(boxes(page, "done")).to_have_count(2)


def test_typing_goes_on_while_an_added_line_is_read(
    open_review: Open, pipeline: Any, missed: tuple[str, list[float]], monkeypatch: pytest.MonkeyPatch
) -> None:
    given = labelled_result("notice.png", [MISSED])
    page, kernel = open_review([given], pipeline=pipeline)
    typed, read = Event(), pipeline.read
    monkeypatch.setattr(pipeline, "read", lambda *given: typed.wait(60) and read(*given))
    count = len(given["rec_texts"])
    draw(page, missed[1])
    expect(field(page, count)).to_be_focused()
    method = Hangul(page)
    method.type()
    method.making("하")
    typed.set()
    deliver(page, kernel)
    expect(row(page, count).locator(".ocr-review-score")).to_contain_text("0.")
    assert field(page, count).input_value() == "한글하"
    method.give_in("하")
    page.keyboard.press("Enter")
    expect(row(page, count)).to_contain_text(f"read: {missed[0]}")
    saved(page).wait_for()
    assert kernel.texts()[MISSED] == "한글하"


@pytest.mark.parametrize("read_first", [False, True])
def test_typing_replaces_what_was_read_of_an_added_line(
    open_review: Open,
    pipeline: Any,
    missed: tuple[str, list[float]],
    monkeypatch: pytest.MonkeyPatch,
    read_first: bool,
) -> None:
    shown, read, rows = Event(), pipeline.read, LineReview._rows
    monkeypatch.setattr(pipeline, "read", lambda *given: shown.wait(60) and read(*given))
    if read_first:  # the row comes with what was read

        def read_rows(review: LineReview, *asked: Any) -> Any:
            shown.set()
            review.corrections.wait_for_readings(60)
            return rows(review, *asked)

        monkeypatch.setattr(LineReview, "_rows", read_rows)
    given = labelled_result("notice.png", [MISSED])
    page, kernel = open_review([given], pipeline=pipeline)
    count = len(given["rec_texts"])
    draw(page, missed[1])
    expect(field(page, count)).to_be_focused()
    shown.set()
    deliver(page, kernel)
    expect(field(page, count)).to_have_value(missed[0])
    page.keyboard.type("새 글")
    page.keyboard.press("Enter")
    saved(page).wait_for()
    assert kernel.texts()[MISSED] == "새 글"


@pytest.mark.parametrize("by", ["keys", "buttons"])
def test_adding_is_undone_and_done_again(open_review: Open, by: str) -> None:
    page, kernel = open_review()
    expect(boxes(page)).to_have_count(5)
    draw(page, [150, 160, 290, 168], (300, 170))
    field(page, 5).fill("빠진 줄")
    page.keyboard.press("Enter")
    saved(page).wait_for()

    def step(button: str, key: str) -> None:
        if by == "buttons":
            page.get_by_role("button", name=button).click()
        else:
            field(page, 0).click()
            page.keyboard.press(key)

    for shown in (1, 0):
        step("Undo", "Control+Alt+z")
        expect(row(page, 5)).to_have_count(shown)
        expect(boxes(page)).to_have_count(5 + shown)
    assert len(kernel.texts()) == 5
    for text in ("", "빠진 줄"):
        step("Redo", "Control+Alt+y")
        expect(field(page, 5)).to_have_value(text)
    expect(boxes(page)).to_have_count(6)
    assert kernel.texts()[-1] == "빠진 줄"


def test_a_box_that_is_no_line_and_back(open_review: Open) -> None:
    page, kernel = open_review()
    boxes(page).nth(3).click()
    expect(field(page, 3)).to_be_focused()
    expect(boxes(page).nth(3)).to_have_attribute("data-focus", "")
    row(page, 3).get_by_role("button", name="Not a line").click()
    expect(boxes(page, "deleted")).to_have_count(1)
    expect(row(page, 3)).to_contain_text("not a line 줄 아님")
    saved(page).wait_for()
    assert len(kernel.review.truths[0].texts) == 4
    page.get_by_role("button", name="Undo").click()
    expect(boxes(page, "deleted")).to_have_count(0)
    assert len(kernel.review.truths[0].texts) == 5


def test_a_box_drawn_while_the_kernel_is_gone_is_kept(open_review: Open) -> None:
    page, kernel = open_review()
    expect(boxes(page)).to_have_count(5)
    page.evaluate("kernel = false")
    draw(page, [150, 160, 290, 168], (300, 170))
    expect(boxes(page, "adding")).to_have_count(1)
    expect(page.locator(".ocr-review-saved")).to_contain_text("1 not confirmed by the kernel yet")
    kernel.restart()
    show(page, kernel)
    saved(page).wait_for()
    expect(field(page, 5)).to_be_visible()
    assert len(kernel.texts()) == 6
    assert page.evaluate("localStorage.length") == 0


def test_escape_a_click_and_a_second_button_draw_nothing(open_review: Open) -> None:
    page, kernel = open_review()
    expect(boxes(page)).to_have_count(5)
    draw(page, [150, 160, 151, 161], (300, 170))
    button = page.get_by_role("button", name="Add a line")
    expect(button).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("Escape")
    expect(button).to_have_attribute("aria-pressed", "false")
    field(page, 0).click()
    page.keyboard.press("Control+Alt+a")
    expect(button).to_have_attribute("aria-pressed", "true")
    page.locator(".ocr-review-boxes").click(button="right")
    assert len(kernel.texts()) == 5


def test_a_box_that_cannot_be_is_refused_and_thrown_away(open_review: Open) -> None:
    page, kernel = open_review()
    name = f"ocr-line-review:{kernel.review.document}"
    edit: dict[str, Any] = {"id": "old-1", "key": "add:7:1", "text": "", "state": "open"}
    edit["add"] = {"page": 7, "quad": [[1, 1], [9, 1], [9, 9], [1, 9]]}
    page.evaluate("([name, all]) => localStorage.setItem(name, JSON.stringify(all))",
                  [name, {"edits": {edit["key"]: edit}, "drafts": {}}])  # fmt: skip
    show(page, kernel)
    expect(notes(page)).to_contain_text("1 not saved. There is no page 7")
    page.get_by_role("button", name="Discard").click()
    saved(page).wait_for()


def test_the_page_follows_the_line_and_can_be_enlarged(open_review: Open) -> None:
    page, _ = open_review([result(), result(["둘째 쪽"], [0.9], seed=1)])
    expect(boxes(page)).to_have_count(5)
    field(page, 5).click()
    expect(boxes(page)).to_have_count(1)
    expect(page.locator(".ocr-review-page-name")).to_contain_text("2/2")
    page.get_by_role("button", name="Previous page").click()
    expect(boxes(page)).to_have_count(5)
    sheet = page.locator(".ocr-review-sheet")
    width = sheet.evaluate("sheet => sheet.clientWidth")
    page.get_by_role("button", name="Larger").click()
    assert sheet.evaluate("sheet => sheet.clientWidth") > 1.4 * width
    boxes(page).nth(4).click()
    expect(field(page, 4)).to_be_focused()
    page.locator(".ocr-review-page-choice").select_option("1")
    expect(boxes(page)).to_have_count(1)


def test_pictures_of_lines_have_no_page(open_review: Open, tmp_path: Path) -> None:
    from ocr_helpers.labels import load_labelled_pages

    (tmp_path / "set").mkdir()
    shutil.copy(SAMPLES / "lines" / "price.png", tmp_path / "set" / "price.png")
    (tmp_path / "set" / "rec_gt.txt").write_text("price.png\t판매가\n", encoding="utf-8")
    page, _ = open_review(load_labelled_pages(tmp_path / "set"))
    expect(field(page, 0)).to_have_value("판매가")
    expect(page.locator(".ocr-review-page")).to_be_hidden()
