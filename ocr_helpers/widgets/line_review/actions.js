// What is done with all lines: counts, undo, accepting many, saving.

class Progress {
  constructor(parent) {
    this.root = element("div", "progress", parent);
    this.bar = element("progress", "bar", this.root);
    this.bar.setAttribute("aria-label", "Lines looked at 확인한 줄");
    this.text = element("span", "counts", this.root);
  }

  show({ total = 0, open = 0, corrected = 0, unreadable = 0, deleted = 0, added = 0 }) {
    this.bar.max = Math.max(total, 1);
    this.bar.value = total - open;
    const parts = [`${total - open} of ${total} looked at 확인`, `${open} left 남음`, `${corrected} corrected 고침`];
    if (added) parts.push(`${added} added 추가`);
    if (unreadable) parts.push(`${unreadable} cannot be read 읽을 수 없음`);
    if (deleted) parts.push(`${deleted} not a line 줄 아님`);
    setText(this.text, parts.join(" · "));
  }
}

class Actions {
  /** @param actions undo(), redo(), accept(score), save(kind, folder, replace) */
  constructor(parent, folder, actions) {
    const root = element("div", "actions", parent);
    const history = element("div", "group", root);
    this.undo = button("", history, "↶ Undo 되돌리기", "Undo a correction 고친 것을 되돌리기 (Ctrl+Alt+Z)", () => actions.undo());
    this.redo = button("", history, "↷ Redo 다시", "Redo a correction 되돌린 것을 다시 하기 (Ctrl+Alt+Y)", () => actions.redo());
    const many = element("div", "group", root);
    const number = { type: "number", min: "0", max: "1", step: "0.01", value: "0.98" };
    const about = "Take all lines nobody has looked at, with at least this score, as right 이 점수 이상을 모두 맞음으로";
    button("", many, "Accept all from 모두 맞음, 점수", about,
      () => this.score.checkValidity() && this.score.value !== "" && actions.accept(Number(this.score.value)));
    this.score = element("input", "short", many, number);
    this.score.setAttribute("aria-label", "Accept all lines with at least this score 이 점수 이상");
    const saving = element("div", "group", root);
    this.folder = labelled(saving, "Folder 폴더", element("input", "folder", null, { type: "text", value: folder }));
    button("", saving, "Save labels 라벨 저장", "Save as PaddleOCR label files PaddleOCR 라벨로 저장: Label.txt, rec_gt.txt",
      () => actions.save("save_labels", this.folder.value));
    button("", saving, "Save ground truth 정답 저장", "Save as ground truth 정답으로 저장: a JSON file per page",
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
