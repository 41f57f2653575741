// How good the settings of now are: figures, beside those pinned as A and the best so far.

const COMPARE_HELP = "Pin as A, then change: the page shows which boxes differ. Rerunning the cell forgets A.";
const PIN_HELP =
  "Keeps the boxes of now to compare with. Running the cell again makes a new tuner, without A; " +
  "a preset that you save stays. 셀을 다시 실행하면 A는 사라지고, 저장한 프리셋은 남습니다.";
const HINT_HELP =
  "H-mean counts a box as found from an intersection over union of a half with a true one (IoU 0.5); " +
  "only the CER says how its text is read. " +
  "정답 상자와 IoU가 0.5 이상이면 찾은 상자로 셉니다. 글자를 바르게 읽었는지는 CER만 알려 줍니다.";
const ROWS = [
  ["a", "A", "Settings pinned as A"],
  ["b", "Now", "The settings of now"],
  ["best", "Best yet", "The best on this page so far, each figure for itself; click one to go back to its settings"],
];
const CHANGES = [
  ["gained", { color: GAINED_COLOR }, 3, "+", "Boxes that A has not"],
  ["lost", LOST_STYLE, 3, "−", "Boxes of A that are not there now"],
  ["reshaped", RESHAPED_STYLE, 2, "~", "Boxes whose shape changed, drawn as they were in A: they share less than 80 % of their area"],
];

class Compare {
  /** @param actions pin(onAnswer), unpin(), use(settings) */
  constructor(parent, actions) {
    this.actions = actions;
    this.root = section("compare", parent, "Compare");
    const head = element("div", "row", this.root);
    head.prepend(this.root.firstChild);
    element("span", "wide", head);
    this.pin = button("", head, "Pin as A", "Pin the settings of now as A", () => this.ask());
    this.pin.title = PIN_HELP;
    this.unpin = button("", head, "Unpin", "Forget A", actions.unpin);
    this.label = element("p", "advice pin-label", this.root);
    this.cells = {};
    this.legend = element("div", "changes", this.root);
    this.counts = CHANGES.map(([name, style, width, sign, title]) => {
      const item = element("span", "count", this.legend, { title });
      lineSample(item, style, width);
      return { name, sign, word: element("span", "", item) };
    });
    this.table = element("table", "table", this.root);
    this.table.setAttribute("role", "table"); // a grid by its style, so it has to be said
    this.hint = element("div", "figures-hint", this.root, { title: HINT_HELP });
    this.hint.setAttribute("role", "status");
    this.hintLines = ["ko", "en"].map((lang) => ({ lang, line: element("p", "advice", this.hint, { lang }) }));
  }

  ask() {
    setProperty(this.pin, "disabled", true);
    this.actions.pin(() => setProperty(this.pin, "disabled", false));
  }

  show({ has_pin: pinned, pin_label: label, pinned_pages: others = [] }, compare) {
    const numbers = others.map((page) => page + 1).join(", ");
    const elsewhere = others.length ? `A is pinned on page${others.length > 1 ? "s" : ""} ${numbers}, not on this one.` : "";
    setText(this.label, pinned ? `A: ${label}` : elsewhere || COMPARE_HELP);
    setProperty(this.unpin, "disabled", !pinned);
    setText(this.pin, pinned ? "Pin again" : "Pin as A");
    this.legend.toggleAttribute("data-none", !pinned);
    for (const { name, sign, word } of this.counts) {
      setText(word, `${sign} ${compare?.[name]?.length ?? 0} ${name}`);
    }
    const unknown = Object.keys(this.cells).map((label) => ({ label, a: "–", b: "–", best: "" }));
    const { rows, truth } = compare ?? { rows: unknown };
    if (compare && rows.map(({ label }) => label).join() !== Object.keys(this.cells).join()) this.build(rows, truth);
    for (const row of rows) this.fill(this.cells[row.label], row, pinned);
    for (const { lang, line } of this.hintLines) setText(line, compare?.hint?.[lang] ?? "");
  }

  build(rows, truth) {
    this.table.replaceChildren();
    this.table.style.setProperty("--figures", rows.length);
    this.table.toggleAttribute("data-truth", truth);
    const line = () => {
      const made = element("tr", "", this.table);
      made.setAttribute("role", "row");
      return made;
    };
    const head = line();
    element("td", "", head).setAttribute("role", "cell");
    this.cells = {};
    for (const { label, about } of rows) {
      const cell = element("th", "", head, { textContent: label.replace("-", "\u2011"), title: about, scope: "col" });
      cell.setAttribute("role", "columnheader");
      this.cells[label] = {};
    }
    for (const [side, name, title] of truth ? ROWS : ROWS.slice(0, 2)) {
      const row = line();
      const first = element("th", "", row, { textContent: name, title, scope: "row" });
      first.setAttribute("role", "rowheader");
      for (const { label } of rows) this.cells[label][side] = this.addCell(row, side, label);
    }
  }

  addCell(row, side, label) {
    const cell = element("td", "", row);
    cell.setAttribute("role", "cell");
    if (side === "best") {
      const back = button("back", cell, "", "", () => this.actions.use(this.best[label]));
      return { cell, text: back };
    }
    const fall = button("fall", cell, "↩", "", () => this.actions.use(this.best[label]));
    return { cell, fall, tick: element("span", "", cell), text: element("span", "", cell) };
  }

  fill(cells, { label, a, b, better, best, best_settings: settings, best_label: with_, below_best: below }, pinned) {
    for (const [side, value] of [["a", pinned ? a : "–"], ["b", b]]) {
      const { cell, fall, tick, text } = cells[side];
      const fell = side === "b" && Boolean(below);
      const won = Boolean(pinned) && better === side;
      setText(text, value);
      cell.toggleAttribute("data-better", won);
      setProperty(fall, "hidden", !fell);
      if (fell) {
        setProperty(fall, "title", `It has been better: ${best}. Back to ${with_}`);
        setAttribute(fall, "aria-label", "Back to the best yet");
      }
      setText(tick, won ? "✓" : "");
      setProperty(cell, "title", won ? `better than ${side === "a" ? "now" : "A"}` : "");
    }
    if (!cells.best) return;
    (this.best ??= {})[label] = settings;
    setText(cells.best.text, best);
    setProperty(cells.best.text, "title", settings ? `Back to ${with_}` : "");
    setProperty(cells.best.text, "hidden", !settings);
  }

  /** The figures follow once settings rest; until then they are of an older frame. */
  setStale(stale) {
    this.table.toggleAttribute("data-stale", stale);
  }
}
