// The decoder's layers of images: values lie channel by channel, each of them row by row.

// A convolution lays a kernel on a large grid, at each place of a small one. It takes from the large grid and gives to
// the small one; a transposed convolution goes the other way. Weights are (outputs, inputs, kernel, kernel) in both.
function convolution(layer) {
  const [, high, wide] = layer.to;
  return { steps: kernelSteps(layer, layer.to, layer.from), moves: [1, layer.stride], widths: [wide, layer.from[2]] };
}

function transposed(layer) {
  const [, , wide] = layer.to;
  return { steps: kernelSteps(layer, layer.from, layer.to), moves: [layer.stride, 1], widths: [wide, layer.from[2]] };
}

// For each place of the kernel: the rows and columns of the small grid for which it lies on the large one, and where
// they lie in what is given and what is taken.
function kernelSteps({ kernel, stride, padding }, small, large) {
  const ranges = [1, 2].map((side) =>
    Array.from({ length: kernel }, (_, k) => {
      const first = Math.max(0, Math.ceil((padding - k) / stride));
      return [first, Math.min(small[side] - 1, Math.floor((large[side] - 1 + padding - k) / stride)) - first + 1];
    }),
  );
  return Array.from({ length: kernel * kernel }, (_, at) => {
    const [i, j] = [Math.floor(at / kernel), at % kernel];
    const [[top, rows], [left, columns]] = [ranges[0][i], ranges[1][j]];
    const place = [top, left, top * stride - padding + i, left * stride - padding + j]; // on both grids
    return { rows, columns, small: place.slice(0, 2), large: place.slice(2) };
  });
}

function slide(layer, x) {
  const { kind, from, to, weight, bias, values, steps, pixels } = layer;
  const [giving, taking] = kind === "conv" ? ["small", "large"] : ["large", "small"];
  for (let out = 0; out < to[0]; out++) values.fill(bias[out], out * pixels, (out + 1) * pixels);
  const inner = from[1] * from[2];
  for (let out = 0, w = 0; out < to[0]; out++)
    for (let channel = 0; channel < from[0]; channel++)
      for (const step of steps) {
        const [y, x0] = step[giving];
        const [v, u] = step[taking];
        addRows(layer, x, weight[w++], step, out * pixels + y * to[2] + x0, channel * inner + v * from[2] + u);
      }
}

// Adds x times a weight to the values, both at their places and with their steps.
function addRows({ values, moves, widths }, x, weight, { rows, columns }, at, start) {
  const [move, stride] = moves;
  const [down, along] = [widths[0] * move, widths[1] * stride];
  for (let row = 0; row < rows; row++, at += down, start += along)
    for (let k = 0, to = at, from = start; k < columns; k++, to += move, from += stride) values[to] += weight * x[from];
}

function pooling({ size, stride }) {
  return { stride: stride ?? size };
}

function maxPool(layer, x) {
  pool(layer, (start, wide) => {
    let top = x[start];
    for (let i = 0; i < layer.size; i++)
      for (let j = 0; j < layer.size; j++) top = Math.max(top, x[start + i * wide + j]);
    return top;
  });
}

function averagePool(layer, x) {
  pool(layer, (start, wide) => {
    let sum = 0;
    for (let i = 0; i < layer.size; i++) for (let j = 0; j < layer.size; j++) sum += x[start + i * wide + j];
    return sum / layer.size ** 2;
  });
}

function pool({ from, to, stride, values }, ofWindow) {
  const [channels, high, wide] = to;
  for (let c = 0, at = 0; c < channels; c++)
    for (let y = 0; y < high; y++)
      for (let k = 0; k < wide; k++, at++)
        values[at] = ofWindow((c * from[1] + y * stride) * from[2] + k * stride, from[2]);
}

// For both sides of an image: each place of the larger one as two places of the smaller and the part of the second.
function resizing({ factor, mode, from }) {
  const blends = [from[1], from[2]].map((side) =>
    Array.from({ length: side * factor }, (_, at) => {
      if (mode === "nearest") return [Math.floor(at / factor), Math.floor(at / factor), 0];
      const place = Math.max(0, (at + 0.5) / factor - 0.5); // pixels are areas, not points
      const first = Math.floor(place);
      return [first, Math.min(first + 1, side - 1), place - first];
    }),
  );
  return { blends };
}

function resize({ from, blends, values }, x) {
  const [channels, high, wide] = from;
  let at = 0;
  for (let c = 0; c < channels; c++)
    for (const [above, below, down] of blends[0]) {
      const [first, second] = [(c * high + above) * wide, (c * high + below) * wide];
      for (const [left, right, along] of blends[1]) {
        const upper = x[first + left] + along * (x[first + right] - x[first + left]);
        const lower = x[second + left] + along * (x[second + right] - x[second + left]);
        values[at++] = upper + down * (lower - upper);
      }
    }
}

// Where each value comes from: channel c of the output is made of the factor * factor channels from c on of the input.
function shuffling({ factor, from, to }) {
  const [channels, high, wide] = to;
  const places = new Int32Array(channels * high * wide);
  for (let at = 0; at < places.length; at++) {
    const [c, y, x] = [Math.floor(at / (high * wide)), Math.floor(at / wide) % high, at % wide];
    const channel = c * factor * factor + (y % factor) * factor + (x % factor);
    places[at] = (channel * from[1] + Math.floor(y / factor)) * from[2] + Math.floor(x / factor);
  }
  return { places };
}

function rearrange({ places, values }, x) {
  for (let at = 0; at < places.length; at++) values[at] = x[places[at]];
}

// A batch norm with the statistics of the training set is a factor and an offset for each channel.
function scaling({ weight, bias, mean, variance, eps }) {
  const factors = weight.map((value, c) => value / Math.sqrt(variance[c] + eps));
  return { factors, offsets: bias.map((value, c) => value - mean[c] * factors[c]) };
}

function scale({ factors, offsets, values, pixels }, x) {
  for (let c = 0, at = 0; c < factors.length; c++)
    for (const end = at + pixels; at < end; at++) values[at] = x[at] * factors[c] + offsets[c];
}

function groupNorm({ groups, weight, bias, eps, values, pixels }, x) {
  const width = x.length / groups;
  for (let start = 0; start < x.length; start += width) {
    let [mean, squares] = [0, 0];
    for (let at = start; at < start + width; at++) mean += x[at] / width;
    for (let at = start; at < start + width; at++) squares += (x[at] - mean) ** 2;
    const factor = 1 / Math.sqrt(squares / width + eps);
    for (let at = start; at < start + width; at++) {
      const channel = Math.floor(at / pixels);
      values[at] = (x[at] - mean) * factor * weight[channel] + bias[channel];
    }
  }
}
