/**
 * A long list of which only what is seen is in the page: rows of any height, measured as they come into view. It scrolls with
 * its own box. Follows the end while the reader is there.
 */
import { useSignal } from "@preact/signals";
import type { ComponentChildren, JSX } from "preact";
import { useLayoutEffect, useMemo, useRef } from "preact/hooks";
import { Heights } from "./heights.ts";

interface Props<T> {
  readonly items: readonly T[];
  readonly keyOf: (item: T) => string;
  readonly render: (item: T, index: number) => ComponentChildren;
  readonly label: string;
  /** Stay at the end as more comes, unless the reader has scrolled away. */
  readonly followsEnd: boolean;
  /** The row to keep in view, while the reader lets it. */
  readonly shown?: number;
  /** Another value: the reader wants to see `shown` again. */
  readonly chosen?: number;
  /** Of a row that was not measured yet, px. */
  readonly guess: number;
}

const overscanPx = 400;
const nearEndPx = 40;

export function VirtualList<T>({
  items,
  keyOf,
  render,
  label,
  followsEnd,
  shown,
  chosen,
  guess,
}: Props<T>): JSX.Element {
  const box = useRef<HTMLDivElement>(null);
  const heights = useMemo(() => new Heights(guess), [guess]);
  const seen = useSignal({ top: 0, height: 800 });
  const measured = useSignal(0);
  const isAtEnd = useRef(true);
  heights.resize(items.length);

  const first = heights.indexAt(seen.value.top - overscanPx);
  const last = Math.min(items.length - 1, heights.indexAt(seen.value.top + seen.value.height + overscanPx));

  const look = (): void => {
    const element = box.current;
    if (!element) return;
    isAtEnd.current = element.scrollTop + element.clientHeight >= element.scrollHeight - nearEndPx;
    const { top, height } = seen.peek();
    // What is beyond the edges is in the page already: rows are made anew at every few of them, and not with each frame.
    if (Math.abs(top - element.scrollTop) >= overscanPx / 2 || height !== element.clientHeight)
      seen.value = { top: element.scrollTop, height: element.clientHeight };
  };
  useLayoutEffect(() => {
    const element = box.current;
    if (!element) return undefined;
    const observer = new ResizeObserver(() => {
      heights.forget();
      measured.value += 1;
      look();
    });
    observer.observe(element);
    // A long list that is there at once begins where it is followed.
    if (followsEnd) element.scrollTop = element.scrollHeight;
    look();
    return () => observer.disconnect();
  }, [heights]);
  useLayoutEffect(() => {
    const element = box.current;
    if (!element) return;
    let hasChanged = false;
    for (const row of element.querySelectorAll<HTMLElement>("[data-row]"))
      if (heights.set(Number(row.dataset["row"]), row.offsetHeight)) hasChanged = true;
    if (hasChanged) measured.value += 1;
    if (followsEnd && isAtEnd.current) element.scrollTop = element.scrollHeight;
  });
  // Whoever scrolls reads elsewhere: the box stays where they are until they choose a place.
  const isReading = useRef(false);
  const reads = (): void => {
    isReading.current = true;
  };
  useLayoutEffect(() => {
    isReading.current = false;
  }, [chosen]);
  useLayoutEffect(() => {
    const element = box.current;
    if (!element || shown === undefined || isReading.current) return;
    const [top, bottom] = [heights.topOf(shown), heights.topOf(shown + 1)];
    const { scrollTop, clientHeight } = element;
    if (top < scrollTop || bottom > scrollTop + clientHeight) element.scrollTop = top - clientHeight / 3;
  }, [shown, chosen, heights]);
  return (
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- a box that scrolls is reached by keyboard.
    <div
      class="virtual"
      ref={box}
      onScroll={look}
      onWheel={reads}
      onTouchMove={reads}
      onKeyDown={reads}
      tabIndex={0}
      role="region"
      aria-label={label}
      data-measured={measured.value}
    >
      <div class="virtual-all" style={{ height: `${heights.total}px` }}>
        <ol class="virtual-seen" style={{ transform: `translateY(${heights.topOf(first)}px)` }}>
          {items.slice(first, last + 1).map((item, i) => (
            <li key={keyOf(item)} data-row={first + i} aria-setsize={items.length} aria-posinset={first + i + 1}>
              {render(item, first + i)}
            </li>
          ))}
        </ol>
      </div>
    </div>
  );
}
