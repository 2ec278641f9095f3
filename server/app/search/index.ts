export { MeetingIndex } from "./meeting-index.ts";
export { tellIndex } from "./hear-of.ts";
