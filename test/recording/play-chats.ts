import type { Recorder } from "./recorder.ts";

/** A chat that is kept, and the router for local assistants. */
export async function playChats(recorder: Recorder, session_id: string): Promise<void> {
  const chat_id = "0b5f7a7e-3c1d-4b8e-9a51-6f2d8c4e1a90";
  const parameters = { chat_id };
  const context = { constraints: ["Answer in one sentence."] };
  await recorder.call("createChat", ["numbers", "With a context"], { body: { chat_id, title: "Numbers", context } });
  await recorder.refused("createChat", { body: { chat_id } });
  const message = "What was said about the numbers?";
  const body = { chat_id, message, meetings: [session_id], request_id: "question-1" };
  await recorder.call("chat", ["kept", "In a chat"], { body });
  const headers = { accept: "text/event-stream", "last-event-id": "2.3" };
  await recorder.call("resumeAnswer", ["rest", "Its events from the fourth on"], { parameters, headers });
  await recorder.call("resumeAnswer", ["whole", "All of it"], { parameters });
  const noted = { role: "user", content: "To be asked again in May." };
  await recorder.call("addMessage", ["note", "A message that asks nothing"], { parameters, body: noted });
  await recorder.call("updateChat", ["renamed", "Another title"], { parameters, body: { title: "The numbers" } });
  await recorder.call("getChat", ["numbers", "With its messages"], { parameters });
  await recorder.call("listChats", ["one", "There is one"]);
  await recorder.call("clearChat", ["cleared", "Its messages are gone"], { parameters });
  await recorder.call("deleteChat", ["numbers", "And so is it"], { parameters });
  await recorder.refused("getChat", { parameters });
  const escalation = { request_id: "assistant-17", query: message, session_id };
  await recorder.call("escalate", ["numbers", "About a meeting"], { body: escalation });
  await recorder.call("streamEscalation", ["numbers", "The same as events"], { body: escalation });
  await recorder.call("routerStatus", ["ok", "The model that quotes"]);
}
