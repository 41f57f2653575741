// A checkbox for something that the kernel switches: it stays as it was clicked until the kernel has done so.

class KernelSwitch {
  /** @param ask (on, onAnswer), whose answer is as in transport.js */
  constructor(parent, ask) {
    this.on = false; // as the kernel has it
    this.asked = undefined;
    this.box = element("input", "", parent, { type: "checkbox" });
    this.box.addEventListener("change", () => {
      this.asked = this.box.checked;
      ask(this.asked, ({ kind }) => {
        if (kind !== "refused") return;
        this.asked = undefined;
        this.show(this.on);
      });
    });
  }

  show(on) {
    this.on = on;
    if (on === this.asked) this.asked = undefined;
    setProperty(this.box, "checked", this.asked ?? on);
  }
}
