// Puts the parts together: what comes from the kernel goes to them, what they ask goes out.

class Review {
  constructor(model, el) {
    this.model = model;
    this.pending = new Pending(model.get("document"));
    this.refused = new Map(); // id of an edit → why the kernel refused it
    this.transport = new Transport(model, (text) => this.notes.set("connection", text));
    this.root = element("div", "root", el);
    this.progress = new Progress(this.root);
    this.filters = new Filters(this.root, model.get("pages"), (wanted) => {
      if (wanted.page !== null && wanted.page !== this.view.page) this.view.focus(null, wanted.page);
      this.find(wanted);
    });
    this.actions = new Actions(this.root, model.get("folder"), {
      undo: () => this.change({ kind: "undo" }, true),
      redo: () => this.change({ kind: "redo" }, true),
      accept: (score) => this.change({ kind: "accept", score }, false, () => this.filters.changed()),
      save: (kind, folder) => this.save(kind, folder, false),
    });
    this.notes = new Notes(this.root);
    const body = element("div", "body", this.root);
    this.list = new LineList(element("div", "lines", body), {
      ask: (content, onAnswer) => this.transport.request(content, onAnswer),
      edit: (line) => this.edit(line),
      draft: (key, text) => (text === null ? this.pending.dropDraft(key) : this.pending.draft(key, text)),
      undo: () => this.change({ kind: "undo" }, true),
      redo: () => this.change({ kind: "redo" }, true),
      say: (text) => this.notes.set("said", text),
      placeOf: ({ line, page, added }) => {
        const place = added ? "+" : `${line + 1}`;
        return model.get("pages").length > 1 ? `${page + 1} · ${place}` : place;
      },
      pendingOf: (line) => this.withPending(line),
      focused: ({ line, page }) => this.view.focus(line, page),
      draw: () => this.view.setDrawing(!this.view.drawing),
    });
    this.view = new PageView(body, model.get("pages"), {
      ask: (content, onAnswer) => this.transport.request(content, onAnswer),
      say: (text) => this.notes.set("said", text),
      pick: (line) => this.pick(line),
      add: (page, quad) => this.add(page, quad),
      adding: (page) => this.pending.adding(page),
    });
    this.foot = element("div", "foot", this.root);
    this.saved = element("span", "saved", this.foot);
    addHelp(this.foot);
    this.unguard = guardKeys(this.root);
    this.unwatch = this.pending.watch(() => this.sendPending());
    this.listeners = [
      ["change:status", () => this.showStatus()],
      ["msg:custom", (message, buffers) => this.receive(message, buffers ?? [])],
    ];
    for (const [event, listener] of this.listeners) model.on(event, listener);
    this.showStatus();
    this.sendDrafts();
    this.sendPending();
    this.find(this.filters.value());
  }

  receive(message, buffers) {
    if (message?.kind === "changed") {
      const { lines, gone = [], added = [], text } = message;
      this.list.remove(gone);
      this.list.insert(added);
      this.list.changed(lines.filter((line) => !gone.includes(line)), this.follow);
      this.view.refresh();
      if (text) this.notes.set("said", text);
      return;
    }
    this.transport.receive(message, buffers);
  }

  find(wanted) {
    this.notes.set("said", "");
    this.asking = this.transport.request({ kind: "find", ...wanted }, (answer) => {
      if (answer.id !== this.asking) return; // an older question
      if (answer.kind === "refused") this.notes.set("refused", answer.text);
      else {
        this.showRefused();
        this.list.set(answer.lines);
      }
    });
  }

  /** Go to the line of a box. */
  pick(line) {
    const place = this.list.numbers.indexOf(line);
    if (place < 0) this.notes.set("said", "That line is not in this list: show all lines. 이 목록에 없는 줄입니다.");
    else this.list.focus(place);
  }

  // Corrections

  /** A box that was drawn around a line that was missed. */
  add(page, quad) {
    this.notes.set("said", "");
    this.pending.addLine(this.transport.newId(), page, quad);
    this.view.paint();
    this.sendPending();
    this.pending.announce();
  }

