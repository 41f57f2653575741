// Keys in the field of a line, and a list of them. Letters go by their place on the keyboard (`code`): with a
// Hangul layout `key` would be a jamo.

const KEY_HELP = [
  ["Enter", "right as it stands; next line", "맞음, 다음 줄로"],
  ["Shift + Enter", "previous line", "앞줄로"],
  ["↑ ↓", "previous, next line without a mark", "표시 없이 앞줄, 다음 줄로"],
  ["Page ↑ ↓", "previous, next lines of the list", "목록의 앞부분, 뒷부분"],
  ["Esc", "the text as it was before typing", "고치기 전 글로"],
  ["Ctrl + Alt + U", "cannot be read (###), and back", "읽을 수 없음, 다시 누르면 취소"],
  ["Ctrl + Alt + X", "not a line, and back", "줄이 아님, 다시 누르면 취소"],
  ["Ctrl + Alt + A", "add a line that was missed: draw its box", "빠진 줄 추가: 상자 그리기"],
  ["Ctrl + Alt + R", "the text as it was recognised", "인식한 글로"],
  ["Ctrl + Alt + Z, Y", "undo, redo a correction", "고친 것을 되돌리기, 다시 하기"],
  ["Ctrl + Z", "undo typing in the field", "입력한 글자 되돌리기"],
];

/** @param act of the row: accept(), step(way), turn(way), restore(), toggle(state), recognised(), undo(), redo(), draw() */
function onFieldKey(event, act) {
  // Keys of an input method are its own: Enter ends a syllable, Esc gives one up.
  if (isComposing(event)) return;
  const { code, key, ctrlKey, altKey, metaKey, shiftKey } = event;
  const plain = !ctrlKey && !altKey && !metaKey;
  const commands = {
    KeyU: () => act.toggle("unreadable"),
    KeyX: () => act.toggle("deleted"),
    KeyA: () => act.draw(),
    KeyR: () => act.recognised(),
    KeyZ: () => (shiftKey ? act.redo() : act.undo()),
    KeyY: () => act.redo(),
  };
  const keys = {
    Enter: () => (shiftKey ? act.step(-1) : act.accept()),
    ArrowUp: () => act.step(-1),
    ArrowDown: () => act.step(1),
    PageUp: () => act.turn(-1),
    PageDown: () => act.turn(1),
    Escape: () => act.restore(),
  };
  const way = ctrlKey && altKey ? commands[code] : plain && Object.hasOwn(keys, key) ? keys[key] : undefined;
  if (!way) return;
  event.preventDefault();
  way();
}

/**
 * Keep the notebook's shortcuts off while the review has the focus: Shift+Enter would run the cell, and
 * Ctrl+Z would undo in it. Saving the notebook (Ctrl+S) and the command palette stay.
 * JupyterLab takes keys at the document before any element here; it leaves alone what bears this attribute.
 */
function guardKeys(root) {
  const guard = (event) => {
    const { ctrlKey, metaKey, altKey, shiftKey, code } = event;
    const ofNotebook = (ctrlKey || metaKey) && !altKey && (code === "KeyS" || (shiftKey && code === "KeyC"));
    // On the element itself: many selectors of JupyterLab's match whatever has the focus.
    if (root.contains(event.target)) event.target.toggleAttribute("data-lm-suppress-shortcuts", !ofNotebook);
  };
  window.addEventListener("keydown", guard, true);
  return () => window.removeEventListener("keydown", guard, true);
}

function addHelp(parent) {
  const root = element("details", "help", parent);
  element("summary", "", root, { textContent: "Keys 단축키" });
  const list = element("dl", "keys", root);
  for (const [keys, what, korean] of KEY_HELP) {
    element("dt", "", list, { textContent: keys });
    element("dd", "", list, { textContent: `${what} · ${korean}` });
  }
}
