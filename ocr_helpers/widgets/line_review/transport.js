// Messages to the kernel and their answers.

const ANSWER_MS = 4000; // the kernel answers in milliseconds unless it is busy or gone
const NO_ANSWER =
  "The kernel has not answered: it is busy with another cell, or it has stopped. Go on typing: corrections " +
  "are kept in this browser. After a restart, run the cells again; then they are saved.";

class Transport {
  /**
   * @param model anywidget's model
   * @param onNote called with a text about the connection, "" when it is well again
   */
  constructor(model, onNote) {
    this.model = model;
    this.onNote = onNote;
    this.view = Math.random().toString(36).slice(2) + Date.now().toString(36);
    this.count = 0;
    this.open = new Map(); // id → what waits for the answer
  }

  newId() {
    return `${this.view}-${++this.count}`;
  }

  /** Send a message; `onAnswer` gets the answer and its buffers, at most once; an answer may come late. */
  request(content, onAnswer = () => {}, id = this.newId()) {
    clearTimeout(this.open.get(id)?.timer);
    const timer = setTimeout(() => this.onNote(NO_ANSWER), ANSWER_MS);
    this.open.set(id, { onAnswer, timer });
    try {
      const sent = this.model.send({ ...content, id });
      sent?.catch?.(() => this.onNote(NO_ANSWER));
    } catch {
      clearTimeout(timer);
      this.onNote(NO_ANSWER);
    }
    return id;
  }

  receive(message, buffers) {
    const asked = this.open.get(message?.id);
    if (!asked) return;
    this.open.delete(message.id);
    clearTimeout(asked.timer);
    this.onNote("");
    asked.onAnswer(message, buffers);
  }

  close() {
    for (const { timer } of this.open.values()) clearTimeout(timer);
    this.open.clear();
  }
}
