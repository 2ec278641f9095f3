/** A model that takes part in a meeting: asked in, looked at, sent away. */
import { limits } from "../../limits.ts";
import { participantSchema } from "../participant.ts";
import { participantBodySchema } from "../participant-body.ts";
import { bySessions, session, type Operation } from "../operation.ts";

const path = `${session}/participant`;
const errors = ["app_unavailable", "session_not_found", "session_deleted"] as const;

export const participantOperations = {
  startParticipant: {
    method: "PUT",
    path,
    summary:
      "Have a model take part in the meeting: it hears what is said, and speaks on a track of its own. Asked again while it is there, it is the same one.",
    access: bySessions("sessions:write", ["edit", "converse"]),
    body: { schema: participantBodySchema, maxBytes: limits.maxSessionBodyBytes },
    switchedBy: "participant",
    answers: { 200: { description: "How it goes.", schema: participantSchema } },
    errors: [
      ...errors,
      "session_finalized",
      "participant_running",
      "model_unavailable",
      "budget_exhausted",
      "bad_request",
      "body_too_large",
    ],
  },
  getParticipant: {
    method: "GET",
    path,
    summary: "How the conversation with the model goes, or ended.",
    access: bySessions("sessions:read", ["observe", "edit", "converse"]),
    answers: { 200: { description: "It.", schema: participantSchema } },
    errors: [...errors, "participant_not_found"],
  },
  endParticipant: {
    method: "DELETE",
    path,
    summary: "Send the model away. What was said stays. One that has left is as it was.",
    access: bySessions("sessions:write", ["edit", "converse"]),
    answers: { 200: { description: "How it ended.", schema: participantSchema } },
    errors: [...errors, "participant_not_found"],
  },
} as const satisfies Record<string, Operation>;
