// Which lines are listed.

const SHOWN = [
  ["all", "all lines"],
  ["open", "not looked at yet"],
  ["done", "done"],
  ["corrected", "corrected"],
  ["unreadable", "cannot be read"],
  ["deleted", "deleted"],
];
const TYPING_MS = 200;

class Filters {
  /** @param onChange called with what `find` of the kernel takes */
  constructor(parent, pages, onChange) {
    this.onChange = onChange;
    const root = element("div", "filters", parent);
    this.show = labelled(root, "Show", element("select", "choice"));
    this.show.append(...SHOWN.map(([value, text]) => new Option(text, value)));
    this.page = labelled(root, "Page", element("select", "choice page-choice"));
    this.page.append(new Option(`all ${pages.length}`, ""));
    this.page.append(...pages.map(({ name }, index) => new Option(`${index + 1}. ${name}`, String(index))));
    const score = element("div", "labelled", root);
    element("span", "", score, { textContent: "Score below" });
    const range = { type: "range", min: "0", max: "1", step: "0.01", value: "1" };
    this.slider = element("input", "slider", score, range);
    this.slider.setAttribute("aria-label", "Score below");
    this.below = element("input", "short", score, { type: "number", min: "0", max: "1", step: "0.01" });
    this.below.placeholder = "any";
    this.below.setAttribute("aria-label", "Score below, as a number");
    this.search = labelled(root, "Find", element("input", "search", null, { type: "search", lang: "ko" }));
    this.search.setAttribute("autocomplete", "off");
    this.refresh = button("", root, "List again", "List the lines that fit now", () => this.changed());
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
