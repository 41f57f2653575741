// The ink: candidates, outlines, ground truth and differences, each with a line style of its own.

const LAYERS = [
  { name: "page", label: "Page", title: "The page itself", shown: true },
  { name: "map", label: "Map", title: "Probability map: where the network sees text" },
  { name: "contour", label: "Contour", title: "Where the map reaches thresh: what the boxes start from" },
  { name: "boxes", label: "Boxes", title: "Kept boxes, coloured by score", shown: true },
  { name: "before", label: "Before unclip", title: "Kept boxes before unclip_ratio widens them" },
  { name: "rejected", label: "Rejected", title: "No boxes; point at one to see why", shown: true },
  { name: "truth", label: "Truth", title: "Ground truth: the boxes that should be there" },
  { name: "compare", label: "A → B", title: "Boxes gained (+) and lost (−) since A", shown: true },
];

const SCORE_STEPS = 20; // between the colours of 0.5 and 1
const STEP_COLORS = Array.from({ length: SCORE_STEPS + 1 }, (_, step) => scoreColor(0.5 + step / 2 / SCORE_STEPS));

/** The kept boxes, one path for each place in STEP_COLORS that has any. */
function keptPaths(frame) {
  if (frame.keptPaths) return frame.keptPaths;
  const paths = [];
  for (const candidate of frame.order) {
    const step = Math.round(clamp((frame.scores[candidate] || 0) - 0.5, 0, 0.5) * 2 * SCORE_STEPS);
    paths[step] ??= new Path2D();
    addQuad(paths[step], frame.after, candidate * 8);
  }
  frame.keptPaths = paths;
  return paths;
}

function contourPath(frame) {
  return frame.path("contour", (path) => {
    let at = 0;
    for (const length of frame.lengths) {
      if (length < 0) break;
      for (let k = 0; k < length; k++, at += 2) {
        if (k) path.lineTo(frame.points[at], frame.points[at + 1]);
        else path.moveTo(frame.points[at], frame.points[at + 1]);
      }
      path.closePath();
    }
  });
}

function rejectedPath(frame, state) {
  return frame.path(`rejected ${state}`, (path) => {
    for (let k = 0; k < frame.count; k++) if (frame.states[k] === state) addQuad(path, frame.quad(k));
  });
}

function allPath(frame, name, quads, candidates) {
  return frame.path(name, (path) => candidates.forEach((k) => addQuad(path, quads, k * 8)));
}

function drawInk(context, view, { frame, shown, compare, selected, hovered }) {
  if (!frame) return;
  const stroke = (path, { color, dash = [] }, width) => {
    context.strokeStyle = color;
    context.lineWidth = width / view.scale;
    context.setLineDash(dash.map((length) => length / view.scale));
    context.stroke(path);
  };
  const thin = clamp(2.2 * view.scale, 0.9, 1.6); // small print under thick lines cannot be read
  const halo = thin < 1.6 ? 0.8 : 2;
  context.lineJoin = "round";
  if (shown.contour) {
    context.fillStyle = "#008a3e22";
    context.fill(contourPath(frame), "evenodd");
    stroke(contourPath(frame), { color: CONTOUR_COLOR }, 1);
  }
  if (shown.boxes) {
    stroke(allPath(frame, "kept", frame.after, frame.order), { color: "#ffffffb0" }, thin + halo);
    keptPaths(frame).forEach((path, step) => stroke(path, { color: STEP_COLORS[step] }, thin));
  }
  if (shown.before) stroke(allPath(frame, "before", frame.before, frame.order), BEFORE_STYLE, 1);
  if (shown.rejected) {
    frame.reasons.forEach(({ id }, state) => {
      if (state) stroke(rejectedPath(frame, state), rejectedStyle(id), thin);
    });
  }
  if (shown.truth) {
    const truth = frame.path("truth", (path) => {
      for (let at = 0; at < frame.truth.length; at += 8) addQuad(path, frame.truth, at);
    });
    stroke(truth, TRUTH_STYLE, 1.4);
  }
  if (shown.compare && compare) {
    drawDifferences(context, view, stroke, compare.lost, LOST_STYLE, 2.5, "−");
    drawDifferences(context, view, stroke, compare.gained, { color: GAINED_COLOR }, 3.5, "+");
  }
  if (hovered >= 0 && hovered !== selected) mark(context, stroke, frame, hovered, thin + 1.2, 0.08);
  if (selected >= 0) mark(context, stroke, frame, selected, 3.5, 0.12);
}

function mark(context, stroke, frame, candidate, width, share) {
  const path = new Path2D();
  addQuad(path, frame.quad(candidate));
  const kept = frame.isKept(candidate);
  const color = scoreColor(frame.scores[candidate]);
  const style = kept ? { color } : rejectedStyle(frame.reason(candidate).id);
  context.globalAlpha = share;
  context.fillStyle = style.color;
  context.fill(path);
  context.globalAlpha = 1;
  stroke(path, { color: "white" }, width + 2.5);
  stroke(path, style, width);
}

/** Quads with a sign at their first corner, so that colour is not the only difference. */
function drawDifferences(context, view, stroke, quads, style, width, sign) {
  const path = new Path2D();
  quads.forEach((quad) => addQuad(path, quad));
  stroke(path, style, width);
  const radius = 8 / view.scale;
  context.font = `bold ${14 / view.scale}px sans-serif`;
  context.textAlign = "center";
  context.textBaseline = "middle";
  for (const [cornerX, y] of quads) {
    const x = cornerX - radius; // beside the text, not on it
    context.fillStyle = style.color;
    context.beginPath();
    context.arc(x, y, radius, 0, 2 * Math.PI);
    context.fill();
    context.fillStyle = "white";
    context.fillText(sign, x, y + radius / 12);
  }
}
