/**
 * Runs `work` on items, at most `lanes` at a time, and hands out what comes of them in the items' order. Nothing is begun
 * ahead of a reader that waits, but for the lanes; a reader that stops early stops it.
 */
export async function* inOrder<T, R>(
  items: Iterable<T> | AsyncIterable<T>,
  lanes: number,
  work: (item: T) => Promise<R>,
): AsyncGenerator<R, void, undefined> {
  const underWay: Promise<R>[] = [];
  for await (const item of items) {
    const begun = work(item);
    // It is told where it is waited for; until then it must not count as unhandled.
    begun.catch(() => undefined);
    underWay.push(begun);
    const first = underWay.length === lanes ? underWay.shift() : undefined;
    if (first) yield await first;
  }
  for (const rest of underWay) yield await rest;
}
