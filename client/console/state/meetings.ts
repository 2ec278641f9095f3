/** The list of meetings as the gateway has it, page by page, kept fresh while it is looked at. */
import { computed, effect, signal } from "@preact/signals";
import type { ListOptions, SessionSummary } from "../../index.ts";
import { gatewayAtOnce, withAccess } from "../api/gateway.ts";
import { plainWords } from "../api/plain-words.ts";
import { repeatWhileSeen } from "./repeat.ts";

const pageSize = 100;
const refreshMs = 5_000;
const typingMs = 250;

export type Filter = "all" | "live" | "gaps" | "archive";
export const filter = signal<Filter>("all");
export const search = signal("");

/** Undefined before the first answer. */
export const meetings = signal<readonly SessionSummary[] | undefined>(undefined);
/** Why the list is not fresh. */
export const listProblem = signal<string | undefined>(undefined);
const pages = signal(1);
const hasMore = signal(false);
export const mayLoadMore = computed(() => hasMore.value);

/** What the gateway is asked for. Typing is waited for a moment. */
const asked = signal<Asked>({ words: "", filter: "all" });
interface Asked {
  readonly words: string;
  readonly filter: Filter;
}
/** Whether what is shown is all there is. */
export const isFiltered = computed(() => asked.value.words !== "" || asked.value.filter !== "all");

function queryOf({ words, filter: wanted }: Asked): ListOptions {
  const q = words === "" ? {} : { q: words };
  switch (wanted) {
    case "all":
      return q;
    case "live":
      return { ...q, status: "open" };
    case "gaps":
      return { ...q, hasGaps: true };
    case "archive":
      return { ...q, archiveBehind: true };
  }
}

/** Keeps the list fresh. @returns what ends it. */
export function watchMeetings(): () => void {
  const repeat = repeatWhileSeen(refreshMs, refresh);
  let timer: ReturnType<typeof setTimeout> | undefined;
  const stop = effect(() => {
    const next = { words: search.value.trim(), filter: filter.value };
    clearTimeout(timer);
    timer = setTimeout(() => ask(next), typingMs);
  });
  return () => {
    clearTimeout(timer);
    stop();
    repeat();
  };
}

function ask(next: Asked): void {
  if (next.words === asked.value.words && next.filter === asked.value.filter) return;
  asked.value = next;
  pages.value = 1;
  refreshNow();
}

export function loadMore(): void {
  pages.value += 1;
  refreshNow();
}

/** A list that was asked for later is the one that counts. */
let latest = 0;

function refreshNow(): void {
  void refresh(AbortSignal.timeout(30_000));
}

async function refresh(ending: AbortSignal): Promise<void> {
  latest += 1;
  const own = latest;
  const query = queryOf(asked.peek());
  try {
    const found: SessionSummary[] = [];
    let cursor: string | undefined;
    for (let page = 0; page < pages.value; page += 1) {
      const answer = await withAccess(() =>
        gatewayAtOnce.listSessions({ ...query, limit: pageSize, cursor, signal: ending }),
      );
      found.push(...answer.sessions);
      cursor = answer.next_cursor ?? undefined;
      if (cursor === undefined) break;
    }
    if (own !== latest) return;
    hasMore.value = cursor !== undefined;
    meetings.value = found;
    listProblem.value = undefined;
  } catch (cause) {
    if (!ending.aborted && own === latest) listProblem.value = plainWords(cause);
  }
}

/** It was deleted: out of the list, before the list says so. */
export function dropMeeting(sessionId: string): void {
  meetings.value = meetings.value?.filter(({ session_id }) => session_id !== sessionId);
}
