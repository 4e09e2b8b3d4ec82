// How a row of the data is drawn: pixels, a closed curve, or bars.

// Gives a canvas as many dots as the screen has in its place, and a context that counts in CSS pixels.
function fitCanvas(canvas) {
  const scale = window.devicePixelRatio || 1;
  const [width, height] = [canvas.clientWidth, canvas.clientHeight].map((side) => Math.round(side * scale));
  if (canvas.width !== width || canvas.height !== height) [canvas.width, canvas.height] = [width, height];
  const context = canvas.getContext("2d");
  context.setTransform(scale, 0, 0, scale, 0, 0);
  context.clearRect(0, 0, width, height);
  return context;
}

// Draws a row into a box; where it has the room it shows in which pixels it differs from the row `beside` it.
function drawRow(context, row, box, explorer, { beside = null, colour = null } = {}) {
  const { kind } = explorer.model;
  if (kind === "image") drawImage(context, row, box, explorer, beside);
  else if (kind === "circles") drawCurve(context, row, box, explorer, colour);
  else drawBars(context, row, box, explorer, beside);
}

function drawImage(context, row, box, explorer, beside) {
  const { shape, binary } = explorer.model;
  const [high, wide] = shape;
  const side = Math.min(box.width / wide, box.height / high);
  const cell = side >= 3 ? Math.floor(side) : side;
  const left = box.x + (box.width - cell * wide) / 2;
  const top = box.y + (box.height - cell * high) / 2;
  if (cell < 6) return drawSmallImage(context, row, [left, top, cell * wide, cell * high], explorer);
  const gap = cell >= 12 ? Math.max(1, Math.round(cell / 20)) : 0;
  for (let j = 0; j < high * wide; j++) {
    const [x, y] = [left + (j % wide) * cell, top + Math.floor(j / wide) * cell];
    context.fillStyle = css(colourOf(row, j, explorer));
    roundBox(context, x + gap / 2, y + gap / 2, cell - gap, cell - gap, gap ? cell / 7 : 0);
    context.fill();
    if (binary && beside && row[j] > 0.5 !== beside[j] > 0.5) outline(context, x, y, cell, explorer);
  }
}

function outline(context, x, y, cell, explorer) {
  context.strokeStyle = context.fillStyle = explorer.palette.alert;
  if (cell < 12) return context.fillRect(x + cell / 3, y + cell / 3, cell / 3, cell / 3);
  context.lineWidth = Math.max(1.5, cell / 18);
  roundBox(context, x + 2.5, y + 2.5, cell - 5, cell - 5, cell / 9);
  context.stroke();
}

function roundBox(context, x, y, width, height, radius) {
  context.beginPath();
  if (radius) context.roundRect(x, y, width, height, radius);
  else context.rect(x, y, width, height);
}

function drawSmallImage(context, row, place, explorer) {
  context.imageSmoothingEnabled = false;
  context.drawImage(rowImage(row, explorer), ...place);
}

// A canvas of one dot a pixel. With `clear`, paper lets through what lies below.
function rowImage(row, explorer, clear = false) {
  const [high, wide] = explorer.model.shape;
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [wide, high];
  const image = new ImageData(wide, high);
  const ink = explorer.palette.shades[255];
  const through = clear && explorer.model.ink;
  for (let j = 0; j < high * wide; j++) {
    const colour = through ? [...ink, 255 * partOf(row[j], explorer.model)] : [...colourOf(row, j, explorer), 255];
    image.data.set(colour, 4 * j);
  }
  canvas.getContext("2d").putImageData(image, 0, 0);
  return canvas;
}

// Letters go from paper to ink, photographs from black to white. A row in colour has its red, green and blue values one
// behind the other.
function colourOf(row, j, { model, palette }) {
  const shade = (channel) => Math.round(255 * partOf(row[j + channel * model.shape[0] * model.shape[1]], model));
  if (model.channels === 3) return [shade(0), shade(1), shade(2)];
  return model.ink ? palette.shades[shade(0)] : [shade(0), shade(0), shade(0)];
}

function partOf(value, { low, high }) {
  const part = (value - low) / (high - low || 1);
  return Number.isFinite(part) ? clamp(part, 0, 1) : 0;
}

function drawCurve(context, row, box, explorer, colour) {
  const { low, high } = explorer.model;
  const side = Math.min(box.width, box.height);
  const [left, top] = [box.x + (box.width - side) / 2, box.y + (box.height - side) / 2];
  const at = (value) => side * (0.04 + (0.92 * (value - low)) / (high - low || 1));
  if (side > 120) drawRings(context, box.x + box.width / 2, box.y + box.height / 2, side, explorer);
  context.beginPath();
  for (let j = 0; j < row.length; j += 2) context.lineTo(left + at(row[j]), top + side - at(row[j + 1]));
  context.closePath();
  context.strokeStyle = colour ?? explorer.palette.accent;
  context.lineWidth = clamp(side / 90, 1.2, 3);
  context.lineJoin = "round";
  context.stroke();
  if (side > 120) drawPoints(context, row, (x, y) => [left + at(x), top + side - at(y)], explorer);
}

// Perfect circles to hold the drawn one against.
function drawRings(context, x, y, side, explorer) {
  context.strokeStyle = explorer.palette.line;
  context.lineWidth = 1;
  for (const part of [0.25, 0.5, 0.75, 1]) {
    context.beginPath();
    context.arc(x, y, 0.46 * side * part, 0, 2 * Math.PI);
    context.stroke();
  }
}

function drawPoints(context, row, place, explorer) {
  context.fillStyle = explorer.palette.accent;
  for (let j = 0; j < row.length; j += 2) {
    context.beginPath();
    context.arc(...place(row[j], row[j + 1]), 3.2, 0, 2 * Math.PI);
    context.fill();
  }
}

// A bar for each value, from the middle of the data's range where that holds 0; a tick where the closest row has it.
function drawBars(context, row, box, explorer, beside) {
  const { low, high } = explorer.model;
  const large = box.width > 120;
  const pitch = Math.min((box.height - 8) / row.length, 34);
  const [left, width] = large ? [box.x + 34, box.width - 42] : [box.x, box.width];
  const top = box.y + (box.height - pitch * row.length) / 2;
  const at = (value) => left + width * partOf(value, { low, high });
  const zero = at(clamp(0, low, high));
  for (let j = 0; j < row.length; j++) {
    const y = top + j * pitch;
    context.fillStyle = explorer.palette.line;
    context.fillRect(left, y + pitch * 0.45, width, Math.max(1, pitch * 0.1));
    context.fillStyle = explorer.palette.accent;
    context.fillRect(Math.min(zero, at(row[j])), y + pitch * 0.2, Math.abs(at(row[j]) - zero), pitch * 0.6);
    if (!large) continue;
    context.fillStyle = explorer.palette.alert;
    if (beside) context.fillRect(at(beside[j]) - 1, y + pitch * 0.08, 2, pitch * 0.84);
    if (pitch >= 12) label(context, String(j + 1), left - 8, y + pitch / 2, explorer, "right");
  }
}

function label(context, text, x, y, explorer, align = "center", size = 12) {
  context.font = `${size}px ${explorer.palette.font}`;
  [context.textAlign, context.textBaseline, context.fillStyle] = [align, "middle", explorer.palette.muted];
  context.fillText(text, x, y);
}
