/**
 * Linear discriminant analysis (Fisher 1936; Rao 1948): the directions in which voices differ most, measured by how far one
 * voice strays in them. Deterministic. Pure.
 */
import { dot, toUnit } from "../../../server/shared/diarizer/vectors.ts";
import type { Row } from "./gather-rows.ts";

/** `direction · (value − mean) / deviation` is a value of the voice. */
export interface Discriminant {
  readonly mean: Float64Array;
  readonly deviation: Float64Array;
  readonly directions: readonly Float64Array[];
}

/** Of the within-scatter, replaced by the same amount in every direction: there are fewer rows than it has numbers. */
const shrinkage = 0.3;
const spare = 32;
const rounds = 40;

export function trainDiscriminant(rows: readonly Row[], count: number): Discriminant {
  const { mean, deviation } = momentsOf(rows);
  const scaled = rows.map(({ voice, values }) => ({
    voice,
    values: values.map((value, i) => (value - (mean[i] ?? 0)) / (deviation[i] ?? 1)),
  }));
  const groups = [...Map.groupBy(scaled, ({ voice }) => voice).values()];
  const centres = groups.map((group) => momentsOf(group).mean);
  const strays = groups.flatMap((group, g) =>
    group.map(({ values }) => values.map((value, i) => value - (centres[g]?.[i] ?? 0))),
  );
  const root = cholesky(withinOf(strays));
  // Between-scatter behind the inverse root: voices' centres, weighted, each solved once.
  const solved = centres.map((centre, g) =>
    solveLower(
      root,
      centre.map((value) => value * Math.sqrt((groups[g]?.length ?? 0) / rows.length)),
    ),
  );
  const directions = strongest(solved, mean.length, count).map((direction) => solveUpper(root, direction));
  return { mean, deviation, directions };
}

function momentsOf(rows: readonly { values: Float64Array }[]): { mean: Float64Array; deviation: Float64Array } {
  const size = rows[0]?.values.length ?? 0;
  const [mean, squares] = [new Float64Array(size), new Float64Array(size)];
  for (const { values } of rows) {
    values.forEach((value, i) => {
      mean[i] = (mean[i] ?? 0) + value / rows.length;
      squares[i] = (squares[i] ?? 0) + (value * value) / rows.length;
    });
  }
  return { mean, deviation: squares.map((square, i) => Math.sqrt(Math.max(0, square - (mean[i] ?? 0) ** 2)) + 1e-6) };
}

function withinOf(strays: readonly Float64Array[]): Float64Array[] {
  const size = strays[0]?.length ?? 0;
  const scatter = Array.from({ length: size }, () => new Float64Array(size));
  for (const stray of strays) {
    for (let i = 0; i < size; i++) {
      const factor = (stray[i] ?? 0) / strays.length;
      const row = scatter[i];
      if (row) for (let j = 0; j <= i; j++) row[j] = (row[j] ?? 0) + factor * (stray[j] ?? 0);
    }
  }
  const average = scatter.reduce((sum, row, i) => sum + (row[i] ?? 0), 0) / size;
  return scatter.map((row, i) => row.map((value, j) => (1 - shrinkage) * value + (i === j ? shrinkage * average : 0)));
}

/** @returns L, where L·Lᵀ is the matrix whose lower half is given. */
function cholesky(matrix: readonly Float64Array[]): Float64Array[] {
  const root: Float64Array[] = [];
  for (const [i, row] of matrix.entries()) {
    const made = new Float64Array(matrix.length);
    for (let j = 0; j <= i; j++) {
      const other = j === i ? made : (root[j] ?? made);
      let sum = row[j] ?? 0;
      for (let k = 0; k < j; k++) sum -= (made[k] ?? 0) * (other[k] ?? 0);
      made[j] = j === i ? Math.sqrt(sum) : sum / (other[j] ?? 1);
    }
    root.push(made);
  }
  return root;
}

/** L·x = b */
function solveLower(root: readonly Float64Array[], b: Float64Array): Float64Array {
  const x = new Float64Array(b.length);
  for (const [i, row] of root.entries()) {
    let sum = b[i] ?? 0;
    for (let k = 0; k < i; k++) sum -= (row[k] ?? 0) * (x[k] ?? 0);
    x[i] = sum / (row[i] ?? 1);
  }
  return x;
}

/** Lᵀ·x = b */
function solveUpper(root: readonly Float64Array[], b: Float64Array): Float64Array {
  const x = b.slice();
  for (let i = root.length - 1; i >= 0; i--) {
    const row = root[i];
    if (!row) continue;
    x[i] = (x[i] ?? 0) / (row[i] ?? 1);
    for (let k = 0; k < i; k++) x[k] = (x[k] ?? 0) - (row[k] ?? 0) * (x[i] ?? 0);
  }
  return x;
}

/** The strongest directions of Σ v·vᵀ, by orthogonal iteration with some to spare, from a start that is always the same. */
function strongest(vectors: readonly Float64Array[], size: number, count: number): Float64Array[] {
  let basis = vectors.slice(0, count + spare).map((vector) => vector.slice());
  for (let round = 0; round < rounds; round++) {
    const made = orthonormal(basis);
    basis = made.map((direction) => {
      const next = new Float64Array(size);
      for (const vector of vectors) {
        const share = dot(vector, direction);
        for (let i = 0; i < size; i++) next[i] = (next[i] ?? 0) + share * (vector[i] ?? 0);
      }
      return next;
    });
  }
  return orthonormal(basis).slice(0, count);
}

/** Gram and Schmidt's, which keeps the order: the first are the strongest. */
function orthonormal(basis: readonly Float64Array[]): Float64Array[] {
  const made: Float64Array[] = [];
  for (const vector of basis) {
    const rest = vector.slice();
    for (const known of made) {
      const share = dot(rest, known);
      for (let i = 0; i < rest.length; i++) rest[i] = (rest[i] ?? 0) - share * (known[i] ?? 0);
    }
    if (toUnit(rest)) made.push(rest);
  }
  return made;
}
