/** A model that takes part in a meeting: asked in, looked at, sent away. */
import { type Participant, participantSchema } from "../../schemas/http/participant.ts";
import type { ParticipantInput } from "../../schemas/http/participant-body.ts";
import type { Caller } from "./caller.ts";
import { sessionPath } from "./parts.ts";
import type { CallOptions } from "./call-options.ts";

export interface ParticipantCalls {
  /** Has a model take part in the meeting. Asked the same again while it is there, it is the same one. */
  startParticipant(sessionId: string, input?: ParticipantInput, options?: CallOptions): Promise<Participant>;
  /** How the conversation with it goes, or ended. `participant_not_found` where there was none. */
  participant(sessionId: string, options?: CallOptions): Promise<Participant>;
  /** Sends it away. What was said stays. */
  endParticipant(sessionId: string, options?: CallOptions): Promise<Participant>;
}

export function participantCalls(caller: Caller): ParticipantCalls {
  return {
    startParticipant: async (sessionId, input = {}, { signal } = {}) => {
      const path = sessionPath(sessionId, "participant");
      return caller.json({ method: "PUT", path, body: input, repeatable: true, signal }, participantSchema);
    },
    participant: async (sessionId, { signal } = {}) => {
      const path = sessionPath(sessionId, "participant");
      return caller.json({ method: "GET", path, repeatable: true, signal }, participantSchema);
    },
    endParticipant: async (sessionId, { signal } = {}) => {
      const path = sessionPath(sessionId, "participant");
      return caller.json({ method: "DELETE", path, repeatable: true, signal }, participantSchema);
    },
  };
}
