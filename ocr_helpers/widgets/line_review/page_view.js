// The picture of a page with the boxes of its lines: choose one, or draw one that was missed.

const ZOOMS = [1, 1.5, 2, 3];
const LEAST_PX = 4; // of the page: a smaller box holds no line
const SVG = "http://www.w3.org/2000/svg";

class PageView {
  /** @param actions ask(content, onAnswer), say(text), pick(line), add(page, quad), adding(page): quads not confirmed yet */
  constructor(parent, pages, actions) {
    this.pages = pages;
    this.actions = actions;
    this.page = pages.findIndex(({ is_line: isLine }) => !isLine);
    this.boxes = [];
    this.focused = null;
    this.zoom = 0;
    this.root = element("section", "page", parent, { hidden: this.page < 0 });
    this.root.setAttribute("aria-label", "Picture of the page 쪽 그림");
    const head = element("div", "page-head", this.root);
    this.before = button("square", head, "‹", "Previous page 앞쪽", () => this.step(-1));
    this.name = element("span", "page-name", head);
    this.after = button("square", head, "›", "Next page 다음 쪽", () => this.step(1));
    const zooms = element("div", "group", head);
    this.smaller = button("square", zooms, "−", "Smaller 작게", () => this.setZoom(this.zoom - 1));
    this.larger = button("square", zooms, "+", "Larger 크게", () => this.setZoom(this.zoom + 1));
    const about = "Add a line that was missed 빠진 줄 추가 (Ctrl+Alt+A)";
    this.draw = button("draw", head, "Add a line 줄 추가", about, () => this.setDrawing(!this.drawing));
    this.hint = element("div", "hint", this.root);
    this.frame = element("div", "page-frame", this.root);
    this.sheet = element("div", "sheet", this.frame);
    this.svg = this.sheet.appendChild(document.createElementNS(SVG, "svg"));
    this.svg.setAttribute("class", "ocr-review-boxes");
    this.svg.setAttribute("role", "img");
    this.shapes = this.svg.appendChild(document.createElementNS(SVG, "g"));
    this.drawn = this.svg.appendChild(document.createElementNS(SVG, "polygon"));
    this.drawn.setAttribute("class", "ocr-review-drawn");
    this.title = this.svg.appendChild(document.createElementNS(SVG, "title"));
    this.svg.addEventListener("pointerover", (event) => this.tell(event.target.dataset?.box));
    this.svg.addEventListener("pointerdown", (event) => this.press(event));
    this.svg.addEventListener("pointermove", (event) => this.drag(event));
    this.svg.addEventListener("pointerup", (event) => this.release(event));
    this.svg.addEventListener("pointercancel", () => this.giveUp());
    this.root.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && this.drawing) this.setDrawing(false);
    });
    this.setZoom(0);
    this.setDrawing(false);
    if (this.page >= 0) this.turn(this.page);
  }

  // What is shown

  step(way) {
    const at = this.page + way;
    if (this.pages[at] && !this.pages[at].is_line) this.turn(at);
  }

  turn(page) {
    this.page = page;
    this.boxes = [];
    this.giveUp();
    const { name, size } = this.pages[page];
    setText(this.name, this.pages.length > 1 ? `${page + 1}/${this.pages.length} · ${name}` : name);
    this.name.title = name;
    this.before.hidden = this.after.hidden = this.pages.length < 2;
    this.before.disabled = page === 0;
    this.after.disabled = page === this.pages.length - 1;
    this.svg.setAttribute("viewBox", `0 0 ${size[0]} ${size[1]}`);
    this.sheet.style.aspectRatio = `${size[0]} / ${size[1]}`;
    this.picture?.remove();
    this.picture = undefined;
    this.paint();
    this.ask(true);
  }

  /** The boxes are not any more as they were. */
  refresh() {
    if (this.page < 0) return;
    if (this.asking) this.again = true;
    else this.ask(this.picture === undefined);
  }

  ask(picture) {
    const page = this.page;
    this.asking = this.actions.ask({ kind: "page", page, picture }, ({ id, boxes, text }, buffers) => {
      if (id !== this.asking) return; // another page has been asked for since
      this.asking = undefined;
      if (!boxes) {
        this.actions.say(text);
        return;
      }
      this.boxes = boxes;
      if (buffers?.[0]) this.setPicture(buffers[0]);
      this.paint();
      this.reveal();
      if (this.again) {
        this.again = false;
        this.refresh();
      }
    });
  }

  setPicture(buffer) {
    this.forget();
    this.address = URL.createObjectURL(new Blob([buffer], { type: "image/jpeg" }));
    const about = { src: this.address, alt: "the page 쪽 그림", draggable: false };
    this.picture = element("img", "picture", null, about);
    this.sheet.prepend(this.picture);
  }

  paint() {
    this.shapes.replaceChildren();
    for (const { line, quad, state } of this.boxes) {
      const shape = this.shape(quad, state);
      shape.dataset.box = line;
      shape.toggleAttribute("data-focus", line === this.focused);
    }
    for (const quad of this.actions.adding(this.page)) this.shape(quad, "adding");
    const label = `${this.boxes.length} boxes on the page 쪽에 있는 상자 ${this.boxes.length}개`;
    this.svg.setAttribute("aria-label", label);
  }

  /** What is said of the box under the pointer. */
  tell(line) {
    const box = this.boxes.find((known) => String(known.line) === line);
    const words = box ? [box.text, STATE_WORDS[box.state]] : [];
    setText(this.title, this.drawing ? "" : words.filter(Boolean).join(" · "));
  }

  shape(quad, state) {
    const shape = this.shapes.appendChild(document.createElementNS(SVG, "polygon"));
    shape.setAttribute("points", quad.map((corner) => corner.join(",")).join(" "));
    shape.dataset.state = state;
    return shape;
  }

  /** A line has the cursor: show where it stands. */
  focus(line, page) {
    this.focused = line;
    if (this.pages[page]?.is_line) return;
    if (page !== this.page) {
      this.turn(page);
      return;
    }
    for (const shape of this.shapes.children) {
      shape.toggleAttribute("data-focus", shape.dataset.box === String(line));
    }
    this.reveal();
  }

  reveal() {
    const box = this.boxes.find(({ line }) => line === this.focused);
    if (!box || this.start) return;
    const scale = this.sheet.clientWidth / this.pages[this.page].size[0];
    const [xs, ys] = [0, 1].map((axis) => box.quad.map((corner) => corner[axis] * scale));
    const { scrollLeft, scrollTop, clientWidth, clientHeight } = this.frame;
    const seen = Math.min(...ys) >= scrollTop && Math.max(...ys) <= scrollTop + clientHeight;
    if (!seen) this.frame.scrollTop = (Math.min(...ys) + Math.max(...ys) - clientHeight) / 2;
    if (Math.min(...xs) < scrollLeft || Math.min(...xs) > scrollLeft + clientWidth / 2) {
      this.frame.scrollLeft = Math.min(...xs) - clientWidth / 8;
    }
  }

  setZoom(zoom) {
    this.zoom = clamp(zoom, 0, ZOOMS.length - 1);
    this.sheet.style.width = `${ZOOMS[this.zoom] * 100}%`;
    this.smaller.disabled = this.zoom === 0;
    this.larger.disabled = this.zoom === ZOOMS.length - 1;
    this.reveal();
  }

  // Drawing

  setDrawing(on) {
    this.drawing = on && this.page >= 0;
    this.draw.setAttribute("aria-pressed", String(this.drawing));
    this.root.toggleAttribute("data-drawing", this.drawing);
    this.giveUp();
    const how = "Drag a box around the line; Esc ends. 줄에 맞게 상자를 그리세요.";
    setText(this.hint, this.drawing ? how : "Click a box to correct its line. 상자를 누르면 그 줄로 갑니다.");
  }

  /** Where the pointer is, in pixels of the page. */
  place({ clientX, clientY }) {
    const { left, top, width, height } = this.svg.getBoundingClientRect();
    const size = this.pages[this.page].size;
    return [((clientX - left) / width) * size[0], ((clientY - top) / height) * size[1]].map((value, axis) =>
      Math.round(clamp(value, 0, size[axis])),
    );
  }

  press(event) {
    if (event.button !== 0) return;
    if (!this.drawing) {
      const line = event.target.dataset?.box;
      if (line === undefined) return;
      event.preventDefault(); // or the press takes the cursor out of the field again
      this.actions.pick(Number(line));
      return;
    }
    event.preventDefault();
    this.draw.focus({ preventScroll: true }); // so that Esc comes here, and what was typed is given in
    this.svg.setPointerCapture(event.pointerId);
    this.start = this.end = this.place(event);
  }

  drag(event) {
    if (!this.start) return;
    this.end = this.place(event);
    this.drawn.setAttribute("points", this.quad().map((corner) => corner.join(",")).join(" "));
  }

  release(event) {
    if (!this.start) return;
    this.end = this.place(event);
    const quad = this.quad();
    this.giveUp();
    const [[left, top], , [right, bottom]] = quad;
    if (right - left >= LEAST_PX && bottom - top >= LEAST_PX) this.actions.add(this.page, quad);
  }

  quad() {
    const [left, right] = [this.start[0], this.end[0]].sort((a, b) => a - b);
    const [top, bottom] = [this.start[1], this.end[1]].sort((a, b) => a - b);
    return [[left, top], [right, top], [right, bottom], [left, bottom]];
  }

  giveUp() {
    this.start = this.end = undefined;
    this.drawn.setAttribute("points", "");
  }

  forget() {
    if (this.address) URL.revokeObjectURL(this.address);
    this.address = undefined;
    this.picture?.remove();
  }

  close() {
    this.forget();
  }
}
