/** The log of webhook deliveries. */
import { expect, test } from "vitest";
import { limits } from "../../../schemas/limits.ts";
import type { WebhookPayload } from "../../../schemas/webhooks.ts";
import { migrate } from "../../../server/gateway/core/migrations.ts";
import { Outbox } from "../../../server/gateway/webhooks/outbox.ts";
import { nodeSqlite } from "../../support/node-database.ts";
import { range } from "../support/range.ts";

test("[D4] [limit:maxWebhookDeliveries] newest first, bounded: what was delivered goes first, then the dead, then the oldest", () => {
  const db = nodeSqlite(() => 1_000).open();
  migrate(db);
  const outbox = new Outbox(db);
  const add = (event_id: number): string[] =>
    outbox.add({
      type: "resolve.failed",
      timestamp: new Date(0).toISOString(),
      data: {
        tenant: "default",
        session_id: "s",
        event: { event_id, at: new Date(0).toISOString(), type: "resolve.failed", by: "room" },
      },
    } satisfies WebhookPayload).dropped;
  const mark = (eventId: number, state: string): unknown =>
    db.sql.exec("UPDATE webhook_deliveries SET state = ? WHERE event_id = ?", state, eventId);
  const max = limits.maxWebhookDeliveries;
  for (const n of range(1, max)) expect(add(n)).toEqual([]);
  mark(3, "dead");
  mark(5, "delivered");
  const deleted = (): number[] => {
    const there = new Set(outbox.all().map(({ event_id }) => event_id));
    return range(1, max).filter((n) => !there.has(n));
  };
  expect(add(max + 1)).toEqual([]);
  expect(deleted()).toEqual([5]);
  expect(add(max + 2)).toEqual([]);
  expect(deleted()).toEqual([3, 5]);
  expect(add(max + 3)).toHaveLength(1);
  expect(deleted()).toEqual([1, 3, 5]);
  expect(outbox.all()).toHaveLength(max);
  expect(outbox.all()[0]?.event_id).toBe(max + 3);
});
