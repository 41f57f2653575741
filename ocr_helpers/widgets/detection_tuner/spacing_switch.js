// Spaces that the reading lacks, in the list only: the switch, how many lines they change, and the way to those.

const NEXT_CHANGED = "Go to the next changed line; ↓ ↑ step through them · 바뀐 다음 줄로 가기";

class SpacingSwitch {
  /** @param actions restore(on, onAnswer), step(way): 1 to the next changed line, -1 to the one before */
  constructor(parent, actions) {
    const root = element("div", "row", parent);
    const holder = element("label", "layer", root, {
      title: "Show spaces that Korean needs and the reading lacks, in this list only; results keep what was read",
    });
    this.switch = new KernelSwitch(holder, actions.restore);
    element("span", "", holder, { textContent: "Restore spacing · 띄어쓰기 복원" });
    const said = element("span", "", root);
    said.setAttribute("role", "status");
    this.jump = button("jump", said, "", "", () => actions.step(1)); // its name is its text: the count
    this.jump.title = NEXT_CHANGED;
    this.jump.addEventListener("keydown", (event) => {
      if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
      event.preventDefault();
      actions.step(event.key === "ArrowDown" ? 1 : -1);
    });
  }

  /** @param at which of the `count` changed lines is marked, from 0; -1 where none is */
  show(on, count, at) {
    this.switch.show(on);
    setProperty(this.jump, "hidden", !on);
    setProperty(this.jump, "disabled", !count);
    setText(this.jump, on ? `${at < 0 ? "" : `${at + 1} of `}${count} changed` : "");
  }
}
