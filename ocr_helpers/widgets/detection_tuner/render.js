// Puts the parts together: what comes from the kernel goes to them, what they ask goes out.

class Tuner {
  constructor(model, el) {
    this.model = model;
    this.notes = { connection: "", refused: "" };
    this.wantedPage = null; // asked for, and not yet the kernel's
    this.linesFrame = null; // the frame the list of lines belongs to
    this.transport = new Transport(
      model,
      (text) => this.note("connection", text),
      (waiting) => this.setWaiting(waiting),
      (values, refused, text) => {
        this.note("refused", refused ? text : "");
        this.controls.settled(values, refused, text);
        this.showSettings();
      },
    );
    this.build(el);
    this.unguard = guardKeys(this.root);
    this.listeners = [
      ["change:pages", () => this.picker.setPages(model.get("pages"))],
      ["change:presets", () => this.showPresets()],
      ["change:state", () => this.showState()],
      ["change:code", () => this.code.set(model.get("code"))],
      ["change:source_note", () => this.picker.setNote(model.get("source_note"))],
      ["change:compare", () => this.showCompare()],
      ["change:lines", () => this.showLines()],
      ["change:lines_frame", () => this.showLines()],
      ["change:spacing", () => this.showSpacing()],
    ];
    for (const [, listener] of this.listeners) listener();
    this.listeners.push(["msg:custom", (message, buffers) => this.receive(message, buffers ?? [])]);
    // ipywidgets says so when a kernel goes: without it the panel would look alive until somebody touches it.
    this.listeners.push(["comm_live_update", () => this.note("connection", NO_KERNEL)]);
    for (const [event, listener] of this.listeners) model.on(event, listener);
    this.ask({ kind: "image" });
  }

  build(el) {
    this.root = element("div", "root", el);
    const grid = element("div", "grid", this.root);
    const [left, middle, right] = ["left", "middle", "right"].map((name) => element("div", name, grid));
    const model = this.model;
    const settle = (content, onAnswer = () => {}) =>
      this.controls.ask(content, undefined, (answer) => {
        this.answered(answer);
        onAnswer(answer);
      });
    this.picker = new PagePicker(left, (page) => this.turnTo(page));
    this.presets = new Presets(left, {
      use: (name, onAnswer) => settle({ kind: "preset", name }, onAnswer),
      save: (name, onAnswer) => this.ask({ kind: "save_preset", name }, onAnswer),
      remove: (name, onAnswer) => this.ask({ kind: "delete_preset", name }, onAnswer),
      refuse: (text) => this.note("refused", text),
    });
    this.controls = new Controls(left, model.get("fields"), this.transport, () => {
      this.note("refused", "");
      this.showSettings();
    }, (text) => this.note("refused", text));
    this.code = new CodeOut(left);
    this.area = new PageArea(middle, model.get("reasons"), {
      onLayers: (name) => this.layersChanged(name),
      onSelect: (candidate) => this.lines.mark(candidate < 0 ? -1 : this.boxOf(candidate)),
      lineOf: (frame, candidate) =>
        frame === this.linesFrame ? this.lines.lineOf(frame.kept[candidate]) : undefined,
      stepPage: (way) => this.picker.step(way),
      onDrawn: (frame) => this.drawn(frame),
    });
    addSymptomGuide(middle, model.get("symptoms"), {
      attempt: (symptom, onAnswer) => settle({ kind: "symptom", symptom }, onAnswer),
      settings: () => model.get("state").wanted,
    });
    this.compare = new Compare(middle, {
      pin: (onAnswer) => this.ask({ kind: "pin" }, onAnswer),
      unpin: () => this.ask({ kind: "unpin" }),
      use: (values) => settle({ kind: "set_many", values }),
    });
    this.lines = new LineList(right, {
      select: (box) => this.selectBox(box),
      recognize: (on, onAnswer) => this.ask({ kind: "recognize", on }, onAnswer),
      restoreSpacing: (on, onAnswer) => this.ask({ kind: "spacing", on }, onAnswer),
    });
    this.root.addEventListener("keydown", ({ key }) => key === "Escape" && this.area.toggleHelp(true));
  }

  ask(content, onAnswer = () => {}) {
    this.note("refused", "");
    this.transport.request(content, (answer) => {
      this.answered(answer);
      onAnswer(answer);
    });
  }

  setWaiting(waiting) {
    this.waiting = waiting;
    this.showBusy();
    this.showNotes();
  }

