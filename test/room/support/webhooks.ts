/** Sessions with a webhook, and what the room says of its deliveries. */
import { expect } from "vitest";
import { deliveriesAnswerSchema, type Delivery, deliverySchema } from "../../../schemas/webhooks.ts";
import { createSession, get, post } from "./http.ts";
import { hookUrl } from "./receiver.ts";
import { newSession, RoomUnderTest } from "./room.ts";

export async function openWithHook(config: object = {}): Promise<RoomUnderTest> {
  const room = new RoomUnderTest(newSession());
  await createSession(room.sessionId, { webhook_url: hookUrl(room.sessionId), ...config });
  return room;
}

export async function finalize({ sessionId }: RoomUnderTest): Promise<void> {
  expect((await post(sessionId, "finalize")).status).toBe(200);
}

/** All but `session.created`, which every session has. */
export async function deliveriesOf({ sessionId }: RoomUnderTest): Promise<Delivery[]> {
  const answer = await get(sessionId, "webhooks");
  expect(answer.status).toBe(200);
  const { deliveries } = deliveriesAnswerSchema.parse(await answer.json());
  return deliveries.filter(({ type }) => type !== "session.created");
}

export async function onlyDelivery(room: RoomUnderTest): Promise<Delivery> {
  const [delivery, ...rest] = await deliveriesOf(room);
  if (!delivery || rest.length > 0) throw new Error(`expected one delivery, got ${rest.length + Number(!!delivery)}`);
  return delivery;
}

/** More than enough for a day of tries beside the room's other jobs. */
export const dayOfAlarms = 100;

export const isSettled = (room: RoomUnderTest) => async (): Promise<boolean> =>
  (await onlyDelivery(room)).state !== "pending";

export async function resend({ sessionId }: RoomUnderTest, deliveryId: string): Promise<Delivery> {
  const answer = await post(sessionId, `webhooks/${deliveryId}/resend`);
  expect(answer.status).toBe(202);
  return deliverySchema.parse(await answer.json());
}

/** A finalized session whose webhook was not sent yet. */
export async function finalizedRoom(config: object = {}): Promise<RoomUnderTest> {
  const room = await openWithHook(config);
  await finalize(room);
  return room;
}
