// The decoder: from a code to a row of the data, in float64, as scipy_ae/network.py has it.

// What a layer's activation makes of z, the sums of its units times beta, which are overwritten.
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

class Decoder {
  constructor(layers) {
    this.layers = layers;
    this.outputs = this.layers.at(-1).outputs;
    // multiplications for one code
    this.cost = this.layers.reduce((sum, layer) => sum + layer.inputs * layer.outputs, 0);
  }

  // The row of a code; the array is overwritten by the next call.
  run(code) {
    let values = code;
    for (const layer of this.layers) values = throughDense(layer, values);
    return values;
  }

  decode(code) {
    return this.run(code).slice();
  }
}

// The decoder of the page's data.
function decoderOf(layers) {
  const numbers = (text) => text && float64s(text);
  return new Decoder(layers.map((layer) => denseLayer(layer, ...[layer.weight, layer.bias, layer.slope].map(numbers))));
}

// The same layers with other parameters, all in one array as theta has them.
function decoderLike({ layers }, parameters) {
  let at = 0;
  const take = (count) => parameters.subarray(at, (at += count));
  return new Decoder(
    layers.map((layer) => {
      const { inputs, outputs, slope } = layer;
      return denseLayer(layer, take(inputs * outputs), take(outputs), slope && take(outputs));
    }),
  );
}

function denseLayer(layer, weight, bias, slope) {
  const { inputs, outputs } = layer;
  const values = new Float64Array(outputs);
  return { ...layer, weight: turned(weight, inputs, outputs), bias, slope, values }; // weight (outputs, inputs)
}

function throughDense(layer, x) {
  const { inputs, outputs, weight, bias, beta, values } = layer;
  for (let j = 0, w = 0; j < outputs; j++) {
    let sum = bias[j];
    for (let i = 0; i < inputs; i++, w++) sum += x[i] * weight[w];
    values[j] = beta * sum;
  }
  ACTIVATIONS[layer.activation](values, layer);
  return values;
}

// A matrix (rows, columns) the other way round, so that a unit's weights lie side by side.
function turned(matrix, rows, columns) {
  return Float64Array.from(matrix, (_, at) => matrix[(at % rows) * columns + Math.floor(at / rows)]);
}

function each(activation) {
  return (z, layer) => {
    for (let j = 0; j < z.length; j++) z[j] = activation(z[j], layer, j);
  };
}

function softmax(z) {
  let top = -Infinity; // taken off first, so that nothing overflows
  for (const value of z) top = Math.max(top, value);
  let total = 0;
  for (let j = 0; j < z.length; j++) total += z[j] = Math.exp(z[j] - top);
  for (let j = 0; j < z.length; j++) z[j] /= total;
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
