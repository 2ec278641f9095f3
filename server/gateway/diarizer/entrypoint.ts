/** The embedded resolver as an entrypoint of the Worker: rooms call it as they would call a service (`schemas/speech/speakers.ts`). */
import { WorkerEntrypoint } from "cloudflare:workers";
import { handleResolve } from "../../shared/diarizer/handle-resolve.ts";

export class EmbeddedResolver extends WorkerEntrypoint {
  override fetch(request: Request): Promise<Response> {
    return handleResolve(request);
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
