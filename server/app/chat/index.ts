export { type AnswerEvent, whole } from "./answer.ts";
export { openMeetings, withinOf } from "./meetings.ts";
export { quotedAnswer } from "./quoted-answer.ts";
