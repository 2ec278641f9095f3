export { type Answer, type AnswerEvent, whole } from "./answer.ts";
export { answerOf } from "./ask.ts";
export { openMeetings, withinOf } from "./meetings.ts";
