// The decoder's layers of images: values lie channel by channel, each of them row by row.

// A convolution gives to a place q of a side the sum over k of w[k] x[stride q + k - padding]. A transposed one gives
// w[k] x[q] to the place stride q + k - padding: the places that leave the same rest when divided by the stride take from
// neighbours in x with every stride-th weight, which is a convolution of stride 1 for each rest. So both are passes over
// x with zeros around it. Weights are (outputs, inputs, kernel, kernel) in both.
function convolution(layer) {
  const { kernel, stride, padding } = layer;
  const sides = [1, 2].map((side) => {
    const taps = Array.from({ length: kernel }, (_, k) => ({ k, move: k - padding }));
    return [{ first: 0, count: layer.to[side], taps }];
  });
  return passesOf(layer, sides, 1, stride);
}

function transposed(layer) {
  const { kernel, stride, padding } = layer;
  const sides = [1, 2].map((side) =>
    Array.from({ length: Math.min(stride, layer.to[side]) }, (_, first) => {
      const rest = (first + padding) % stride;
      const taps = [];
      for (let k = rest; k < kernel; k += stride) taps.push({ k, move: (first + padding - k) / stride });
      return { first, count: Math.ceil((layer.to[side] - first) / stride), taps };
    }),
  );
  return passesOf(layer, sides, stride, 1);
}

// The passes of all rests of rows and columns: they give to each step-th place of the values and take from each
// stride-th of x.
function passesOf({ from, kernel }, sides, step, stride) {
  const [top, left] = sides.map((rests) => Math.max(0, ...tapsOf(rests).map(({ move }) => -move)));
  const [below, right] = sides.map((rests, side) =>
    Math.max(0, ...tapsOf(rests).map(({ move, count }) => stride * (count - 1) + move - (from[side + 1] - 1))),
  );
  const wide = left + from[2] + right;
  const plane = (top + from[1] + below) * wide;
  const passes = sides[0].flatMap((rows) =>
    sides[1].map((columns) => ({
      rows,
      columns,
      span: (rows.count - 1) * wide + columns.count,
      taps: rows.taps.flatMap((down) =>
        columns.taps.map((along) => ({
          weight: down.k * kernel + along.k,
          move: (top + down.move) * wide + left + along.move,
        })),
      ),
    })),
  );
  const longest = Math.max(...passes.map(({ span }) => span));
  const room = new Float64Array(from[0] * plane + stride * longest); // what is behind the planes is read, and not used
  return { passes, step, stride, top, left, wide, plane, room, sums: new Float64Array(longest) };
}

function tapsOf(rests) {
  return rests.flatMap(({ taps, count }) => taps.map((tap) => ({ ...tap, count })));
}

function slide(layer, x) {
  const { from, to, kernel, weight, bias, passes, plane, stride, room, sums } = layer;
  surround(layer, x);
  for (let out = 0; out < to[0]; out++)
    for (const pass of passes) {
      const { taps, span } = pass;
      sums.fill(bias[out], 0, span);
      for (let channel = 0; channel < from[0]; channel++) {
        const [w, at] = [(out * from[0] + channel) * kernel * kernel, channel * plane];
        let k = 0;
        for (; k + 4 <= taps.length; k += 4) addFour(sums, span, room, at, stride, weight, w, taps, k);
        for (; k < taps.length; k++) addOne(sums, span, room, at + taps[k].move, stride, weight[w + taps[k].weight]);
      }
      spread(layer, pass, out);
    }
}

// Puts x between zeros.
function surround({ from, room, plane, wide, top, left }, x) {
  for (let channel = 0, at = 0; channel < from[0]; channel++)
    for (let y = 0; y < from[1]; y++, at += from[2])
      room.set(x.subarray(at, at + from[2]), channel * plane + (top + y) * wide + left);
}

function addOne(sums, span, room, start, stride, weight) {
  for (let i = 0, at = start; i < span; i++, at += stride) sums[i] += weight * room[at];
}

// Four at once, which reads and writes each sum once.
function addFour(sums, span, room, start, stride, weight, w, taps, k) {
  const [one, two, three, four] = [taps[k], taps[k + 1], taps[k + 2], taps[k + 3]];
  const [a, b, c, d] = [weight[w + one.weight], weight[w + two.weight], weight[w + three.weight], weight[w + four.weight]];
  let [p, q, r, s] = [start + one.move, start + two.move, start + three.move, start + four.move];
  for (let i = 0; i < span; i++, p += stride, q += stride, r += stride, s += stride)
    sums[i] += a * room[p] + b * room[q] + c * room[r] + d * room[s];
}

// Puts the sums of a pass at their places among the values.
function spread({ to, step, wide, pixels, values, sums }, { rows, columns }, out) {
  for (let y = 0; y < rows.count; y++) {
    const start = out * pixels + (rows.first + y * step) * to[2] + columns.first;
    for (let k = 0, at = y * wide; k < columns.count; k++, at++) values[start + k * step] = sums[at];
  }
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
