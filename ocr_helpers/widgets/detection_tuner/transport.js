// Messages to the kernel. At most one unanswered "set": while it is on its way only the newest value of each
// field is kept, and goes out one frame after the answer was drawn: a kernel that computes the next boxes at
// once would take the processor from the drawing, and the slider would stutter.

const HIDDEN_MS = 100; // where nothing is drawn, as in a hidden tab
const WAIT_MS = 400; // the kernel answers in milliseconds unless it is busy or gone
const ANSWER_MS = 4000;
const NO_ANSWER =
  "The kernel does not answer. If it is busy, wait; if it was restarted, run the cells again. " +
  "The controls show the last settings it took.";
const NO_KERNEL = "The kernel of these boxes was restarted or has stopped. Run the cells again to change settings.";

class Transport {
  /**
   * @param model anywidget's model
   * @param onNote called with a text about the connection, "" when it is well again
   * @param onWaiting called with whether an answer is late, which is no harm yet: "", "late", or "busy" where it
   *   is seconds late because the kernel is busy with another cell
   * @param onValues called when a set is answered: (values, refusal text or "")
   */
  constructor(model, onNote, onWaiting, onValues) {
    this.model = model;
    this.onNote = onNote;
    this.onWaiting = onWaiting;
    this.onValues = onValues;
    this.view = Math.random().toString(36).slice(2);
    this.count = 0;
    this.open = new Map(); // id → what waits for the answer
    this.waiting = {}; // field → newest value, not sent yet
    this.flight = null; // field → value, sent and not answered
  }

  /** Send a message; `onAnswer` gets {kind: "accepted" | "frame" | "refused", text}, exactly once. */
  request(content, onAnswer = () => {}) {
    const id = `${this.view}-${++this.count}`;
    this.open.set(id, { onAnswer, timer: setTimeout(() => this.late(id), WAIT_MS) });
    try {
      this.model.send({ ...content, id });
    } catch {
      this.settle({ kind: "refused", id, text: "" }, NO_KERNEL);
    }
  }

  /** A kernel that is known to be busy with another cell is waited for as long as that takes. */
  late(id, how = "late") {
    this.onWaiting(how);
    const giveUp = () => {
      if (this.model.widget_manager?.kernel?.status === "busy") this.late(id, "busy");
      else this.settle({ kind: "refused", id, text: "" }, NO_ANSWER);
    };
    this.open.get(id).timer = setTimeout(giveUp, ANSWER_MS - WAIT_MS);
  }

  /** Take a message from the kernel; true where it answers one of this view. */
  receive(message) {
    if (!message?.id?.startsWith?.(`${this.view}-`)) return false;
    this.settle(message, "");
    return true;
  }

  settle(message, note) {
    this.onNote(note);
    const asked = this.open.get(message.id);
    if (!asked) return; // answered late: what it says of the state comes with the state
    this.open.delete(message.id);
    clearTimeout(asked.timer);
    if (!this.open.size) this.onWaiting("");
    asked.onAnswer(message);
  }

  set(field, value) {
    this.waiting[field] = value;
    this.flush();
  }

  flush() {
    const values = this.waiting;
    const fields = Object.keys(values);
    if (this.flight || !fields.length) return;
    this.waiting = {};
    this.flight = values;
    const [field] = fields;
    const content =
      fields.length === 1 ? { kind: "set", field, value: values[field] } : { kind: "set_many", values };
    this.request(content, (answer) => {
      this.flight = null;
      this.onValues(values, answer.kind === "refused", answer.text ?? "");
      if (Object.keys(this.waiting).length) this.flushWhenDrawn();
    });
  }

  flushWhenDrawn() {
    let frame = 0;
    const go = () => {
      cancelAnimationFrame(frame);
      clearTimeout(timer);
      this.flush();
    };
    const timer = setTimeout(go, HIDDEN_MS);
    frame = requestAnimationFrame(() => (frame = requestAnimationFrame(go)));
  }

  /** A value on its way, or undefined. */
  pending(field) {
    return this.waiting[field] ?? this.flight?.[field];
  }

  /** Something newer decides about these fields: what has not been sent is not sent any more. */
  drop(fields) {
    for (const field of fields) {
      delete this.waiting[field];
      if (this.flight) delete this.flight[field];
    }
  }

  close() {
    for (const { timer } of this.open.values()) clearTimeout(timer);
    this.open.clear();
  }
}
