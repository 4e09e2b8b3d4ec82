// The plane of codes: its map, the codes of the data, the way, the pins and the point.

class Plane {
  constructor(explorer) {
    this.explorer = explorer;
    this.canvas = explorer.part("plane");
    this.map = new DecoderMap(explorer, this);
  }

  resize() {
    [this.width, this.height] = [this.canvas.clientWidth, this.canvas.clientHeight];
    this.glyphs = layGlyphs(this.explorer, this);
    this.map.forget();
  }

  // Where a code stands, in pixels from the top left. A code of one number stands on the line in the middle.
  place(code) {
    return this.spot(this.explorer.model.coordinates.of(code));
  }

  spot(place) {
    const { axes, model } = this.explorer;
    const part = (k) => (place[k] - model.extent[k][0]) / (model.extent[k][1] - model.extent[k][0]);
    return [this.width * part(axes[0]), axes.length > 1 ? this.height * (1 - part(axes[1])) : this.height / 2];
  }

  // The code of a place; what the plane does not show of a code is that of the point.
  codeAt(x, y, code = this.explorer.code.slice()) {
    const { axes, model } = this.explorer;
    const value = (k, part) => model.extent[k][0] + part * (model.extent[k][1] - model.extent[k][0]);
    model.coordinates.move(code, axes[0], value(axes[0], x / this.width));
    if (axes.length > 1) model.coordinates.move(code, axes[1], value(axes[1], 1 - y / this.height));
    return code;
  }

  // The row of the data whose code stands within some pixels of a place, or -1.
  rowAt(x, y, within) {
    let [best, found] = [within, -1];
    this.explorer.model.places.forEach((place, k) => {
      const [cx, cy] = this.spot(place);
      const away = Math.hypot(cx - x, cy - y);
      if (away < best) [best, found] = [away, k];
    });
    return found;
  }

  draw() {
    const { explorer } = this;
    const context = fitCanvas(this.canvas);
    this.map.draw(context);
    drawScales(context, this);
    drawGlyphs(context, this.glyphs, explorer, this);
    drawWay(context, this);
    drawPoint(context, ...this.place(explorer.code), explorer.palette);
  }
}

function watchSize(explorer) {
  let before = "";
  new ResizeObserver(() => {
    const { clientWidth, clientHeight } = explorer.plane.canvas;
    const now = `${clientWidth} ${clientHeight} ${explorer.output.clientWidth}`;
    if (now !== before) explorer.changed("size");
    before = now;
  }).observe(explorer.root);
}

function drawScales(context, plane) {
  const { explorer, width, height } = plane;
  const { axes, model, words } = explorer;
  const across = ticks(...model.extent[axes[0]]);
  for (const value of across) {
    const [x] = plane.spot({ [axes[0]]: value });
    const text = words.number(value, digitsOf(across));
    if (x > 24 && x < width - 24) tick(context, [x, height - 5, x, height], text, x, height - 14, explorer);
  }
  if (axes.length === 1) return tick(context, [0, height / 2, width, height / 2], "", 0, 0, explorer);
  const up = ticks(...model.extent[axes[1]]);
  for (const value of up) {
    const y = plane.spot({ [axes[0]]: 0, [axes[1]]: value })[1];
    const text = words.number(value, digitsOf(up));
    if (y > 20 && y < height - 30) tick(context, [0, y, 5, y], text, 9, y, explorer, "left");
  }
}

function tick(context, [x0, y0, x1, y1], text, x, y, explorer, align = "center") {
  context.strokeStyle = explorer.palette.muted;
  context.lineWidth = 1;
  context.beginPath();
  context.moveTo(x0, y0);
  context.lineTo(x1, y1);
  context.stroke();
  label(context, text, x, y, explorer, align, 11);
}

// Round numbers, three to seven of them.
function ticks(low, high) {
  const rough = (high - low) / 5;
  const decade = 10 ** Math.floor(Math.log10(rough));
  const step = decade * ([1, 2, 5, 10].find((factor) => factor * decade >= rough) ?? 10);
  const first = Math.ceil(low / step);
  return Array.from({ length: Math.floor(high / step) - first + 1 }, (_, k) => (first + k) * step || 0);
}

function digitsOf(values) {
  return clamp(Math.ceil(-Math.log10(values[1] - values[0] || 1) - 1e-9), 0, 6);
}

function drawWay(context, plane) {
  const { path, frames, pins, palette } = plane.explorer;
  if (path.length > 1) {
    context.lineJoin = context.lineCap = "round";
    for (const [colour, lineWidth] of [[palette.card, 6], [palette.accent, 2.5]]) {
      context.beginPath();
      for (const code of path) context.lineTo(...plane.place(code));
      Object.assign(context, { strokeStyle: colour, lineWidth });
      context.stroke();
    }
    for (const code of frames) dot(context, ...plane.place(code), 3.5, palette.accent, palette.card, 1.5);
  }
  pins.forEach((code, end) => code && drawPin(context, ...plane.place(code), String(end + 1), palette));
}

function drawPin(context, x, y, text, palette) {
  dot(context, x, y - 22, 10, palette.accent, palette.card, 2);
  context.strokeStyle = palette.accent;
  context.lineWidth = 2;
  context.beginPath();
  context.moveTo(x, y - 12);
  context.lineTo(x, y);
  context.stroke();
  context.font = `600 12px ${palette.font}`;
  [context.textAlign, context.textBaseline, context.fillStyle] = ["center", "middle", palette.card];
  context.fillText(text, x, y - 21.5);
}

function drawPoint(context, x, y, palette) {
  dot(context, x, y, 11, "transparent", palette.card, 6);
  dot(context, x, y, 11, "transparent", palette.alert, 3);
  dot(context, x, y, 2.2, palette.alert, palette.card, 1);
}

function dot(context, x, y, radius, fill, stroke, width) {
  context.beginPath();
  context.arc(x, y, radius, 0, 2 * Math.PI);
  Object.assign(context, { fillStyle: fill, strokeStyle: stroke, lineWidth: width });
  context.fill();
  context.stroke();
}
