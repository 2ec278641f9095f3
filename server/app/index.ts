/**
 * The app Worker: what is built on kept meetings. It has no address of its own. The gateway reaches it through a binding to
 * `AppEntrypoint`, after it has checked credential, origin and rate; whoever would reach the Worker itself finds nothing.
 */
import { WorkerEntrypoint } from "cloudflare:workers";
import type { Env } from "./env.ts";
import { createApp } from "./http/app.ts";

const app = createApp();

/** What the gateway reaches as its binding `APP`. */
export class AppEntrypoint extends WorkerEntrypoint<Env> {
  override async fetch(request: Request): Promise<Response> {
    return app.fetch(request, this.env, this.ctx);
  }
}

export default {
  fetch: () => new Response(null, { status: 404 }),
} satisfies ExportedHandler<Env>;
