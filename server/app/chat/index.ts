export type { Answer } from "./answer.ts";
export { brokenOff } from "./broken-off.ts";
export { openAnswer, type Question } from "./open-answer.ts";
export { ChatList } from "./kept/chat-list.ts";
export type { KeptQuestion, KeptRefusal } from "./kept/chat-answers.ts";
export { ChatSessionDO } from "./kept/chat-session.ts";
export type { KeptEvent } from "./kept/chat-store.ts";
