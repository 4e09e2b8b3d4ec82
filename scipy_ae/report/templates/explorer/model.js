// The model and its data: codes and rows, how alike an output is to the data, and how to say so.

class Model {
  constructor(data) {
    Object.assign(this, data);
    this.decoder = decoderOf(data.decoder);
    this.codes = cut(float64s(data.codes), data.latent);
    this.rows = cut(float32s(data.rows), this.decoder.outputs);
    this.coordinates = coordinatesOf(data);
    this.extent = extentOf(this.places);
    this.apart = this.kind === "circles" ? 1 : typicalDistance(this);
    this.radii = this.kind === "circles" ? rangeOf(this.rows.map((row) => circleOf(row).radius)) : null;
  }

  // The coordinates of the data's codes, which a film may change.
  get places() {
    if (this.placed !== this.codes) {
      this.placed = this.codes;
      this.known = this.codes.map((code) => this.coordinates.of(code));
    }
    return this.known;
  }

  // A code within the extent, beside which there is no plane.
  within(code) {
    const held = code.slice();
    this.coordinates.of(code).forEach((value, k) => {
      const nearest = clamp(value, ...this.extent[k]);
      if (nearest !== value) this.coordinates.move(held, k, nearest);
    });
    return held;
  }

  // Multiplications that it takes to decode a place of the map and to compare it with the data.
  get cost() {
    return this.decoder.cost + (this.kind === "circles" ? 4 : this.rows.length) * this.decoder.outputs;
  }

  // The row of the data closest to an output, and how far that is: in pixels for data of 0 and 1, else as the root mean
  // square. Of rows that differ in as many pixels the one with the closest shades.
  closest(output) {
    const p = output.length;
    let best = Infinity;
    let nearest = 0;
    for (let k = 0; k < this.rows.length; k++) {
      const score = this.binary ? pixelScore(output, this.rows[k], best) : squareScore(output, this.rows[k], best);
      if (score < best) [best, nearest] = [score, k];
    }
    return { nearest, distance: this.binary ? Math.floor(best / (p + 1)) : Math.sqrt(best / p) };
  }

  // Whether an output is so close to a row of the data that it helps to see where they differ.
  alike({ distance }) {
    return !this.binary || distance <= this.apart / 2;
  }
}

// A pixel on the other side of one half weighs more than all differences of shades together.
function pixelScore(output, row, enough) {
  const weight = output.length + 1;
  let score = 0;
  for (let j = 0; j < row.length && score < enough; j++) {
    const away = Math.min(Math.abs(output[j] - row[j]), 0.999);
    score += output[j] > 0.5 === row[j] > 0.5 ? away * away : weight + away * away;
  }
  return score;
}

function squareScore(output, row, enough) {
  let score = 0;
  for (let j = 0; j < row.length && score < enough; j++) score += (output[j] - row[j]) ** 2;
  return score;
}

// Mean distance of points x1, y1, x2, y2... from their middle, and its spread as a part of it.
function circleOf(row) {
  const n = row.length / 2;
  let [x, y, sum, squares] = [0, 0, 0, 0];
  for (let j = 0; j < row.length; j += 2) [x, y] = [x + row[j] / n, y + row[j + 1] / n];
  for (let j = 0; j < row.length; j += 2) {
    const away = Math.hypot(row[j] - x, row[j + 1] - y);
    [sum, squares] = [sum + away, squares + away * away];
  }
  const radius = sum / n;
  return { radius, roundness: radius ? Math.sqrt(Math.max(squares / n - radius * radius, 0)) / radius : 0 };
}

// The distance at which an output is no longer like any one row of the data.
function typicalDistance(model) {
  if (model.binary) return Math.max(2, 0.2 * model.decoder.outputs);
  const some = model.rows.slice(0, 60);
  const distances = some.flatMap((row, k) => some.slice(0, k).map((other) => squareScore(row, other, Infinity)));
  distances.sort((a, b) => a - b);
  return Math.sqrt((distances[Math.floor(distances.length / 4)] ?? 1) / model.decoder.outputs) || 1;
}

// For each coordinate the lowest and highest value of a box around the data, with room at its sides. One that hardly
// changes has a tenth of the widest range, so that it does not seem to matter more than it does.
function extentOf(places) {
  const ranges = Array.from(places[0], (_, k) => rangeOf(places.map((place) => place[k])));
  const least = 0.1 * Math.max(...ranges.map(([low, high]) => high - low)) || 2;
  return ranges.map(([low, high]) => {
    const room = Math.max(0.14 * (high - low), (least - (high - low)) / 2);
    return [low - room, high + room];
  });
}

function rangeOf(values) {
  return values.reduce(([low, high], value) => [Math.min(low, value), Math.max(high, value)], [Infinity, -Infinity]);
}

function cut(values, width) {
  return Array.from({ length: values.length / width }, (_, k) => values.subarray(k * width, (k + 1) * width));
}

// The words that change while one plays: sentences with {names} to be filled in.
class Words {
  constructor(table) {
    this.table = table;
  }

  say(key, values = {}) {
    const entry = this.table[key];
    return this.fill(typeof entry === "string" ? entry : entry[values.n === 1 ? "one" : "other"], values);
  }

  fill(text, values) {
    return text.replace(/\{(\w*)\}/g, (_, name) => String(values[name] ?? values.n ?? ""));
  }

  number(value, digits = 2) {
    return value.toFixed(digits).replace(".", this.table.point).replace("-", "−");
  }

  // A code number, as finely as its range asks for.
  place(value, [low, high]) {
    return this.number(value, clamp(Math.ceil(2 - Math.log10(high - low)), 2, 6));
  }

  // The coordinates of a code.
  code(place, extent) {
    return `(${Array.from(place, (value, k) => this.place(value, extent[k])).join("; ")})`;
  }
}
