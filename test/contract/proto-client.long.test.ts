/** A meeting streamed by a program in another language that has `interview.proto` alone, at the address and with the token that interviews have. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import jsonwebtoken from "jsonwebtoken";
import { expect, test } from "vitest";
import * as z from "zod";
import { newSession } from "../support/gateway-http.ts";
import { useGateway } from "../support/use-gateway.ts";

const secret = "a-secret-of-this-test-at-least-32-bytes-long";
const gateway = useGateway({ env: { AUTH_MODE: "required", JWT_SECRET: secret, CAPTIONS: "off" } });
const root = new URL("../../", import.meta.url).pathname;
const printedSchema = z.object({
  ready: z.looseObject({
    protocol: z.literal(1),
    session_id: z.string(),
    resume: z.looseObject({ next_seq: z.literal(1) }),
  }),
  acks: z.array(z.looseObject({ seq: z.int(), status: z.string(), contiguous_seq: z.int() })),
  status: z.looseObject({ received_chunks: z.int(), started_at: z.string() }),
  ended: z.looseObject({ last_seq: z.int(), complete: z.literal(1) }),
});

test("[Y12] a Python program that reads interview.proto alone streams a meeting at /<interviewId>?token=…, each second acked", async () => {
  const session = newSession();
  const token = jsonwebtoken.sign({ userId: "user-1", interviewId: session }, secret, {
    algorithm: "HS256",
    expiresIn: "5m",
  });
  const { hostname, port } = new URL(gateway.url);
  const script = `${root}test/support/proto_client.py`;
  const proto = `${root}schemas/wire/interview.proto`;
  const asked = [script, proto, hostname, port, `/${session}?token=${token}`, session, "3"];
  const { stdout } = await promisify(execFile)("python3", asked, { timeout: 60_000 });
  const { ready, acks, status, ended } = printedSchema.parse(JSON.parse(stdout));
  expect(ready.session_id).toBe(session);
  expect(acks.map(({ seq, status: kept, contiguous_seq }) => [seq, kept, contiguous_seq])).toEqual([
    [1, "stored", 1],
    [2, "stored", 2],
    [3, "stored", 3],
  ]);
  expect([status.received_chunks, ended.last_seq]).toEqual([3, 3]);
}, 120_000);
