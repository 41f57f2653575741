// One setting: slider, number field or choice, and the way back to its default.

const NUMBER = /^[+-]?(\d+[.,]?\d*|[.,]\d+)(e[+-]?\d+)?$/iu;

class Field {
  /** @param actions set(field, value), reset(field), keep(), refuse(field, text) */
  constructor(parent, spec, actions) {
    this.spec = spec;
    this.actions = actions;
    this.held = false; // the pointer is on the slider: it belongs to the pointer
    this.typing = false;
    this.root = element("div", "field", parent);
    this.root.dataset.field = spec.name;
    const head = element("div", "field-head", this.root);
    element("span", "name", head, { textContent: spec.name, title: spec.label });
    element("span", "korean", head, { textContent: spec.label_ko, title: spec.label_ko, lang: "ko" });
    this.hintText = spec.hint;
    if (spec.kind === "choice") this.addChoice(head);
    else this.addNumber(head);
    const back = `Reset ${spec.name} to ${spec.default}`;
    this.back = button("reset", head, "↺", back, () => actions.reset(spec.name));
    if (spec.kind !== "choice") this.addSlider();
    this.hint = element("p", "hint", this.root, { textContent: spec.hint, title: spec.hint_ko || spec.hint });
    this.hint.id = `ocr-tuner-${Math.random().toString(36).slice(2)}`;
    for (const input of [this.slider, this.number, this.choice]) {
      input?.setAttribute("aria-describedby", this.hint.id);
    }
  }

  addChoice(head) {
    this.choice = element("select", "choice", head);
    this.choice.setAttribute("aria-label", this.spec.name);
    this.choice.append(...this.spec.choices.map((value) => new Option(value, value)));
    this.choice.addEventListener("change", () => this.send(this.choice.value));
  }

  addNumber(head) {
    const { name, min, max, step } = this.spec;
    // Not of type number: that drops a decimal comma without a word, and 0,4 becomes 4.
    this.number = element("input", "number", head, { type: "text", inputMode: "decimal", autocomplete: "off" });
    this.number.setAttribute("aria-label", `${name}, as a number`);
    this.number.title = `${plain(min)} to ${plain(max)}`;
    this.number.addEventListener("input", () => (this.typing = true));
    this.number.addEventListener("keydown", (event) => {
      if (event.key === "ArrowUp" || event.key === "ArrowDown") {
        event.preventDefault();
        const way = event.key === "ArrowUp" ? 1 : -1;
        this.send(Number(plain(clamp(this.value + way * step, min, max))));
      } else if (event.key === "Enter") this.applyNumber();
      else if (event.key === "Escape") this.stopTyping();
    });
    this.number.addEventListener("blur", () => this.applyNumber());
  }

  addSlider() {
    const { name, slider_min: low, slider_max: high, step, default: usual } = this.spec;
    const row = element("div", "slider-row", this.root);
    this.slider = element("input", "slider", row, { type: "range", min: low, max: high, step });
    this.slider.setAttribute("aria-label", name);
    const share = clamp((usual - low) / (high - low), 0, 1);
    const tick = element("span", "tick", row, { title: `default: ${plain(usual)}` });
    tick.style.setProperty("--share", share);
    const hold = (held) => () => {
      this.held = held;
      if (!held) this.show(this.value, this.waits);
    };
    this.slider.addEventListener("pointerdown", hold(true));
    for (const event of ["pointerup", "pointercancel", "blur"]) {
      this.slider.addEventListener(event, hold(false));
    }
    this.slider.addEventListener("input", () => this.slide());
    this.slider.addEventListener("change", () => {
      if (this.rest) this.send(this.slider.valueAsNumber);
    });
  }

  /** Settings of the network take effect when the slider comes to rest, the others at once. */
  slide() {
    const value = this.slider.valueAsNumber;
    this.number.value = plain(value);
    this.typing = false;
    if (!this.spec.network) return this.send(value);
    clearTimeout(this.rest);
    this.rest = setTimeout(() => this.send(value), 300);
  }

  applyNumber() {
    if (!this.typing) return;
    const typed = this.number.value.trim();
    const value = NUMBER.test(typed) ? Number(typed.replace(",", ".")) : NaN;
    this.stopTyping();
    const { name, default: usual } = this.spec;
    if (Number.isNaN(value)) this.actions.refuse(name, `${name} needs a number, such as ${plain(usual)}.`);
    else if (value === this.value) this.actions.keep();
    else this.send(value);
  }

  stopTyping() {
    this.typing = false;
    this.show(this.value, this.waits);
  }

  send(value) {
    clearTimeout(this.rest);
    this.rest = 0;
    this.actions.set(this.spec.name, value);
  }

  /** Show a value; what the pointer holds or somebody types is left alone. */
  show(value, waits = false) {
    if (this.value !== undefined && this.value !== value && !waits) this.flash();
    this.value = value;
    this.waits = waits;
    setProperty(this.back, "disabled", value === this.spec.default);
    if (this.choice) setProperty(this.choice, "value", value);
    const resting = !this.held && !this.rest;
    if (this.slider && resting) setProperty(this.slider, "value", String(value));
    if (this.number && resting && !this.typing) setProperty(this.number, "value", plain(value));
  }

  /** The kernel changed this one: a preset, a symptom, a way back. */
  flash() {
    if (matchMedia("(prefers-reduced-motion: reduce)").matches) return;
    const lit = "color-mix(in srgb, var(--ocr-brand) 45%, transparent)";
    (this.number ?? this.choice).animate({ boxShadow: [`0 0 0 4px ${lit}`, "0 0 0 4px transparent"] }, 1200);
  }

  refuse(text) {
    this.root.toggleAttribute("data-refused", Boolean(text));
    setAttribute(this.number ?? this.choice, "aria-invalid", String(Boolean(text)));
    const [sentence] = text.split(/(?<=\.)\s/u, 1); // two lines are free here; the banner has all of it
    setText(this.hint, sentence ? `${sentence} Kept ${this.number ? plain(this.value) : this.value}.` : this.hintText);
    setProperty(this.hint, "title", text || this.spec.hint_ko || this.hintText);
  }

  close() {
    clearTimeout(this.rest);
  }
}
