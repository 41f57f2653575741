// One line: its picture, its text in a field, its score and its state.

const STATE_WORDS = {
  open: "",
  done: "✓ right 맞음",
  unreadable: "### cannot be read 읽을 수 없음",
  deleted: "✕ not a line 줄 아님",
};
const WAITING_WORDS = "being read … 인식 중";

class Row {
  /** @param actions edit(row, text, state), draft(row, text or null), keys for `onFieldKey` by row, say(text),
   * focused(line) */
  constructor(parent, actions) {
    this.actions = actions;
    this.line = null; // as the kernel has it, or as it will have it
    this.crop = "";
    this.root = element("div", "row", parent);
    this.root.setAttribute("role", "listitem");
    const side = element("div", "side", this.root);
    this.number = element("span", "number", side);
    this.score = element("span", "score", side, { title: "score of the recognition 인식 점수" });
    const middle = element("div", "middle", this.root);
    this.frame = element("div", "crop", middle);
    this.field = element("input", "field", middle, { type: "text", lang: "ko", spellcheck: false });
    this.field.setAttribute("autocomplete", "off");
    const under = element("div", "under", middle);
    this.state = element("span", "state", under);
    this.read = element("span", "read", under, { lang: "ko" });
    const marks = element("div", "marks", this.root);
    this.unreadable = button("mark", marks, "###", "Cannot be read 읽을 수 없음 (Ctrl+Alt+U)", () => this.toggle("unreadable"));
    this.deleted = button("mark", marks, "✕", "Not a line 줄 아님 (Ctrl+Alt+X)", () => this.toggle("deleted"));
    this.field.addEventListener("keydown", (event) => onFieldKey(event, actions.keys(this)));
    this.field.addEventListener("input", (event) => this.typed(event.isComposing));
    this.field.addEventListener("compositionend", () => this.typed(false));
    this.field.addEventListener("focus", () => {
      this.root.toggleAttribute("data-focus", true);
      if (this.line) actions.focused(this.line);
    });
    this.field.addEventListener("blur", () => {
      this.root.removeAttribute("data-focus");
      this.leave();
    });
  }

  /** Show a line. What somebody types in this very line stays. */
  show(line, place) {
    const typing = this.line?.key === line.key && this.isChanged();
    this.line = line;
    this.root.dataset.line = line.line;
    this.root.dataset.state = line.state;
    this.root.toggleAttribute("data-refused", false);
    setText(this.number, place);
    setText(this.score, line.score || "–");
    this.score.style.backgroundColor = line.color;
    this.score.toggleAttribute("data-none", !line.score);
    this.field.setAttribute("aria-label", `Line ${place}`);
    if (!typing && this.field.value !== line.text) {
      this.field.value = line.text;
      if (document.activeElement === this.field) this.placeCaret(); // it was read while somebody waited for it
    }
    this.shown = line.text;
    const corrected = line.state === "done" && line.text !== clean(line.read);
    const words = line.waiting && line.state === "open" ? WAITING_WORDS : STATE_WORDS[line.state];
    setText(this.state, corrected ? "✓ corrected 고침" : words);
    const wasRead = line.waiting || line.text === clean(line.read) ? "" : `read: ${line.read || "(nothing)"}`;
    setText(this.read, line.added ? ["added 추가함", wasRead].filter(Boolean).join(" · ") : wasRead);
    const type = line.added && !line.waiting && !line.read;
    this.field.placeholder = type ? "type what stands here 글을 입력하세요" : "";
    this.unreadable.setAttribute("aria-pressed", String(line.state === "unreadable"));
    this.deleted.setAttribute("aria-pressed", String(line.state === "deleted"));
    this.showCrop(line.crop);
  }

  showCrop(src) {
    if (this.crop === src) return;
    this.crop = src;
    this.frame.replaceChildren();
    if (src) element("img", "", this.frame, { src, alt: "the line on the page", draggable: false });
  }

  /** Behind the text; what was just read of an added line is selected, so that typing replaces it. */
  placeCaret() {
    const end = this.field.value.length;
    this.field.setSelectionRange(this.line.added && this.line.state === "open" ? 0 : end, end);
  }

  isChanged() {
    return this.line !== null && clean(this.field.value) !== this.shown;
  }

  typed(composing) {
    if (!composing) this.actions.draft(this, this.isChanged() ? clean(this.field.value) : null);
  }

  /** Give in what was typed: true unless it cannot be given in. */
  leave() {
    if (!this.isChanged()) return true;
    const text = clean(this.field.value);
    if (!text) {
      this.restore();
      this.actions.say("An empty text says nothing. Mark the line as unreadable (###), or as not a line (✕).");
      return false;
    }
    this.give(text, "done");
    return true;
  }

  /** Right as it stands. */
  accept() {
    if (this.isChanged()) return this.leave();
    if (this.line.state === "open" && !this.shown) {
      const why = this.line.waiting ? "This line is still being read." : "Nothing was read here.";
      this.actions.say(`${why} Type the text, mark it as unreadable (###), or as not a line (✕).`);
      return false;
    }
    if (this.line.state === "open") this.give(this.shown, "done");
    return true;
  }

  restore() {
    this.field.value = this.shown;
    this.actions.draft(this, null);
  }

  recognised() {
    this.field.value = clean(this.line.read);
    this.typed(false);
  }

  toggle(state) {
    const text = clean(this.field.value) || this.shown;
    this.give(text, this.line.state === state ? "open" : state);
  }

  give(text, state) {
    const line = { ...this.line, text, state };
    this.shown = text; // before the row is shown: nothing is being typed any more
    this.field.value = text;
    this.actions.edit(line);
  }
}
