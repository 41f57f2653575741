// The cards of ModuleToggles. Python sends data, this file builds elements: text only ever as textContent.

const ANSWER_MS = 4000; // the kernel answers a click in milliseconds unless it is busy or gone
const NO_ANSWER =
  "The kernel has not answered: it is busy with another cell, or it has stopped. " +
  "The switches show the last change it took.";
const NO_KERNEL = "The kernel is not there any more. Run the cells again to switch modules.";

function element(tag, name, parent, properties = {}) {
  const made = Object.assign(document.createElement(tag), properties);
  made.className = name.split(" ").filter(Boolean).map((part) => `ocr-modules-${part}`).join(" ");
  parent?.append(made);
  return made;
}

function setText(target, text) {
  if (target.textContent !== text) target.textContent = text;
}

/** A picture in its place; the place keeps its size when there is none. */
function setPicture(frame, picture, alt) {
  let img = frame.querySelector("img");
  if (!picture) {
    img?.remove();
    return;
  }
  if (!img) img = element("img", "", frame, { decoding: "async", draggable: false });
  if (img.src !== picture.src) img.src = picture.src;
  img.width = picture.width;
  img.height = picture.height;
  img.alt = alt;
}

class Card {
  constructor(parent, number, description, onClick) {
    this.module = description.module;
    this.title = description.title;
    this.toggle = description.toggle;
    this.root = element("section", "card", parent);
    this.root.setAttribute("aria-label", this.title);
    this.root.dataset.module = this.module;
    const head = element("div", "head", this.root);
    element("span", "number", head, { textContent: String(number), ariaHidden: "true" });
    element("span", "title", head, { textContent: this.title });
    this.switch = element("button", "switch", head, { type: "button" });
    this.switch.setAttribute("role", "switch");
    this.switch.setAttribute("aria-label", this.title);
    this.word = element("span", "word", this.switch);
    element("span", "knob", element("span", "track", this.switch));
    if (this.toggle) {
      this.switch.addEventListener("click", () => onClick(this.toggle));
    } else {
      this.switch.disabled = true;
      this.switch.title = "This module always runs.";
      this.switch.setAttribute("aria-checked", "true");
      this.word.textContent = "on";
    }
    const numbers = element("div", "numbers", this.root);
    this.time = element("span", "time", numbers);
    this.source = element("span", "source", numbers);
    if (!this.toggle) element("span", "fixed", numbers, { textContent: "always on" });
    element("div", "progress", this.root);
    this.body = element("div", "body", this.root);
    this.decision = element("p", "decision", this.root, { textContent: "…" });
    this.frames = null;
    this.list = null;
  }

  setSwitch(on, waiting) {
    if (!this.toggle) return;
    this.switch.setAttribute("aria-checked", String(on));
    this.switch.toggleAttribute("data-waiting", waiting);
    setText(this.word, on ? "on" : "off");
  }

  setResult(card) {
    setText(this.time, card.time);
    setText(this.source, card.source);
    this.source.dataset.source = card.source;
    this.source.hidden = card.source === "off";
    this.root.toggleAttribute("data-off", card.source === "off");
    setText(this.decision, card.decision);
    if (card.before) this.showPages(card);
    else this.showLines(card);
  }

  showPages(card) {
    if (!this.frames) {
      this.body.replaceChildren();
      const pair = element("div", "pair", this.body);
      this.frames = ["before", "after"].map((when) => {
        const figure = element("figure", "figure", pair);
        const frame = element("div", "frame", figure);
        element("figcaption", "caption", figure, { textContent: when });
        return frame;
      });
    }
    setPicture(this.frames[0], card.before, `page before: ${this.title}`);
    setPicture(this.frames[1], card.after, `page after: ${this.title}`);
  }

  showLines(card) {
    this.list ??= element("div", "lines", this.body);
    this.list.tabIndex = 0; // so that the keyboard can scroll it
    this.list.setAttribute("role", "list");
    this.list.setAttribute("aria-label", `${this.title}: lines`);
    const top = this.list.scrollTop;
    this.list.replaceChildren();
    card.lines.forEach((line, index) => this.addLine(line, index + 1));
    if (card.more) element("div", "more", this.list, { textContent: card.more });
    if (!card.lines.length) {
      const nothing = card.source === "off" ? "" : "no line to show";
      element("div", "more", this.list, { textContent: nothing });
    }
    this.list.scrollTop = top;
  }

  addLine(line, number) {
    const row = element("div", "line", this.list);
    row.setAttribute("role", "listitem");
    if (line.after) {
      for (const when of ["before", "after"]) {
        const half = element("div", "half", row);
        element("span", "caption", half, { textContent: when });
        setPicture(element("div", "cut", half), line[when], `line ${number} ${when}`);
      }
      return;
    }
    setPicture(element("div", "cut", row), line.before, `line ${number} as it was read`);
    const read = element("div", "read", row);
    const score = element("span", "score", read, { textContent: line.score, title: "score" });
    score.style.backgroundColor = line.color;
    element("span", "text", read, { textContent: line.text || "(no text read)", lang: "ko" });
  }
}

