/**
 * Listening to a meeting as it goes on. Begun by a click, as browsers ask it for sound; ended by another one, by the meeting's end, or
 * with the view. Only what is said from then on is heard here; the view's player has what was said before.
 */
import { signal } from "@preact/signals";
import { workletUrl } from "virtual:console-files";
import { type LivePlayer, openLivePlayer } from "../../browser/index.ts";
import { gatewayAtOnce } from "../api/gateway.ts";
import { plainWords } from "../api/plain-words.ts";
import { notify } from "./notices.ts";

export type ListeningState = "off" | "connecting" | "on" | "reconnecting";

export class Listening {
  readonly state = signal<ListeningState>("off");
  readonly #sessionId: string;
  #ending: AbortController | undefined;

  constructor(sessionId: string) {
    this.#sessionId = sessionId;
  }

  /** To be called by a click's handler. */
  toggle(): void {
    if (this.#ending) this.stop();
    else void this.#listen();
  }

  stop(): void {
    this.#ending?.abort();
    this.#ending = undefined;
    this.state.value = "off";
  }

  async #listen(): Promise<void> {
    const ending = new AbortController();
    const { signal: isLeft } = ending;
    this.#ending = ending;
    this.state.value = "connecting";
    const is = (state: ListeningState) => (): void => {
      if (!isLeft.aborted) this.state.value = state;
    };
    let player: LivePlayer | undefined;
    try {
      player = await openLivePlayer({ workletUrl });
      const options = { signal: isLeft, onConnected: is("on"), onRetrying: is("reconnecting") };
      await player.play(gatewayAtOnce.listen(this.#sessionId, options));
    } catch (cause) {
      if (!isLeft.aborted) notify("problem", `The meeting can't be heard now. ${plainWords(cause)}`);
    } finally {
      await player?.close();
      if (this.#ending === ending) this.stop();
    }
  }
}
