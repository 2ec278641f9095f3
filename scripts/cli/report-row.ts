/** A line of a report: a name, then its values, each column under the one above. */
export function reportRow(name: string, ...values: readonly string[]): string {
  return name.padEnd(22) + values.map((value) => (values.length === 1 ? value : value.padStart(14))).join("");
}
