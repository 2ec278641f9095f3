/** An interview as its own backend has it: a token of nothing but user and interview, and an address of nothing but the interview. */
import jsonwebtoken from "jsonwebtoken";
import { expect, test } from "vitest";
import { WebSocket } from "ws";
import { listen } from "../../client/embedding.ts";
import { until } from "../../client/testkit/until.ts";
import { participantSchema, type Participant } from "../../schemas/http/participant.ts";
import { newSession, send } from "../support/gateway-http.ts";
import { useGateway } from "../support/use-gateway.ts";

const secret = "a-secret-of-this-test-at-least-32-bytes-long";
const gateway = useGateway({ env: { AUTH_MODE: "required", JWT_SECRET: secret, CAPTIONS: "off" } });
const timeoutMs = 120_000;
const tokenOf = (interviewId: string): string =>
  jsonwebtoken.sign({ userId: "user-1", interviewId }, secret, { algorithm: "HS256", expiresIn: "5m" });
const bearer = (token: string) => ({ headers: { authorization: `Bearer ${token}` } });

test(
  "[Y10] it opens the interview, the model joins and is heard, and another interview's token finds what it finds of none",
  async () => {
    const interview = newSession();
    const token = tokenOf(interview);
    const path = `/v1/sessions/${interview}/participant`;
    const socket = new WebSocket(`${gateway.wsUrl}/${interview}?token=${token}`);
    await new Promise((resolve, reject) => socket.once("open", resolve).once("error", reject));
    socket.on("message", () => undefined);
    socket.send(JSON.stringify({ type: "hello", sample_rate: 16_000, channels: 1, format: "pcm_s16le" }));
    const read = async (): Promise<Participant | undefined> => {
      const answer = await send(gateway, path, bearer(token));
      return answer.status === 200 ? participantSchema.parse(JSON.parse(answer.text)) : undefined;
    };
    const here = await until(read, { what: "the participant", timeoutMs: 30_000 });
    expect(here).toMatchObject({ session_id: interview, track: "ai", model: "embedded/interviewer", ended_at: null });
    const url = `${gateway.wsUrl}/v1/sessions/${interview}/live?topics=live`;
    for await (const { track, samples } of listen({ url, token: () => token }, {})) {
      if (track === "ai" && samples.some((sample) => Math.abs(sample) > 500)) break;
    }
    const foreign = await send(gateway, path, bearer(tokenOf(newSession())));
    const nowhere = await send(gateway, `/v1/sessions/${newSession()}/participant`, bearer(tokenOf(newSession())));
    const bare = ({ status, text }: typeof foreign) => [status, JSON.parse(text).code];
    expect(bare(foreign)).toEqual(bare(nowhere));
    const sent = await send(gateway, path, { method: "DELETE", ...bearer(token) });
    expect(participantSchema.parse(JSON.parse(sent.text))).toMatchObject({ phase: "ended", reason: "deleted" });
    socket.close();
  },
  timeoutMs,
);
