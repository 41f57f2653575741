// Keys on the page, and a list of them.

const STEP = 60;
const KEY_HELP = [
  ["← ↑ → ↓", "move the page"],
  ["+  −", "zoom in, zoom out"],
  ["0   1", "whole page, 100 %"],
  ["n   p", "next box, previous box"],
  ["Page ↑ ↓", "previous page, next page"],
  ["Esc", "clear the mark"],
  ["Ctrl + wheel", "zoom at the pointer"],
  ["drag, click", "move the page, mark a box"],
];

/** @param actions of the page: pan(dx, dy), zoom(way), next(way), page(way), clear(), help() */
function keysOnPage(canvas, actions) {
  const keys = {
    ArrowLeft: () => actions.pan(STEP, 0),
    ArrowRight: () => actions.pan(-STEP, 0),
    ArrowUp: () => actions.pan(0, STEP),
    ArrowDown: () => actions.pan(0, -STEP),
    "+": () => actions.zoom("in"),
    "=": () => actions.zoom("in"), // + without Shift
    "-": () => actions.zoom("out"),
    0: () => actions.zoom("fit"),
    1: () => actions.zoom("full"),
    n: () => actions.next(1),
    p: () => actions.next(-1),
    PageDown: () => actions.page(1),
    PageUp: () => actions.page(-1),
    Escape: () => actions.clear(),
    "?": () => actions.help(),
  };
  canvas.addEventListener("keydown", (event) => {
    const act = Object.hasOwn(keys, event.key) && keys[event.key];
    if (!act || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    act();
  });
}

/**
 * Keep the notebook's one-key shortcuts off while the tuner has the focus: 0 twice would restart the kernel.
 * JupyterLab takes keys at the document before any element here; it leaves alone what bears this attribute.
 */
function guardKeys(root) {
  const guard = (event) => {
    const { ctrlKey, metaKey, altKey, shiftKey, key } = event;
    const ofNotebook = ctrlKey || metaKey || altKey || (shiftKey && key === "Enter");
    // On the element itself: many selectors of JupyterLab's match whatever has the focus.
    if (root.contains(event.target)) event.target.toggleAttribute("data-lm-suppress-shortcuts", !ofNotebook);
  };
  window.addEventListener("keydown", guard, true);
  return () => window.removeEventListener("keydown", guard, true);
}

function addHelp(stage) {
  const help = element("dl", "help", stage, { hidden: true });
  for (const [keys, what] of KEY_HELP) {
    element("dt", "", help, { textContent: keys });
    element("dd", "", help, { textContent: what });
  }
  return help;
}
