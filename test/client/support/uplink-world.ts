/**
 * An uplink, its outbox, a model room, and a network between them that does what networks do. Every step checks
 * what the uplink promises; a broken promise throws.
 */
import { SeqSet } from "../../../client/capture/seq-set.ts";
import { type End, Uplink, type UplinkAction } from "../../../client/capture/uplink.ts";
import type { WireErrorCode } from "../../../schemas/wire/errors.ts";
import { type Answer, ModelRoom } from "./model-room.ts";

type Request =
  | { readonly type: "hello" }
  | { readonly type: "chunk"; readonly seq: number; readonly audio: string }
  | { readonly type: "end"; readonly lastSeq: number };

/** One connection: what is on its way, and what the uplink knows and did on it. */
interface Connection {
  readonly toRoom: Request[];
  readonly toClient: Answer[];
  /** Kept when `ready` was made; undefined before it arrives, and where its list was cut off. */
  known: ReadonlySet<number> | undefined;
  readonly unanswered: Set<number>;
  readonly sent: Set<number>;
  /** Whether an answer got lost on it: only then may it fall silent before all is done. */
  isLossy: boolean;
}

export class UplinkWorld {
  readonly room: ModelRoom;
  readonly outbox = new Map<number, string>();
  /** All that was captured, with its audio. */
  readonly captured = new Map<number, string>();
  readonly lost = new Set<number>();
  uplink = new Uplink();
  nextSeq = 1;
  end: End | undefined;
  connection: Connection | undefined;
  isCoolingDown = false;
  finish: Extract<UplinkAction, { do: "finish" }> | undefined;
  /** For the report: sends, and how many of them the room had already. */
  readonly counts = { sends: 0, needless: 0, reconnects: 0, crashes: 0 };

  constructor(window: number, factor: number | null) {
    this.room = new ModelRoom(window, factor);
  }

  capture(): void {
    const seq = this.nextSeq;
    this.nextSeq += 1;
    this.captured.set(seq, `audio ${seq}`);
    this.outbox.set(seq, `audio ${seq}`);
    this.#run(this.uplink.handleCaptured(seq));
  }

  skip(seconds: number): void {
    this.nextSeq += seconds;
  }

  endSource(): void {
    this.end = { lastSeq: this.nextSeq - 1, paddingSamples: 0 };
    this.#run(this.uplink.handleEnd(this.end));
  }

  connect(): void {
    assert(!this.connection, "connected already");
    this.counts.reconnects += 1;
    const toRoom: Request[] = [{ type: "hello" }];
    this.connection = {
      toRoom,
      toClient: [],
      known: undefined,
      unanswered: new Set(),
      sent: new Set(),
      isLossy: false,
    };
  }

  /** @param delivered requests on their way that still reach the room; no answer reaches the client. */
  disconnect(delivered: number): void {
    for (let i = 0; i < delivered; i += 1) this.deliverToRoom();
    this.connection = undefined;
    this.isCoolingDown = false;
    this.uplink.handleDisconnected();
  }

  /** The client dies, and starts again from its outbox. */
  crash(delivered: number): void {
    this.disconnect(delivered);
    this.counts.crashes += 1;
    this.uplink = new Uplink(SeqSet.of([...this.outbox.keys()].map((seq) => [seq, seq])).ranges(), this.end);
  }

  wake(): void {
    this.isCoolingDown = false;
    this.#run(this.uplink.handleWake());
  }

