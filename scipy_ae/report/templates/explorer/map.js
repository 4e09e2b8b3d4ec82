// The map below the codes: at each place what the decoder's output is closest to, or how far it is from the data.
// It is computed coarsely first, then finer, a few milliseconds at a time.

const SIDES = [16, 8, 4, 2]; // pixels of the plane for one place of the map, from coarse to fine
const WORK = 4e8; // multiplications that a map may cost
const WORK_PLAYING = 2e7; // those that the coarse map of a film's frame may cost; else it plays without
const SLICE = 9; // milliseconds
const OVAL = 0.1; // a roundness error that is as bad as the map can show

class DecoderMap {
  constructor(explorer, plane) {
    this.explorer = explorer;
    this.plane = plane;
    this.forget();
  }

  // What is there stays in sight until the first coarse map takes its place.
  forget() {
    this.made = null;
    this.level = 0;
    this.beginning = false;
    clearTimeout(this.timer);
  }

  draw(context) {
    const { explorer, plane } = this;
    if (explorer.mapKind === "none") return;
    if (explorer.mapKind === "pictures") return drawPictures(context, explorer, plane);
    if (explorer.film?.playing && this.costOf(0) > WORK_PLAYING) return;
    // a first coarse map is finished even if the point has left its plane: else sliding would never show one
    if (this.made !== this.fixed() && !this.beginning) this.make();
    if (!this.image) return;
    context.imageSmoothingEnabled = true;
    context.imageSmoothingQuality = "high";
    context.drawImage(this.image, 0, 0, plane.width, plane.height);
  }

  // What the map depends on while the point moves within the plane: the numbers that the plane does not show.
  fixed() {
    const { code, axes } = this.explorer;
    return Array.from(code, (value, k) => (axes.includes(k) ? "" : value)).join(" ");
  }

  make() {
    clearTimeout(this.timer);
    this.made = this.fixed();
    this.level = 0;
    this.beginning = true;
    this.begin();
    this.work();
  }

  begin() {
    const { plane, explorer } = this;
    const side = SIDES[this.level];
    const [wide, high] = [Math.ceil(plane.width / side), explorer.axes.length > 1 ? Math.ceil(plane.height / side) : 1];
    this.grid = { side, wide, high, row: 0, near: new Int32Array(wide * high), far: new Float32Array(wide * high) };
    this.code = explorer.code.slice();
  }

  // Decodes line by line until the slice is over, then lets the browser breathe.
  work() {
    const until = performance.now() + SLICE;
    while (this.grid.row < this.grid.high) {
      this.line(this.grid.row++);
      if (performance.now() > until) return this.later();
    }
    this.image = painted(this.grid, this.explorer);
    this.beginning = false;
    this.explorer.changed("point");
    if (!this.explorer.film?.playing && this.costOf(this.level + 1) < WORK) {
      this.level++;
      this.begin();
      this.later();
    }
  }

  later() {
    this.timer = setTimeout(() => this.work());
  }

  // Multiplications of a map.
  costOf(level) {
    return level < SIDES.length ? ((this.plane.width * this.plane.height) / SIDES[level] ** 2) * this.explorer.model.cost : Infinity;
  }

  line(row) {
    const { grid, plane, explorer } = this;
    const { model } = explorer;
    for (let column = 0; column < grid.wide; column++) {
      const [x, y] = [((column + 0.5) / grid.wide) * plane.width, ((row + 0.5) / grid.high) * plane.height];
      const output = model.decoder.run(plane.codeAt(x, y, this.code));
      const at = row * grid.wide + column;
      if (model.kind === "circles") {
        const { radius, roundness } = circleOf(output);
        [grid.near[at], grid.far[at]] = [1e4 * radius, roundness];
      } else {
        const { nearest, distance } = model.closest(output);
        [grid.near[at], grid.far[at]] = [kindOf(model, nearest), distance];
      }
    }
  }
}

function painted(grid, explorer) {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [grid.wide, grid.high];
  const image = new ImageData(grid.wide, grid.high);
  for (let at = 0; at < grid.near.length; at++) {
    image.data.set(colourAt(grid, at, explorer), 4 * at);
    image.data[4 * at + 3] = 255;
  }
  canvas.getContext("2d").putImageData(image, 0, 0);
  return canvas;
}

function colourAt(grid, at, explorer) {
  const { model, palette, mapKind } = explorer;
  if (model.kind === "circles") return circleColour(grid, at, explorer);
  const part = Math.min(grid.far[at] / model.apart, 1);
  if (mapKind === "distance") return onRamp(palette.distances, part);
  const border = grid.side <= 4 && isBorder(grid, at) ? 0.6 : 0;
  return mixed(tintOf(grid.near[at], palette), palette.paper, Math.max(0.8 * part, border));
}

function circleColour(grid, at, { model, palette, mapKind }) {
  const [low, high] = model.radii;
  if (mapKind === "distance") return onRamp(palette.distances, grid.far[at] / OVAL);
  return onRamp(palette.sizes, (grid.near[at] / 1e4 - low) / (high - low || 1));
}

// Whether another tint begins to the right or below.
function isBorder({ near, wide }, at) {
  return ((at + 1) % wide && near[at] !== near[at + 1]) || (at + wide < near.length && near[at] !== near[at + wide]);
}

// What the decoder draws at the places of a grid.
function drawPictures(context, explorer, plane) {
  const pitch = clamp(plane.width / 15, 26, 56);
  const [wide, high] = [Math.round(plane.width / pitch), explorer.axes.length > 1 ? Math.round(plane.height / pitch) : 1];
  const [width, height] = [plane.width / wide, plane.height / high];
  context.globalAlpha = 0.55;
  for (let k = 0; k < wide * high; k++) {
    const [x, y] = [(k % wide) * width, Math.floor(k / wide) * height];
    const row = explorer.model.decoder.run(plane.codeAt(x + width / 2, y + height / 2));
    drawRow(context, row, { x: x + 3, y: y + 3, width: width - 6, height: height - 6 }, explorer);
  }
  context.globalAlpha = 1;
}
