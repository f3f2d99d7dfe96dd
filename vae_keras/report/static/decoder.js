// The decoder in the page: a list of steps on arrays, exported by `report/decoder_export.py`.
// An array is {data: Float32Array, shape: [...]}, of one image, without a batch axis.
const VaeDecoder = (() => {
  "use strict";

  function bytes(base64) {
    const text = atob(base64);
    const buffer = new Uint8Array(text.length);
    for (let i = 0; i < text.length; i++) buffer[i] = text.charCodeAt(i);
    return buffer;
  }

  const floats = (base64) => new Float32Array(bytes(base64).buffer);

  function halfFloats(base64) {
    const halves = new Uint16Array(bytes(base64).buffer);
    const result = new Float32Array(halves.length);
    const bits = new Uint32Array(result.buffer);
    // The exponents of the two formats differ by 112, for subnormal numbers as for all others.
    const rescale = 2 ** 112;
    for (let i = 0; i < halves.length; i++) {
      bits[i] = ((halves[i] & 0x8000) << 16) | ((halves[i] & 0x7fff) << 13);
      result[i] *= rescale;
    }
    return result;
  }

  const size = (shape) => shape.reduce((product, n) => product * n, 1);
  const zeros = (shape) => ({ data: new Float32Array(size(shape)), shape });
  const last = (shape) => shape[shape.length - 1];

  // Abramowitz & Stegun 7.1.26, to 1.5e-7.
  function erf(x) {
    const t = 1 / (1 + 0.3275911 * Math.abs(x));
    const series =
      ((((1.061405429 * t - 1.453152027) * t + 1.421413741) * t - 0.284496736) * t + 0.254829592) * t;
    return Math.sign(x) * (1 - series * Math.exp(-x * x));
  }

  const sigmoid = (x) => 1 / (1 + Math.exp(-x));
  const softplus = (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
  const clipped = (x, low, high) => Math.min(Math.max(x, low), high);
  const activations = {
    linear: (x) => x,
    relu: (x) => (x > 0 ? x : 0),
    relu6: (x) => clipped(x, 0, 6),
    leaky_relu: (x) => (x > 0 ? x : 0.2 * x),
    elu: (x) => (x > 0 ? x : Math.expm1(x)),
    selu: (x) => 1.05070098 * (x > 0 ? x : 1.67326324 * Math.expm1(x)),
    gelu: (x) => 0.5 * x * (1 + erf(x * Math.SQRT1_2)),
    silu: (x) => x * sigmoid(x),
    mish: (x) => x * Math.tanh(softplus(x)),
    sigmoid,
    softplus,
    hard_sigmoid: (x) => clipped(x / 6 + 0.5, 0, 1),
    hard_silu: (x) => x * clipped(x / 6 + 0.5, 0, 1),
    tanh: Math.tanh,
    softsign: (x) => x / (1 + Math.abs(x)),
    exponential: Math.exp,
  };

  const unary = {
    abs: Math.abs,
    exp: Math.exp,
    expm1: Math.expm1,
    negative: (x) => -x,
    square: (x) => x * x,
  };
  const binary = {
    add: (a, b) => a + b,
    subtract: (a, b) => a - b,
    multiply: (a, b) => a * b,
    divide: (a, b) => a / b,
    less: (a, b) => (a < b ? 1 : 0),
    greater: (a, b) => (a > b ? 1 : 0),
  };

  function mapped(x, f) {
    const y = zeros(x.shape);
    for (let i = 0; i < y.data.length; i++) y.data[i] = f(x.data[i]);
    return y;
  }

  // In place, on an array that the step itself has made.
  function activated(x, name) {
    if (name === "linear") return x;
    const f = activations[name];
    for (let i = 0; i < x.data.length; i++) x.data[i] = f(x.data[i]);
    return x;
  }

  function combined(inputs, f) {
    const like = inputs.find((x) => x.shape.length > 0);
    const y = zeros(like.shape);
    const at = inputs.map((x) => (x.shape.length > 0 ? (i) => x.data[i] : () => x.data[0]));
    for (let i = 0; i < y.data.length; i++) {
      let value = at[0](i);
      for (let k = 1; k < at.length; k++) value = f(value, at[k](i));
      y.data[i] = value;
    }
    return y;
  }

  function filled(shape, bias) {
    const y = zeros(shape);
    const step = bias ? bias.data.length : Infinity;
    for (let start = 0; bias && start < y.data.length; start += step) y.data.set(bias.data, start);
    return y;
  }

  // y[to ..] += x * w[from ..], `count` values: what most of the time goes to.
  function addScaled(y, to, x, w, from, count) {
    for (let k = 0; k < count; k++) y[to + k] += x * w[from + k];
  }

  // Zeros before the first pixel for padding "same": the larger half goes after the last.
  const samePadding = (length, out, kernel, stride) =>
    Math.max((out - 1) * stride + kernel - length, 0) >> 1;

  const layers = {
    identity: ([x]) => x,

    dense([x], { activation }, { kernel: { data: kernel }, bias }) {
      const width = last(x.shape);
      const units = kernel.length / width;
      const y = filled([...x.shape.slice(0, -1), units], bias);
      const rows = x.data.length / width;
      for (let row = 0; row < rows; row++)
        for (let i = 0; i < width; i++) {
          const value = x.data[row * width + i];
          if (value !== 0) addScaled(y.data, row * units, value, kernel, i * units, units);
        }
      return activated(y, activation);
    },

    convolution([x], { strides, same, activation }, { kernel: { data: kernel, shape }, bias }) {
      const [height, width, channels] = x.shape;
      const [high, wide, , filters] = shape;
      const [down, right] = strides;
      const rows = same ? Math.ceil(height / down) : Math.floor((height - high) / down) + 1;
      const columns = same ? Math.ceil(width / right) : Math.floor((width - wide) / right) + 1;
      const top = same ? samePadding(height, rows, high, down) : 0;
      const left = same ? samePadding(width, columns, wide, right) : 0;
      const y = filled([rows, columns, filters], bias);
      for (let row = 0; row < rows; row++)
        for (let column = 0; column < columns; column++) {
          const to = (row * columns + column) * filters;
          for (let a = 0; a < high; a++) {
            const i = row * down + a - top;
            if (i < 0 || i >= height) continue;
            for (let b = 0; b < wide; b++) {
              const j = column * right + b - left;
              if (j < 0 || j >= width) continue;
              const pixel = (i * width + j) * channels;
              const tap = (a * wide + b) * channels;
              for (let c = 0; c < channels; c++) {
                const value = x.data[pixel + c];
                if (value !== 0) addScaled(y.data, to, value, kernel, (tap + c) * filters, filters);
              }
            }
          }
        }
      return activated(y, activation);
    },

    transposedConvolution([x], { strides, same, activation }, { kernel: { data: kernel, shape }, bias }) {
      const [height, width, channels] = x.shape;
      const [high, wide, filters] = shape;
      const [down, right] = strides;
      const rows = same ? height * down : (height - 1) * down + Math.max(high, down);
      const columns = same ? width * right : (width - 1) * right + Math.max(wide, right);
      const top = same ? Math.max(high - down, 0) >> 1 : 0;
      const left = same ? Math.max(wide - right, 0) >> 1 : 0;
      const y = filled([rows, columns, filters], bias);
      for (let i = 0; i < height; i++)
        for (let j = 0; j < width; j++) {
          const pixel = (i * width + j) * channels;
          for (let a = 0; a < high; a++) {
            const row = i * down + a - top;
            if (row < 0 || row >= rows) continue;
            for (let b = 0; b < wide; b++) {
              const column = j * right + b - left;
              if (column < 0 || column >= columns) continue;
              const to = (row * columns + column) * filters;
              const tap = (a * wide + b) * filters;
              for (let f = 0; f < filters; f++) {
                const from = (tap + f) * channels;
                let sum = 0;
                for (let c = 0; c < channels; c++) sum += x.data[pixel + c] * kernel[from + c];
                y.data[to + f] += sum;
              }
            }
          }
        }
      return activated(y, activation);
    },

    layerNormalization: ([x], options, weights) =>
      normalized(x, { ...options, groups: 1, pixels: x.data.length / last(x.shape) }, weights),

    groupNormalization: ([x], options, weights) => normalized(x, { ...options, pixels: 1 }, weights),

    scaleAndShift([x], _, { scale, shift }) {
      const y = zeros(x.shape);
      const channels = scale.data.length;
      for (let i = 0; i < y.data.length; i++)
        y.data[i] = x.data[i] * scale.data[i % channels] + shift.data[i % channels];
      return y;
    },

    activate: ([x], { activation }) => mapped(x, activations[activation]),
    reshape: ([x], { shape }) => ({ data: x.data, shape }),

    pad([x], { sides }) {
      const [height, width, channels] = x.shape;
      const [[above, below], [before, after]] = sides;
      const y = zeros([height + above + below, width + before + after, channels]);
      for (let row = 0; row < y.shape[0]; row++)
        for (let column = 0; column < y.shape[1]; column++) {
          const i = row - above;
          const j = column - before;
          if (i < 0 || i >= height || j < 0 || j >= width) continue;
          const from = (i * width + j) * channels;
          const pixel = x.data.subarray(from, from + channels);
          y.data.set(pixel, (row * y.shape[1] + column) * channels);
        }
      return y;
    },

    upsample([x], { size: [down, right] }) {
      const [height, width, channels] = x.shape;
      const y = zeros([height * down, width * right, channels]);
      for (let row = 0; row < y.shape[0]; row++)
        for (let column = 0; column < y.shape[1]; column++) {
          const from = (Math.floor(row / down) * width + Math.floor(column / right)) * channels;
          const pixel = x.data.subarray(from, from + channels);
          y.data.set(pixel, (row * y.shape[1] + column) * channels);
        }
      return y;
    },

    concatenate(inputs) {
      const widths = inputs.map((x) => last(x.shape));
      const width = widths.reduce((a, b) => a + b);
      const y = zeros([...inputs[0].shape.slice(0, -1), width]);
      for (let row = 0, to = 0; to < y.data.length; row++)
        inputs.forEach((x, k) => {
          y.data.set(x.data.subarray(row * widths[k], (row + 1) * widths[k]), to);
          to += widths[k];
        });
      return y;
    },

    split([x], { parts }) {
      const width = last(x.shape);
      const part = width / parts;
      return Array.from({ length: parts }, (_, k) => {
        const y = zeros([...x.shape.slice(0, -1), part]);
        for (let i = 0; i < y.data.length; i++)
          y.data[i] = x.data[Math.floor(i / part) * width + k * part + (i % part)];
        return y;
      });
    },

    where([condition, yes, no]) {
      const y = zeros(condition.shape);
      const at = (x, i) => x.data[x.shape.length > 0 ? i : 0];
      for (let i = 0; i < y.data.length; i++) y.data[i] = at(condition.data[i] ? yes : no, i);
      return y;
    },
  };

  function normalized(x, { groups, epsilon, pixels }, { gamma, beta }) {
    // `pixels` separate rows, or one block; of each the channels in `groups` groups.
    const channels = last(x.shape);
    const width = channels / groups;
    const rows = x.data.length / channels / pixels;
    const y = zeros(x.shape);
    for (let block = 0; block < pixels; block++)
      for (let group = 0; group < groups; group++) {
        const start = block * rows * channels + group * width;
        const each = (f) => {
          for (let row = 0; row < rows; row++)
            for (let c = 0; c < width; c++) f(start + row * channels + c, group * width + c);
        };
        let mean = 0;
        let variance = 0;
        each((i) => (mean += x.data[i]));
        mean /= rows * width;
        each((i) => (variance += (x.data[i] - mean) ** 2));
        const inverse = 1 / Math.sqrt(variance / (rows * width) + epsilon);
        each((i, c) => {
          const value = (x.data[i] - mean) * inverse;
          y.data[i] = value * (gamma ? gamma.data[c] : 1) + (beta ? beta.data[c] : 0);
        });
      }
    return y;
  }

  function compute(op, inputs, options, weights) {
    if (op in layers) return layers[op](inputs, options, weights);
    if (op in unary) return mapped(inputs[0], unary[op]);
    return combined(inputs, binary[op]);
  }

  // Return a function of a code, and of a class for a conditional decoder, that gives the pixels
  // of the expected image in [0, 1], row after row, channels together.
  function make(graph, classes) {
    const pool = halfFloats(graph.weights);
    const steps = graph.steps.map((step) => {
      const weights = {};
      for (const [name, { start, shape }] of Object.entries(step.weights))
        weights[name] = { data: pool.subarray(start, start + size(shape)), shape };
      return { ...step, weights };
    });
    const range = graph.high - graph.low;

    return (code, label) => {
      const arrays = new Map();
      arrays.set(graph.inputs[0], { data: Float32Array.from(code), shape: [code.length] });
      if (graph.inputs.length > 1) {
        const oneHot = zeros([classes]);
        oneHot.data[label] = 1;
        arrays.set(graph.inputs[1], oneHot);
      }
      const given = (input) =>
        Array.isArray(input) ? { data: input, shape: [] } : arrays.get(input);
      for (const { op, inputs, outputs, options, weights } of steps) {
        const result = compute(op, inputs.map(given), options, weights);
        (Array.isArray(result) ? result : [result]).forEach((y, k) => arrays.set(outputs[k], y));
      }
      const image = arrays.get(graph.output).data;
      return image.map((value) => clipped((value - graph.low) / range, 0, 1));
    };
  }

  return { make, floats };
})();
