// The film of the training: model and codes as they were at some of its iterations, and what came out for the rows.

const SECONDS_A_SHOT = 0.14;
const [FEWEST_SHOWN, MOST_SHOWN] = [8, 40]; // rows of the data whose outputs are shown
const WORK_ROWS = 6e7; // multiplications that they may cost
const THUMB = 16; // pixels that the slider's thumb is wide, as the style sheet has it
const WIDEST = 3; // the plane is at most so many times what the final codes ask for

class Film {
  constructor(explorer, data) {
    const { model } = explorer;
    this.explorer = explorer;
    this.frames = data.frames;
    this.text = data.decoder;
    this.kept = { codes: model.codes, decoder: model.decoder };
    this.codes = Float64Array.from(float32s(data.codes));
    this.last = this.at = this.frames.length - 1;
    this.playing = null;
    this.followed = [];
    model.extent = widened(model.extent, cut(this.codes, model.latent).map((code) => model.coordinates.of(code)));
  }

  get frame() {
    return this.frames[this.at];
  }

  get ended() {
    return this.at === this.last;
  }

  // Unpacked once somebody asks for an earlier frame.
  get weights() {
    return (this.unpacked ??= float32s(this.text));
  }

  // Goes to a frame. The last one is the model itself, to the last bit.
  show(at) {
    const { explorer } = this;
    if (at === this.at) return;
    const before = explorer.model.codes;
    this.at = at;
    Object.assign(explorer.model, this.ended ? this.kept : this.moment(at));
    this.follow(before, explorer.model.codes);
    explorer.changed("size");
  }

  moment(at) {
    const { codes, decoder } = this.kept;
    const part = (numbers) => numbers.subarray((at * numbers.length) / this.last, ((at + 1) * numbers.length) / this.last);
    return {
      codes: cut(part(this.codes), codes[0].length),
      decoder: decoderLike(decoder, part(this.weights)),
    };
  }

  // The point and the pins go with the rows whose codes they are; elsewhere they stay.
  follow(before, after) {
    const { explorer } = this;
    const places = [explorer.code, ...explorer.pins];
    this.followed = places.map((code, k) => {
      const last = this.followed[k]; // rows may share a code for a while: who was followed still is
      const row = last && sameNumbers(last.code, code) ? last.row : before.findIndex((other) => sameNumbers(other, code));
      return row < 0 ? null : { row, code: after[row] };
    });
    const [point, ...pins] = places.map((code, k) => this.followed[k]?.code.slice() ?? code);
    explorer.code = point;
    if (explorer.path.length === 2 && pins[0] && pins[1]) explorer.path = straight(...pins);
    explorer.pins = pins;
  }

  // Plays from here on, from the end anew; a single step where motion is unwelcome.
  play() {
    if (isCalm()) return this.show(this.ended ? 0 : this.at + 1);
    stopPlaying(this.explorer);
    const first = this.ended ? 0 : this.at;
    this.show(first);
    const begun = performance.now();
    const next = () => {
      this.show(Math.min(this.last, first + Math.floor((performance.now() - begun) / 1000 / SECONDS_A_SHOT)));
      if (this.ended) this.stop();
      else this.playing = requestAnimationFrame(next);
    };
    this.playing = requestAnimationFrame(next);
    this.say();
  }

  stop() {
    if (this.playing === null) return;
    cancelAnimationFrame(this.playing);
    this.playing = null;
    this.explorer.changed("size"); // with a fine map again
  }

  listen() {
    const { explorer } = this;
    [this.button, this.slider] = [explorer.root.querySelector('[data-do="film"]'), explorer.part("film")];
    this.button.dataset.play = this.button.textContent;
    this.button.addEventListener("click", () => (this.playing === null ? this.play() : this.stop()));
    this.slider.max = this.last;
    this.slider.addEventListener("input", () => {
      this.stop();
      this.show(Number(this.slider.value));
    });
    matchMedia("(prefers-reduced-motion: reduce)").addEventListener("change", () => this.say());
  }

  say() {
    const { explorer, frame, button, slider } = this;
    const { play, stop, next } = button.dataset;
    button.textContent = this.playing !== null ? stop : isCalm() ? next : play;
    slider.value = this.at;
    slider.setAttribute("aria-valuetext", `${frame.title}. ${frame.said}`);
    explorer.part("film-title").textContent = frame.title;
    explorer.part("film-said").textContent = frame.said;
  }