/** The settings as code: one form at a time, and a button that copies it. */
class Code {
  constructor(parent) {
    this.root = element("section", "code", parent);
    this.root.setAttribute("aria-label", "Settings as code");
    const head = element("div", "head", this.root);
    element("span", "title", head, { textContent: "These settings as code" });
    this.choice = element("select", "choice", head);
    this.choice.setAttribute("aria-label", "Form of the code");
    this.choice.dataset.lmSuppressShortcuts = ""; // or JupyterLab takes the arrows and goes to another cell
    this.copy = element("button", "copy", head, { type: "button", textContent: "Copy" });
    this.text = element("pre", "program", this.root, { tabIndex: 0 });
    this.forms = {};
    this.choice.addEventListener("change", () => this.show());
    this.copy.addEventListener("click", () => this.toClipboard());
  }

  set(forms) {
    this.forms = forms;
    const names = Object.keys(forms);
    if (this.choice.options.length !== names.length) {
      this.choice.replaceChildren(...names.map((name) => new Option(name, name)));
    }
    this.show();
  }

  show() {
    setText(this.text, this.forms[this.choice.value] ?? "");
  }

  async toClipboard() {
    let said = "Copied";
    try {
      await navigator.clipboard.writeText(this.text.textContent);
    } catch {
      // No clipboard without https or permission: mark the text instead.
      getSelection().selectAllChildren(this.text);
      said = "Press Ctrl+C";
    }
    this.copy.textContent = said;
    setTimeout(() => (this.copy.textContent = "Copy"), 2000);
  }
}

function render({ model, el }) {
  const root = element("div", "root", el);
  const bar = element("div", "bar", root);
  const says = element("div", "says", bar);
  says.setAttribute("role", "status");
  const grid = element("div", "grid", root);
  const view = Math.random().toString(36).slice(2);
  const waiting = new Map(); // toggle → the click the kernel has not answered yet
  const timers = new Set();
  let clicks = 0;
  let note = "";
  const cards = model.get("modules").map((module, index) => new Card(grid, index + 1, module, click));
  const code = new Code(root);

  function isOn(toggle) {
    return waiting.get(toggle)?.on ?? Boolean(model.get("status").wanted?.[toggle]);
  }

  function click(toggle) {
    const change = { on: !isOn(toggle), id: `${view}-${++clicks}` };
    waiting.set(toggle, change);
    note = "";
    showStatus();
    const timer = setTimeout(() => {
      timers.delete(timer);
      settle(change.id, NO_ANSWER);
    }, ANSWER_MS);
    timers.add(timer);
    try {
      model.send({ kind: "set", toggle, on: change.on, id: change.id });
    } catch {
      settle(change.id, NO_KERNEL);
    }
  }

  /** Let go of a click: from here on the switch shows what Python says. */
  function settle(id, text) {
    for (const [toggle, change] of waiting) {
      if (change.id !== id) continue;
      waiting.delete(toggle);
      note = text;
      showStatus();
    }
  }

  function onMessage(message) {
    if (!message?.id?.startsWith(`${view}-`)) return;
    if (message.kind === "accepted" && note === NO_ANSWER) note = ""; // late, but it is there
    settle(message.id, message.kind === "refused" ? message.text : "");
    showStatus();
  }

  function showStatus() {
    const status = model.get("status");
    const busy = Boolean(status.busy) || waiting.size > 0;
    const error = note || (waiting.size ? "" : status.error) || "";
    root.toggleAttribute("data-busy", busy);
    root.setAttribute("aria-busy", String(busy));
    bar.toggleAttribute("data-error", Boolean(error));
    setText(says, error || (waiting.size ? "Waiting for the kernel …" : status.text || ""));
    for (const card of cards) {
      card.setSwitch(isOn(card.toggle), waiting.has(card.toggle));
      card.root.toggleAttribute("data-running", Boolean(status.busy) && status.module === card.module);
      card.root.toggleAttribute("data-failed", !busy && Boolean(error) && status.failed === card.module);
    }
  }

  function showPanel() {
    const panel = model.get("panel");
    panel.cards?.forEach((card, index) => cards[index].setResult(card));
    if (panel.code) code.set(panel.code);
    root.toggleAttribute("data-empty", !panel.cards);
  }

  model.on("change:status", showStatus);
  model.on("change:panel", showPanel);
  model.on("msg:custom", onMessage);
  showPanel();
  showStatus();
  return () => {
    timers.forEach(clearTimeout);
    model.off("change:status", showStatus);
    model.off("change:panel", showPanel);
    model.off("msg:custom", onMessage);
  };
}

export default { render };
