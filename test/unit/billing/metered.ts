/** Calls of models that are metered into a ledger in memory, as the app has it: records come to it as entries. */
import type { UsageRecord } from "../../../schemas/billing/usage.ts";
import { Circuit } from "../../../server/app/ai/circuits.ts";
import { ChatModels } from "../../../server/app/ai/chat-models.ts";
import type { ChatFinish, ChatModel } from "../../../server/app/ai/chat-port.ts";
import type { Candidate } from "../../../server/app/ai/ask-in-turn.ts";
import { type Call, ModelError } from "../../../server/app/ai/ports.ts";
import { Meter } from "../../../server/app/ai/usage/meter.ts";
import type { Ledger } from "../../../server/app/billing/ledger.ts";
import { entryOfCall, holdOfCall } from "../../../server/app/billing/sources.ts";
import { newWorld } from "./support.ts";

export class Metered {
  readonly world = newWorld();
  readonly ledger: Ledger = this.world.wake();
  readonly begun: UsageRecord[] = [];
  readonly settled: UsageRecord[] = [];
  /** Models that were asked, in their order. */
  readonly asked: string[] = [];
  #work: Promise<unknown>[] = [];
  readonly meter = new Meter(
    {
      begin: async (record) => void this.begun.push(record),
      settle: async (record) => void this.settled.push(record),
      hold: async (_, call) => this.ledger.budgets.hold(holdOfCall(call)),
      used: async (_, call) => this.ledger.budgets.used(holdOfCall(call)),
    },
    (work) => void this.#work.push(work),
  );

  chat(times?: ConstructorParameters<typeof ChatModels>[1]): ChatModels {
    return new ChatModels(this.meter, times);
  }

  /** A model of a provider whose prices are known. */
  model(name: string, chat: ChatModel["chat"]): Candidate<ChatModel> {
    const circuit = new Circuit(
      () => this.world.clock.now,
      () => 0.5,
    );
    const asked: ChatModel["chat"] = (request, call) => {
      this.asked.push(name);
      return chat(request, call);
    };
    return { model: { name, chat: asked }, name, kind: "chat", isOwn: false, isPriced: true, circuit };
  }

  /** Has the ledger take all that is settled, as its log does some seconds later. */
  async handOver(): Promise<void> {
    await this.idle();
    this.ledger.record(this.settled.map((record) => entryOfCall({ ...record, at: this.world.clock.now })));
  }

  async idle(): Promise<void> {
    for (; this.#work.length > 0;) await Promise.all(this.#work.splice(0));
  }
}

export function callUntil(signal: AbortSignal = new AbortController().signal): Call {
  return { tenant: "default", subject: "token:ada", traceId: "0".repeat(32), route: "POST /v1/chat", signal };
}

export async function* saying(parts: readonly string[], end: ChatFinish | "cut"): AsyncGenerator<string, ChatFinish> {
  yield* parts;
  if (end === "cut") throw new ModelError({ reason: "failed" });
  return end;
}
