export type { Within } from "./find-lines.ts";
export type { LineRow } from "./index-store.ts";
export { type MeetingFacts, MeetingIndex, type Missing, type Place } from "./meeting-index.ts";
export type { Ranked } from "./rank-lines.ts";
export { tellIndex } from "./hear-of.ts";
