/** Groups to clusters, one to one, the pair with most in common first. Pure. */

/** @param counts of what each group has in common with each cluster. */
export function assignGreedily(counts: ReadonlyMap<number, ReadonlyMap<string, number>>): [number, string][] {
  const pairs = [...counts].flatMap(([group, of]) => [...of].map(([id, count]) => ({ group, id, count })));
  const groups = new Set<number>();
  const ids = new Set<string>();
  return pairs
    .toSorted((a, b) => b.count - a.count)
    .flatMap(({ group, id }): [number, string][] => {
      if (groups.has(group) || ids.has(id)) return [];
      groups.add(group);
      ids.add(id);
      return [[group, id]];
    });
}
