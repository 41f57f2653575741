// Colours and line styles of everything drawn on the page. Each cue has a second one beside its colour.
// COLORS, those that the figures have too, stand above this script: Python's tuner_colors writes them.

// ocr_helpers.figures.score_color at 13 scores from 0.5 to 1: half of plasma, dark enough for white paper.
const SCORE_STOPS = [
  "cc4778", "c13b82", "b52f8c", "a82296", "9c179e", "8d0ba5", "7d03a8", "6e00a8", "5c01a6", "4b03a1",
  "3a049a", "260591", "0d0887",
].map((hex) => [0, 2, 4].map((at) => parseInt(hex.slice(at, at + 2), 16)));

/** Colour of a score 0…1; below 0.5, and where there is none, the lowest. */
function scoreColor(score) {
  const last = SCORE_STOPS.length - 1;
  const place = clamp(((score || 0) - 0.5) * 2, 0, 1) * last;
  const low = Math.min(Math.floor(place), last - 1);
  const mixed = SCORE_STOPS[low].map((from, k) => from + (SCORE_STOPS[low + 1][k] - from) * (place - low));
  return `rgb(${mixed.map(Math.round).join(" ")})`;
}

const SCORE_COLORS = [0.5, 0.625, 0.75, 0.875, 1].map(scoreColor);
const SCORE_GRADIENT = `linear-gradient(to right, ${SCORE_COLORS.join(", ")})`;
const BEFORE_STYLE = { color: COLORS.before, dash: [3, 2] };

// Dashes in CSS pixels.
const REJECTED_STYLES = {
  low_score: { color: COLORS.low_score, dash: [7, 4] },
  too_small: { color: COLORS.too_small, dash: [2, 3] },
  too_small_after_unclip: { color: COLORS.too_small_after_unclip, dash: [8, 3, 2, 3] },
  beyond_limit: { color: COLORS.beyond_limit, dash: [1, 4] },
};
const UNKNOWN_REASON_STYLE = { color: "#333333", dash: [4, 4] };
const TRUTH_STYLE = { color: "#d000b0", dash: [1.5, 3] };
const GAINED_COLOR = COLORS.gained;
const LOST_STYLE = { color: COLORS.lost, dash: [10, 5] };
const RESHAPED_STYLE = { color: COLORS.lost, dash: [3, 2] };
const CONTOUR_COLOR = COLORS.contour;

function rejectedStyle(reason) {
  return REJECTED_STYLES[reason] ?? UNKNOWN_REASON_STYLE;
}

/** 256 colours of the probability map: nothing at 0, then yellow to green; RGBA bytes. */
function mapPalette() {
  const stops = [[253, 231, 37], [152, 216, 62], [80, 196, 106], [34, 168, 132]];
  const palette = new Uint8ClampedArray(256 * 4);
  for (let value = 0; value < 256; value++) {
    const place = (value / 255) * (stops.length - 1);
    const low = Math.min(Math.floor(place), stops.length - 2);
    stops[low].forEach((from, k) => {
      palette[value * 4 + k] = from + (stops[low + 1][k] - from) * (place - low);
    });
    palette[value * 4 + 3] = 255 * Math.min(1, value / 128);
  }
  return palette;
}

/** A short sample of a line, for legends: the same colour and dash as on the page. */
function lineSample(parent, { color, dash = [] }, width = 2) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("class", "ocr-tuner-sample");
  svg.setAttribute("viewBox", "0 0 20 10");
  svg.setAttribute("aria-hidden", "true");
  const line = document.createElementNS("http://www.w3.org/2000/svg", "line");
  const parts = { x1: 0, y1: 5, x2: 20, y2: 5, stroke: color, "stroke-width": width };
  for (const [name, value] of Object.entries(parts)) line.setAttribute(name, value);
  line.setAttribute("stroke-dasharray", dash.join(" "));
  svg.append(line);
  parent.append(svg);
}
