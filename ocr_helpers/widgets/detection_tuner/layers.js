// The ink: candidates, outlines, ground truth and differences, each with a line style of its own.

const LAYERS = [
  { name: "page", label: "Page", title: "The page itself", shown: true },
  { name: "map", label: "Map", title: "Probability map: where the network sees text" },
  { name: "contour", label: "Contour", title: "Where the map reaches thresh: what the boxes start from" },
  { name: "boxes", label: "Boxes", title: "Kept boxes, coloured by score", shown: true },
  { name: "before", label: "Before unclip", title: "Kept boxes before unclip_ratio widens them" },
  { name: "rejected", label: "Rejected", title: "Areas that became no boxes; point at one to see why", shown: true },
  { name: "truth", label: "Truth", title: "Ground truth: the boxes that should be there" },
  { name: "compare", label: "A → now", title: "Boxes gained (+), lost (−) and reshaped (their old outline) since A", shown: true },
];

const SCORE_STEPS = 20; // between the colours of 0.5 and 1
const STEP_COLORS = Array.from({ length: SCORE_STEPS + 1 }, (_, step) => scoreColor(0.5 + step / 2 / SCORE_STEPS));

/** The kept boxes by their place in STEP_COLORS. */
function keptBySteps(frame) {
  const steps = [];
  for (const candidate of frame.order) {
    const step = Math.round(clamp((frame.scores[candidate] || 0) - 0.5, 0, 0.5) * 2 * SCORE_STEPS);
    (steps[step] ??= []).push(candidate);
  }
  return steps;
}

function addOutlines(context, { lengths, points }) {
  let at = 0;
  for (const length of lengths) {
    if (length < 0) break;
    for (let k = 0; k < length; k++, at += 2) {
      if (k) context.lineTo(points[at], points[at + 1]);
      else context.moveTo(points[at], points[at + 1]);
    }
    context.closePath();
  }
}

// Outlines are traced into the canvas's own path each time. A Path2D kept per frame would be faster to draw again,
// but the browser frees it only when it collects the whole page, and that stops the slider.
function drawInk(context, view, { frame, shown, compare, selected, hovered }) {
  if (!frame) return;
  const trace = (quads, candidates) => {
    context.beginPath();
    for (const candidate of candidates) addQuad(context, quads, candidate * 8);
  };
  const stroke = ({ color, dash = [] }, width) => {
    context.strokeStyle = color;
    context.lineWidth = width / view.scale;
    context.setLineDash(dash.map((length) => length / view.scale));
    context.stroke();
  };
  const thin = clamp(2.2 * view.scale, 0.9, 1.6); // small print under thick lines cannot be read
  const halo = thin < 1.6 ? 0.8 : 2;
  context.lineJoin = "round";
  if (shown.contour) {
    context.beginPath();
    addOutlines(context, frame);
    context.fillStyle = `${CONTOUR_COLOR}22`;
    context.fill("evenodd");
    stroke({ color: CONTOUR_COLOR }, 1);
  }
  if (shown.boxes) {
    trace(frame.after, frame.order);
    stroke({ color: "#ffffffb0" }, thin + halo);
    keptBySteps(frame).forEach((candidates, step) => {
      trace(frame.after, candidates);
      stroke({ color: STEP_COLORS[step] }, thin);
    });
  }
  if (shown.before) {
    trace(frame.before, frame.order);
    stroke(BEFORE_STYLE, 1);
  }
  if (shown.rejected) {
    frame.reasons.forEach(({ id }, state) => {
      if (!state) return;
      context.beginPath();
      frame.states.forEach((each, candidate) => each === state && addQuad(context, frame.quad(candidate)));
      stroke(rejectedStyle(id), thin);
    });
  }
  if (shown.truth) {
    context.beginPath();
    for (let at = 0; at < frame.truth.length; at += 8) addQuad(context, frame.truth, at);
    stroke(TRUTH_STYLE, 1.4);
  }
  if (shown.compare && compare) {
    context.beginPath();
    compare.reshaped.forEach((quad) => addQuad(context, quad));
    stroke(RESHAPED_STYLE, 1.4);
    drawDifferences(context, view, stroke, compare.lost, LOST_STYLE, thin + 0.6, "−");
    drawDifferences(context, view, stroke, compare.gained, { color: GAINED_COLOR }, thin + 1.4, "+");
  }
  if (hovered >= 0 && hovered !== selected) mark(context, stroke, frame, hovered, thin + 1.2, 0.08);
  if (selected >= 0) mark(context, stroke, frame, selected, 3.5, 0.12);
}

function mark(context, stroke, frame, candidate, width, share) {
  context.beginPath();
  addQuad(context, frame.quad(candidate));
  const kept = frame.isKept(candidate);
  const color = scoreColor(frame.scores[candidate]);
  const style = kept ? { color } : rejectedStyle(frame.reason(candidate).id);
  context.globalAlpha = share;
  context.fillStyle = style.color;
  context.fill();
  context.globalAlpha = 1;
  stroke({ color: "white" }, width + 2.5);
  stroke(style, width);
}

/** Quads with a sign at their first corner, so that colour is not the only difference. */
function drawDifferences(context, view, stroke, quads, style, width, sign) {
  context.beginPath();
  quads.forEach((quad) => addQuad(context, quad));
  stroke(style, width);
  context.textAlign = "center";
  context.textBaseline = "middle";
  for (const quad of quads) {
    const [left, y] = quad;
    const height = Math.hypot(quad[6] - left, quad[7] - y);
    const radius = clamp(0.4 * height * view.scale, 4, 8) / view.scale; // a page shown small stays in sight
    const x = left - radius; // beside the text, not on it
    context.font = `bold ${1.75 * radius}px sans-serif`;
    context.fillStyle = style.color;
    context.beginPath();
    context.arc(x, y, radius, 0, 2 * Math.PI);
    context.fill();
    context.fillStyle = "white";
    context.fillText(sign, x, y + radius / 12);
  }
}
