/** Short messages at the bottom of the page: what was done, or what failed. The last few; each goes by itself. */
import { signal } from "@preact/signals";

export interface Notice {
  readonly id: number;
  readonly kind: "done" | "problem";
  readonly text: string;
  /** What can be done about it, by a button beside it. */
  readonly action: NoticeAction | undefined;
}

export interface NoticeAction {
  readonly label: string;
  readonly run: () => void;
}

const shownMs = 6_000;
/** With a button: there is time to get to it by keyboard. */
const actionShownMs = 20_000;
const maxShown = 3;
let lastId = 0;
export const notices = signal<readonly Notice[]>([]);

export function notify(kind: Notice["kind"], text: string, action?: NoticeAction): void {
  lastId += 1;
  const id = lastId;
  notices.value = [...notices.value, { id, kind, text, action }].slice(-maxShown);
  setTimeout(() => dismiss(id), action ? actionShownMs : shownMs);
}

export function dismiss(id: number): void {
  notices.value = notices.value.filter((notice) => notice.id !== id);
}