  showBusy() {
    const { busy } = this.model.get("state");
    this.area?.status.setBusy(busy, this.waiting);
    this.root?.toggleAttribute("data-busy", Boolean(busy || this.waiting));
    if (this.root) setAttribute(this.root, "aria-busy", String(Boolean(busy)));
  }

  answered({ kind, text }) {
    if (kind !== "refused") return;
    if (text) this.note("refused", text);
    this.wantedPage = null;
    this.showState(); // a control that ran ahead goes back
    this.showSpacing();
  }

  receive(message, buffers) {
    if (message?.kind === "image") this.area.takeImage(message, buffers[0]);
    else if (message?.kind === "map") this.area.takeMap(message, buffers[0]);
    else if (message?.kind === "crops") this.lines.takeCrops(message, buffers);
    else if (message?.kind === "frame") {
      this.area.takeFrame(message, buffers[0]);
      this.tieLines();
      this.tieFigures();
    }
    this.transport.receive(message); // last: it may send the next change
  }

  drawn(frame) {
    const { id, settings } = frame.message;
    const detail = { frame: frame.number, id, settings, at: performance.now() };
    this.root.dispatchEvent(new CustomEvent("ocr-tuner-drawn", { detail, bubbles: true }));
  }

  turnTo(page) {
    this.wantedPage = page;
    this.ask({ kind: "page", page });
  }

  layersChanged(name) {
    if (name !== "contour" && name !== "map") return;
    const { contour, map } = this.area.toolbar.shown;
    this.ask({ kind: "layers", contour, map });
  }

  // Lines and boxes

  showLines() {
    this.lines.set(this.model.get("lines"));
    this.tieLines();
    this.showState();
  }

  showSpacing() {
    this.lines.setSpacing(this.model.get("spacing") ?? { on: false, texts: {} });
  }

  tieLines() {
    const { frame } = this.area;
    if (frame?.number === this.model.get("lines_frame")) this.linesFrame = frame;
    const fresh = Boolean(frame) && frame === this.linesFrame;
    this.lines.setStale(Boolean(frame) && !fresh);
    if (fresh) this.lines.mark(this.area.selected < 0 ? -1 : frame.kept[this.area.selected]);
  }

  tieFigures() {
    const compare = this.model.get("compare");
    this.compare.setStale(!compare || compare.frame !== (this.area.frame?.number ?? compare.frame));
  }

  boxOf(candidate) {
    return this.area.frame === this.linesFrame ? this.linesFrame.kept[candidate] : -1;
  }

  selectBox(box) {
    const candidate = box < 0 ? -1 : (this.linesFrame?.order[box] ?? -1);
    if (candidate < 0 || this.linesFrame === this.area.current) this.area.select(candidate);
    else this.area.selectQuad(this.linesFrame.quad(candidate));
  }

  // State

  note(kind, text) {
    this.notes[kind] = text;
    if (kind === "refused" && !text) this.controls?.forgive();
    this.showNotes();
  }

  showNotes() {
    const { connection, refused } = this.notes;
    const wrong = connection || refused || this.model.get("state").error || "";
    this.area?.setBanner(wrong || (this.waiting === "busy" ? BUSY_ELSEWHERE : ""), !wrong);
  }

  showSettings() {
    this.presets.show(this.controls.values());
  }

  showPresets() {
    this.presets.setPresets(this.model.get("presets"));
    this.showSettings();
  }

  showState() {
    const state = this.model.get("state");
    this.controls.setKnown(state.wanted);
    this.showSettings();
    if (this.wantedPage === state.page) this.wantedPage = null;
    this.picker.show(this.wantedPage ?? state.page);
    const truth = Boolean(this.model.get("pages")[state.page]?.has_truth);
    this.area.toolbar.allow("truth", truth, "No ground truth is known for this page");
    this.showBusy();
    this.lines.setPage(state.page);
    this.lines.setState(state);
    this.showCompare();
    this.showNotes();
  }

  showCompare() {
    const compare = this.model.get("compare");
    const state = this.model.get("state");
    this.compare.show(state, compare);
    this.tieFigures();
    this.area.toolbar.allow("compare", state.has_pin, "Pin settings as A first, under Compare");
    this.area.setDifferences(state.has_pin ? compare : null);
  }

  close() {
    for (const [event, listener] of this.listeners) this.model.off(event, listener);
    const { contour, map } = this.area.toolbar.shown;
    if (contour || map) this.transport.request({ kind: "layers", contour: false, map: false });
    this.unguard();
    for (const part of [this.transport, this.controls, this.code, this.area, this.lines]) part.close();
  }
}

function render({ model, el }) {
  const tuner = new Tuner(model, el);
  return () => tuner.close();
}

export default { render };
