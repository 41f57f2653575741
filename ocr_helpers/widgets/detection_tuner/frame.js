// One answer of the kernel: every candidate of a page under one setting.

class Frame {
  constructor(message, buffers, reasons) {
    this.message = message;
    this.page = message.page;
    this.number = message.frame;
    this.settings = message.settings ?? {};
    this.counts = message.counts ?? {};
    this.count = message.count;
    this.reasons = reasons;
    this.before = typed(Float32Array, buffers[0]);
    this.after = typed(Float32Array, buffers[1]);
    this.scores = typed(Float32Array, buffers[2]);
    this.states = typed(Uint8Array, buffers[3]);
    this.kept = typed(Int32Array, buffers[4]);
    this.truth = typed(Float32Array, buffers[5]);
    this.lengths = typed(Int32Array, buffers[6]);
    this.points = typed(Float32Array, buffers[7]);
    this.order = []; // place in PaddleOCR's order → candidate
    this.kept.forEach((place, candidate) => {
      if (place >= 0) this.order[place] = candidate;
    });
    this.paths = new Map();
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

  /** A drawing, built once: `draw(path)` adds to a Path2D in page pixels. */
  path(name, draw) {
    let path = this.paths.get(name);
    if (!path) {
      path = new Path2D();
      draw(path);
      this.paths.set(name, path);
    }
    return path;
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
