// The lines that fit the filter, some at a time. Only these are asked of the kernel, and the next ones.

const ROWS = 20;
const KEPT_ROWS = 400;

class LineList {
  /** @param actions ask(content, onAnswer), edit(line), draft(row, text), undo(), redo(), say(text), focused(line), draw() */
  constructor(parent, actions) {
    this.actions = actions;
    this.numbers = []; // of the lines that fit
    this.first = 0; // place of the first row shown
    this.known = new Map(); // number → line as the kernel gave it, with the address of its picture
    this.asked = new Set();
    this.rows = [];
    const pager = element("div", "pager", parent);
    this.before = button("square", pager, "‹", "Previous lines 앞부분 (Page up)", () => this.turn(-1));
    this.place = element("span", "place", pager);
    this.after = button("square", pager, "›", "Next lines 뒷부분 (Page down)", () => this.turn(1));
    this.list = element("div", "list", parent);
    this.list.setAttribute("role", "list");
    this.list.setAttribute("aria-label", "Lines 줄 목록");
    this.empty = element("p", "empty", parent, { textContent: "No line fits. 맞는 줄이 없습니다.", hidden: true });
  }

  /** Show the lines of these numbers, from the first. */
  set(numbers) {
    this.numbers = numbers;
    this.first = 0;
    this.list.scrollTop = 0;
    this.build();
  }

  shown() {
    return this.numbers.slice(this.first, this.first + ROWS);
  }

  build(focus = null) {
    const shown = this.shown();
    const ahead = this.numbers.slice(this.first + ROWS, this.first + 2 * ROWS);
    this.fetch(shown);
    this.fetch(ahead);
    while (this.rows.length > shown.length) this.rows.pop().root.remove();
    while (this.rows.length < shown.length) this.rows.push(new Row(this.list, this.rowActions()));
    shown.forEach((number, index) => this.fill(index, number));
    const last = Math.min(this.first + ROWS, this.numbers.length);
    setText(this.place, this.numbers.length ? `${this.first + 1}–${last} of ${this.numbers.length}` : "0 lines 0줄");
    this.before.disabled = this.first === 0;
    this.after.disabled = last >= this.numbers.length;
    this.empty.hidden = this.numbers.length > 0;
    if (focus !== null) this.focus(focus);
  }

  fill(index, number) {
    const row = this.rows[index];
    const line = this.known.get(number);
    row.root.toggleAttribute("data-loading", !line);
    row.field.disabled = !line;
    if (!line) {
      row.line = null;
      row.field.value = "";
      return;
    }
    row.show(line, this.actions.placeOf(line));
    if (this.wanted === number) {
      this.wanted = undefined;
      this.focusRow(row);
    }
  }

  fetch(numbers) {
    const missing = numbers.filter((number) => !this.known.has(number) && !this.asked.has(number));
    if (!missing.length) return;
    for (const number of missing) this.asked.add(number);
    this.actions.ask({ kind: "rows", lines: missing }, ({ rows = [] }, buffers) => {
      for (const number of missing) this.asked.delete(number);
      rows.forEach((line, index) => this.keep(line, buffers[index]));
      this.refill(rows.map(({ line }) => line));
    });
  }

  keep(line, buffer) {
    const old = this.known.get(line.line);
    const crop = old?.crop ?? (buffer ? URL.createObjectURL(new Blob([buffer], { type: "image/jpeg" })) : "");
    this.known.delete(line.line);
    this.known.set(line.line, { ...this.actions.pendingOf(line), crop });
    const shown = new Set(this.shown());
    for (const [number, { crop: address }] of this.known) {
      if (this.known.size <= KEPT_ROWS) break;
      if (shown.has(number)) continue;
      URL.revokeObjectURL(address);
      this.known.delete(number);
    }
  }

  refill(numbers) {
    const changed = new Set(numbers);
    this.shown().forEach((number, index) => changed.has(number) && this.fill(index, number));
  }

  /** Put added lines in, each behind the line that it follows on the page: [number, number of that line]. */
  insert(added) {
    const missing = added.filter(([number]) => !this.numbers.includes(number));
    for (const [number, after] of missing) {
      const place = this.numbers.indexOf(after) + 1;
      this.numbers.splice(place, 0, number);
    }
    if (missing.length) this.rebuild();
  }

