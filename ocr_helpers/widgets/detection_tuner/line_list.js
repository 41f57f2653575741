// The lines of the page: crop, text and score, each tied to its box.

const UNREAD = "not read yet";
const NOT_TO_READ = "not read";
const NO_TEXT = "(no text read)";
const MOST_CROPS = 2000; // as many as the kernel remembers

class LineList {
  /** @param actions select(box or -1), recognize(on, onAnswer), restoreSpacing(on, onAnswer) */
  constructor(parent, actions) {
    this.actions = actions;
    this.rows = []; // as shown: {root, line, …}
    this.lines = [];
    this.restores = false;
    this.restored = new Map(); // text as read → with spaces, where they differ
    this.marked = -1;
    this.crops = new Map(); // name in the lines → address of the picture; the longest unused first
    const root = element("section", "lines", parent);
    root.setAttribute("aria-label", "Lines");
    const head = element("div", "row", root);
    this.title = element("h4", "title wide", head, { textContent: "Lines" });
    this.left = new CalmText(element("span", "note", this.title));
    const holder = element("label", "layer", head, { title: "Read new and changed boxes in the background" });
    this.switch = new KernelSwitch(holder, actions.recognize);
    element("span", "", holder, { textContent: "Read the lines" });
    this.spacing = new SpacingSwitch(root, {
      restore: actions.restoreSpacing,
      step: (way) => this.stepChanged(way),
    });
    this.sort = element("select", "choice", root);
    this.sort.setAttribute("aria-label", "Order of the lines");
    this.sort.append(new Option("Reading order", "reading"), new Option("Lowest score first", "score"));
    this.sort.addEventListener("change", () => {
      this.build();
      this.list.scrollTop = 0;
    });
    this.list = element("div", "list", root, { tabIndex: 0 });
    this.list.setAttribute("role", "listbox");
    this.list.setAttribute("aria-label", "Lines of the page");
    this.list.addEventListener("keydown", (event) => this.onKey(event));
    this.preview = element("div", "preview", root, { hidden: true });
    this.preview.append(new Image());
    this.list.addEventListener("scroll", () => this.showPreview(null));
    this.empty = element("p", "advice", root, { hidden: true, textContent: "No boxes, so no lines." });
  }

  setState({ recognize, reading }) {
    this.switch.show(recognize);
    this.reads = recognize;
    const count = this.lines.length || "";
    this.left.set(recognize && reading ? ` ${reading} to read` : ` ${count}`);
  }

  setSpacing({ on, texts }) {
    this.restored = new Map(Object.entries(texts));
    this.restores = on;
    this.build();
  }

  /** Another page begins at its first line. */
  setPage(page) {
    if (page !== this.page) this.list.scrollTop = 0;
    this.page = page;
  }

  set(lines) {
    this.lines = lines;
    this.build();
  }

  /** Pictures of lines that come, or have come without them. */
  takeCrops({ names }, buffers) {
    names.forEach((name, k) => {
      if (this.crops.has(name)) return;
      const blob = new Blob([typed(Uint8Array, buffers[k])], { type: "image/jpeg" });
      this.crops.set(name, URL.createObjectURL(blob));
    });
    for (const row of this.rows) this.showCrop(row);
    const shown = new Set(this.lines.map(({ crop }) => crop));
    for (const [name, address] of this.crops) {
      if (this.crops.size <= MOST_CROPS) break;
      if (shown.has(name)) continue;
      URL.revokeObjectURL(address);
      this.crops.delete(name);
    }
  }

  build() {
    const place = new Map(this.lines.map((line, index) => [line, index]));
    const shown = [...this.lines];
    const score = ({ score: text }) => (text === null || text === "" ? Infinity : Number(text));
    if (this.sort.value === "score") shown.sort((a, b) => score(a) - score(b) || place.get(a) - place.get(b));
    while (this.rows.length > shown.length) this.rows.pop().root.remove();
    while (this.rows.length < shown.length) this.rows.push(this.addRow());
    shown.forEach((line, index) => this.fill(this.rows[index], line, place.get(line) + 1));
    this.empty.hidden = shown.length > 0;
    this.list.hidden = !shown.length;
    this.mark(this.marked, false);
  }

