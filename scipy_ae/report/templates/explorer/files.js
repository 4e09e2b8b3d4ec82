// What one takes home: the picture as PNG, the numbers as CSV.

function savePicture(explorer) {
  const parts = [explorer.plane.canvas, explorer.output];
  const strip = [...explorer.strip.list.querySelectorAll("canvas")];
  composed(parts, strip, explorer).toBlob((blob) => hand(blob, `${fileName(explorer)}.png`), "image/png");
}

// The plane, the output beside it, what is said of it, and the strip below.
function composed([plane, output], strip, explorer) {
  const scale = window.devicePixelRatio || 1;
  const gap = 20 * scale;
  const band = strip.length ? strip[0].height + 2 * gap : 0;
  const wide = Math.max(plane.width + output.width + 3 * gap, strip.length * ((strip[0]?.width ?? 0) + gap) + gap);
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [wide, plane.height + 2 * gap + band];
  const context = canvas.getContext("2d");
  context.fillStyle = explorer.palette.card;
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.drawImage(plane, gap, gap);
  context.drawImage(output, plane.width + 2 * gap, gap);
  const lines = explorer.describe(explorer.model.decoder.decode(explorer.code));
  [...lines, explorer.placeInWords].forEach((text, k) =>
    label(context, text, plane.width + 2 * gap, output.height + gap * (2.2 + k), explorer, "left", 14 * scale),
  );
  strip.forEach((frame, k) => context.drawImage(frame, gap + k * (frame.width + gap), plane.height + 2 * gap));
  return canvas;
}

// The frames of the way, or the point where there is none: codes, then outputs, to the last digit.
function saveNumbers(explorer) {
  const codes = explorer.frames.length ? explorer.frames : [explorer.code];
  const { words, model } = explorer;
  const heads = (key, count) => Array.from({ length: count }, (_, k) => words.say(key, { n: k + 1 }));
  const lines = [[...heads("axis", model.latent), ...heads("value", model.decoder.outputs)].map(quoted)];
  for (const code of codes) lines.push([...code, ...model.decoder.decode(code)]);
  const text = lines.map((line) => line.join(",") + "\r\n").join("");
  hand(new Blob([text], { type: "text/csv" }), `${fileName(explorer)}.csv`);
}

function quoted(text) {
  return `"${text.replaceAll('"', '""')}"`;
}

function fileName(explorer) {
  const { film, model } = explorer;
  const moment = film && !film.ended ? `-iteration-${film.frame.iteration}` : "";
  return `${model.run}-explorer${moment}`.replace(/[^\w.-]+/g, "-");
}

function hand(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