  /** Take lines out that are not there any more. */
  remove(gone) {
    const numbers = this.numbers.filter((number) => !gone.includes(number));
    for (const number of gone) {
      if (this.known.has(number)) URL.revokeObjectURL(this.known.get(number).crop);
      this.known.delete(number);
    }
    if (numbers.length === this.numbers.length) return;
    this.numbers = numbers;
    this.first = Math.max(0, Math.min(this.first, Math.floor((numbers.length - 1) / ROWS) * ROWS));
    this.rebuild();
  }

  /** The rows show other lines; whoever types in one of them goes on in that line. */
  rebuild() {
    const typing = this.rows.find(({ field }) => field === document.activeElement)?.line?.line;
    if (typing !== undefined) document.activeElement.blur(); // gives in what was typed
    this.build();
    const place = this.numbers.indexOf(typing);
    if (place >= this.first && place < this.first + ROWS) this.focus(place);
  }

  /** Lines that are not any more as they were. */
  changed(numbers, focus) {
    const stale = numbers.filter((number) => this.known.has(number));
    const shown = new Set(this.shown());
    for (const number of stale.filter((number) => !shown.has(number))) {
      URL.revokeObjectURL(this.known.get(number).crop);
      this.known.delete(number);
    }
    const seen = stale.filter((number) => shown.has(number));
    const place = focus ? this.numbers.indexOf(numbers[0]) : -1;
    if (focus && place < 0) this.actions.say("That line is not in this list. 이 목록에 없는 줄입니다.");
    if (!seen.length) {
      if (place >= 0) this.focus(place);
      return;
    }
    this.actions.ask({ kind: "rows", lines: seen }, ({ rows = [] }, buffers) => {
      rows.forEach((line, index) => this.keep(line, buffers[index]));
      this.refill(seen);
      if (place >= 0) this.focus(place);
    });
  }

  /** A correction counts at once; the kernel confirms it. */
  put(line) {
    this.known.set(line.line, line);
    this.refill([line.line]);
  }

  rowActions() {
    return {
      edit: (line) => this.actions.edit(line),
      draft: (row, text) => this.actions.draft(row.line.key, text),
      say: (text) => this.actions.say(text),
      focused: (line) => this.actions.focused(line),
      keys: (row) => ({
        accept: () => row.accept() && this.step(row, 1),
        step: (way) => this.step(row, way),
        turn: (way) => this.turn(way, true),
        restore: () => row.restore(),
        toggle: (state) => row.toggle(state),
        recognised: () => row.recognised(),
        undo: () => this.actions.undo(),
        redo: () => this.actions.redo(),
        draw: () => this.actions.draw(),
      }),
    };
  }

  step(row, way) {
    this.focus(this.first + this.rows.indexOf(row) + way);
  }

  /** Put the cursor into the line at a place of the list, turning to it where it must. */
  focus(place) {
    if (!this.numbers.length) return;
    if (place < 0 || place >= this.numbers.length) {
      this.actions.say(place < 0 ? "This is the first line. 첫 줄입니다." : "This is the last line. 마지막 줄입니다.");
      return;
    }
    const index = place - this.first;
    if (index >= 0 && index < this.rows.length) {
      if (this.known.has(this.numbers[place])) this.focusRow(this.rows[index]);
      else this.wanted = this.numbers[place];
      return;
    }
    document.activeElement?.blur?.(); // gives in what was typed before the row shows another line
    this.first = Math.floor(place / ROWS) * ROWS;
    this.build(place);
  }

  focusRow(row) {
    row.field.focus({ preventScroll: true });
    row.placeCaret();
    const [top, bottom] = [row.root.offsetTop, row.root.offsetTop + row.root.offsetHeight];
    const { scrollTop, clientHeight } = this.list;
    if (top < scrollTop || bottom > scrollTop + clientHeight) {
      this.list.scrollTop = (top + bottom - clientHeight) / 2;
    }
    row.root.scrollIntoView({ block: "nearest" }); // the page may stand below the list
  }

  turn(way, focus = false) {
    const first = this.first + way * ROWS;
    if (first < 0 || first >= this.numbers.length) return;
    if (focus) return this.focus(first);
    if (this.list.contains(document.activeElement)) document.activeElement.blur();
    this.first = first;
    this.list.scrollTop = 0;
    this.build();
  }

  close() {
    for (const { crop } of this.known.values()) URL.revokeObjectURL(crop);
  }
}