  edit({ crop, ...line }) {
    this.notes.set("said", "");
    this.list.put({ ...line, crop });
    this.pending.add({ id: this.transport.newId(), key: line.key, text: line.text, state: line.state });
    this.sendPending(line.key);
    this.pending.announce();
    this.showStatus();
  }

  /** Send what is not confirmed; the kernel takes each correction once, by its id. */
  sendPending(onlyKey) {
    for (const edit of this.pending.edits()) {
      if (onlyKey !== undefined && edit.key !== onlyKey) continue;
      if (this.transport.open.has(edit.id) && onlyKey === undefined) continue; // on its way
      const { id, add } = edit;
      const content = add ? { kind: "add", ...add } : { kind: "edit", ...edit };
      this.transport.request(content, (answer) => this.confirmed(edit, answer), id);
    }
    this.showStatus();
  }

  confirmed(edit, { kind, text, lines = [] }) {
    if (kind === "accepted") {
      this.refused.delete(edit.id);
      this.pending.confirm(edit.id);
      if (edit.add) this.pick(lines[0]);
    } else this.refused.set(edit.id, edit.add ? text : `“${edit.text}”: ${text}`);
    if (edit.add) this.view.paint();
    this.showRefused();
    this.showStatus();
  }

  showRefused() {
    const [first] = this.refused.values();
    const ways = { "Send again 다시 보내기": () => this.sendPending(), "Discard 버리기": () => this.discard() };
    if (first) this.notes.set("refused", `${this.refused.size} not saved. ${first}`, ways);
    else this.notes.set("refused", "");
  }

  discard() {
    for (const id of this.refused.keys()) this.pending.confirm(id);
    this.refused.clear();
    this.notes.set("refused", "");
    this.list.known.clear();
    this.list.build();
    this.view.paint();
    this.showStatus();
  }

  /** What was typed and never given in, before a page or a kernel went away; it is to be looked at again. */
  sendDrafts() {
    for (const [key, text] of this.pending.drafts()) {
      if (text) this.pending.add({ id: this.transport.newId(), key, text, state: "open" });
      else this.pending.dropDraft(key);
    }
  }

  withPending(line) {
    const edit = this.pending.edits().find(({ key }) => key === line.key);
    return edit ? { ...line, text: edit.text, state: edit.state } : line;
  }

  // Everything else

  change(content, follow, onDone = () => {}) {
    this.notes.set("said", "");
    if (this.list.list.contains(document.activeElement)) document.activeElement.blur(); // gives in what was typed
    this.follow = follow;
    this.transport.request(content, ({ kind, text }) => {
      this.follow = false;
      if (kind === "refused") this.notes.set("refused", text);
      else onDone();
    });
  }

  save(kind, folder, replace) {
    if (this.pending.edits().length) this.sendPending();
    this.notes.set("refused", "");
    this.notes.set("said", "Saving … 저장 중");
    this.transport.request({ kind, folder, replace }, (answer) => {
      this.notes.set("said", answer.kind === "accepted" ? answer.text : "");
      if (answer.kind !== "refused") return;
      const ways = answer.conflict ? { "Replace them 바꾸기": () => this.save(kind, folder, true) } : {};
      this.notes.set("refused", answer.text, ways);
    });
  }

  showStatus() {
    const status = this.model.get("status");
    this.progress.show(status.counts ?? {});
    this.actions?.show(status);
    const waiting = this.pending.edits().length;
    const parts = [
      status.autosave ? `Saved in 저장 파일: ${status.autosave}` : "Not saved in a file: pass autosave=… to LineReview",
    ];
    if (waiting) parts.push(`${waiting} not confirmed by the kernel yet, kept in this browser`);
    if (status.damaged) parts.push(`${status.damaged} records of the file were cut off and could not be read`);
    if (this.saved) setText(this.saved, parts.join(" · "));
    this.root.dataset.pending = waiting;
  }

  close() {
    if (this.list.list.contains(document.activeElement)) document.activeElement.blur();
    for (const [event, listener] of this.listeners) this.model.off(event, listener);
    this.unguard();
    this.unwatch();
    for (const part of [this.transport, this.filters, this.list, this.view]) part.close();
  }
}

function render({ model, el }) {
  const review = new Review(model, el);
  return () => review.close();
}

export default { render };
