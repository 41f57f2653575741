// The middle of the tuner: the page, what is drawn on it, and what is marked.

const BY_STEP = { in: 1.25, out: 1 / 1.25 };

class PageArea {
  /**
   * @param actions onLayers(name), onSelect(candidate), lineOf(frame, candidate), stepPage(way),
   *   onDrawn(frame)
   */
  constructor(parent, reasons, actions) {
    this.actions = actions;
    this.reasons = reasons;
    this.frame = null;
    this.picture = null;
    this.map = null;
    this.differences = null;
    this.selected = -1;
    this.hovered = -1;
    this.markedQuad = null; // finds the marked box again in the next frame
    this.decoding = 0;
    this.announced = null;
    const zoom = (way) => this.zoom(way);
    const help = () => this.toggleHelp();
    this.toolbar = new Toolbar(parent, {
      onLayers: (name) => this.layersChanged(name),
      onOpacity: () => this.view.redraw("paper"),
      zoom,
      help,
    });
    this.view = new CanvasView(parent, {
      drawPaper: (context, view) => this.drawPaper(context, view),
      drawInk: (context, view) => this.drawInk(context, view),
      onHover: (point) => this.hover(point),
      onClick: (point) => this.select(this.candidateAt(point)),
      onMove: (scale) => this.moved(scale),
    });
    this.addOverlays(this.view.stage);
    this.status = new StatusBar(parent, reasons);
    keysOnPage(this.view.canvas, {
      pan: (dx, dy) => this.view.move(dx, dy),
      zoom,
      next: (way) => this.selectNext(way),
      page: actions.stepPage,
      clear: () => this.select(-1),
      help,
    });
  }

  addOverlays(stage) {
    this.view.canvas.setAttribute("role", "application");
    this.view.canvas.setAttribute("aria-label", "Page with its boxes. Press ? for the keys.");
    element("div", "progress", stage);
    stage.append(this.toolbar.zoomBar);
    this.nothing = element("p", "nothing", stage, { hidden: true });
    this.banner = element("div", "banner", stage, { hidden: true });
    this.banner.setAttribute("role", "alert");
    this.help = addHelp(stage);
    this.tip = new Tooltip(stage);
    this.spoken = element("span", "spoken", stage); // the marked box, for a screen reader
    this.spoken.setAttribute("role", "status");
  }

  async takeImage(message, buffer) {
    const turn = ++this.decoding;
    let picture;
    try {
      picture = await Picture.decode(message, buffer);
    } catch {
      if (turn === this.decoding) this.setBanner("The browser cannot show the picture of this page.");
      return;
    }
    if (turn !== this.decoding) return picture.close(); // a newer one, or the view is gone
    const old = this.picture;
    this.picture = picture;
    const isNew = old?.page !== picture.page || old.width !== picture.width || old.height !== picture.height;
    old?.close();
    this.view.setPage(picture, isNew);
  }

  takeMap(message, buffer) {
    this.map = { page: message.page, picture: mapPicture(message, buffer) };
    this.view.redraw("paper");
  }

  takeFrame(message, arrays) {
    const turned = this.frame && this.frame.page !== message.page;
    if (turned) this.markedQuad = null;
    this.frame = new Frame(message, arrays, this.reasons);
    this.selected = this.markedQuad ? sameBox(this.frame, this.markedQuad) : -1;
    this.hovered = -1;
    this.view.redraw("ink");
  }

  /** The frame that fits the page in sight; while a page is opened there is none. */
  get current() {
    return this.picture && this.frame?.page === this.picture.page ? this.frame : null;
  }

  drawPaper(context, view) {
    const { shown, opacity } = this.toolbar;
    drawPaper(context, view, { picture: this.picture, map: this.map, shown, opacity });
  }

