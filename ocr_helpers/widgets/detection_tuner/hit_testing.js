// Which candidate lies under the pointer.

/** Is the point inside the quad, or nearer than `slack` page pixels to it? */
function inQuad(quad, x, y, slack) {
  const { left, top, right, bottom } = bounds(quad);
  if (!(x >= left - slack && x <= right + slack && y >= top - slack && y <= bottom + slack)) return false;
  let inside = false;
  for (let k = 0, before = 6; k < 8; before = k, k += 2) {
    const [ax, ay, bx, by] = [quad[k], quad[k + 1], quad[before], quad[before + 1]];
    if (ay > y !== by > y && x < ((bx - ax) * (y - ay)) / (by - ay) + ax) inside = !inside;
    const length = (bx - ax) ** 2 + (by - ay) ** 2 || 1;
    const share = clamp(((x - ax) * (bx - ax) + (y - ay) * (by - ay)) / length, 0, 1);
    if (Math.hypot(ax + share * (bx - ax) - x, ay + share * (by - ay) - y) <= slack) return true;
  }
  return inside;
}

/** The smallest shown candidate at a point of the page, or -1. */
function candidateAt(frame, shown, x, y, slack) {
  let best = -1;
  let smallest = Infinity;
  for (let k = 0; k < frame.count; k++) {
    if (!(frame.isKept(k) ? shown.boxes : shown.rejected)) continue;
    const quad = frame.quad(k);
    if (!inQuad(quad, x, y, slack)) continue;
    const { left, top, right, bottom } = bounds(quad);
    const area = (right - left) * (bottom - top);
    if (area < smallest) [best, smallest] = [k, area];
  }
  return best;
}

/** The kept candidate that covers the middle of an older quad: how a mark survives a new setting. */
function sameBox(frame, quad) {
  const { left, top, right, bottom } = bounds(quad);
  return candidateAt(frame, { boxes: true, rejected: true }, (left + right) / 2, (top + bottom) / 2, 0);
}
