import { createMemoryOutbox } from "../../client/capture/memory-outbox.ts";
import type { Outbox } from "../../client/capture/outbox.ts";
import { testOutbox } from "./outbox.contract.ts";

// It lives as long as its process: opening it again is going on with it.
testOutbox({
  locks: false,
  place: () => {
    let outbox: Outbox | undefined;
    return Promise.resolve({ open: (maxFrames) => Promise.resolve((outbox ??= createMemoryOutbox(maxFrames))) });
  },
});
