// The map below the codes: at each place what the decoder's output is closest to, or how far it is from the data, or
// what is drawn there. It is computed coarsely first, then finer, a few milliseconds at a time.

const SIDES = [64, 32, 16, 8, 4, 2]; // pixels of the plane for one place of the map, from coarse to fine
const COARSE = 2; // where a map begins, unless its decoder is a large one
const WORK = 4e8; // multiplications that a map may cost
const WORK_FIRST = 1e8; // those that its first, coarse form may cost
const WORK_PLAYING = 2e7; // those that the coarse map of a film's frame may cost; else it plays without
const SLICE = 9; // milliseconds
const SHOWN_AFTER = 150; // milliseconds after which what there is of the pictures is shown
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
    if (explorer.film?.playing && this.firstCost > WORK_PLAYING) return;
    // a first coarse map is finished even if the point has left its plane: else sliding would never show one
    if (!this.isFresh() && !this.beginning) this.make();
    if (!this.image || this.kind !== explorer.mapKind) return;
    context.imageSmoothingEnabled = true;
    context.imageSmoothingQuality = "high";
    context.globalAlpha = this.kind !== "pictures" ? 1 : explorer.model.ink ? 0.55 : 0.85;
    context.drawImage(this.image, 0, 0, plane.width, plane.height);
    context.globalAlpha = 1;
  }

  // A map is that of all points of one plane: of those that differ in what the plane shows alone.
  isFresh() {
    const { code, axes, model } = this.explorer;
    return this.made !== null && model.coordinates.distanceOff(code, this.made, model.extent, axes) < 1e-9;
  }

  make() {
    clearTimeout(this.timer);
    this.made = this.explorer.code.slice();
    this.code = this.made.slice();
    if (this.kind !== this.explorer.mapKind) this.image = null;
    this.kind = this.explorer.mapKind;
    this.first = SIDES.findIndex((_, at) => at === COARSE || this.costOf(at + 1) > WORK_FIRST);
    this.level = 0;
    this.beginning = true;
    this.begin();
    this.work();
  }

  begin() {
    this.grid = this.kind === "pictures" ? pictureGrid(this) : tintGrid(this, SIDES[this.first + this.level]);
    this.image = this.kind === "pictures" ? this.grid.canvas : this.image;
    this.shown = performance.now();
  }

  // Decodes place by place until the slice is over, then lets the browser breathe.
  work() {
    const { grid, explorer } = this;
    const until = performance.now() + SLICE;
    while (grid.at < grid.wide * grid.high) {
      grid.put(grid.at++);
      if (performance.now() > until) return this.later();
    }
    this.image = grid.canvas ?? painted(grid, explorer);
    this.beginning = false;
    explorer.changed("point");
    const next = this.kind === "pictures" ? Infinity : this.costOf(this.first + this.level + 1);
    if (explorer.film?.playing || next > WORK) return;
    this.level++;
    this.begin();
    this.later();
  }

  later() {
    if (this.grid.canvas && performance.now() > this.shown + SHOWN_AFTER) {
      this.shown = performance.now();
      this.explorer.changed("point");
    }
    this.timer = setTimeout(() => this.work());
  }

  // The output at a place of a grid of the plane.
  decoded(at, { wide, high }) {
    const { plane, explorer } = this;
    const [x, y] = [((at % wide) + 0.5) / wide, (Math.floor(at / wide) + 0.5) / high];
    return explorer.model.decoder.run(plane.codeAt(x * plane.width, y * plane.height, this.code));
  }

  // Multiplications of a map of tints, and of the first map of the kind that is asked for.
  costOf(level) {
    const { plane, explorer } = this;
    return level < SIDES.length ? ((plane.width * plane.height) / SIDES[level] ** 2) * explorer.model.cost : Infinity;
  }

  get firstCost() {
    const { plane, explorer } = this;
    return explorer.mapKind === "pictures" ? pictureCount(plane, explorer) * explorer.model.decoder.cost : this.costOf(COARSE);
  }
}

// A grid of the plane for which it is told what each place is closest to, and how far that is.
function tintGrid(map, side) {
  const { plane, explorer } = map;
  const { model } = explorer;
  const [wide, high] = [Math.ceil(plane.width / side), explorer.axes.length > 1 ? Math.ceil(plane.height / side) : 1];
  const grid = { at: 0, side, wide, high, near: new Int32Array(wide * high), far: new Float32Array(wide * high) };
  grid.put = (at) => {
    const output = map.decoded(at, grid);
    if (model.kind === "circles") {
      const { radius, roundness } = circleOf(output);
      [grid.near[at], grid.far[at]] = [1e4 * radius, roundness];
    } else {
      const { nearest, distance } = model.closest(output);
      [grid.near[at], grid.far[at]] = [kindOf(model, nearest), distance];
    }
  };
  return grid;
}

// A grid of the plane into which is drawn what the decoder makes of its places. While it is filled, the picture before
// it stays where nothing is drawn yet.
function pictureGrid(map) {
  const { plane, explorer } = map;
  const [wide, high] = pictureSides(plane, explorer);
  const [width, height] = [plane.width / wide, plane.height / high];
  const scale = window.devicePixelRatio || 1;
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [Math.round(plane.width * scale), Math.round(plane.height * scale)];
  const context = canvas.getContext("2d");
  if (map.image && map.drawn === map.image) context.drawImage(map.image, 0, 0, canvas.width, canvas.height);
  map.drawn = canvas;
  context.setTransform(scale, 0, 0, scale, 0, 0);
  const grid = { at: 0, wide, high, canvas };
  grid.put = (at) => {
    const [x, y] = [(at % wide) * width, Math.floor(at / wide) * height];
    context.clearRect(x, y, width, height);
    const box = { x: x + 3, y: y + 3, width: width - 6, height: height - 6 };
    drawRow(context, map.decoded(at, grid), box, explorer);
  };
  return grid;
}

function pictureSides(plane, explorer) {
  const pitch = clamp(plane.width / 15, 26, 56);
  return [Math.round(plane.width / pitch), explorer.axes.length > 1 ? Math.round(plane.height / pitch) : 1];
}

function pictureCount(plane, explorer) {
  const [wide, high] = pictureSides(plane, explorer);
  return wide * high;
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
