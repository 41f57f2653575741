// Corrections that the kernel has not confirmed, kept in the browser's own storage under the document's name:
// a kernel that restarts, a page that is loaded again, and a closed browser lose none of them.

const PENDING_EVENT = "ocr-line-review-pending";

class Pending {
  constructor(documentId) {
    this.name = `ocr-line-review:${documentId}`;
    this.documentId = documentId;
    this.memory = { edits: {}, drafts: {} }; // where there is no storage
  }

  read() {
    try {
      const found = JSON.parse(localStorage.getItem(this.name) ?? "null");
      if (found?.edits && found?.drafts) return found;
      return { edits: {}, drafts: {} };
    } catch {
      return this.memory;
    }
  }

  /** Change what is stored; another tab may have changed it since. */
  change(how) {
    const all = this.read();
    how(all);
    this.memory = all;
    try {
      if (Object.keys(all.edits).length || Object.keys(all.drafts).length) {
        localStorage.setItem(this.name, JSON.stringify(all));
      } else localStorage.removeItem(this.name);
    } catch {
      // Storage is full or forbidden: memory has it as long as the page stands.
    }
  }

  /** The newest correction of a line takes the place of an older one. */
  add(edit) {
    this.change(({ edits, drafts }) => {
      delete edits[edit.key];
      edits[edit.key] = edit;
      delete drafts[edit.key];
    });
  }

  /** A box that was drawn; it is a line once the kernel has numbered it. */
  addLine(id, page, quad) {
    const key = `add:${page}:${quad}`;
    this.change(({ edits }) => (edits[key] ??= { id, key, add: { page, quad }, text: "", state: "open" }));
  }

  /** Boxes of a page that were drawn and are not confirmed. */
  adding(page) {
    return this.edits().flatMap(({ add }) => (add?.page === page ? [add.quad] : []));
  }

  confirm(id) {
    this.change(({ edits }) => {
      for (const [key, edit] of Object.entries(edits)) if (edit.id === id) delete edits[key];
    });
  }

  /** What stands in a field and was not given in yet; "" in `text` is a text too. */
  draft(key, text) {
    this.change(({ drafts }) => (drafts[key] = text));
  }

  dropDraft(key) {
    if (key in this.read().drafts) this.change(({ drafts }) => delete drafts[key]);
  }

  edits() {
    return Object.values(this.read().edits);
  }

  drafts() {
    return Object.entries(this.read().drafts);
  }

  clear() {
    this.change((all) => {
      all.edits = {};
      all.drafts = {};
    });
  }

  /** Tell the other views of the document in this page; other tabs hear of it from the storage itself. */
  announce() {
    window.dispatchEvent(new CustomEvent(PENDING_EVENT, { detail: this.documentId }));
  }

  /** Call back when another view has stored something. */
  watch(onChange) {
    const here = ({ detail }) => detail === this.documentId && onChange();
    const elsewhere = ({ key }) => key === this.name && onChange();
    window.addEventListener(PENDING_EVENT, here);
    window.addEventListener("storage", elsewhere);
    return () => {
      window.removeEventListener(PENDING_EVENT, here);
      window.removeEventListener("storage", elsewhere);
    };
  }
}