  drawInk(context, view) {
    const { current: frame, differences: compare, selected, hovered } = this;
    drawInk(context, view, { frame, shown: this.toolbar.shown, compare, selected, hovered });
    if (!frame || frame === this.announced) return;
    this.announced = frame;
    this.view.canvas.dataset.frame = frame.number;
    this.status.setFrame(frame);
    this.sayNothing(frame);
    this.tip.hide();
    this.actions.onDrawn(frame);
  }

  /** Where there is no box, why; a page that the network sees too small looks like an empty one. */
  sayNothing({ order, count, settings, message }) {
    setProperty(this.nothing, "hidden", order.length > 0);
    if (order.length) return;
    const limit = settings.thresh === undefined ? "" : ` (${plain(settings.thresh)})`;
    const why = count
      ? "No boxes: every candidate was rejected."
      : `No candidates: the probability map stays below thresh${limit} everywhere.`;
    const { input_note: note, shrunk_by: setting } = message;
    setText(this.nothing, setting ? `${why} For the network the page is ${note}: raise ${setting}.` : why);
  }

  layersChanged(name) {
    this.view.redraw("paper", "ink");
    this.actions.onLayers(name);
  }

  candidateAt(point) {
    const frame = this.current;
    if (!frame) return -1;
    return candidateAt(frame, this.toolbar.shown, point.x, point.y, 3 / this.view.scale);
  }

  hover(point) {
    const candidate = point ? this.candidateAt(point) : -1;
    if (candidate !== this.hovered) {
      this.hovered = candidate;
      this.view.redraw("ink");
    }
    this.view.stage.toggleAttribute("data-over", candidate >= 0);
    if (candidate < 0) return this.tip.hide();
    const about = describe(this.frame, candidate, this.actions.lineOf(this.frame, candidate));
    this.tip.show(about, point.stageX, point.stageY);
  }

  select(candidate) {
    this.selected = candidate;
    this.markedQuad = candidate < 0 ? null : this.frame.quad(candidate).slice();
    if (candidate >= 0) {
      this.view.reveal(this.markedQuad);
      const { title, lines } = describe(this.frame, candidate, this.actions.lineOf(this.frame, candidate));
      setText(this.spoken, [title, ...lines].join(", "));
    }
    this.view.redraw("ink");
    this.actions.onSelect(candidate);
  }

  /** Mark what stands where an older quad stood; its place comes into sight either way. */
  selectQuad(quad) {
    const candidate = this.current ? sameBox(this.current, quad) : -1;
    if (candidate < 0) this.view.reveal(quad);
    this.select(candidate);
  }

  /** The next kept box in PaddleOCR's order, or the one before. */
  selectNext(way) {
    const frame = this.current;
    if (!frame?.order.length) return;
    const now = this.selected >= 0 ? frame.kept[this.selected] : -1;
    const next = now < 0 ? (way > 0 ? 0 : -1) : now + way;
    this.select(frame.order.at(next % frame.order.length));
  }

  moved(scale) {
    this.toolbar.setZoom(scale);
    this.hovered = -1; // what was under the pointer is elsewhere now
    this.tip?.hide();
  }

  zoom(way) {
    if (way === "fit") this.view.fit();
    else this.view.zoom(way === "full" ? 1 : this.view.scale * BY_STEP[way]);
  }

  toggleHelp(hidden = !this.help.hidden) {
    this.help.hidden = hidden;
    this.toolbar.help.setAttribute("aria-expanded", String(!this.help.hidden));
    if (!hidden) this.view.canvas.focus({ preventScroll: true }); // the keys it lists work at once
  }

  setDifferences(compare) {
    this.differences = compare;
    this.view.redraw("ink");
  }

  /** Over the page: what went wrong, or, calmly, what is waited for. */
  setBanner(text, calm = false) {
    setText(this.banner, text);
    this.banner.toggleAttribute("data-calm", calm);
    setProperty(this.banner, "hidden", !text);
  }

  close() {
    this.decoding++;
    this.view.close();
    this.picture?.close();
  }
}
