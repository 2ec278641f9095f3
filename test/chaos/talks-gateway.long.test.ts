/** Conversations through a whole gateway over real sockets that fail; `npm run chaos:talks -- --gateway` plays more, and kills the gateway. */
import { afterAll, expect, inject, test } from "vitest";
import { GatewayTalks } from "../support/live-models/play-through-gateway.ts";

const seed = inject("seed");
let talks: GatewayTalks | undefined;
afterAll(() => talks?.stop());

test("[Y4] [Y5] [Y8] [Y9] people and models whose connections fail: each conversation ends, no second is lost, nothing stands there twice, each transcript is stored once, and no socket is left open", async () => {
  talks = await GatewayTalks.start(seed);
  const played = await talks.play([seed, seed + 1]);
  expect(played.flatMap(({ violations }) => violations)).toEqual([]);
  expect(await talks.violations()).toEqual([]);
}, 600_000);
