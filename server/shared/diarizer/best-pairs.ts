/** The one-to-one pairing of rows and columns whose weights add up to the most (Kuhn 1955, Jonker & Volgenant 1987), with potentials; O(n²m). */

/**
 * @param weights 0 or more, a row each; rows of the same length.
 * @returns for each row its column; undefined where it has none, or one without weight.
 */
export function bestPairs(weights: readonly (readonly number[])[]): (number | undefined)[] {
  const rows = weights.length;
  // As many columns as rows at least, so that every row finds one; those that are made up weigh nothing.
  const columns = Math.max(rows, weights[0]?.length ?? 0);
  const weightOf = (row: number, column: number): number => weights[row]?.[column] ?? 0;
  // Costs are negative weights. Index 0 stands for "none" in the arrays of columns; rows and columns count from 1 there.
  const rowPotential = new Float64Array(rows + 1);
  const columnPotential = new Float64Array(columns + 1);
  const rowOf = new Int32Array(columns + 1);
  for (let row = 1; row <= rows; row += 1) {
    const cameFrom = new Int32Array(columns + 1);
    const slack = new Float64Array(columns + 1).fill(Number.POSITIVE_INFINITY);
    const isVisited = new Uint8Array(columns + 1);
    rowOf[0] = row;
    let column = 0;
    do {
      isVisited[column] = 1;
      const from = rowOf[column] ?? 0;
      let [least, next] = [Number.POSITIVE_INFINITY, 0];
      for (let other = 1; other <= columns; other += 1) {
        if (isVisited[other]) continue;
        const cost = -weightOf(from - 1, other - 1) - (rowPotential[from] ?? 0) - (columnPotential[other] ?? 0);
        if (cost < (slack[other] ?? 0)) {
          slack[other] = cost;
          cameFrom[other] = column;
        }
        if ((slack[other] ?? 0) < least) [least, next] = [slack[other] ?? 0, other];
      }
      for (let other = 0; other <= columns; other += 1) {
        if (isVisited[other]) {
          const owner = rowOf[other] ?? 0;
          rowPotential[owner] = (rowPotential[owner] ?? 0) + least;
          columnPotential[other] = (columnPotential[other] ?? 0) - least;
        } else slack[other] = (slack[other] ?? 0) - least;
      }
      column = next;
    } while (rowOf[column] !== 0);
    while (column !== 0) {
      const before = cameFrom[column] ?? 0;
      rowOf[column] = rowOf[before] ?? 0;
      column = before;
    }
  }
  const pairs: (number | undefined)[] = Array.from({ length: rows }, () => undefined);
  for (let column = 1; column <= columns; column += 1) {
    const row = (rowOf[column] ?? 0) - 1;
    if (row >= 0 && weightOf(row, column - 1) > 0) pairs[row] = column - 1;
  }
  return pairs;
}
