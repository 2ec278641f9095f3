export { type NotStarted, Participant } from "./participant.ts";
