// The paper: the page and the probability map. Always white: the colours of the boxes are made for it.

function drawPaper(context, view, { picture, map, shown, opacity }) {
  if (!picture) return;
  const { width, height } = picture;
  context.fillStyle = "white";
  context.fillRect(0, 0, width, height);
  const dots = view.scale * (window.devicePixelRatio || 1);
  context.imageSmoothingEnabled = dots < 4; // near enough, the pixels themselves are of interest
  if (shown.page) context.drawImage(picture.at(dots), 0, 0, width, height);
  if (shown.map && map?.page === picture.page) {
    context.globalAlpha = opacity;
    context.globalCompositeOperation = "multiply"; // print stays black
    context.drawImage(map.picture, 0, 0, width, height);
    context.globalCompositeOperation = "source-over";
    context.globalAlpha = 1;
  }
  context.strokeStyle = "#8888";
  context.lineWidth = 1 / view.scale;
  context.strokeRect(0, 0, width, height);
}
