/** Sends mutated requests one after the other and looks at each answer, and at what it left behind. */
import * as fc from "fast-check";
import { type OperationId, operations } from "../../schemas/http/operations.ts";
import { sessionsPageSchema } from "../../schemas/http/sessions.ts";
import { type BuiltRequest, buildRequest, isGood, showRequest } from "./build-request.ts";
import { checkAnswer, type FuzzAnswer, isRefusal } from "./check-answer.ts";
import { Finding, hold, same } from "./finding.ts";
import { type RequestPlan, requestPlans } from "./request-plan.ts";
import type { RequestWorld } from "./request-world.ts";
import type { Dump } from "./check-tables.ts";

/** Undefined where the transport can't carry the request. */
export type Send = (request: BuiltRequest) => Promise<FuzzAnswer | undefined>;

const batch = 500;
/** Of what only reads, the tables are looked at after so many. */
const looksEvery = 20;
const mayOpen: ReadonlySet<OperationId> = new Set<OperationId>(["createSession", "resolve", "ingest", "ingestTrack"]);
const reads: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS"]);

export class RequestPlayer {
  readonly #world: RequestWorld;
  readonly #send: Send;
  /** Ids that a request may have opened. */
  readonly #opened = new Set<string>();
  #before: Dump = {};
  #sinceLook = 0;
  /** By status. */
  readonly answers = new Map<number, number>();

  constructor(world: RequestWorld, send: Send) {
    this.#world = world;
    this.#send = send;
    for (const id of [world.reference, ...world.scratch]) this.#opened.add(id);
  }

  /** @throws Finding */
  async play(seed: number, requests: number, onRequest = (): void => undefined): Promise<void> {
    this.#before = await this.#world.dump();
    for (let done = 0; done < requests; done += batch) {
      const plans = fc.sample(requestPlans, { seed: seed + done, numRuns: Math.min(batch, requests - done) });
      for (const plan of plans) {
        await this.playOne(plan);
        onRequest();
      }
    }
    await this.#checkExisting();
  }

  async playOne(plan: RequestPlan): Promise<void> {
    const request = buildRequest(plan, this.#world);
    if (this.#changesLater(request)) return;
    try {
      const answer = await this.#send(request);
      if (!answer) return;
      this.answers.set(answer.status, (this.answers.get(answer.status) ?? 0) + 1);
      checkAnswer(request, answer, this.#world);
      await this.#checkTraces(request, answer);
    } catch (cause) {
      if (!(cause instanceof Finding)) throw cause;
      throw new Finding(`${cause.message}\nrequest:\n${showRequest(request)}\nplan: ${JSON.stringify(plan)}`, {
        cause,
      });
    }
  }

  /** All the others need the reference session, as it is. A mutated method or path may get there too, with a credential that may. */
  #changesLater({ plan, method, path }: BuiltRequest): boolean {
    if (!isGood(plan.credential) || plan.credential.name === "otherTenantKey") return false;
    const { pathname } = new URL(`http://gateway.test${path}`);
    const own = `/v1/sessions/${this.#world.reference}`;
    // What is transcribed, and who takes part, writes when it gets to it, and not when it is asked.
    const later = [`DELETE ${own}`, `POST ${own}/finalize`, `POST ${own}/transcribe`, `PUT ${own}/participant`];
    return later.includes(`${method} ${pathname}`);
  }

  /** What was refused, what only reads and what another tenant sends leaves the reference session as it was. */
  async #checkTraces(request: BuiltRequest, { status, text }: FuzzAnswer): Promise<void> {
    const { plan, session, method } = request;
    const isRefused = status >= 400 || (status === 101 && isRefusal(text));
    const isOthers = plan.credential.name === "otherTenantKey";
    if (!isRefused || plan.operation === "resolve") this.#noteOpened(request, text);
    const isRead = reads.has(method) && status !== 101;
    const isHarmless = isRefused || isRead || isOthers || session !== this.#world.reference;
    if (!isHarmless) {
      this.#before = await this.#world.dump();
      this.#sinceLook = 0;
      return;
    }
    this.#sinceLook += 1;
    if (isRead && this.#sinceLook < looksEvery) return;
    this.#sinceLook = 0;
    same("the reference session's tables", await this.#world.dump(), this.#before);
  }

  #noteOpened({ plan, path }: BuiltRequest, text: string): void {
    if (!mayOpen.has(plan.operation) || !isGood(plan.credential)) return;
    // The path may have been mutated into another id.
    const { pathname } = new URL(`http://gateway.test${path}`);
    const [, named] = /^\/v1\/(?:sessions|audio\/ws)\/([^/]+)/.exec(pathname) ?? [];
    if (named !== undefined) this.#opened.add(named);
    const made = /"session_id":"([^"]+)"/.exec(text)?.[1];
    if (made !== undefined) this.#opened.add(made);
  }

  /** Asking, and asking wrongly, opens no session (SPEC N3). */
  async #checkExisting(): Promise<void> {
    const ask = async (operation: OperationId, query: RequestPlan["query"], id: string): Promise<FuzzAnswer> => {
      const plan = { ...askAsAdmin, operation, query, session: { kind: "text", text: id } } as const;
      const answer = await this.#send(buildRequest(plan, this.#world));
      hold(answer !== undefined, `${operations[operation].path} was not asked`);
      return answer;
    };
    if (!this.#opened.has(this.#world.unknown)) {
      same("state of a session never opened", (await ask("getState", [], this.#world.unknown)).status, 404);
    }
    for (let cursor: string | null = ""; cursor !== null;) {
      const query: [string, string][] =
        cursor === ""
          ? [["limit", "500"]]
          : [
              ["limit", "500"],
              ["cursor", cursor],
            ];
      const page = sessionsPageSchema.parse(JSON.parse((await ask("listSessions", query, "")).text));
      const stray = page.sessions.filter(
        ({ session_id }) => !this.#opened.has(session_id) && session_id.includes(this.#world.tag),
      );
      same(
        "sessions that nobody opened",
        stray.map(({ session_id }) => session_id),
        [],
      );
      cursor = page.next_cursor;
    }
  }
}

const askAsAdmin = {
  method: undefined,
  part: "c1",
  path: [],
  headers: [],
  isUpgrade: false,
  credential: { name: "admin", as: "bearer" },
  body: { edits: [], bytes: [], isChunked: false, lie: undefined },
} as const;
