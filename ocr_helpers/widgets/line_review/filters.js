// Which lines are listed.

const SHOWN = [
  ["all", "all lines 모든 줄"],
  ["open", "not looked at yet 아직 안 본 줄"],
  ["done", "done 확인함"],
  ["corrected", "corrected 고침"],
  ["unreadable", "cannot be read 읽을 수 없음"],
  ["deleted", "not a line 줄 아님"],
];
const TYPING_MS = 200;

class Filters {
  /** @param onChange called with what `find` of the kernel takes */
  constructor(parent, pages, onChange) {
    this.onChange = onChange;
    const root = element("div", "filters", parent);
    this.show = labelled(root, "Show 보기", element("select", "choice"));
    this.show.append(...SHOWN.map(([value, text]) => new Option(text, value)));
    this.page = labelled(root, "Page 쪽", element("select", "choice page-choice"));
    this.page.append(new Option(`all ${pages.length} 전체`, ""));
    this.page.append(...pages.map(({ name }, index) => new Option(`${index + 1}. ${name}`, String(index))));
    const score = element("div", "labelled", root);
    element("span", "", score, { textContent: "Score below 점수 미만" });
    const range = { type: "range", min: "0", max: "1", step: "0.01", value: "1" };
    this.slider = element("input", "slider", score, range);
    this.slider.setAttribute("aria-label", "Score below 점수 미만");
    this.below = element("input", "short", score, { type: "number", min: "0", max: "1", step: "0.01" });
    this.below.placeholder = "any";
    this.below.setAttribute("aria-label", "Score below, as a number 점수 미만, 숫자로");
    this.search = labelled(root, "Find 찾기", element("input", "search", null, { type: "search", lang: "ko" }));
    this.search.setAttribute("autocomplete", "off");
    this.refresh = button("", root, "List again 다시 목록", "List the lines that fit now 지금 맞는 줄만 다시 목록으로", () => this.changed());
    for (const field of [this.show, this.page]) field.addEventListener("change", () => this.changed());
    this.slider.addEventListener("input", () => {
      this.below.value = this.slider.value === "1" ? "" : this.slider.value;
      this.soon();
    });
    this.below.addEventListener("input", () => {
      this.slider.value = this.below.value === "" ? "1" : this.below.value;
      this.soon();
    });
    this.search.addEventListener("input", (event) => event.isComposing || this.soon());
    this.search.addEventListener("compositionend", () => this.soon());
  }

  soon() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.changed(), TYPING_MS);
  }

  changed() {
    clearTimeout(this.timer);
    this.onChange(this.value());
  }

  value() {
    return {
      show: this.show.value,
      page: this.page.value === "" ? null : Number(this.page.value),
      below: this.below.value === "" ? null : Number(this.below.value),
      search: this.search.value,
    };
  }

  close() {
    clearTimeout(this.timer);
  }
}
