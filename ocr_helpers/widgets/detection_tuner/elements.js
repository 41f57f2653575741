// Small things every part uses. Text from Python only ever becomes textContent.

function element(tag, name, parent, properties = {}) {
  const made = Object.assign(document.createElement(tag), properties);
  made.className = name.split(" ").filter(Boolean).map((part) => `ocr-tuner-${part}`).join(" ");
  parent?.append(made);
  return made;
}

// While a slider moves, everything is shown anew for every frame; what is written again without being another
// value would still cost the browser a style, a layout and a paint.

function setText(target, text) {
  if (target.textContent !== text) target.textContent = text;
}

function setProperty(target, name, value) {
  if (target[name] !== value) target[name] = value;
}

function setAttribute(target, name, value) {
  if (target.getAttribute(name) !== value) target.setAttribute(name, value);
}

const CALM_MS = 200;

/** A text that nobody could read if it changed at every frame: the newest one, a few times a second. */
class CalmText {
  constructor(target) {
    this.target = target;
    this.timer = 0;
  }

  set(text) {
    this.text = text;
    if (this.timer) return;
    setText(this.target, text);
    this.timer = setTimeout(() => {
      this.timer = 0;
      if (this.target.textContent !== this.text) this.set(this.text);
    }, CALM_MS);
  }
}

/** A titled part of the panel; a folded one opens on a click. */
function section(name, parent, title, folded = false) {
  if (folded) {
    const root = element("details", `section ${name}`, parent);
    element("summary", "title", root, { textContent: title });
    return root;
  }
  const root = element("section", `section ${name}`, parent);
  root.setAttribute("aria-label", title);
  element("h4", "title", root, { textContent: title });
  return root;
}

function button(name, parent, text, title, onClick) {
  const made = element("button", `button ${name}`, parent, { type: "button", textContent: text, title });
  if (title) made.setAttribute("aria-label", title);
  made.addEventListener("click", onClick);
  return made;
}

function clamp(value, low, high) {
  return Math.min(Math.max(value, low), high);
}

/** A number as people write it: without the noise of binary fractions. */
function plain(value) {
  return String(Number(Number(value).toFixed(6)));
}

/** A typed array from a binary message: a DataView or an ArrayBuffer, at any offset. */
function typed(Type, buffer) {
  if (!buffer) return new Type(0);
  if (buffer instanceof ArrayBuffer) return new Type(buffer.slice(0));
  const { byteOffset, byteLength } = buffer;
  return new Type(buffer.buffer.slice(byteOffset, byteOffset + byteLength));
}
