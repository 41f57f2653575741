// Settings A, pinned, against those of now: B.

const COMPARE_HELP =
  "Pin the settings of now as A, then change them: the boxes gained and lost appear on the page.";
const OTHER_PAGE = "A was pinned on another page: go back to it to compare, or pin this page.";

class Compare {
  /** @param actions pin(), unpin() */
  constructor(parent, actions) {
    this.root = section("compare", parent, "Compare");
    const head = element("div", "row", this.root);
    head.prepend(this.root.firstChild);
    this.label = element("span", "pin-label wide", head);
    this.pin = button("", head, "Pin as A", "Pin the settings of now as A", actions.pin);
    this.unpin = button("", head, "Unpin", "Forget A", actions.unpin);
    this.body = element("div", "compare-body", this.root, { tabIndex: -1 });
  }

  show({ has_pin: pinned, pin_label: label, busy }, compare) {
    setText(this.label, pinned ? `A: ${label}` : "");
    setProperty(this.label, "title", this.label.textContent);
    setProperty(this.unpin, "disabled", !pinned);
    setText(this.pin, pinned ? "Pin again" : "Pin as A");
    const why = busy ? "Comparing …" : OTHER_PAGE;
    const shown = pinned ? compare || why : COMPARE_HELP;
    if (shown === this.shown) return;
    this.shown = shown;
    this.body.replaceChildren();
    if (typeof shown === "string") {
      element("p", "advice", this.body, { textContent: shown });
      return;
    }
    this.addTable(compare.rows);
    const legend = element("div", "counts", this.body);
    for (const [style, sign, word, quads] of [
      [{ color: GAINED_COLOR }, "+", "gained", compare.gained],
      [LOST_STYLE, "−", "lost", compare.lost],
    ]) {
      const item = element("span", "count", legend);
      lineSample(item, style, 3);
      element("span", "", item, { textContent: `${sign} ${quads.length} ${word}` });
    }
  }

  addTable(rows) {
    const table = element("table", "table", this.body);
    const head = element("tr", "", element("thead", "", table));
    element("th", "", head);
    for (const { label } of rows) element("th", "", head, { textContent: label, scope: "col" });
    const body = element("tbody", "", table);
    for (const side of ["a", "b"]) {
      const row = element("tr", "", body);
      const name = side === "a" ? "A pinned" : "B now";
      element("th", "", row, { textContent: name, scope: "row" });
      for (const values of rows) {
        const better = values.better === side;
        const cell = element("td", better ? "better" : "", row, { textContent: values[side] });
        // Before the number: so the digits of both rows stand below each other.
        if (better) cell.prepend(element("span", "tick-word", null, { textContent: "✓\u200a", title: "better" }));
      }
    }
  }
}
