/** What the person at the terminal, or a log, is told of a capture while it runs: everything on stderr. */
import type { Capture } from "@roomtone/client/node";
import { createProgress } from "./progress.ts";
import type { Source } from "./source.ts";
import { WaitNotice } from "./wait-notice.ts";

export class Follower {
  /** Times the connection was lost and made again. */
  reconnects = 0;
  readonly #capture: Capture;
  readonly #source: Source;
  readonly #progress = createProgress(process.stderr);
  readonly #connecting: WaitNotice;
  readonly #limited: WaitNotice;

  constructor(capture: Capture, source: Source, url: string) {
    this.#capture = capture;
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
    this.#listen();
  }

  /** Says a line of its own. */
  say(line: string): void {
    this.#progress.clear();
    console.error(line);
  }

  stop(): void {
    this.#connecting.stop();
    this.#limited.stop();
    this.#progress.clear();
  }

  #listen(): void {
    const capture = this.#capture;
    this.#connecting.begin("it has not answered yet");
    capture.on("lag", () => this.#draw());
    capture.on("connected", ({ reconnects }) => {
      this.reconnects = reconnects;
      this.#connecting.end();
      this.#draw();
    });
    capture.on("disconnected", ({ code, reason }) => this.#connecting.begin(`${reason} (close code ${code})`));
    capture.on("retrying", ({ reason }) => {
      this.#connecting.begin(reason);
      this.#progress.update(0, 1, `not connected (${reason}); trying again`);
    });
    capture.on("limited", ({ afterMs, detail }) => {
      this.#limited.begin(detail);
      this.#progress.update(0, 1, `the gateway takes no more for ${Math.ceil(afterMs / 1_000)} s: ${detail}`);
    });
    capture.on("acked", () => this.#limited.end());
    capture.on("lost", ({ seq, code, detail }) => this.say(`second ${seq} can't be kept: ${code}: ${detail}`));
  }

  #draw(): void {
    const captured = this.#capture.sourceSeconds;
    const behind = this.#capture.lagSeconds;
    const resumes = this.reconnects === 0 ? "" : `, ${this.reconnects} resumed`;
    const kept = captured - behind;
    this.#progress.update(kept, this.#source.seconds ?? captured, `${kept} s kept, ${behind} s behind${resumes}`);
  }
}
