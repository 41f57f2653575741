// Which layers are shown, and how near.

class Toolbar {
  /** @param actions onLayers(), onOpacity(), zoom(way): "in", "out", "fit" or "full", help() */
  constructor(parent, actions) {
    this.shown = Object.fromEntries(LAYERS.map(({ name, shown = false }) => [name, shown]));
    this.opacity = 0.7;
    this.boxes = {};
    const layers = element("div", "layers", parent);
    layers.setAttribute("role", "group");
    layers.setAttribute("aria-label", "Layers");
    for (const layer of LAYERS) this.addLayer(layers, layer, actions);
    this.addZoom(actions);
  }

  /** Buttons that stand on the page, in its corner: `zoomBar`, to be put there. */
  addZoom(actions) {
    const zoom = element("div", "zoom", null);
    this.zoomBar = zoom;
    zoom.setAttribute("role", "group");
    zoom.setAttribute("aria-label", "Zoom");
    button("square", zoom, "−", "Zoom out", () => actions.zoom("out"));
    this.level = element("output", "level", zoom, { textContent: "100 %" });
    button("square", zoom, "+", "Zoom in", () => actions.zoom("in"));
    button("", zoom, "Fit", "Fit: the whole page", () => actions.zoom("fit"));
    button("", zoom, "1:1", "100 %: one pixel of the page as one pixel here", () => actions.zoom("full"));
    this.help = button("square", zoom, "?", "Keys and mouse", actions.help);
  }

  addLayer(parent, { name, label, title }, actions) {
    const holder = element("label", "layer", parent, { title });
    const box = element("input", "", holder, { type: "checkbox", checked: this.shown[name] });
    box.dataset.layer = name;
    box.addEventListener("change", () => {
      this.shown[name] = box.checked;
      if (name === "map") this.slider.disabled = !box.checked;
      actions.onLayers(name);
    });
    this.boxes[name] = { box, holder, title };
    const sample = {
      contour: { color: CONTOUR_COLOR },
      before: BEFORE_STYLE,
      rejected: REJECTED_STYLES.low_score,
      truth: TRUTH_STYLE,
      compare: LOST_STYLE,
    }[name];
    if (sample) lineSample(holder, sample);
    if (name === "boxes") element("span", "gradient", holder).style.background = SCORE_GRADIENT;
    element("span", "", holder, { textContent: label });
    if (name !== "map") return;
    const range = { type: "range", min: 0.1, max: 1, step: 0.05, disabled: true };
    this.slider = element("input", "opacity", parent, range);
    this.slider.value = this.opacity;
    this.slider.title = "Opacity of the map";
    this.slider.setAttribute("aria-label", "Opacity of the map");
    this.slider.addEventListener("input", () => {
      this.opacity = this.slider.valueAsNumber;
      actions.onOpacity();
    });
  }

  /** A layer that has nothing to show says why. */
  allow(name, possible, why) {
    const { box, holder, title } = this.boxes[name];
    setProperty(box, "disabled", !possible);
    setProperty(holder, "title", possible ? title : why);
    holder.toggleAttribute("data-disabled", !possible);
  }

  setZoom(scale) {
    setText(this.level, `${Math.round(scale * 100)} %`);
  }
}
