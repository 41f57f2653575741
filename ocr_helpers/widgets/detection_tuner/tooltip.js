// What a candidate is, in words, beside the pointer.

/** "0.41 < 0.60", with as many decimals as it takes to see the difference. */
function lessThan(value, limit) {
  for (let digits = 2; digits < 7; digits++) {
    const [shown, bound] = [value.toFixed(digits), limit.toFixed(digits)];
    if (shown !== bound) return [shown, bound];
  }
  return [String(value), String(limit)];
}

/** Title and lines about a candidate; `line` is what was read in it, where that is known. */
function describe(frame, candidate, line) {
  const score = frame.scores[candidate];
  if (frame.isKept(candidate)) {
    const lines = [`box score ${score.toFixed(2)}`];
    if (line?.text) lines.push(line.text);
    return { title: `Box ${frame.kept[candidate] + 1}`, lines };
  }
  const { id, word, word_ko: korean, explain } = frame.reason(candidate);
  const lines = [];
  if (id === "low_score") {
    const [shown, limit] = lessThan(score, frame.settings.box_thresh ?? NaN);
    lines.push(`score ${shown} < box_thresh ${limit}`);
  } else if (!Number.isNaN(score)) {
    lines.push(`score ${score.toFixed(2)}`);
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
