// What a candidate is, in words, beside the pointer.

/** The list counts as people read. */
function inPaddleOrder(box) {
  return `box ${box + 1} in PaddleOCR's order`;
}

/** "0.41 < 0.60", with as many decimals as it takes to see the difference. */
function lessThan(value, limit) {
  for (let digits = 2; digits < 7; digits++) {
    const [shown, bound] = [value.toFixed(digits), limit.toFixed(digits)];
    if (shown !== bound) return [shown, bound];
  }
  return [String(value), String(limit)];
}

/** Rounded down as in the list, so that 0.9996 does not look like certainty; a float32 may lie a little below. */
function scoreLabel(score) {
  return (Math.floor(score * 100 + 1e-4) / 100).toFixed(2);
}

/** Title and lines about a candidate; `line` is its row in the list, where that is known. */
function describe(frame, candidate, line) {
  const score = frame.scores[candidate];
  if (frame.isKept(candidate)) {
    const read = line?.score ? `, text score ${line.score}` : "";
    const lines = [`box score ${scoreLabel(score)}${read}`];
    if (line?.text) lines.push(line.text);
    lines.push(inPaddleOrder(frame.kept[candidate]));
    return { title: line ? `Line ${line.number}` : "Box", lines };
  }
  const { id, word, word_ko: korean, explain } = frame.reason(candidate);
  const lines = [];
  if (id === "low_score") {
    const [shown, limit] = lessThan(score, frame.settings.box_thresh ?? NaN);
    lines.push(`score ${shown} < box_thresh ${limit}`);
  } else if (!Number.isNaN(score)) {
    lines.push(`score ${scoreLabel(score)}`);
  }
  if (explain) lines.push(explain);
  return { title: `Rejected: ${[word, korean].filter(Boolean).join(" · ")}`, lines };
}

class Tooltip {
  constructor(stage) {
    this.stage = stage;
    this.root = element("div", "tip", stage, { hidden: true });
    this.root.setAttribute("role", "tooltip");
  }

  show({ title, lines }, x, y) {
    this.root.hidden = false;
    this.root.replaceChildren();
    element("strong", "", this.root, { textContent: title });
    for (const text of lines) element("span", "", this.root, { textContent: text });
    const { offsetWidth: width, offsetHeight: height } = this.root;
    const below = y + 18 + height > this.stage.clientHeight ? y - height - 10 : y + 18;
    this.root.style.left = `${clamp(x + 12, 4, Math.max(this.stage.clientWidth - width - 4, 4))}px`;
    this.root.style.top = `${Math.max(below, 4)}px`;
  }

  hide() {
    setProperty(this.root, "hidden", true);
  }
}
