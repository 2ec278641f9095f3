/** Binary search. */

/** The first index of `length` for which `isBeyond` holds, where it holds for all after it too; `length` where it holds for none. */
export function firstIndex(length: number, isBeyond: (index: number) => boolean): number {
  let [low, high] = [0, length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (isBeyond(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}
