// The six settings, and which value each of them shows.

class Controls {
  /**
   * @param transport sends
   * @param onChange is called when somebody changes a setting here
   * @param onRefusal is called with why what was typed cannot be sent
   */
  constructor(parent, specs, transport, onChange, onRefusal) {
    this.transport = transport;
    this.onChange = onChange;
    this.known = {}; // the last values the kernel is known to have
    const actions = {
      set: (field, value) => {
        transport.set(field, value);
        this.show();
        onChange();
      },
      reset: (field) => this.ask({ kind: "reset", field }, [field]),
      keep: onChange,
      refuse: (field, text) => {
        onRefusal(text);
        this.settled({ [field]: undefined }, true, text);
      },
    };
    const groups = [
      [false, "Boxes", "the page follows at once"],
      [true, "Input of the network", "takes a moment"],
    ];
    this.fields = groups.flatMap(([network, title, note]) => {
      const root = section("fields", parent, title);
      element("span", "note", root.firstChild, { textContent: ` ${note}` });
      return specs.filter((spec) => spec.network === network).map((spec) => new Field(root, spec, actions));
    });
    this.names = specs.map(({ name }) => name);
  }

  /** Send what changes several fields by itself; values not sent yet are given up. */
  ask(content, fields = this.names, onAnswer = () => {}) {
    this.transport.drop(fields);
    this.onChange();
    this.transport.request(content, onAnswer);
    this.show();
  }

  /** The kernel took a set, or refused it and kept what it had. */
  settled(values, refused, text) {
    if (!refused) Object.assign(this.known, values);
    this.show();
    if (refused && text) {
      const at = this.fields.filter(({ spec }) => spec.name in values);
      const named = at.filter(({ spec }) => text.includes(spec.name));
      for (const field of named.length ? named : at) field.refuse(text);
    }
  }

  /** What was refused is history. */
  forgive() {
    for (const field of this.fields) field.refuse("");
  }

  setKnown(wanted) {
    this.known = { ...wanted };
    this.show();
  }

  /** What the fields show: the kernel's values, and those on their way to it. */
  values() {
    const value = (name) => this.transport.pending(name) ?? this.known[name];
    return Object.fromEntries(this.names.map((name) => [name, value(name)]));
  }

  show() {
    const values = this.values();
    for (const field of this.fields) {
      const { name } = field.spec;
      field.show(values[name], this.transport.pending(name) !== undefined);
    }
  }

  close() {
    this.fields.forEach((field) => field.close());
  }
}
