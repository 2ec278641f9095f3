/**
 * `npm run fault-proxy -- --help`: a fault-injecting proxy before a gateway, by hand. Point any client at the address it
 * prints; Ctrl-C ends it with one JSON line that counts what it did.
 */
import { once } from "node:events";
import { Failure } from "../schemas/lib/failure.ts";
import { type FaultKind, faultKinds, faultMeanings } from "../client/testkit/fault-plan.ts";
import { FaultProxy } from "../client/testkit/fault-proxy.ts";
import { defineCommand } from "./cli/define-command.ts";
import { address, decimal, port, seed, wholeNumber } from "./cli/option-types.ts";
import { runCommand } from "./cli/run-command.ts";

const rateOf = (kind: FaultKind) =>
  decimal(0, 1).meta({
    value: "<rate>",
    description: `share of messages, 0 to 1: ${faultMeanings[kind]}`,
    default: "0",
  });
const rates = Object.fromEntries(faultKinds.map((kind) => [kind, rateOf(kind)])) as Record<
  FaultKind,
  ReturnType<typeof rateOf>
>;

const command = defineCommand({
  name: "npm run fault-proxy --",
  description: "A WebSocket proxy before a gateway that breaks a share of the messages, decided by a seed.",
  options: {
    target: address("http:", "https:").meta({
      value: "<url>",
      description: "the gateway's address",
      default: "http://127.0.0.1:8787",
    }),
    port: port.meta({ value: "<port>", description: "port to listen on, 0 for any free one", default: "8788" }),
    seed: seed.optional().meta({ value: "<n>", description: "of the decisions (default: a new one, printed)" }),
    delayMs: wholeNumber(0, 600_000).meta({
      value: "<n>",
      description: "how long delay and stall last",
      default: "200",
    }),
    ...rates,
  },
});

await runCommand(command, async (options, { signal, print, atEnd }) => {
  const { target, port: wanted, delayMs, seed: chosen = Math.floor(Math.random() * 2 ** 31), ...kinds } = options;
  const proxy = await FaultProxy.start({
    target: target.origin,
    port: wanted,
    delayMs,
    seed: chosen,
    rates: kinds,
  }).catch((cause: unknown) => {
    const isExpected = cause instanceof RangeError || (cause instanceof Error && "code" in cause);
    throw isExpected ? new Failure(cause.message) : cause;
  });
  atEnd(async () => {
    print(JSON.stringify(proxy.counts));
    await proxy.close();
  });
  print(`ready ${proxy.url} → ${target.origin}, seed ${proxy.seed}`);
  await once(signal, "abort");
});
