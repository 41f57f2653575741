// How many candidates were kept and rejected, which is also the legend of their lines; and what is going on.

const BUSY_WORDS = { network: "Running the network …", page: "Opening the page …" };
const WAITING = "Waiting for the kernel …";
const BUSY_ELSEWHERE = "The kernel is busy with another cell, and does this afterwards.";

class StatusBar {
  constructor(parent, reasons) {
    const root = element("div", "status", parent);
    const counts = element("div", "counts", root);
    this.counts = reasons.map(({ id, word, word_ko: korean, explain }, state) => {
      const item = element("span", "count", counts, { title: [korean, explain].filter(Boolean).join(": ") });
      item.dataset.reason = id;
      if (state) lineSample(item, rejectedStyle(id));
      else element("span", "gradient", item).style.background = SCORE_GRADIENT;
      const number = element("span", "digits", element("b", "", item), { textContent: "0" });
      element("span", "", item, { textContent: word });
      return { id, item, number };
    });
    this.addScale(element("span", "count", counts));
    const facts = element("div", "facts", root);
    this.busy = element("span", "busy", facts);
    this.busy.setAttribute("role", "status");
    this.time = new CalmText(element("span", "", facts, { title: "From the probability map to the boxes" }));
    this.input = element("span", "", facts, { title: "Size of the page as the network sees it" });
    this.inputNote = element("div", "facts", root, { title: "How the page came to this size" });
  }

  addScale(item) {
    item.title = "Colours of the score: 0.5 and below at the left, 1 at the right";
    element("span", "note", item, { textContent: "score 0.5" });
    element("span", "gradient long", item).style.background = SCORE_GRADIENT;
    element("span", "note", item, { textContent: "1" });
  }

  setFrame(frame) {
    for (const { id, item, number } of this.counts) {
      const count = frame.counts[id] ?? 0;
      setText(number, String(count));
      item.toggleAttribute("data-none", !count);
    }
    const { milliseconds, input_size: size, input_note: note, shrunk_by: setting } = frame.message;
    this.time.set(milliseconds === undefined ? "" : `boxes in ${milliseconds.toFixed(1)} ms`);
    setText(this.input, size ? `network input ${size[0]} × ${size[1]}` : "");
    setText(this.inputNote, note ? `${note[0].toUpperCase()}${note.slice(1)}` : "");
    this.inputNote.toggleAttribute("data-shrunk", Boolean(setting));
  }

  setBusy(busy, waiting) {
    setText(this.busy, waiting ? WAITING : (BUSY_WORDS[busy] ?? ""));
    setProperty(this.busy, "title", waiting ? BUSY_ELSEWHERE : "");
  }
}
