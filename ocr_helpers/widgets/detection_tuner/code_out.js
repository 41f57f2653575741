// The settings as code: one form at a time, and a button that copies it.

function codeLine(line) {
  const made = element("span", "code-line", null);
  made.toggleAttribute("data-further-in", line.startsWith(" "));
  if (line.startsWith("paddleocr ")) {
    const words = line.split(/( )/u); // the spaces among them
    made.append(...words.map((text, k) => (k % 2 ? text : element("span", "code-word", null, { textContent: text }))));
  } else made.textContent = line;
  return made;
}

class CodeOut {
  constructor(parent) {
    const root = section("code", parent, "These settings as code");
    const row = element("div", "row", root);
    this.choice = element("select", "choice wide", row);
    this.choice.setAttribute("aria-label", "Form of the code");
    this.choice.addEventListener("change", () => this.show());
    this.copy = button("", row, "Copy", "", () => this.toClipboard());
    this.text = element("pre", "program", root, { tabIndex: 0 });
    this.forms = {};
  }

  set(forms) {
    this.forms = forms;
    const names = Object.keys(forms);
    if (names.join() !== [...this.choice.options].map((option) => option.value).join()) {
      this.choice.replaceChildren(...names.map((name) => new Option(name, name)));
    }
    this.show();
  }

  show() {
    const lines = (this.forms[this.choice.value] ?? "").split(/(?<=\n)/u);
    this.text.replaceChildren(...lines.map(codeLine));
  }

  async toClipboard() {
    let said = "Copied";
    try {
      await navigator.clipboard.writeText(this.text.textContent);
    } catch {
      // No clipboard without https or permission: mark the text instead.
      getSelection().selectAllChildren(this.text);
      said = "Press Ctrl+C";
    }
    this.copy.textContent = said;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => (this.copy.textContent = "Copy"), 2000);
  }

  close() {
    clearTimeout(this.timer);
  }
}
