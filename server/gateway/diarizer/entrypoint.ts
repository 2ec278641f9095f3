/** The embedded resolver as an entrypoint of the Worker: rooms call it as they would call a service (`schemas/speech/speakers.ts`). */
import { WorkerEntrypoint } from "cloudflare:workers";
import { handleResolve } from "../../shared/diarizer/handle-resolve.ts";
import { createLine } from "./line.ts";

/** Of the thread, which all rooms of an isolate share. */
const line = createLine(() => performance.now());

export class EmbeddedResolver extends WorkerEntrypoint {
  override async fetch(request: Request): Promise<Response> {
    await line.turn();
    const start = performance.now();
    const response = await handleResolve(request);
    line.took(performance.now() - start);
    return response;
  }
}

declare global {
  namespace Cloudflare {
    /** Gives `ctx.exports` its type. */
    interface GlobalProps {
      mainModule: { EmbeddedResolver: typeof EmbeddedResolver };
    }
  }
}
