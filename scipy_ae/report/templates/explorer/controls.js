// What one does: pointer, keys, sliders, choices and buttons.

const STEP = 0.02; // of the plane's side, for an arrow key
const SNAP = 12; // pixels within which a click is meant for a code of the data

function listen(explorer) {
  const { root } = explorer;
  listenToPointer(explorer, explorer.plane.canvas);
  explorer.plane.canvas.addEventListener("keydown", (event) => onKey(explorer, event));
  for (const button of root.querySelectorAll("[data-tool]"))
    button.addEventListener("click", () => chooseTool(explorer, button.dataset.tool));
  for (const slider of root.querySelectorAll("[data-slider]")) listenToSlider(explorer, slider);
  for (const select of root.querySelectorAll("[data-end]")) listenToEnd(explorer, select);
  for (const button of root.querySelectorAll("[data-pin]"))
    button.addEventListener("click", () => pinHere(explorer, Number(button.dataset.pin)));
  const actions = {
    play: () => togglePlaying(explorer),
    clear: () => clearAll(explorer),
    picture: () => savePicture(explorer),
    numbers: () => saveNumbers(explorer),
  };
  for (const [name, action] of Object.entries(actions))
    root.querySelector(`[data-do="${name}"]`).addEventListener("click", action);
  listenToViews(explorer);
  explorer.film?.listen();
}

function listenToPointer(explorer, canvas) {
  canvas.addEventListener("pointerdown", (event) => {
    if (event.button) return;
    canvas.setPointerCapture(event.pointerId);
    canvas.focus({ preventScroll: true });
    event.preventDefault();
    stopPlaying(explorer);
    begin(explorer, event);
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!canvas.hasPointerCapture(event.pointerId)) return hover(explorer, event);
    for (const each of event.getCoalescedEvents?.() ?? [event]) explorer.moveTo(codeUnder(explorer, each));
  });
  for (const end of ["pointerup", "pointercancel"]) canvas.addEventListener(end, () => (explorer.drawing = false));
}

// A press on a code of the data goes there exactly, one elsewhere to its place.
function begin(explorer, event) {
  explorer.drawing = explorer.tool === "draw";
  if (explorer.drawing) {
    explorer.pins = [null, null];
    explorer.path = [];
  }
  const near = explorer.tool === "move" ? explorer.plane.rowAt(...placeOf(event), SNAP) : -1;
  explorer.moveTo(near < 0 ? codeUnder(explorer, event) : explorer.model.codes[near]);
}

function hover(explorer, event) {
  const near = explorer.plane.rowAt(...placeOf(event), SNAP);
  explorer.plane.canvas.title = near < 0 ? "" : explorer.model.names[near];
}

function placeOf(event) {
  const box = event.target.getBoundingClientRect();
  return [event.clientX - box.left, event.clientY - box.top];
}

function codeUnder(explorer, event) {
  const box = explorer.plane.canvas.getBoundingClientRect();
  return explorer.plane.codeAt(event.clientX - box.left, event.clientY - box.top);
}

const ARROWS = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowDown: [1, -1], ArrowUp: [1, 1] };

function onKey(explorer, event) {
  if (event.ctrlKey || event.metaKey) return;
  const actions = {
    PageUp: () => goToRow(explorer, -1),
    PageDown: () => goToRow(explorer, 1),
    Enter: () => pinHere(explorer, explorer.pins[0] && !explorer.pins[1] ? 1 : 0),
    " ": () => togglePlaying(explorer),
    Escape: () => clearAll(explorer),
  };
  if (event.key in ARROWS) arrow(explorer, ...ARROWS[event.key], event.shiftKey ? 5 : event.altKey ? 0.2 : 1);
  else if (event.key in actions) actions[event.key]();
  else return;
  event.preventDefault();
}

function arrow(explorer, axis, direction, size) {
  if (axis >= explorer.axes.length) return;
  const k = explorer.axes[axis];
  const { coordinates, extent } = explorer.model;
  const [low, high] = extent[k];
  const code = explorer.code.slice();
  coordinates.move(code, k, explorer.place[k] + direction * size * STEP * (high - low));
  explorer.drawing = explorer.tool === "draw";
  if (explorer.drawing && !explorer.path.length) explorer.path.push(explorer.code.slice());
  explorer.moveTo(code);
  explorer.drawing = false;
}

