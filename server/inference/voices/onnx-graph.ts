/**
 * An ONNX file cut down to what some of its inner values need, which become its outputs: the front of a model alone. Reads and
 * writes protobuf fields; knows no model.
 */

/** A field of a protobuf message: its number, where it begins with its key, and where its content lies. */
interface Field {
  readonly number: number;
  readonly at: number;
  readonly from: number;
  readonly to: number;
}

/** Field numbers of onnx.proto. */
const model = { graph: 7 } as const;
const graph = { node: 1, initializer: 5, input: 11, output: 12, valueInfo: 13 } as const;
const node = { input: 1, output: 2, attribute: 5 } as const;
const initializerName = 8;
const attributeGraph = 6;

/** @throws Error where the file has no value of such a name. */
export function cutGraph(bytes: Uint8Array, outputs: readonly string[]): Uint8Array<ArrayBuffer> {
  const whole = fieldsOf(bytes, 0, bytes.length).find(({ number }) => number === model.graph);
  if (!whole) throw new Error("the file is no ONNX model");
  const parts = fieldsOf(bytes, whole.from, whole.to);
  const { nodes, values } = neededBy(bytes, parts, outputs);
  const kept = parts.filter((part) => {
    if (part.number === graph.node) return nodes.has(part.at);
    if (part.number === graph.initializer) return values.has(nameOf(bytes, part));
    return part.number !== graph.output && part.number !== graph.valueInfo;
  });
  const content = join([...kept.map(({ at, to }) => bytes.subarray(at, to)), ...outputs.map(outputField)]);
  return join([
    bytes.subarray(0, whole.at),
    Uint8Array.of((model.graph << 3) | 2, ...varint(content.length)),
    content,
    bytes.subarray(whole.to),
  ]);
}

function neededBy(
  bytes: Uint8Array,
  parts: readonly Field[],
  outputs: readonly string[],
): { nodes: ReadonlySet<number>; values: ReadonlySet<string> } {
  const makers = new Map<string, Field>();
  for (const part of parts) {
    if (part.number !== graph.node) continue;
    for (const name of namesIn(bytes, part, node.output)) makers.set(name, part);
  }
  const nodes = new Set<number>();
  const values = new Set(outputs);
  for (const name of outputs) if (!makers.has(name)) throw new Error(`the model computes no ${name}`);
  // A set that grows is walked to its end.
  for (const name of values) {
    const maker = makers.get(name);
    if (!maker || nodes.has(maker.at)) continue;
    nodes.add(maker.at);
    for (const input of inputsOf(bytes, maker)) values.add(input);
  }
  return { nodes, values };
}

/** A node's inputs, and those of the graphs inside it. */
function inputsOf(bytes: Uint8Array, part: Field): string[] {
  const inside = fieldsOf(bytes, part.from, part.to)
    .filter(({ number }) => number === node.attribute)
    .flatMap((attribute) => fieldsOf(bytes, attribute.from, attribute.to))
    .filter(({ number }) => number === attributeGraph)
    .flatMap((inner) => fieldsOf(bytes, inner.from, inner.to))
    .filter(({ number }) => number === graph.node);
  return [...namesIn(bytes, part, node.input), ...inside.flatMap((inner) => inputsOf(bytes, inner))];
}

function namesIn(bytes: Uint8Array, part: Field, wanted: number): string[] {
  return fieldsOf(bytes, part.from, part.to).flatMap((field) =>
    field.number === wanted ? [textOf(bytes, field)] : [],
  );
}

function nameOf(bytes: Uint8Array, part: Field): string {
  return namesIn(bytes, part, initializerName)[0] ?? "";
}

/** A ValueInfoProto: a name, and that it is a tensor of floats of any shape. */
function outputField(name: string): Uint8Array {
  const text = new TextEncoder().encode(name);
  const content = Uint8Array.of(0x0a, ...varint(text.length), ...text, 0x12, 0x04, 0x0a, 0x02, 0x08, 0x01);
  return Uint8Array.of((graph.output << 3) | 2, ...varint(content.length), ...content);
}

function fieldsOf(bytes: Uint8Array, from: number, to: number): Field[] {
  const fields: Field[] = [];
  let at = from;
  const next = (): number => {
    let [value, scale] = [0, 1];
    for (;;) {
      const byte = bytes[at++];
      if (byte === undefined) throw new Error("the file ends in the middle of a number");
      value += (byte & 127) * scale;
      if (byte < 128) return value;
      scale *= 128;
    }
  };
  while (at < to) {
    const start = at;
    const key = next();
    const kind = key & 7;
    const length = kind === 2 ? next() : kind === 5 ? 4 : kind === 1 ? 8 : 0;
    const content = at;
    if (kind === 0) next();
    else at += length;
    fields.push({ number: Math.floor(key / 8), at: start, from: content, to: at });
  }
  return fields;
}

function textOf(bytes: Uint8Array, { from, to }: Field): string {
  return new TextDecoder().decode(bytes.subarray(from, to));
}

function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128);
  return [...bytes, rest];
}

function join(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
