import type { Core } from "../../../server/gateway/core/core.ts";
import type { Part } from "../../../server/gateway/core/part.ts";

/** Says how many seconds were stored, at most once a minute. */
export function toyPart(core: Core, say: (seconds: number) => void): Part {
  let seconds = 0;
  return {
    name: "toy",
    jobs: { toy: async () => say(seconds) },
    on: {
      chunkStored: () => {
        seconds += 1;
        core.jobs.at("toy", core.now() + 60_000);
      },
    },
  };
}
