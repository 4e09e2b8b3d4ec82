// A way through the codes: straight between two pins or drawn, its strip of pictures, and the walk along it.

const SECONDS_A_FRAME = 0.45;

function straight(from, to) {
  return [from.slice(), to.slice()];
}

// So many codes along the way, evenly by its length as the plane shows it.
function samples(path, count, extent) {
  if (path.length < 2) return [];
  const lengths = pathLengths(path, extent);
  return Array.from({ length: count }, (_, k) => codeAlong(path, lengths, k / (count - 1)));
}

function pathLengths(path, extent) {
  const lengths = [0];
  for (let k = 1; k < path.length; k++) {
    const squares = path[k].map((value, i) => ((value - path[k - 1][i]) / (extent[i][1] - extent[i][0])) ** 2);
    lengths.push(lengths[k - 1] + Math.sqrt(squares.reduce((sum, value) => sum + value, 0)));
  }
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
    frames.forEach((code, k) => this.show(this.list.children[k], code, k));
  }

  frame(k) {
    const item = document.createElement("li");
    const button = document.createElement("button");
    button.type = "button";
    button.append(document.createElement("canvas"), document.createElement("span"));
    button.addEventListener("click", () => {
      stopPlaying(this.explorer);
      this.explorer.moveTo(this.explorer.frames[k]);
    });
    item.append(button);
    return item;
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
      const away = pathLengths([frame, code], model.extent)[1];
      if (away < best) [best, found] = [away, k];
    });
    [...this.list.children].forEach((item, k) => item.firstChild.classList.toggle("here", k === found));
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
  const lengths = pathLengths(explorer.path, explorer.model.extent);
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
