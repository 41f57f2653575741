// Which page is shown.

class PagePicker {
  constructor(parent, onPick) {
    this.onPick = onPick;
    this.root = section("pages", parent, "Page");
    const row = element("div", "row", this.root);
    this.before = button("square", row, "‹", "Previous page", () => this.step(-1));
    this.select = element("select", "choice wide", row);
    this.select.setAttribute("aria-label", "Page");
    this.select.addEventListener("change", () => this.pick(this.select.selectedIndex));
    this.next = button("square", row, "›", "Next page", () => this.step(1));
    this.place = element("span", "note", this.root.firstChild);
    this.size = element("p", "advice", this.root);
    this.pages = [];
    this.page = 0;
  }

  setPages(pages) {
    this.pages = pages;
    const options = pages.map(({ name }, index) => new Option(`${index + 1}. ${name}`, String(index)));
    this.select.replaceChildren(...options);
    this.show(this.page);
  }

  show(page) {
    this.page = page;
    setProperty(this.select, "selectedIndex", page);
    setProperty(this.before, "disabled", page <= 0);
    setProperty(this.next, "disabled", page >= this.pages.length - 1);
    setProperty(this.select, "disabled", this.pages.length < 2);
    const truth = this.pages[page]?.has_truth ? " · ground truth known" : "";
    setText(this.place, ` ${page + 1} of ${this.pages.length}${truth}`);
    setProperty(this.select, "title", this.pages[page]?.name ?? "");
    this.showSize();
  }

  /** How the page in sight differs from its file, where it does. */
  setNote(note) {
    this.note = note;
    this.showSize();
  }

  showSize() {
    const { width, height } = this.pages[this.page] ?? {};
    const note = this.note ? `; ${this.note}` : "";
    setText(this.size, width ? `${width} × ${height} pixels${note}` : "");
  }

  step(way) {
    const page = this.page + way;
    if (page >= 0 && page < this.pages.length) this.pick(page);
  }

  pick(page) {
    this.show(page); // at once, so that two clicks go two pages on
    this.onPick(page);
  }
}
