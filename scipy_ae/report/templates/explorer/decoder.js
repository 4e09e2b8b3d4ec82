// The decoder: from a code to a row of the data, in float64, as scipy_ae/network.py has it.

// What a layer's activation makes of z, the sums of its units times beta, which are overwritten. The units of an image
// are its channels.
const ACTIVATIONS = {
  identity: () => {},
  step: each((z) => (z >= 0 ? 1 : 0)),
  logistic: each((z) => 1 / (1 + Math.exp(-z))),
  tanh: each(Math.tanh),
  arctan: each(Math.atan),
  relu: each((z) => Math.max(z, 0)),
  "leaky-relu": each((z, layer) => (z > 0 ? z : layer.alpha * z)),
  "parametric-relu": each((z, layer, unit) => (z > 0 ? z : layer.slope[unit] * z)),
  elu: each((z, layer) => (z > 0 ? z : layer.alpha * Math.expm1(z))),
  softplus: each((z) => Math.max(z, 0) + Math.log1p(Math.exp(-Math.abs(z)))),
  "saturating-linear": each((z) => Math.min(Math.max(z, 0), 1)),
  softmax,
};

// By kind: how a layer gets ready (made once), and what it puts into its values for an input x.
const KINDS = {
  dense: { prepare: turnWeights, run: dense },
  conv: { prepare: convolution, run: slide },
  "conv-transpose": { prepare: transposed, run: slide },
  "max-pool": { prepare: pooling, run: maxPool },
  "avg-pool": { prepare: pooling, run: averagePool },
  upsample: { prepare: resizing, run: resize },
  "pixel-shuffle": { prepare: shuffling, run: rearrange },
  "batch-norm": { prepare: scaling, run: scale },
  "group-norm": { run: groupNorm },
  elementwise: { run: copy },
  flatten: { run: copy },
  reshape: { run: copy },
};

class Decoder {
  constructor(layers) {
    this.layers = layers;
    this.outputs = layers.at(-1).values.length;
    this.cost = layers.reduce((sum, layer) => sum + layer.work, 0); // multiplications for one code
  }

  // The row of a code; the array is overwritten by the next call.
  run(code) {
    let values = Float64Array.from(code);
    for (const layer of this.layers) values = through(layer, values);
    return values;
  }

  decode(code) {
    return this.run(code).slice();
  }
}

// The decoder of the page's data.
function decoderOf(layers) {
  return new Decoder(
    layers.map((layer) => readied(layer, layer.arrays.map(([name, text]) => [name, float64s(text)]))),
  );
}

// The same layers with other parameters, all in one array as theta has them.
function decoderLike({ layers }, parameters) {
  let at = 0;
  const take = (count) => parameters.subarray(at, (at += count));
  return new Decoder(
    layers.map((layer) => readied(layer, layer.arrays.map(([name, array]) => [name, take(array.length)]))),
  );
}

// A layer with its arrays, named and in the order of theta, room for its values, and what its kind needs. The shapes `from` and
// `to` are (channels, height, width), or (units,).
function readied(layer, arrays) {
  const values = new Float64Array(sizeOf(layer.to));
  const ready = { ...layer, ...Object.fromEntries(arrays), arrays, values, pixels: values.length / layer.to[0] };
  return Object.assign(ready, KINDS[layer.kind].prepare?.(ready));
}

function through(layer, x) {
  const { values, beta } = layer;
  KINDS[layer.kind].run(layer, x);
  if (beta !== 1) for (let j = 0; j < values.length; j++) values[j] *= beta;
  ACTIVATIONS[layer.activation](values, layer);
  return values;
}

function turnWeights({ weight, from, to }) {
  return { weight: turned(weight, sizeOf(from), sizeOf(to)) }; // (outputs, inputs)
}

function dense({ weight, bias, values }, x) {
  for (let j = 0, w = 0; j < values.length; j++) {
    let sum = bias[j];
    for (let i = 0; i < x.length; i++, w++) sum += x[i] * weight[w];
    values[j] = sum;
  }
}

function copy({ values }, x) {
  values.set(x);
}

// A matrix (rows, columns) the other way round, so that a unit's weights lie side by side.
function turned(matrix, rows, columns) {
  return Float64Array.from(matrix, (_, at) => matrix[(at % rows) * columns + Math.floor(at / rows)]);
}

function each(activation) {
  return (z, layer) => {
    const { pixels } = layer;
    for (let unit = 0, j = 0; j < z.length; unit++)
      for (const end = j + pixels; j < end; j++) z[j] = activation(z[j], layer, unit);
  };
}

// Over the units; of an image over the channels of each pixel.
function softmax(z, { pixels }) {
  for (let start = 0; start < pixels; start++) {
    let top = -Infinity; // taken off first, so that nothing overflows
    for (let j = start; j < z.length; j += pixels) top = Math.max(top, z[j]);
    let total = 0;
    for (let j = start; j < z.length; j += pixels) total += z[j] = Math.exp(z[j] - top);
    for (let j = start; j < z.length; j += pixels) z[j] /= total;
  }
}

function sizeOf(shape) {
  return shape.reduce((product, side) => product * side, 1);
}

function float64s(text) {
  return new Float64Array(bytesOf(text));
}

function float32s(text) {
  return new Float32Array(bytesOf(text));
}

function bytesOf(text) {
  const marks = atob(text);
  const bytes = new Uint8Array(marks.length);
  for (let k = 0; k < bytes.length; k++) bytes[k] = marks.charCodeAt(k);
  return bytes.buffer;
}
