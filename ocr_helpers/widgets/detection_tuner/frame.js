// One answer of the kernel: every candidate of a page under one setting.

class Frame {
  constructor(message, arrays, reasons) {
    this.message = message;
    this.page = message.page;
    this.number = message.frame;
    this.settings = message.settings ?? {};
    this.counts = message.counts ?? {};
    this.count = message.count;
    this.reasons = reasons;
    // One copy, so that each array begins where its type needs it; they share its memory.
    const bytes = typed(Uint8Array, arrays);
    let at = 0;
    const [before, after, scores, kept, truth, lengths, points, states] = message.sizes;
    const next = (Type, size) => {
      const array = new Type(bytes.buffer, at, size);
      at += array.byteLength;
      return array;
    };
    this.before = next(Float32Array, before);
    this.after = next(Float32Array, after);
    this.scores = next(Float32Array, scores);
    this.kept = next(Int32Array, kept);
    this.truth = next(Float32Array, truth);
    this.lengths = next(Int32Array, lengths);
    this.points = next(Float32Array, points);
    this.states = next(Uint8Array, states);
    this.order = []; // place in PaddleOCR's order → candidate
    this.kept.forEach((place, candidate) => {
      if (place >= 0) this.order[place] = candidate;
    });
  }

  reason(candidate) {
    return this.reasons[this.states[candidate]] ?? { id: "", word: "rejected", word_ko: "", explain: "" };
  }

  isKept(candidate) {
    return this.states[candidate] === 0;
  }

  /** The quad that stands for a candidate: the box, or what was there before it was rejected. */
  quad(candidate) {
    const from = Number.isNaN(this.after[candidate * 8]) ? this.before : this.after;
    return from.subarray(candidate * 8, candidate * 8 + 8);
  }
}

function addQuad(path, quads, at = 0) {
  if (Number.isNaN(quads[at])) return;
  path.moveTo(quads[at], quads[at + 1]);
  for (let k = 2; k < 8; k += 2) path.lineTo(quads[at + k], quads[at + k + 1]);
  path.closePath();
}

function bounds(quad) {
  const xs = [quad[0], quad[2], quad[4], quad[6]];
  const ys = [quad[1], quad[3], quad[5], quad[7]];
  return {
    left: Math.min(...xs),
    top: Math.min(...ys),
    right: Math.max(...xs),
    bottom: Math.max(...ys),
  };
}
