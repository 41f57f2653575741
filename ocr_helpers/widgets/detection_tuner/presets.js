// Named settings: those that come with the tuner, and one's own.

/** A button whose second click within seconds is the yes: nothing asks, and nothing is lost by one slip. */
class SecondClick {
  constructor(made) {
    this.button = made;
    this.word = made.textContent;
    this.timer = 0;
  }

  /** True at the second click; the first one asks. */
  confirmed(question) {
    const asked = Boolean(this.timer);
    this.ask(asked ? "" : question);
    return asked;
  }

  /** Show the question, or with "" what the button is else. */
  ask(question) {
    clearTimeout(this.timer);
    this.timer = question ? setTimeout(() => this.ask(""), 3000) : 0;
    setText(this.button, question || this.word);
    this.button.toggleAttribute("data-asking", Boolean(question));
    setAttribute(this.button, "aria-label", [question, this.button.title].filter(Boolean).join(" "));
  }
}

class Presets {
  /** @param actions use(name, onAnswer), save(name, onAnswer), remove(name, onAnswer), refuse(text) */
  constructor(parent, actions) {
    this.actions = actions;
    this.presets = [];
    const root = section("presets", parent, "Presets");
    this.list = element("div", "preset-list", root);
    this.list.setAttribute("role", "group");
    this.list.setAttribute("aria-label", "Presets");
    const row = element("div", "row", root);
    this.input = element("input", "text wide", row, { type: "text" });
    this.input.placeholder = "name for these settings";
    this.input.setAttribute("aria-label", "Name of a preset of your own");
    this.input.maxLength = 60;
    const save = button("save", row, "Save", "Save these settings as a preset of your own", () => this.save());
    this.replace = new SecondClick(save);
    // By hand: within a notebook Enter submits no form. While Hangul is composed it ends the syllable.
    this.input.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && !event.isComposing) this.save();
    });
    this.input.addEventListener("input", () => {
      this.replace.ask("");
      this.refuse("");
    });
  }

  save() {
    const name = this.input.value.trim();
    if (!name) return this.refuse("A preset needs a name.");
    const taken = this.presets.some(({ own, name: other }) => own && other === name);
    if (taken && !this.replace.confirmed("Replace?")) return;
    this.actions.save(name, ({ kind }) => {
      this.input.toggleAttribute("data-refused", kind === "refused");
      if (kind !== "refused") this.input.value = "";
    });
  }

  refuse(text) {
    const refused = this.input.hasAttribute("data-refused");
    this.input.toggleAttribute("data-refused", Boolean(text));
    if (text || refused) this.actions.refuse(text);
  }

  setPresets(presets) {
    this.list.replaceChildren();
    this.presets = presets.map((preset) => {
      const place = preset.own ? element("div", "own-preset", this.list) : this.list;
      const made = button("preset", place, "", preset.own ? preset.title : preset.hint, () => {
        made.toggleAttribute("data-pending", true);
        this.actions.use(preset.name, () => made.toggleAttribute("data-pending", false));
      });
      element("span", "", made, { textContent: preset.title });
      if (!preset.own) element("span", "korean", made, { textContent: preset.title_ko, lang: "ko" });
      made.setAttribute("aria-label", preset.title);
      made.dataset.preset = preset.name;
      if (preset.own) this.addRemoval(place, preset.name);
      return { name: preset.name, own: preset.own, settings: Object.entries(preset.settings), made };
    });
  }

  addRemoval(place, name) {
    const remove = new SecondClick(
      button("remove", place, "×", `Delete the preset ${name}`, () => {
        if (remove.confirmed("Delete?")) this.actions.remove(name, () => {});
      }),
    );
  }

  /** Mark the preset that these settings are. */
  show(settings) {
    for (const { settings: own, made } of this.presets) {
      const same = own.every(([name, value]) => settings[name] === value);
      setAttribute(made, "aria-pressed", String(same));
    }
  }
}
