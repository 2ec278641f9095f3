/** Short messages at the bottom of the page: what was done, or what failed. The last few; each goes by itself. */
import { signal } from "@preact/signals";

export interface Notice {
  readonly id: number;
  readonly kind: "done" | "problem";
  readonly text: string;
}

const shownMs = 6_000;
const maxShown = 3;
let lastId = 0;
export const notices = signal<readonly Notice[]>([]);

export function notify(kind: Notice["kind"], text: string): void {
  lastId += 1;
  const id = lastId;
  notices.value = [...notices.value, { id, kind, text }].slice(-maxShown);
  setTimeout(() => dismiss(id), shownMs);
}

export function dismiss(id: number): void {
  notices.value = notices.value.filter((notice) => notice.id !== id);
}
