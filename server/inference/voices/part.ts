/** Who speaks, by the models that come with the service: the speaker-resolve contract of the gateway. */
import type { SpeakerState } from "../../../schemas/speech/speakers.ts";
import { createResolveHandler } from "../../shared/diarizer/handle-resolve.ts";
import type { Part } from "../http/part.ts";
import { resolvePath } from "../speakers/part.ts";
import { Gate } from "../threads/gate.ts";
import { Thread } from "../threads/thread.ts";
import { createReviewHandler, reviewPath } from "./review-request.ts";
import type { ResolveCall } from "./voice-thread.ts";

const name = "moonshine-voices";
const idleMs = 600_000;
/** A room asks for one window at a time; more than this at once is more than the machine computes in time. */
const gateLimits = { maxJobs: 16, maxBytes: 64 * 1024 * 1024 } as const;

export function openVoices(): Part {
  const thread = new Thread(new URL("voice-thread.ts", import.meta.url), {}, idleMs);
  const gate = new Gate(gateLimits, () => performance.now());
  const handle = createResolveHandler((samples: Int16Array, asrText: string | null, state: SpeakerState) =>
    thread.call<object>("resolve", { samples: samples.slice(), asrText, state } satisfies ResolveCall),
  );
  return {
    routes: {
      [`POST ${reviewPath}`]: createReviewHandler(thread),
      [`POST ${resolvePath}`]: async (request) => {
        const place = gate.enter(Number(request.headers.get("content-length") ?? 0));
        if (!place.ok) return busy(place.error.retryAfterSeconds);
        try {
          return await handle(request);
        } finally {
          place.value.leave();
        }
      },
    },
    longBodies: [reviewPath],
    summary: `${name}: who speaks, at POST ${resolvePath}, and once a meeting is over at POST ${reviewPath}.`,
    models: () => ({ [name]: thread.isRunning ? "loaded" : "idle" }),
    close: () => thread.stop(),
  };
}

function busy(retryAfterSeconds: number): Response {
  const detail = `Too many windows are being resolved: try again in ${retryAfterSeconds} s.`;
  return Response.json(
    { title: "busy", status: 503, detail },
    { status: 503, headers: { "content-type": "application/problem+json", "retry-after": String(retryAfterSeconds) } },
  );
}
