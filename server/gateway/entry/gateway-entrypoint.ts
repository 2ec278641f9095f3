import { WorkerEntrypoint } from "cloudflare:workers";
import type { Env } from "../env.ts";
export class GatewayEntrypoint extends WorkerEntrypoint<Env> {}
