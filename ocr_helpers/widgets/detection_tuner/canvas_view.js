// Two canvases on top of each other, zoom and pan. Below lies the paper, drawn anew when the view changes;
// above it the ink, drawn anew for every frame of the kernel.

const MARGIN = 10;
const FOOT = 44; // below a page that is shown whole: room for the buttons
const MOST_ZOOM = 16;
const CLICK_SLACK = 4;

class CanvasView {
  constructor(parent, { drawPaper, drawInk, onHover, onClick, onMove }) {
    this.drawers = { paper: drawPaper, ink: drawInk };
    this.onMove = onMove;
    this.stage = element("div", "stage", parent);
    this.paper = element("canvas", "paper", this.stage);
    this.canvas = element("canvas", "canvas", this.stage, { tabIndex: 0 });
    this.page = { width: 1, height: 1 };
    this.size = { width: 0, height: 0 };
    this.scale = 1;
    this.x = 0;
    this.y = 0;
    this.fitted = true;
    this.stale = new Set();
    this.request = 0;
    this.observer = new ResizeObserver(() => this.resize());
    this.observer.observe(this.stage);
    this.listen(onHover, onClick);
  }

  resize() {
    const before = { ...this.size };
    this.size = { width: this.stage.clientWidth, height: this.stage.clientHeight };
    if (this.fitted) return this.fit();
    this.move((this.size.width - before.width) / 2, (this.size.height - before.height) / 2);
  }

  setPage({ width, height }, isNew) {
    this.page = { width, height };
    if (isNew) this.fit();
    this.redraw("paper", "ink");
  }

  redraw(...which) {
    which.forEach((name) => this.stale.add(name));
    this.request ||= requestAnimationFrame(() => {
      this.request = 0;
      if (!this.size.width) return; // hidden: the observer calls when it is shown
      const stale = [...this.stale];
      this.stale.clear();
      for (const name of stale) this.draw(name === "paper" ? this.paper : this.canvas, this.drawers[name]);
    });
  }

  draw(canvas, drawer) {
    const dots = window.devicePixelRatio || 1;
    const width = Math.round(this.size.width * dots);
    const height = Math.round(this.size.height * dots);
    if (canvas.width !== width) canvas.width = width;
    if (canvas.height !== height) canvas.height = height;
    const context = canvas.getContext("2d");
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, width, height);
    const zoom = this.scale * dots;
    context.setTransform(zoom, 0, 0, zoom, this.x * dots, this.y * dots);
    drawer(context, this);
  }

  get fittingScale() {
    const across = (this.size.width - 2 * MARGIN) / this.page.width;
    const down = (this.size.height - MARGIN - FOOT) / this.page.height;
    return Math.max(Math.min(across, down), 1e-3);
  }

  fit() {
    this.scale = this.fittingScale;
    this.x = (this.size.width - this.page.width * this.scale) / 2;
    this.y = (this.size.height + MARGIN - FOOT - this.page.height * this.scale) / 2;
    this.fitted = true;
    this.changed();
  }

  /** Zoom so that a point of the stage, its middle by default, stays where it is. */
  zoom(scale, x = this.size.width / 2, y = this.size.height / 2) {
    const lowest = Math.min(this.fittingScale / 2, 1);
    const bounded = clamp(scale, lowest, MOST_ZOOM);
    const factor = bounded / this.scale;
    this.scale = bounded;
    this.move((x - this.x) * (1 - factor), (y - this.y) * (1 - factor));
  }

  /** Pan; some of the page always stays in sight. */
  move(dx, dy) {
    const { width, height } = this.size;
    const seen = 40;
    this.x = clamp(this.x + dx, seen - this.page.width * this.scale, Math.max(width - seen, 0));
    this.y = clamp(this.y + dy, seen - this.page.height * this.scale, Math.max(height - seen, 0));
    this.fitted = false;
    this.changed();
  }

  changed() {
    this.onMove(this.scale);
    this.redraw("paper", "ink");
  }

  /** Bring a quad into sight; nothing moves where it is. */
  reveal(quad) {
    const { left, top, right, bottom } = bounds(quad);
    const [x, y] = [this.x + left * this.scale, this.y + top * this.scale];
    const [farX, farY] = [this.x + right * this.scale, this.y + bottom * this.scale];
    const { width, height } = this.size;
    const outX = x < 0 || farX > width;
    const outY = y < 0 || farY > height;
    if (!outX && !outY) return;
    const wide = farX - x > width;
    const dx = wide ? MARGIN - x : (width - x - farX) / 2;
    this.move(outX ? dx : 0, outY ? (height - y - farY) / 2 : 0);
  }

  toPage(event) {
    const box = this.canvas.getBoundingClientRect();
    const [x, y] = [event.clientX - box.left, event.clientY - box.top];
    return { x: (x - this.x) / this.scale, y: (y - this.y) / this.scale, stageX: x, stageY: y };
  }

  listen(onHover, onClick) {
    let from = null;
    this.canvas.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      from = { x: event.clientX, y: event.clientY, moved: false };
      this.canvas.setPointerCapture(event.pointerId);
    });
    this.canvas.addEventListener("pointermove", (event) => {
      if (!from) return onHover(this.toPage(event));
      const [dx, dy] = [event.clientX - from.x, event.clientY - from.y];
      if (!from.moved && Math.hypot(dx, dy) < CLICK_SLACK) return;
      if (!from.moved) onHover(null);
      this.stage.toggleAttribute("data-panning", true);
      from = { x: event.clientX, y: event.clientY, moved: true };
      this.move(dx, dy);
    });
    const end = (event) => {
      if (event.type === "pointerup" && from && !from.moved) onClick(this.toPage(event));
      from = null;
      this.stage.toggleAttribute("data-panning", false);
    };
    this.canvas.addEventListener("pointerup", end);
    this.canvas.addEventListener("pointercancel", end);
    this.canvas.addEventListener("pointerleave", () => onHover(null));
    this.canvas.addEventListener("dblclick", (event) => {
      const { stageX, stageY } = this.toPage(event);
      this.zoom(this.scale * 2, stageX, stageY);
    });
    // The wheel alone scrolls the notebook; with Ctrl (so a trackpad's pinch arrives) it zooms.
    const wheel = (event) => {
      if (!event.ctrlKey && !event.metaKey) return;
      event.preventDefault();
      const { stageX, stageY } = this.toPage(event);
      this.zoom(this.scale * Math.exp(-clamp(event.deltaY, -25, 25) / 100), stageX, stageY);
    };
    this.canvas.addEventListener("wheel", wheel, { passive: false });
  }

  close() {
    cancelAnimationFrame(this.request);
    this.request = -1; // nothing is drawn any more
    this.observer.disconnect();
  }
}