  draw() {
    this.say();
    this.drawTrack();
    this.drawRows();
  }

  // Above the slider: a tick for each frame, tall after a burst, and the loss as a line.
  drawTrack() {
    const { explorer, frames, last } = this;
    const { palette } = explorer;
    const canvas = explorer.part("film-track");
    const context = fitCanvas(canvas);
    const { clientWidth: width, clientHeight: height } = canvas;
    const x = (k) => THUMB / 2 + (k / last) * (width - THUMB);
    const [low, high] = rangeOf(frames.map((frame) => frame.height).filter((value) => value !== null));
    const y = (value) => 5 + (1 - (value - low) / (high - low || 1)) * (height - 22);
    frames.forEach(({ burst }, k) => {
      context.fillStyle = burst ? palette.accent : palette.muted;
      context.fillRect(x(k) - (burst ? 1 : 0.5), height - (burst ? 12 : 5), burst ? 2 : 1, burst ? 12 : 5);
    });
    context.beginPath();
    frames.forEach(({ height: value }, k) => value !== null && context.lineTo(x(k), y(value)));
    Object.assign(context, { strokeStyle: palette.muted, lineWidth: 1.5, lineJoin: "round" });
    context.stroke();
    const { height: value } = this.frame;
    if (value !== null) dot(context, x(this.at), y(value), 4, palette.alert, palette.card, 1.5);
  }

  // What comes out for the rows of the data, each with its name and how many pixels are wrong.
  drawRows() {
    const { explorer } = this;
    const { model } = explorer;
    const canvas = explorer.part("film-rows");
    const chosen = evenly(model.rows.length, clamp(Math.floor(WORK_ROWS / model.decoder.cost), FEWEST_SHOWN, MOST_SHOWN));
    const side = clamp(Math.floor(canvas.clientWidth / chosen.length), 56, 84);
    const wide = Math.max(1, Math.floor(canvas.clientWidth / side));
    const long = chosen.some((row) => model.names[row].length > 2); // then the count has a line of its own
    const high = side + (long && model.binary ? 33 : 18);
    canvas.style.height = `${high * Math.ceil(chosen.length / wide)}px`;
    const context = fitCanvas(canvas);
    chosen.forEach((row, k) => {
      const [x, y] = [(k % wide) * side, Math.floor(k / wide) * high];
      const output = model.decoder.run(model.codes[row]);
      const target = model.rows[row];
      drawRow(context, output, { x: x + 4, y: y + 4, width: side - 12, height: side - 10 }, explorer, { beside: target });
      this.nameRow(context, model.names[row], wrongPixels(output, target, model), x + side / 2 - 2, y + side + 5, long);
    });
  }

  nameRow(context, name, wrong, x, y, long) {
    const { explorer } = this;
    const [aside, below] = wrong ? (long ? [0, 15] : [9, 0]) : [0, 0];
    label(context, name.length > 7 ? `${name.slice(0, 6)}…` : name, x - aside, y, explorer);
    if (!wrong) return;
    [context.font, context.fillStyle] = [`600 12px ${explorer.palette.font}`, explorer.palette.alert];
    context.fillText(String(wrong), x + aside, y + below);
  }
}

function wrongPixels(output, target, { binary }) {
  return binary ? output.reduce((sum, value, j) => sum + (value > 0.5 !== target[j] > 0.5), 0) : 0;
}

// The extent of a plane on which all codes of a film have room, so that nothing but the codes moves.
function widened(extent, places) {
  return extent.map(([low, high], k) => {
    const [least, most] = rangeOf(places.map((place) => place[k]));
    const room = ((WIDEST - 1) / 2) * (high - low);
    const margin = 0.05 * (high - low);
    return [Math.max(Math.min(low, least - margin), low - room), Math.min(Math.max(high, most + margin), high + room)];
  });
}

// At most so many of the numbers from 0 on, evenly.
function evenly(count, most) {
  if (count <= most) return Array.from({ length: count }, (_, k) => k);
  return Array.from({ length: most }, (_, k) => Math.round((k * (count - 1)) / (most - 1)));
}

function sameNumbers(one, other) {
  return Boolean(one) && Boolean(other) && one.every((value, k) => value === other[k]);
}

function isCalm() {
  return matchMedia("(prefers-reduced-motion: reduce)").matches;
}
