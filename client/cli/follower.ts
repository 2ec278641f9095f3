/** Words on stderr while a capture runs, for a person at a terminal or a log (V1, V3). */
import type { Capture, CaptureEvents } from "@roomtone/client/node";
import { plain } from "./plain.ts";
import { createProgress } from "./progress.ts";
import type { Source } from "./source.ts";
import { WaitNotice } from "./wait-notice.ts";

interface Followed {
  /** Names its track where there are several. */
  readonly label: string;
  reconnects: number;
  isConnected: boolean;
  /** Seconds that are in memory alone. */
  unsaved: number;
}

export class Follower {
  readonly #source: Source;
  readonly #progress = createProgress(process.stderr);
  readonly #captures = new Map<Capture, Followed>();
  readonly #connecting: WaitNotice;
  readonly #limited: WaitNotice;
  readonly #full: WaitNotice;
  readonly #store: WaitNotice;
  readonly #silent: WaitNotice;
  #saidWarnings = 0;

  constructor(source: Source, url: string) {
    this.#source = source;
    const say = (line: string): void => this.say(line);
    this.#connecting = new WaitNotice(
      {
        waiting: (forS, why) =>
          `Not connected to ${url} for ${forS} s: ${why}. Trying on; what is captured waits in the spool.`,
        over: (afterS) => `Connected to ${url} after ${afterS} s.`,
      },
      say,
    );
    this.#limited = new WaitNotice(
      {
        waiting: (forS, why) => `The gateway has taken nothing for ${forS} s: ${why} Trying on.`,
        over: (afterS) => `The gateway takes audio again after ${afterS} s.`,
      },
      say,
    );
    this.#full = new WaitNotice(
      { waiting: (forS, why) => `The spool has taken nothing for ${forS} s: ${why}.`, over: takesAgain },
      say,
    );
    this.#store = new WaitNotice(
      {
        waiting: (forS, why) => `The spool has failed for ${forS} s: ${why}.${this.#inMemory} Trying on.`,
        over: takesAgain,
      },
      say,
    );
    this.#silent = new WaitNotice(
      {
        waiting: (forS) => `No samples have come for ${forS} s.`,
        over: (afterS) => `Samples come again after ${afterS} s.`,
      },
      say,
    );
  }

  /** A block is waited for that comes by itself. */
  awaitBlock(): void {
    this.#silent.begin("");
  }

  /** It came, or none is waited for any more. */
  handleBlock(): void {
    this.#silent.end();
    const warnings = this.#source.laterWarnings ?? [];
    for (; this.#saidWarnings < warnings.length; this.#saidWarnings += 1)
      this.say(`What comes on stdin: ${warnings[this.#saidWarnings] ?? ""}`);
  }

  /** Says a line of its own. */
  say(line: string): void {
    this.#progress.clear();
    // What the gateway, a proxy or the system says of a failure is in it.
    console.error(plain(line));
  }

  /** @param track undefined where it is the only one. */
  follow(capture: Capture, track: string | undefined): void {
    const followed: Followed = {
      label: track === undefined ? "" : `${track}: `,
      reconnects: 0,
      isConnected: false,
      unsaved: 0,
    };
    this.#captures.set(capture, followed);
    this.#wait(followed, "it has not answered yet");
    capture.on("lag", () => this.#draw());
    const isThere = (): void => {
      followed.isConnected = true;
      if ([...this.#captures.values()].every(({ isConnected }) => isConnected)) this.#connecting.end();
    };
    capture.on("connected", ({ reconnects, resending }) => {
      followed.reconnects = reconnects;
      // A connection that ends before it keeps anything, again and again, is none.
      if (resending === 0 || reconnects === 0) isThere();
      this.#draw();
    });
    capture.on("disconnected", ({ code, reason }) => this.#wait(followed, `${reason} (close code ${code})`));
    capture.on("retrying", ({ reason }) => {
      this.#wait(followed, reason);
      this.#progress.update(0, 1, plain(`not connected (${reason}); trying again`));
    });
    capture.on("limited", ({ afterMs, detail }) => {
      isThere();
      this.#limited.begin(detail);
      this.#progress.update(0, 1, plain(`the gateway takes no more for ${Math.ceil(afterMs / 1_000)} s: ${detail}`));
    });
    capture.on("acked", () => {
      isThere();
      this.#limited.end();
    });
    capture.on("full", ({ seconds }) => this.#full.begin(`it is full, and ${seconds} s wait for the gateway`));
    capture.on("space", () => this.#full.end());
    capture.on("outboxRetrying", ({ reason }) => this.#store.begin(reason));
    capture.on("outboxRecovered", () => this.#store.end());
    capture.on("unsaved", ({ seconds }) => (followed.unsaved = seconds));
    capture.on("channels", (fault) => this.say(`${followed.label}${channelWarning(fault)}`));
    capture.on("warning", ({ seq, detail }) =>
      this.say(`${followed.label}second ${seq} is kept, and the gateway warns of it: ${detail}`),
    );
    capture.on("renumbered", ({ by }) => this.say(`${followed.label}${appendedWarning(by)}`));
    capture.on("lost", ({ seq, code, detail }) =>
      this.say(`${followed.label}second ${seq} can't be kept: ${code}: ${detail}`),
    );
  }

  /** Times its connection was lost and made again. */
  reconnectsOf(capture: Capture): number {
    return this.#captures.get(capture)?.reconnects ?? 0;
  }

  stop(): void {
    this.#connecting.stop();
    this.#limited.stop();
    this.#full.stop();
    this.#store.stop();
    this.#silent.stop();
    this.#progress.clear();
  }

  get #inMemory(): string {
    const seconds = [...this.#captures.values()].reduce((sum, { unsaved }) => sum + unsaved, 0);
    return seconds === 0 ? "" : ` ${seconds} s are in memory alone until the gateway has them.`;
  }

  #wait(followed: Followed, reason: string): void {
    followed.isConnected = false;
    this.#connecting.begin(reason);
  }

  /** Of several tracks the one that is furthest behind. */
  #draw(): void {
    const captures = [...this.#captures.keys()];
    const captured = Math.min(...captures.map(({ sourceSeconds }) => sourceSeconds));
    const behind = Math.max(...captures.map(({ lagSeconds }) => lagSeconds));
    const resumed = Math.max(...Array.from(this.#captures.values(), ({ reconnects }) => reconnects));
    const resumes = resumed === 0 ? "" : `, ${resumed} resumed`;
    const kept = Math.max(0, captured - behind);
    this.#progress.update(kept, this.#source.seconds ?? captured, `${kept} s kept, ${behind} s behind${resumes}`);
  }
}

const takesAgain = (afterS: number): string => `The spool takes audio again after ${afterS} s.`;

function channelWarning(fault: CaptureEvents["channels"]): string {
  if (fault.kind === "cancel")
    return `Channels are each other's opposite, and averaged they are next to silent. Take one: --channel ${fault.channel}.`;
  return `Only channel ${fault.channel} has sound; averaged with the silent ones it is ${fault.lossDb} dB quieter. Take it alone: --channel ${fault.channel}.`;
}

function appendedWarning(by: number): string {
  return `This track has ${by} s that are not from this spool; this audio goes behind them.`;
}
