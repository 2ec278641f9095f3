export type { NotStarted } from "./begin-talk.ts";
export { Participant } from "./participant.ts";
