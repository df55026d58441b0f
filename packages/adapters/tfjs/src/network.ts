import type { Tensor, Tensor2D, Variable } from "@tensorflow/tfjs-core";
import type { TensorFlow } from "./load-tensorflow.ts";

/** A layer as it is kept: `kernel` is inputs × outputs. */
export interface LayerWeights {
  readonly inputs: number;
  readonly outputs: number;
  readonly kernel: Float32Array;
  readonly bias: Float32Array;
}

/** A network of dense layers with ReLU between them and one log-odds out; none hidden is a logistic regression. */
export interface Network {
  /** One step of Adam on the rows; the loss before it. */
  learn(rows: Rows): Promise<number>;
  /** Loss of the rows without learning. */
  loss(rows: Rows): Promise<number>;
  /** Log-odds of the rows. */
  predict(features: Float32Array): Promise<Float32Array>;
  weights(): Promise<readonly LayerWeights[]>;
  restore(weights: readonly LayerWeights[]): void;
  dispose(): void;
}

export interface Rows {
  readonly features: Float32Array;
  readonly labels: Float32Array;
  readonly weights: Float32Array;
}

interface NamedTensor {
  readonly name: string;
  readonly tensor: Tensor;
}

export interface NetworkOptions {
  readonly width: number;
  readonly hidden: readonly number[];
  readonly learningRate: number;
  readonly l2: number;
  readonly dropout: number;
  readonly seed: number;
}

export function createNetwork(tf: TensorFlow, options: NetworkOptions): Network {
  const { width, hidden, l2, dropout, seed } = options;
  const sizes = [width, ...hidden, 1];
  const layers = sizes.slice(1).map((outputs, at) => {
    const inputs = sizes[at] ?? 0;
    // He et al. (2015) before a ReLU; zeros for a regression, whose loss has one lowest point.
    const spread = hidden.length === 0 ? 0 : Math.sqrt(2 / inputs);
    return {
      inputs,
      outputs,
      kernel: tf.variable(tf.randomNormal([inputs, outputs], 0, spread, "float32", seed + at)),
      bias: tf.variable(tf.zeros([outputs])),
    };
  });
  const variables: Variable[] = layers.flatMap(({ kernel, bias }) => [kernel, bias]);
  const adam = tf.train.adam(options.learningRate);
  let steps = 0;

  /** What goes into each layer, and the log-odds. */
  function forward(features: Float32Array, isLearning: boolean) {
    const inputs: Tensor2D[] = [tf.tensor2d(features, [features.length / width, width])];
    for (const [at, { kernel, bias }] of layers.entries()) {
      const z = tf.add<Tensor2D>(tf.matMul(inputs[at] as Tensor2D, kernel), bias);
      if (at === layers.length - 1) return { inputs, z };
      const active = tf.relu(z);
      const isDropping = isLearning && dropout > 0;
      inputs.push(
        isDropping
          ? (tf.dropout(active, dropout, undefined, seed + 7_919 * steps + at) as Tensor2D)
          : active,
      );
    }
    throw new Error("a network has a layer");
  }

  /** Cross-entropy of log-odds, written so that it does not overflow: max(z, 0) − z·y + log(1 + exp(−|z|)). */
  function lossOf(z: Tensor2D, labels: Tensor2D, shares: Tensor2D): Tensor {
    const entropy = tf.add(
      tf.sub(tf.relu(z), tf.mul(z, labels)),
      tf.log1p(tf.exp(tf.neg(tf.abs(z)))),
    );
    return tf.sum(tf.mul(entropy, shares));
  }

  /** Labels, and the share of each row in the loss, as columns. */
  function columnsOf({ labels, weights }: Rows) {
    const weight = tf.tensor2d(weights, [labels.length, 1]);
    return {
      labels: tf.tensor2d(labels, [labels.length, 1]),
      shares: tf.div<Tensor2D>(weight, tf.sum(weight)),
    };
  }

  /**
   * Slopes of the loss by the chain rule, from the last layer to the first; by hand, for the core without the layers library registers no gradients of
   * its own.
   */
  function backward(inputs: readonly Tensor2D[], slopeOfZ: Tensor2D): NamedTensor[] {
    const gradients: NamedTensor[] = [];
    let slope = slopeOfZ;
    for (let at = layers.length - 1; at >= 0; at -= 1) {
      const layer = layers[at];
      const input = inputs[at];
      if (layer === undefined || input === undefined) continue;
      const { kernel, bias } = layer;
      const ofKernel = tf.add(tf.matMul(input, slope, true), tf.mul(kernel, l2));
      gradients.push(
        { name: kernel.name, tensor: ofKernel },
        { name: bias.name, tensor: tf.sum(slope, 0) },
      );
      if (at === 0) break;
      // What was silent, by its ReLU or by dropout, is zero in the input and has no part in the loss; what was not, dropout has made larger.
      const isActive = tf.cast(tf.greater(input, 0), "float32");
      const passed = tf.mul(isActive, 1 / (1 - dropout));
      slope = tf.mul<Tensor2D>(tf.matMul(slope, kernel, false, true), passed);
    }
    return gradients;
  }

  return {
    async learn(rows) {
      steps += 1;
      const loss = tf.tidy(() => {
        const { inputs, z } = forward(rows.features, true);
        const { labels, shares } = columnsOf(rows);
        const slope = tf.mul<Tensor2D>(tf.sub(tf.sigmoid(z), labels), shares);
        adam.applyGradients(backward(inputs, slope));
        return lossOf(z, labels, shares);
      });
      return (await read(loss))[0] ?? Number.NaN;
    },
    async loss(rows) {
      const loss = tf.tidy(() => {
        const { labels, shares } = columnsOf(rows);
        return lossOf(forward(rows.features, false).z, labels, shares);
      });
      return (await read(loss))[0] ?? Number.NaN;
    },
    predict: (features) => read(tf.tidy(() => forward(features, false).z)),
    weights: () =>
      Promise.all(
        layers.map(async ({ inputs, outputs, kernel, bias }) => ({
          inputs,
          outputs,
          kernel: (await kernel.data()) as Float32Array,
          bias: (await bias.data()) as Float32Array,
        })),
      ),
    restore(weights) {
      layers.forEach(({ kernel, bias, inputs, outputs }, at) => {
        const own = weights[at];
        if (own === undefined) return;
        tf.tidy(() => {
          kernel.assign(tf.tensor2d(own.kernel, [inputs, outputs]));
          bias.assign(tf.tensor1d(own.bias));
        });
      });
    },
    dispose() {
      for (const variable of variables) variable.dispose();
      adam.dispose();
    },
  };
}

async function read(tensor: Tensor): Promise<Float32Array> {
  try {
    return (await tensor.data()) as Float32Array;
  } finally {
    tensor.dispose();
  }
}
