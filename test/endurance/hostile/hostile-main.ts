/**
 * A process of its own beside a soak, with descriptors of its own: 60 watchers that read nothing of a meeting full of captions, 500
 * refused sockets, 300 bodies that stop arriving, all the time until its parent tells it to stop. The one argument is the
 * gateway's address.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { type HostileTarget, sendSlowly, stayRefused, watchUnread } from "./hostile-sockets.ts";

const [watchers, refused, slowBodies] = [60, 500, 300];
/** Captions of one request, some 500 kB; three of them fill what a watcher is sent before it has to tell. */
const captions = 125;
const requests = 3;
const meetingMs = 20_000;
const betweenOpeningsMs = 10;

const url = new URL(process.argv[2] ?? "");
const counts: Record<string, number> = {};
const controller = new AbortController();
const target: HostileTarget = {
  host: url.hostname,
  port: Number(url.port),
  signal: controller.signal,
  count: (what) => {
    counts[what] = (counts[what] ?? 0) + 1;
  },
};
let meeting = 0;
const sessionId = (): string => `hostile-${meeting}`;

async function ask(method: string, path: string, body: object): Promise<void> {
  try {
    const headers = { "content-type": "application/json" };
    const signal = AbortSignal.timeout(meetingMs);
    const answer = await fetch(new URL(path, url), { method, headers, body: JSON.stringify(body), signal });
    await answer.arrayBuffer();
    target.count(`${method} answered ${answer.status}`);
  } catch {
    // A gateway that has no place for it, which is what it is to say.
    target.count(`${method} not answered`);
  }
}

/** A meeting after the other, each full of captions for who does not read them, and then deleted. */
async function talk(): Promise<void> {
  while (!controller.signal.aborted) {
    meeting += 1;
    await ask("POST", "/v1/sessions", { session_id: sessionId() });
    await sleep(meetingMs / 4);
    for (let n = 0; n < requests; n += 1) {
      const utterances = Array.from({ length: captions }, (_, i) => ({
        text: "x".repeat(3_900),
        start_ms: n * captions + i,
        end_ms: n * captions + i,
      }));
      await ask("POST", `/v1/sessions/${sessionId()}/utterances`, { utterances });
      await sleep(meetingMs / 4);
    }
    await ask("DELETE", `/v1/sessions/${sessionId()}`, {});
  }
}

const work = [
  talk(),
  ...Array.from({ length: watchers }, () => () => watchUnread(target, () => `/v1/sessions/${sessionId()}/live`)),
  ...Array.from({ length: refused }, () => () => stayRefused(target)),
  ...Array.from({ length: slowBodies }, () => () => sendSlowly(target)),
];
process.once("SIGTERM", () => {
  console.log(JSON.stringify(counts));
  controller.abort();
  process.exit(0);
});
const running: Promise<void>[] = [];
for (const begin of work) {
  running.push(typeof begin === "function" ? begin() : begin);
  await sleep(betweenOpeningsMs);
}
await Promise.all(running);