  /** The room takes the next request. @param later it refuses a chunk with this. @param twice it comes twice. */
  deliverToRoom(later?: WireErrorCode, twice = false): void {
    const connection = this.connection;
    const request = connection?.toRoom.shift();
    if (!connection || !request) return;
    for (let i = 0; i < (twice && request.type === "chunk" ? 2 : 1); i += 1) {
      connection.toClient.push(this.#answer(request, later));
    }
  }

  /** The client takes the next answer. @param fate it may also get lost, or come twice. */
  deliverToClient(fate: "once" | "twice" | "lost" = "once"): void {
    const answer = this.connection?.toClient.shift();
    if (!this.connection || !answer) return;
    if (fate === "lost" && answer.type !== "ready") {
      this.connection.isLossy = true;
      return;
    }
    for (let i = 0; i < (fate === "twice" && answer.type !== "ready" ? 2 : 1); i += 1) this.#hear(answer);
  }

  #answer(request: Request, later: WireErrorCode | undefined): Answer {
    if (request.type === "hello") return this.room.ready();
    if (request.type === "end") return this.room.receiveEnd(request.lastSeq);
    return this.room.receiveChunk(request.seq, request.audio, later);
  }

  #hear(answer: Answer): void {
    const { connection } = this;
    assert(connection !== undefined, "an answer without a connection");
    if (answer.type === "ready") {
      const listed = SeqSet.of(answer.resume.missing);
      const isWhole = listed.size === answer.ingest.missing_chunks;
      connection.known = isWhole ? new Set(this.room.track.seqs()) : undefined;
      this.#run(this.uplink.handleReady(answer));
    } else if (answer.type === "ack") {
      connection.unanswered.delete(answer.seq);
      this.#run(this.uplink.handleAck(answer.seq));
    } else if (answer.type === "ended") {
      this.#run(this.uplink.handleEnded(answer));
    } else {
      if (answer.seq !== undefined) connection.unanswered.delete(answer.seq);
      if (answer.seq !== undefined && answer.retryable) connection.sent.delete(answer.seq);
      this.#run(this.uplink.handleError(answer));
    }
  }

  #run(actions: readonly UplinkAction[]): void {
    for (const action of actions) this.#perform(action);
  }

  #perform(action: UplinkAction): void {
    assert(!this.finish, `"${action.do}" after the finish`);
    switch (action.do) {
      case "send":
        this.#send(action.seq);
        return;
      case "forget":
        for (const seq of action.seqs) {
          assert(this.outbox.has(seq), `forgets ${seq}, which is not in the outbox`);
          assert(this.room.track.at(seq) === this.outbox.get(seq), `forgets ${seq}, which the room does not keep`);
          this.outbox.delete(seq);
        }
        return;
      case "lose":
        assert(this.outbox.delete(action.seq), `loses ${action.seq}, which is not in the outbox`);
        this.lost.add(action.seq);
        return;
      case "send_end":
        assert(this.connection?.known !== undefined || this.outbox.size === 0, "ends with seconds left");
        assert(this.outbox.size === 0 && action.lastSeq === this.nextSeq - 1, "ends too early");
        this.connection?.toRoom.push({ type: "end", lastSeq: action.lastSeq });
        return;
      case "wait":
        this.isCoolingDown = true;
        return;
      case "finish":
        assert(this.outbox.size === 0 && this.end !== undefined, "finishes too early");
        this.finish = action;
    }
  }

  #send(seq: number): void {
    const { connection } = this;
    const audio = this.outbox.get(seq);
    assert(connection !== undefined, `sends ${seq} without a connection`);
    assert(audio !== undefined, `sends ${seq}, which is not in the outbox`);
    assert(!connection.known?.has(seq), `sends ${seq} again, which ready said is kept`);
    assert(!connection.sent.has(seq), `sends ${seq} twice on one connection`);
    assert(!this.isCoolingDown, `sends ${seq} while it was told to wait`);
    this.counts.sends += 1;
    if (this.room.track.has(seq)) this.counts.needless += 1;
    connection.sent.add(seq);
    connection.unanswered.add(seq);
    assert(connection.unanswered.size <= this.room.window, "sends beyond the window");
    connection.toRoom.push({ type: "chunk", seq, audio });
  }
}

function assert(condition: boolean, broken: string): asserts condition {
  if (!condition) throw new Error(`the uplink ${broken}`);
}
