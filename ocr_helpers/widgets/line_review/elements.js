// Small things every part uses. Text from Python only ever becomes textContent or a field's value.

function element(tag, name, parent, properties = {}) {
  const made = Object.assign(document.createElement(tag), properties);
  made.className = name.split(" ").filter(Boolean).map((part) => `ocr-review-${part}`).join(" ");
  parent?.append(made);
  return made;
}

function setText(target, text) {
  if (target.textContent !== text) target.textContent = text;
}

function button(name, parent, text, title, onClick) {
  const made = element("button", `button ${name}`, parent, { type: "button", textContent: text, title });
  made.setAttribute("aria-label", title || text);
  made.addEventListener("click", onClick);
  return made;
}

/** A field with its name in front of it. */
function labelled(parent, text, field) {
  const holder = element("label", "labelled", parent);
  element("span", "", holder, { textContent: text });
  holder.append(field);
  return field;
}

function clamp(value, low, high) {
  return Math.min(Math.max(value, low), high);
}

/** One line, as Python will keep it: NFC, no control characters, no outer spaces. */
function clean(text) {
  return text.replace(/\p{Cc}/gu, " ").normalize("NFC").trim();
}

/** Whether a key belongs to an input method that is making a syllable. */
function isComposing(event) {
  return event.isComposing || event.keyCode === 229;
}
