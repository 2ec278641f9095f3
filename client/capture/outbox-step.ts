/** A change of an outbox that answers nothing: it can be put down and made later. */
import type { Outbox, OutboxEnd, OutboxFrame } from "./outbox.ts";

export type OutboxStep =
  | { readonly do: "put"; readonly frame: OutboxFrame }
  | { readonly do: "skip"; readonly to: number }
  | { readonly do: "remove"; readonly seqs: readonly number[] }
  | { readonly do: "end"; readonly end: OutboxEnd }
  | { readonly do: "hold"; readonly seq: number }
  | { readonly do: "aside"; readonly seq: number };

/** @returns false where the outbox has no space for it. */
export async function applyStep(outbox: Outbox, step: OutboxStep): Promise<boolean> {
  switch (step.do) {
    case "put":
      return outbox.put(step.frame);
    case "skip":
      await outbox.skipTo(step.to);
      return true;
    case "remove":
      await outbox.remove(step.seqs);
      return true;
    case "end":
      await outbox.setEnd(step.end);
      return true;
    case "hold":
      await outbox.hold(step.seq);
      return true;
    case "aside":
      await outbox.setAside(step.seq);
      return true;
  }
}
