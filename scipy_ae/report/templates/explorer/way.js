// A way through the codes: straight between two pins or drawn, its strip of pictures, and the walk along it.

const SECONDS_A_FRAME = 0.45;
const SLICE_OF_STRIP = 25; // milliseconds
const MOST_EXAMPLES = 16; // rows of the data to start from

function straight(from, to) {
  return [from.slice(), to.slice()];
}

// So many codes along the way, evenly by its length as the plane shows it.
function samples(path, count, model) {
  if (path.length < 2) return [];
  const lengths = pathLengths(path, model);
  return Array.from({ length: count }, (_, k) => codeAlong(path, lengths, k / (count - 1)));
}

function pathLengths(path, { coordinates, extent }) {
  const lengths = [0];
  for (let k = 1; k < path.length; k++)
    lengths.push(lengths[k - 1] + coordinates.distance(path[k], path[k - 1], extent));
  return lengths;
}

// The code after a part (0 to 1) of the way.
function codeAlong(path, lengths, part) {
  const wanted = part * lengths.at(-1);
  const k = Math.max(1, lengths.findIndex((length, at) => at > 0 && length >= wanted));
  const step = lengths[k] - lengths[k - 1];
  const rest = step > 0 ? clamp((wanted - lengths[k - 1]) / step, 0, 1) : 0;
  return path[k].map((value, i) => (rest === 1 ? value : path[k - 1][i] + rest * (value - path[k - 1][i])));
}

class Strip {
  constructor(explorer) {
    this.explorer = explorer;
    this.list = explorer.part("strip");
  }

  // How many frames fit beside each other.
  room() {
    return clamp(Math.floor(this.list.parentElement.clientWidth / 84), 7, 13);
  }

  fill() {
    const { frames } = this.explorer;
    while (this.list.children.length > frames.length) this.list.lastChild.remove();
    while (this.list.children.length < frames.length) this.list.append(this.frame(this.list.children.length));
    clearTimeout(this.timer);
    this.showFrom(0);
  }

  // Shows the frames from here on, and lets the browser breathe where they take long.
  showFrom(k) {
    const { frames } = this.explorer;
    const until = performance.now() + SLICE_OF_STRIP;
    for (; k < frames.length; k++) {
      if (performance.now() > until) return (this.timer = setTimeout(() => this.showFrom(k)));
      this.show(this.list.children[k], frames[k], k);
    }
  }

  frame(k) {
    return frameButton(() => {
      stopPlaying(this.explorer);
      this.explorer.moveTo(this.explorer.frames[k]);
    });
  }

  show(item, code, k) {
    const { explorer } = this;
    const { model, words } = explorer;
    const row = model.decoder.decode(code);
    const [button, canvas] = [item.firstChild, item.firstChild.firstChild];
    const context = fitCanvas(canvas);
    drawRow(context, row, { x: 0, y: 0, width: canvas.clientWidth, height: canvas.clientHeight }, explorer);
    const circle = model.kind === "circles";
    const name = circle ? words.number(circleOf(row).radius) : model.names[model.closest(row).nearest];
    button.lastChild.textContent = name;
    const said = { k: k + 1, n: explorer.frames.length, name, radius: name };
    button.setAttribute("aria-label", words.say(circle ? "step_circle" : "step", said));
  }

  // Marks the frame where the point is.
  mark() {
    const { frames, code, model } = this.explorer;
    let [best, found] = [0.03, -1];
    frames.forEach((frame, k) => {
      const away = model.coordinates.distance(frame, code, model.extent);
      if (away < best) [best, found] = [away, k];
    });
    [...this.list.children].forEach((item, k) => item.firstChild.classList.toggle("here", k === found));
  }
}

// A picture with a name below it, to be clicked.
function frameButton(clicked) {
  const item = document.createElement("li");
  const button = document.createElement("button");
  button.type = "button";
  button.append(document.createElement("canvas"), document.createElement("span"));
  button.addEventListener("click", clicked);
  item.append(button);
  return item;
}

// Rows of the data to start from: a long code is hard to find from nothing.
class Examples {
  constructor(explorer) {
    this.explorer = explorer;
    this.list = explorer.part("examples");
    this.rows = this.list ? evenly(explorer.model.rows.length, MOST_EXAMPLES) : [];
    for (const row of this.rows) this.list.append(frameButton(() => this.goTo(row)));
  }

  goTo(row) {
    stopPlaying(this.explorer);
    this.explorer.row = row;
    this.explorer.moveTo(this.explorer.model.codes[row]);
  }

  draw() {
    const { model, words } = this.explorer;
    this.rows.forEach((row, k) => {
      const button = this.list.children[k].firstChild;
      const canvas = button.firstChild;
      const box = { x: 0, y: 0, width: canvas.clientWidth, height: canvas.clientHeight };
      drawRow(fitCanvas(canvas), model.rows[row], box, this.explorer);
      button.lastChild.textContent = model.names[row];
      button.setAttribute("aria-label", words.say("example", { name: model.names[row] }));
    });
  }

  mark() {
    const { code, model } = this.explorer;
    this.rows.forEach((row, k) => {
      this.list.children[k].firstChild.classList.toggle("here", sameNumbers(code, model.codes[row]));
    });
  }
}

function togglePlaying(explorer) {
  if (explorer.player) stopPlaying(explorer);
  else if (explorer.path.length > 1) startPlaying(explorer);
}

// To and fro along the way; in single steps where motion is unwelcome.
function startPlaying(explorer) {
  const calm = isCalm();
  const steps = explorer.frames.length - 1;
  const lengths = pathLengths(explorer.path, explorer.model);
  const begun = performance.now();
  const next = () => {
    let step = (performance.now() - begun) / 1000 / (calm ? 2 * SECONDS_A_FRAME : SECONDS_A_FRAME);
    if (calm) step = Math.floor(step);
    const part = 1 - Math.abs(1 - ((step / steps) % 2));
    explorer.moveTo(codeAlong(explorer.path, lengths, part), { speak: false });
    explorer.player = requestAnimationFrame(next);
  };
  explorer.drawing = false;
  explorer.film?.stop();
  explorer.player = requestAnimationFrame(next);
  sayPlaying(explorer, true);
}

function stopPlaying(explorer) {
  if (!explorer.player) return;
  cancelAnimationFrame(explorer.player);
  explorer.player = null;
  sayPlaying(explorer, false);
}

function sayPlaying(explorer, playing) {
  const button = explorer.root.querySelector('[data-do="play"]');
  button.dataset.play ??= button.textContent;
  button.textContent = playing ? button.dataset.stop : button.dataset.play;
}
