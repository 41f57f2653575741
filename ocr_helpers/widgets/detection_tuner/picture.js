// What lies under the boxes: the page and, over it, the probability map.

const SMALLEST_LEVEL = 500; // px; below it nobody zooms out

/** The page as decoded, and halves of it: a page zoomed out is drawn from one of about its size. */
class Picture {
  static async decode(message, buffer) {
    const bytes = typed(Uint8Array, buffer);
    const bitmap = await createImageBitmap(new Blob([bytes], { type: "image/jpeg" }));
    return new Picture(message, bitmap);
  }

  constructor(message, bitmap) {
    this.page = message.page;
    this.width = message.width; // of the page, as the boxes count
    this.height = message.height;
    this.levels = [bitmap];
    let { width, height } = bitmap;
    while (Math.max(width, height) > 2 * SMALLEST_LEVEL) {
      width = Math.ceil(width / 2);
      height = Math.ceil(height / 2);
      const half = Object.assign(document.createElement("canvas"), { width, height });
      half.getContext("2d").drawImage(this.levels.at(-1), 0, 0, width, height);
      this.levels.push(half);
    }
  }

  /** The smallest picture that has at least `scale` pixels for a pixel of the page. */
  at(scale) {
    const wanted = scale * this.width;
    return this.levels.findLast((level) => level.width >= wanted) ?? this.levels[0];
  }

  close() {
    this.levels[0].close?.();
  }
}

/** The probability map as a picture of its own size. */
function mapPicture({ width, height }, buffer) {
  const values = typed(Uint8Array, buffer);
  const palette = new Uint32Array(mapPalette().buffer);
  const pixels = new ImageData(width, height);
  const out = new Uint32Array(pixels.data.buffer);
  for (let k = 0; k < out.length; k++) out[k] = palette[values[k]];
  const canvas = Object.assign(document.createElement("canvas"), { width, height });
  canvas.getContext("2d").putImageData(pixels, 0, 0);
  return canvas;
}
