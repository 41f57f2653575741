// Named settings: those that come with the tuner, and one's own.

class Presets {
  /** @param actions use(name), save(name, onAnswer), remove(name, onAnswer) */
  constructor(parent, actions) {
    this.actions = actions;
    this.presets = [];
    const root = section("presets", parent, "Presets");
    this.list = element("div", "preset-list", root);
    this.list.setAttribute("role", "group");
    this.list.setAttribute("aria-label", "Presets");
    const form = element("form", "row", root);
    this.input = element("input", "text wide", form, { type: "text" });
    this.input.placeholder = "name for these settings";
    this.input.setAttribute("aria-label", "Name of a preset of your own");
    this.input.maxLength = 60;
    const save = button("", form, "Save", "Save these settings as a preset of your own", () => {});
    save.type = "submit";
    this.says = element("p", "hint", root, { hidden: true });
    this.says.setAttribute("role", "alert");
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.save();
    });
  }

  save() {
    const name = this.input.value.trim();
    if (!name) return this.refuse("A preset needs a name.");
    this.actions.save(name, ({ kind, text }) => {
      if (kind !== "refused") this.input.value = "";
      this.refuse(kind === "refused" ? text : "");
    });
  }

  refuse(text) {
    setText(this.says, text ?? "");
    this.says.hidden = !text;
    this.says.parentNode.toggleAttribute("data-refused", Boolean(text));
  }

  setPresets(presets) {
    this.list.replaceChildren();
    this.presets = presets.map((preset) => {
      const place = preset.own ? element("div", "own-preset", this.list) : this.list;
      const made = button("preset", place, "", preset.own ? preset.title : preset.hint, () => this.actions.use(preset.name));
      element("span", "", made, { textContent: preset.title });
      if (!preset.own) element("span", "korean", made, { textContent: preset.title_ko, lang: "ko" });
      made.setAttribute("aria-label", preset.title);
      made.dataset.preset = preset.name;
      if (preset.own) this.addRemoval(place, preset.name);
      return { settings: Object.entries(preset.settings), made };
    });
  }

  /** A second click within seconds is the yes: nothing asks, and nothing is lost by one slip. */
  addRemoval(place, name) {
    let timer = 0;
    const ask = (asking) => {
      timer = asking ? setTimeout(() => ask(false), 3000) : 0;
      setText(remove, asking ? "Delete?" : "×");
      remove.toggleAttribute("data-asking", asking);
      setAttribute(remove, "aria-label", `${asking ? "Really delete" : "Delete"} the preset ${name}`);
    };
    const remove = button("remove", place, "×", "Delete this preset", () => {
      if (!timer) return ask(true);
      clearTimeout(timer);
      this.actions.remove(name, ({ kind, text }) => this.refuse(kind === "refused" ? text : ""));
    });
    ask(false);
  }

  /** Mark the preset that these settings are. */
  show(settings) {
    for (const { settings: own, made } of this.presets) {
      const same = own.every(([name, value]) => settings[name] === value);
      setAttribute(made, "aria-pressed", String(same));
    }
  }
}