  addRow() {
    const root = element("div", "line", this.list);
    root.setAttribute("role", "option");
    root.id = `ocr-tuner-${Math.random().toString(36).slice(2)}`;
    const row = { root, line: null };
    row.number = element("span", "line-number", root);
    row.crop = element("div", "crop", root);
    row.score = element("span", "score", root, { title: "text score: how sure the recogniser is of what it read" });
    row.text = element("span", "line-text", root, { lang: "ko" });
    row.raw = element("span", "line-raw", root, { lang: "ko", hidden: true, title: "As read" });
    root.addEventListener("pointerenter", () => this.showPreview(row));
    root.addEventListener("pointerleave", () => this.showPreview(null));
    root.addEventListener("click", () => {
      if (!getSelection().toString()) this.actions.select(row.line.box); // else somebody marks text to copy
    });
    return row;
  }

  fill(row, line, number) {
    row.line = line;
    row.root.dataset.box = line.box;
    setText(row.number, String(number));
    setProperty(row.number, "title", inPaddleOrder(line.box));
    this.showCrop(row);
    setText(row.score, line.score ?? "–");
    row.score.style.backgroundColor = line.score === null ? "" : line.color;
    row.score.toggleAttribute("data-none", line.score === null);
    const restored = this.restored.get(line.text);
    setText(row.text, restored ?? (line.text === null ? (this.reads ? UNREAD : NOT_TO_READ) : line.text || NO_TEXT));
    setText(row.raw, restored ? line.text : "");
    row.raw.hidden = !restored;
    row.text.toggleAttribute("data-none", !line.text);
  }

  showCrop({ line, crop }) {
    const address = this.crops.get(line.crop);
    let img = crop.firstChild;
    if (!address) return img?.remove();
    img ??= element("img", "", crop, { alt: "", decoding: "async", draggable: false });
    if (img.getAttribute("src") !== address) img.src = address;
  }

  /** A long line is a thin strip in its row: under the pointer it is shown as large as there is room. */
  showPreview(row) {
    const img = row?.crop.firstChild;
    this.preview.hidden = !img;
    if (!img) return;
    this.preview.firstChild.src = img.src;
    const foot = row.crop.offsetTop + row.crop.offsetHeight; // its text below stays in sight
    this.preview.style.top = `${this.list.offsetTop + foot - this.list.scrollTop - this.preview.offsetHeight}px`;
  }

  /** Mark the row of a box, and bring it into sight inside the list, never moving the notebook. */
  mark(box, scroll = true) {
    this.marked = box;
    this.showChanged();
    this.list.removeAttribute("aria-activedescendant");
    for (const { root, line } of this.rows) {
      const marked = line.box === box;
      root.setAttribute("aria-selected", String(marked));
      if (!marked) continue;
      this.list.setAttribute("aria-activedescendant", root.id);
      if (!scroll) continue;
      const [top, bottom] = [root.offsetTop, root.offsetTop + root.offsetHeight];
      const { scrollTop, clientHeight } = this.list;
      if (top < scrollTop || bottom > scrollTop + clientHeight) {
        this.list.scrollTop = (top + bottom - clientHeight) / 2;
      }
    }
  }

  /** Boxes of the lines whose spaces were restored, in the order of the list. */
  get changed() {
    return this.rows.filter(({ line }) => this.restored.has(line.text)).map(({ line }) => line.box);
  }

  showChanged() {
    const boxes = this.changed;
    this.spacing.show(this.restores, boxes.length, boxes.indexOf(this.marked));
  }

  /** Mark the next of them below the marked line, or the one before; after the last comes the first. */
  stepChanged(way) {
    const place = new Map(this.rows.map(({ line }, index) => [line.box, index]));
    const now = place.get(this.marked) ?? -1;
    const boxes = way > 0 ? this.changed : this.changed.reverse();
    const box = boxes.find((each) => (place.get(each) - now) * way > 0) ?? boxes[0];
    if (box === undefined) return;
    this.actions.select(box);
    this.mark(box); // where it was marked already, and scrolled away
  }

  lineOf(box) {
    const place = this.lines.findIndex((line) => line.box === box);
    return place < 0 ? undefined : { ...this.lines[place], number: place + 1 };
  }

  /** The list follows the page while the slider moves; until then it is of an older frame. */
  setStale(stale) {
    this.list.toggleAttribute("data-stale", stale);
  }

  onKey(event) {
    const ways = { ArrowDown: 1, ArrowUp: -1, Home: -Infinity, End: Infinity };
    if (event.key === "Escape") this.actions.select(-1);
    else if (event.key in ways && this.rows.length) {
      const now = this.rows.findIndex(({ line }) => line.box === this.marked);
      const next = clamp(now + ways[event.key], 0, this.rows.length - 1);
      this.actions.select(this.rows[next].line.box);
    } else return;
    event.preventDefault();
  }

  close() {
    for (const address of this.crops.values()) URL.revokeObjectURL(address);
    this.crops.clear();
  }
}