function goToRow(explorer, step) {
  const { codes } = explorer.model;
  explorer.row = ((explorer.row ?? 0) + step + codes.length) % codes.length;
  explorer.moveTo(codes[explorer.row]);
}

function pinHere(explorer, end) {
  if (end === 0 && explorer.pins[1] && explorer.pins[0]) explorer.pins[1] = null; // a third pin begins anew
  explorer.pin(end, explorer.code);
  explorer.speak(explorer.words.say(end ? "pinned_last" : "pinned_first"));
}

function clearAll(explorer) {
  explorer.clear();
  explorer.speak(explorer.words.say("cleared"));
}

function chooseTool(explorer, tool) {
  explorer.tool = tool;
  explorer.changed("point");
}

function listenToSlider(explorer, slider) {
  const k = Number(slider.dataset.slider);
  [slider.min, slider.max] = explorer.model.extent[k];
  slider.addEventListener("input", () => {
    const code = explorer.code.slice();
    explorer.model.coordinates.move(code, k, Number(slider.value));
    explorer.moveTo(code, { speak: false }); // a slider tells its own value
  });
}

// One end of the walk: a row of the data by name.
function listenToEnd(explorer, select) {
  const end = Number(select.dataset.end);
  select.addEventListener("change", () => {
    const code = select.value === "" ? null : explorer.model.codes[Number(select.value)];
    if (code) explorer.moveTo(code, { speak: false });
    explorer.pin(end, code);
    if (!code) explorer.walk([]);
  });
}

function listenToViews(explorer) {
  explorer.part("map").addEventListener("change", (event) => {
    explorer.mapKind = event.target.value;
    explorer.changed("size");
  });
  const choices = ["horizontal", "vertical"].map((name) => explorer.part(name));
  if (!choices[0]) return;
  choices.forEach((choice, side) => {
    choice.addEventListener("change", () => {
      const axes = [...explorer.axes];
      const other = 1 - side;
      if (Number(choice.value) === axes[other]) axes[other] = axes[side]; // the two change places
      axes[side] = Number(choice.value);
      explorer.show(axes);
    });
  });
}

// Puts the state into the controls.
function showState(explorer) {
  const { root, words, place, axes } = explorer;
  for (const button of root.querySelectorAll("[data-tool]"))
    button.setAttribute("aria-pressed", String(button.dataset.tool === explorer.tool));
  for (const slider of root.querySelectorAll("[data-slider]")) {
    const k = Number(slider.dataset.slider);
    slider.value = place[k];
    slider.nextElementSibling.textContent = words.place(place[k], explorer.model.extent[k]);
  }
  ["horizontal", "vertical"].forEach((name, side) => {
    const choice = explorer.part(name);
    if (choice) choice.value = axes[side];
  });
  for (const select of root.querySelectorAll("[data-end]")) showEnd(explorer, select);
  const hasWay = explorer.path.length > 1;
  root.querySelector('[data-do="play"]').disabled = !hasWay;
  root.querySelector('[data-do="clear"]').disabled = !hasWay && !explorer.pins.some(Boolean);
  explorer.part("empty").hidden = hasWay;
  explorer.part("legend").textContent = words.table.legend[explorer.mapKind];
}

function showEnd(explorer, select) {
  const pin = explorer.pins[Number(select.dataset.end)];
  const row = pin ? explorer.model.codes.findIndex((code) => code.every((value, k) => value === pin[k])) : -1;
  const option = select.querySelector('[value="pin"]');
  option.hidden = option.disabled = !pin || row >= 0;
  const value = row >= 0 ? String(row) : pin ? "pin" : "";
  // rows of the same code share a place: a choice among them stays as it was made
  if (!pin || row < 0 || !sameCode(explorer, select.value, pin)) select.value = value;
}

function sameCode(explorer, value, pin) {
  const code = value === "" || value === "pin" ? null : explorer.model.codes[Number(value)];
  return Boolean(code) && code.every((number, k) => number === pin[k]);
}
