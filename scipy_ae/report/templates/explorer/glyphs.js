// The codes of the data as small pictures; where they would overlap, as dots. Through a film each stays what it is at
// its end.

function layGlyphs(explorer, plane) {
  const size = glyphSize(explorer.model, plane);
  const taken = [];
  return (explorer.film?.kept ?? explorer.model).codes.map((code) => {
    const [x, y] = plane.place(code);
    const box = [x - size[0] / 2 - 2, y - size[1] / 2 - 2, x + size[0] / 2 + 2, y + size[1] / 2 + 2];
    const free = showsPictures(explorer) && !taken.some((other) => overlap(box, other));
    if (free) taken.push(box);
    return free ? size : null;
  });
}

// Rows of a table have no picture, and over a map of pictures dots are clearer.
function showsPictures({ model, mapKind }) {
  return model.kind !== "table" && mapKind !== "pictures";
}

function glyphSize(model, plane) {
  const side = clamp(plane.width / 20, 18, 34);
  if (model.kind !== "image") return [side, side];
  const [high, wide] = model.shape;
  const cell = side / Math.max(high, wide);
  const whole = cell >= 1 ? Math.round(cell) : cell;
  return [wide * whole, high * whole];
}

function overlap([ax, ay, bx, by], [cx, cy, dx, dy]) {
  return ax < dx && cx < bx && ay < dy && cy < by;
}

function drawGlyphs(context, glyphs, explorer, plane) {
  const { model, palette } = explorer;
  model.codes.forEach((code, k) => {
    const [x, y] = plane.spot(model.places[k]);
    context.globalAlpha = nearness(code, explorer);
    if (glyphs[k]) drawGlyph(context, k, x, y, glyphs[k], explorer);
    else dot(context, x, y, 3.5, dotColour(k, explorer), palette.card, 1.2);
    context.globalAlpha = 1;
  });
}

function drawGlyph(context, k, x, y, [width, height], explorer) {
  const { model, palette } = explorer;
  const box = { x: Math.round(x - width / 2), y: Math.round(y - height / 2), width, height };
  if (model.kind === "circles") return drawRow(context, model.rows[k], box, explorer, { colour: palette.ink });
  context.imageSmoothingEnabled = width < model.shape[1];
  context.drawImage(glyphImage(k, explorer), box.x, box.y, width, height);
}

// Made once for each theme.
function glyphImage(k, explorer) {
  const { model, palette } = explorer;
  palette.glyphs ??= [];
  return (palette.glyphs[k] ??= rowImage(model.rows[k], explorer, true));
}

function dotColour(k, { model, palette }) {
  return model.kind === "table" ? css(mixed(tintOf(kindOf(model, k), palette), rgbOf(palette.ink), 0.35)) : palette.ink;
}

// Which of the different names a row has.
function kindOf(model, k) {
  model.kinds ??= [...new Set(model.names)];
  return model.kinds.indexOf(model.names[k]);
}

// Codes far off the shown plane are faint: 1 on it, and no less than a quarter. A long code is nearly always far off.
function nearness(code, { axes, code: point, model }) {
  if (point.length <= 2 || model.basis) return 1;
  return Math.max(0.25, Math.exp(-2 * model.coordinates.distanceOff(code, point, model.extent, axes)));
}
