// What is done with all lines: counts, undo, accepting many, saving.

class Progress {
  constructor(parent) {
    this.root = element("div", "progress", parent);
    this.bar = element("progress", "bar", this.root);
    this.bar.setAttribute("aria-label", "Lines looked at");
    this.text = element("span", "counts", this.root);
  }

  show({ total = 0, open = 0, corrected = 0, unreadable = 0, deleted = 0 }) {
    this.bar.max = Math.max(total, 1);
    this.bar.value = total - open;
    const parts = [`${total - open} of ${total} looked at`, `${open} left`, `${corrected} corrected`];
    if (unreadable) parts.push(`${unreadable} cannot be read`);
    if (deleted) parts.push(`${deleted} deleted`);
    setText(this.text, parts.join(" · "));
  }
}

class Actions {
  /** @param actions undo(), redo(), accept(score), save(kind, folder, replace) */
  constructor(parent, folder, actions) {
    const root = element("div", "actions", parent);
    const history = element("div", "group", root);
    this.undo = button("", history, "↶ Undo", "Undo a correction (Ctrl+Alt+Z)", () => actions.undo());
    this.redo = button("", history, "↷ Redo", "Redo a correction (Ctrl+Alt+Y)", () => actions.redo());
    const many = element("div", "group", root);
    const number = { type: "number", min: "0", max: "1", step: "0.01", value: "0.98" };
    button("", many, "Accept all from", "Take all lines nobody has looked at, with at least this score, as right",
      () => this.score.checkValidity() && this.score.value !== "" && actions.accept(Number(this.score.value)));
    this.score = element("input", "short", many, number);
    this.score.setAttribute("aria-label", "Accept all lines with at least this score");
    const saving = element("div", "group", root);
    this.folder = labelled(saving, "Folder", element("input", "folder", null, { type: "text", value: folder }));
    button("", saving, "Save labels", "Save as PaddleOCR label files: Label.txt, rec_gt.txt",
      () => actions.save("save_labels", this.folder.value));
    button("", saving, "Save ground truth", "Save as ground truth: a JSON file per page",
      () => actions.save("save_ground_truth", this.folder.value));
  }

  show({ can_undo: undo, can_redo: redo }) {
    this.undo.disabled = !undo;
    this.redo.disabled = !redo;
  }
}

/** Messages: about the connection, a refusal with what can be done, and what went well. */
class Notes {
  constructor(parent) {
    this.root = element("div", "notes", parent);
    this.says = element("span", "says", this.root);
    this.says.setAttribute("role", "status");
    this.buttons = element("span", "note-buttons", this.root);
    this.notes = { connection: "", refused: "", said: "" };
  }

  /** @param kind connection, refused or said; @param ways text → what a button of that name does */
  set(kind, text, ways = {}) {
    if (this.notes[kind] === text && !text) return;
    this.notes[kind] = text;
    this.ways = { ...this.ways, [kind]: ways };
    this.show();
  }

  show() {
    const kind = ["connection", "refused", "said"].find((name) => this.notes[name]) ?? "said";
    this.root.toggleAttribute("data-error", kind !== "said");
    setText(this.says, this.notes[kind]);
    this.buttons.replaceChildren();
    for (const [text, way] of Object.entries(this.ways?.[kind] ?? {})) button("", this.buttons, text, "", way);
  }
}
