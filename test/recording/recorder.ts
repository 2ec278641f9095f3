/** Asks a gateway over HTTP and WebSockets, and keeps what was asked and answered as examples of the contract. */
import { once } from "node:events";
import { WebSocket } from "ws";
import { problemSchema } from "../../schemas/http/problem.ts";
import { type OperationId, operations } from "../../schemas/http/operations.ts";
import { jsonSubprotocol } from "../../schemas/wire/messages.ts";
import { until } from "../../client/testkit/until.ts";
import { within } from "../../client/testkit/within.ts";
import type { Examples, Recorded } from "../../scripts/contract/examples.ts";
import type { Normaliser } from "./normalise.ts";

type Parameters = Readonly<Record<string, string | number>>;
type Message = Readonly<Record<string, unknown>> & { readonly type: string };

interface Call {
  readonly parameters?: Parameters;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  /** The body, of an operation that takes audio: no document shows it. */
  readonly audio?: Uint8Array<ArrayBuffer>;
}

/** The name and one sentence under which a call and its answer are kept. */
export type Told = readonly [name: string, summary: string];

export class Recorder {
  readonly recorded: Recorded = { operations: {}, messages: {}, webhooks: {}, problems: {}, errors: {} };
  readonly #url: string;
  readonly #normaliser: Normaliser;

  constructor(url: string, normaliser: Normaliser) {
    this.#url = url;
    this.#normaliser = normaliser;
  }

  /** An operation, kept with its body and its answer. @returns the answer, as it came. */
  async call(id: OperationId, [name, summary]: Told, call: Call = {}): Promise<unknown> {
    const { status, type, text } = await this.ask(id, call);
    if (status >= 300) throw new Error(`${id} was answered ${status}: ${text}`);
    const kept = (this.recorded.operations[id] ??= { answers: {} });
    if (call.body !== undefined) (kept.body ??= {})[name] = { summary, value: this.#normaliser.value(call.body) };
    // Audio is no example that a document could show.
    if (type.startsWith("audio/")) return undefined;
    const isJson = type.includes("json");
    const value: unknown = isJson ? JSON.parse(text) : text;
    const examples: Examples = isJson ? (kept.answers[status] ??= {}) : ((kept.texts ??= {})[status] ??= {});
    examples[name] = { summary, value: isJson ? this.#normaliser.value(value) : this.#normaliser.text(text) };
    return value;
  }

  /** A request that is refused: the problem is kept by its code. */
  async refused(id: OperationId, call: Call = {}): Promise<void> {
    this.#keepProblem((await this.ask(id, call)).text);
  }

  /** The same, of a request that is no operation. */
  async refusedAt(path: string, init: RequestInit = {}): Promise<void> {
    const answer = await fetch(`${this.#url}${path}`, init);
    this.#keepProblem(await answer.text());
  }

  #keepProblem(text: string): void {
    const problem = problemSchema.parse(this.#normaliser.value(JSON.parse(text)));
    this.recorded.problems[problem.code] ??= problem;
  }

  async ask(id: OperationId, { parameters = {}, headers = {}, body, audio }: Call): Promise<Answer> {
    const { method, path } = operations[id];
    const url = new URL(this.#url);
    const query = { ...parameters };
    url.pathname = path.replaceAll(/:(\w+)/g, (_, name: string) => {
      const value = String(query[name]);
      delete query[name];
      return value;
    });
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, String(value));
    const json = body === undefined ? {} : { "content-type": "application/json" };
    const init = { method, headers: { ...json, ...headers } };
    const sent = audio ?? (body === undefined ? undefined : JSON.stringify(body));
    const answer = await fetch(url, sent === undefined ? init : { ...init, body: sent });
    return { status: answer.status, type: answer.headers.get("content-type") ?? "", text: await answer.text() };
  }

  /** Looks at an operation's answer, keeping none, until it is as wanted. */
  async settled(id: OperationId, parameters: Parameters, isThere: (value: never) => boolean): Promise<void> {
    let last = "";
    const look = async (): Promise<true | undefined> => {
      ({ text: last } = await this.ask(id, { parameters }));
      return isThere(JSON.parse(last) as never) || undefined;
    };
    await until(look, { what: () => `${id} to settle; the last answer was ${last}`, timeoutMs: 120_000 });
  }

  keepMessage(name: string, summary: string, message: Message): void {
    (this.recorded.messages[name] ??= []).push({ summary, value: this.#normaliser.value(message) });
  }

  keepError(message: Message): void {
    this.recorded.errors[String(message["code"])] ??= this.#normaliser.value(message);
  }

  keepWebhook(type: string, summary: string, payload: object): void {
    this.recorded.webhooks[type] = { [type.replace(/.*\./, "")]: { summary, value: this.#normaliser.value(payload) } };
  }

  async connect(path: string): Promise<Connection> {
    const socket = new WebSocket(`${this.#url.replace(/^http/, "ws")}${path}`, [jsonSubprotocol]);
    const connection = new Connection(socket, this);
    await within(10_000, once(socket, "open"), `${path} did not open.`);
    return connection;
  }
}

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly text: string;
}

/** A WebSocket in JSON. */
export class Connection {
  readonly #socket: WebSocket;
  readonly #recorder: Recorder;
  readonly #inbox: Message[] = [];

  constructor(socket: WebSocket, recorder: Recorder) {
    this.#socket = socket;
    this.#recorder = recorder;
    socket.on("message", (data: Buffer) => this.#inbox.push(JSON.parse(data.toString()) as Message));
    // What a cut connection lacks, `next` says.
    socket.on("error", () => undefined);
  }

  /** @param summary where the message is to be kept. */
  send(message: Message, summary?: string): void {
    this.#socket.send(JSON.stringify(message));
    if (summary === undefined) return;
    this.#recorder.keepMessage(message.type === "status" ? "statusRequest" : message.type, summary, message);
  }

  sendRaw(data: string | Uint8Array): void {
    this.#socket.send(data);
  }

  /** The next message of a type, which is kept where there is a summary. Others before it are passed over. */
  async next(type: string, summary?: string, eventType?: string): Promise<Message> {
    const look = (): Message | undefined => {
      const place = this.#inbox.findIndex(
        (message) => message.type === type && (!eventType || (message["event"] as Message).type === eventType),
      );
      return place < 0 ? undefined : this.#inbox.splice(0, place + 1).at(-1);
    };
    const message = await until(look, { what: `a message ${type}` });
    if (summary !== undefined) this.#recorder.keepMessage(type, summary, message);
    return message;
  }

  /** The error that a bad frame brings, kept by its code. */
  async refused(frame: string | Uint8Array | Message): Promise<void> {
    this.sendRaw(typeof frame === "string" || frame instanceof Uint8Array ? frame : JSON.stringify(frame));
    this.#recorder.keepError(await this.next("error"));
  }

  end(): void {
    this.#socket.terminate();
  }
}
