/** The assignment problem, by the Hungarian method with potentials (Kuhn 1955, Jonker & Volgenant 1987); O(n²m). */

/**
 * @param gains rows × columns, every row as long, none negative.
 * @returns for each row its column, so that the gains sum to the most there is; undefined for a row left over.
 */
export function assignBest(gains: readonly (readonly number[])[]): (number | undefined)[] {
  const rows = gains.length;
  const columns = Math.max(rows, ...gains.map((row) => row.length));
  // One-based, with row and column 0 as a place to start from; missing columns gain nothing.
  const cost = (row: number, column: number): number => -(gains[row - 1]?.[column - 1] ?? 0);
  const rowPotential = new Float64Array(rows + 1);
  const columnPotential = new Float64Array(columns + 1);
  const rowOf = new Int32Array(columns + 1);
  for (let row = 1; row <= rows; row++) {
    const from = new Int32Array(columns + 1);
    const slack = new Float64Array(columns + 1).fill(Infinity);
    const visited = new Uint8Array(columns + 1);
    rowOf[0] = row;
    let column = 0;
    do {
      visited[column] = 1;
      const current = rowOf[column] ?? 0;
      let least = Infinity;
      let next = 0;
      for (let j = 1; j <= columns; j++) {
        if (visited[j] === 1) continue;
        const reduced = cost(current, j) - (rowPotential[current] ?? 0) - (columnPotential[j] ?? 0);
        if (reduced < (slack[j] ?? 0)) {
          slack[j] = reduced;
          from[j] = column;
        }
        if ((slack[j] ?? 0) < least) {
          least = slack[j] ?? 0;
          next = j;
        }
      }
      for (let j = 0; j <= columns; j++) {
        const owner = rowOf[j] ?? 0;
        if (visited[j] === 1) {
          rowPotential[owner] = (rowPotential[owner] ?? 0) + least;
          columnPotential[j] = (columnPotential[j] ?? 0) - least;
        } else slack[j] = (slack[j] ?? 0) - least;
      }
      column = next;
    } while ((rowOf[column] ?? 0) !== 0);
    while (column !== 0) {
      const before = from[column] ?? 0;
      rowOf[column] = rowOf[before] ?? 0;
      column = before;
    }
  }
  rowOf[0] = 0;
  return gains.map((row, i) => {
    const column = rowOf.indexOf(i + 1) - 1;
    return column >= 0 && column < row.length ? column : undefined;
  });
}
