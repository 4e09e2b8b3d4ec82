// The latent explorer: a point in the plane of codes, and what the decoder makes of it.

function start() {
  for (const root of document.querySelectorAll("[data-explorer]")) {
    const data = JSON.parse(root.querySelector("script").textContent);
    root.explorer = new Explorer(root, data); // for whoever opens the browser's console: decode, moveTo, ...
  }
}

class Explorer {
  constructor(root, data) {
    this.root = root;
    this.model = new Model(data);
    this.words = new Words(data.words);
    this.film = data.film && new Film(this, data.film);
    this.code = this.model.codes[0];
    this.axes = data.latent > 1 ? [0, 1] : [0]; // the coordinates that the plane shows
    this.tool = "move";
    this.mapKind = this.part("map").value;
    this.pins = [this.code, this.model.codes.at(-1)]; // start and end of a walk, or null
    this.path = straight(...this.pins); // codes of the way, drawn or straight from pin to pin
    this.frames = []; // the codes of its strip
    this.player = null;
    this.plane = new Plane(this);
    this.output = this.part("output");
    this.strip = new Strip(this);
    this.examples = new Examples(this);
    listen(this);
    watchSize(this);
    watchTheme(() => this.changed("size"));
    this.changed("size");
  }

  part(name) {
    return this.root.querySelector(`[data-part="${name}"]`);
  }

  decode(code) {
    return Array.from(this.model.decoder.decode(code));
  }

  // Everything that one does ends in one of these.
  moveTo(code, { speak = true } = {}) {
    this.code = this.model.within(code);
    if (this.tool === "draw" && this.drawing) this.path.push(this.code.slice());
    this.changed(this.drawing ? "way" : "point");
    if (speak) this.speakSoon();
  }

  show(axes) {
    this.axes = axes;
    this.changed("size");
  }

  pin(end, code) {
    this.pins[end] = code && code.slice();
    if (this.pins[0] && this.pins[1]) this.walk(straight(...this.pins));
    else this.changed("way");
  }

  walk(path) {
    this.path = path;
    this.changed("way");
  }

  clear() {
    stopPlaying(this);
    this.pins = [null, null];
    this.walk([]);
  }

  // Asks for a new picture: of all ("size"), of the way, or of the point alone.
  changed(what) {
    this.stale ??= requestAnimationFrame(() => this.draw());
    this.staleSize ||= what === "size";
    this.staleWay ||= what !== "point";
  }

  draw() {
    const [size, way] = [this.staleSize, this.staleWay];
    this.stale = this.staleSize = this.staleWay = undefined;
    this.palette = size || !this.palette ? paletteOf(this.root) : this.palette;
    if (size) this.plane.resize();
    if (size) this.film?.draw();
    if (size) this.examples.draw();
    if (way) this.frames = samples(this.path, this.strip.room(), this.model);
    this.plane.draw();
    if (way) this.strip.fill();
    this.strip.mark();
    this.examples.mark();
    this.drawOutput();
    showState(this);
  }

  drawOutput() {
    const row = this.model.decoder.decode(this.code);
    const found = this.model.closest(row);
    const context = fitCanvas(this.output);
    const { clientWidth: width, clientHeight: height } = this.output;
    drawRow(context, row, { x: 0, y: 0, width, height }, this, { beside: this.model.alike(found) ? this.model.rows[found.nearest] : null });
    const [first, second] = this.describe(row, found);
    this.part("closest").textContent = first;
    this.part("measure").textContent = second;
    this.output.setAttribute("aria-label", `${first}, ${second}`);
  }

  // Two lines of words on an output.
  describe(row, found = this.model.closest(row)) {
    const { words, model } = this;
    if (model.kind === "circles") {
      const { radius, roundness } = circleOf(row);
      return [
        words.say("circle", { radius: words.number(radius) }),
        words.say("round", { error: words.number(100 * roundness, 2) }),
      ];
    }
    const closest = words.say("closest", { name: model.names[found.nearest] });
    if (!model.binary) return [closest, words.say("rms", { x: words.number(found.distance, 3) })];
    if (!found.distance) return [closest, words.say("same")];
    return [closest, words.say("differ", { n: found.distance })];
  }

  // The coordinates of the point.
  get place() {
    return this.model.coordinates.of(this.code);
  }

  get placeInWords() {
    return this.words.code(this.place, this.model.extent);
  }

  speak(text) {
    this.part("live").textContent = text;
  }

  // A listener hears of the point once it rests.
  speakSoon() {
    clearTimeout(this.waiting);
    this.waiting = setTimeout(() => {
      const said = this.describe(this.model.decoder.decode(this.code));
      this.speak(`${this.words.say("code", { code: this.placeInWords })}. ${said.join(", ")}.`);
    }, 350);
  }
}

function clamp(value, low, high) {
  return Math.min(Math.max(value, low), high);
}
