/**
 * A person's talk with a model in a meeting (SPEC Y11): their microphone is a track of it, kept as any other; what the model says is played,
 * and what it is cut off in is dropped. The same parts as a capture and a listener have, put together.
 */
import { type Capture, startCapture } from "../capture/capture.ts";
import type { CaptureOptions } from "../capture/capture-types.ts";
import { Emitter } from "../capture/emitter.ts";
import { createResultsClient } from "../results/results-client.ts";
import type { Participant } from "../../schemas/http/participant.ts";
import type { ParticipantInput } from "../../schemas/http/participant-body.ts";
import { type LivePlayer, openLivePlayer } from "./live-player.ts";
import { type Microphone, openMicrophone } from "./microphone.ts";

export interface ConversationOptions extends Pick<CaptureOptions, "baseUrl" | "sessionId" | "token" | "outbox"> {
  /** What the conversation is to be. */
  readonly participant?: ParticipantInput;
  /** The person's. Default: `mic`. */
  readonly track?: string;
  /** Of the microphone. Echo is cancelled without a word on it: or the model would hear itself. */
  readonly microphone?: MediaTrackConstraints;
  /** As `AudioSourceOptions` has it. */
  readonly workletUrl?: string | URL;
}

export interface ConversationEvents {
  /** How it goes, whenever that changes; `phase` is `ended` once. */
  changed: Participant;
  /** Why it ended without being asked: the microphone, the capture, or the way to the model. */
  failed: { readonly cause: unknown };
}

const lookEveryMs = 700;
const voice: MediaTrackConstraints = { echoCancellation: true, noiseSuppression: true, autoGainControl: true };

/**
 * Begins to talk. Call it in a handler of a click: it asks for the microphone, and for the permission to make sound. Rejects where either is
 * refused, and where the gateway lets no model in.
 */
export async function joinConversation(options: ConversationOptions): Promise<ConversationInPage> {
  const { baseUrl, sessionId, token, outbox, participant = {}, track = "mic", workletUrl } = options;
  const inPage = workletUrl === undefined ? {} : { workletUrl };
  const opened: (() => Promise<unknown>)[] = [];
  try {
    // Side by side: both must be asked for within the click.
    const asked = openLivePlayer(inPage);
    // It makes way too where the microphone is refused. Its own failure is told where it is waited for.
    opened.push(() =>
      asked.then(
        (one) => one.close(),
        () => undefined,
      ),
    );
    const microphone = await openMicrophone({ ...voice, ...options.microphone }, inPage);
    opened.push(() => microphone.close());
    const player = await asked;
    const capture = await startCapture({
      baseUrl,
      sessionId,
      track,
      format: microphone.format,
      live: true,
      ...(token && { token }),
      ...(outbox && { outbox }),
    });
    opened.push(() => capture.close());
    microphone.pipeTo(capture);
    await connected(capture);
    const client = createResultsClient({ baseUrl, ...(token && { token }) });
    const begun = await client.startParticipant(sessionId, participant);
    return new ConversationInPage({ client, sessionId, microphone, player, capture }, begun);
  } catch (cause) {
    for (const close of opened.toReversed()) await close();
    throw cause;
  }
}

interface Parts {
  readonly client: ReturnType<typeof createResultsClient>;
  readonly sessionId: string;
  readonly microphone: Microphone;
  readonly player: LivePlayer;
  readonly capture: Capture;
}

export class ConversationInPage extends Emitter<ConversationEvents> {
  /** For level meters. */
  readonly microphone: Microphone;
  readonly player: LivePlayer;
  readonly capture: Capture;
  readonly #parts: Parts;
  readonly #left = new AbortController();
  readonly #timer: ReturnType<typeof setInterval>;
  #participant: Participant;
  #isOver = false;

  /** @internal Use `joinConversation`. */
  constructor(parts: Parts, begun: Participant) {
    super();
    const { client, sessionId, microphone, player, capture } = parts;
    this.#parts = parts;
    this.microphone = microphone;
    this.player = player;
    this.capture = capture;
    this.#participant = begun;
    const heard = client.listen(sessionId, { signal: this.#left.signal, tracks: [begun.track] });
    player.play(heard).catch((cause: unknown) => void this.#fail(cause));
    capture.on("failed", ({ detail }) => void this.#fail(new Error(detail)));
    const unplugged = (): void => void this.#fail(new Error("The microphone is gone."));
    for (const source of microphone.stream.getAudioTracks()) source.addEventListener("ended", unplugged);
    this.#timer = setInterval(() => void this.#look(), lookEveryMs);
  }

  /** As it was last known to be. */
  get participant(): Participant {
    return this.#participant;
  }

  /** Has the model stop saying what it says now, and listen. @returns whether it was told: there may be no connection now. */
  interrupt(): boolean {
    return !this.#isOver && this.capture.live.flush();
  }

  /** Sends the model away, and ends the person's track: what was said is kept. */
  async end(): Promise<void> {
    if (this.#isOver) return;
    const { client, sessionId } = this.#parts;
    try {
      this.#show(await client.endParticipant(sessionId));
    } finally {
      await this.#leave();
    }
  }

  async #look(): Promise<void> {
    const { client, sessionId } = this.#parts;
    try {
      this.#show(await client.participant(sessionId));
    } catch {
      // The next look finds it, or the capture says that there is no way.
      return;
    }
    if (this.#participant.phase === "ended") await this.#leave();
  }

  #show(now: Participant): void {
    const before = this.#participant;
    this.#participant = now;
    if (before.phase !== now.phase || before.utterances !== now.utterances) this.emit("changed", now);
  }

  async #fail(cause: unknown): Promise<void> {
    if (this.#isOver) return;
    this.emit("failed", { cause });
    await this.#leave();
  }

  async #leave(): Promise<void> {
    if (this.#isOver) return;
    this.#isOver = true;
    clearInterval(this.#timer);
    this.#left.abort(new DOMException("The conversation is over.", "AbortError"));
    await this.microphone.close();
    await this.player.close();
    try {
      await this.capture.end();
    } catch {
      // It said so itself, as `failed`; what it has is in its outbox.
    }
    await this.capture.close();
  }
}

/** The first connection opens the session. */
async function connected(capture: Capture): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    capture.on("connected", () => resolve());
    capture.outcome().catch(reject);
  });
}
