/**
 * A speaker-embedding model small enough to read: ONNX bytes for a graph that averages 80 mel bands over time and takes
 * the cosine transform of them, so that an embedding is the average cepstrum. It tells sounds of different timbre apart,
 * and no people.
 *
 * ONNX is protobuf (onnx.proto3); only the field numbers that are needed are here. The metadata are what sherpa-onnx
 * reads: https://github.com/k2-fsa/sherpa-onnx/blob/master/scripts/wespeaker/add_meta_data.py
 */

const melBands = 80;

/** Values of an embedding. */
export const tinyModelValues = 24;

const tinyModelMetadata: Readonly<Record<string, string>> = {
  framework: "wespeaker",
  language: "English",
  sample_rate: "16000",
  output_dim: `${tinyModelValues}`,
  normalize_samples: "1",
};

/** @param metadata instead of what sherpa-onnx expects: for models that it refuses. */
export function tinySpeakerModel(metadata: Readonly<Record<string, string>> = tinyModelMetadata): Uint8Array {
  const graph = [
    // Bands averaged over frames: [1, frames, 80] → [1, 80].
    text(1, "mean", "ReduceMean", { input: ["features"], output: "mean", axis: 1 }),
    text(1, "transform", "MatMul", { input: ["mean", "cosines"], output: "embedding" }),
    string(2, "tiny"),
    bytes(5, [
      integer(1, melBands),
      integer(1, tinyModelValues),
      integer(2, float32),
      string(8, "cosines"),
      bytes(9, [new Uint8Array(cosines().buffer)]),
    ]),
    bytes(11, tensorInfo("features", ["N", "T", melBands])),
    bytes(12, tensorInfo("embedding", ["N", tinyModelValues])),
  ];
  return concat([
    integer(1, irVersion),
    bytes(7, graph),
    bytes(8, [string(1, ""), integer(2, opsetVersion)]),
    ...Object.entries(metadata).map(([key, value]) => bytes(14, [string(1, key), string(2, value)])),
  ]);
}

const irVersion = 8;
const opsetVersion = 13;
const float32 = 1;
/** AttributeProto.AttributeType */
const attributeTypes = { int: 2, ints: 7 } as const;

/** Row by row, bands × values: DCT-II without its constant row, so that loudness doesn't count. */
function cosines(): Float32Array<ArrayBuffer> {
  return Float32Array.from({ length: melBands * tinyModelValues }, (_, i) => {
    const band = Math.floor(i / tinyModelValues);
    const row = (i % tinyModelValues) + 1;
    return Math.cos((Math.PI * row * (band + 0.5)) / melBands);
  });
}

function text(
  field: number,
  name: string,
  operator: string,
  { input, output, axis }: { input: readonly string[]; output: string; axis?: number },
): Uint8Array {
  const attributes =
    axis === undefined
      ? []
      : [
          bytes(5, [string(1, "axes"), integer(8, axis), integer(20, attributeTypes.ints)]),
          bytes(5, [string(1, "keepdims"), integer(3, 0), integer(20, attributeTypes.int)]),
        ];
  return bytes(field, [
    ...input.map((of) => string(1, of)),
    string(2, output),
    string(3, name),
    string(4, operator),
    ...attributes,
  ]);
}

/** ValueInfoProto: a name and a float tensor of these dimensions, named or fixed. */
function tensorInfo(name: string, dimensions: readonly (string | number)[]): Uint8Array[] {
  const shape = dimensions.map((size) => bytes(1, [typeof size === "number" ? integer(1, size) : string(2, size)]));
  return [string(1, name), bytes(2, [bytes(1, [integer(1, float32), bytes(2, shape)])])];
}

function integer(field: number, value: number): Uint8Array {
  return Uint8Array.from([...varint(field << 3), ...varint(value)]);
}

function string(field: number, value: string): Uint8Array {
  return bytes(field, [new TextEncoder().encode(value)]);
}

/** A length-delimited field: a message or what it's made of. */
function bytes(field: number, parts: readonly Uint8Array[]): Uint8Array {
  const content = concat(parts);
  return concat([Uint8Array.from([...varint((field << 3) | 2), ...varint(content.length)]), content]);
}

function varint(value: number): number[] {
  return value < 128 ? [value] : [(value & 127) | 128, ...varint(value >>> 7)];
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}
