/**
 * A browser's own `<audio>` plays and seeks in a track over HTTP, during the meeting and after it. The tests follow one
 * track through its life, in their order.
 */
import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { newSession, postJson } from "../support/gateway-http.ts";
import { useGateway } from "../support/use-gateway.ts";
import { TestClient } from "../support/ws-client.ts";
import { isWithoutBrowser, useBrowser } from "./support/use-browser.ts";

const gateway = useGateway({ env: { RESOLVE_AUTO: "off" } });
const browsers = useBrowser();
const burst = 30;
/** 16 MB: far more than a browser reads ahead. */
const seconds = 500;
/** With what comes in while it is played. */
const allSeconds = 520;

const session = newSession();
let streaming: TestClient | undefined;

beforeAll(async () => {
  if (isWithoutBrowser) return;
  streaming = await TestClient.connect(gateway, { session, encoding: "msgpack" });
  await goOn(streaming, 1, seconds);
});
afterAll(() => streaming?.leave());

async function goOn(client: TestClient, from: number, to: number): Promise<void> {
  for (let next = from; next <= to; next += burst) {
    const count = Math.min(burst, to - next + 1);
    for (let i = 0; i < count; i += 1) client.sendChunk(next + i);
    await client.take("ack", count);
  }
}

interface Player {
  readonly page: Page;
  /** Statuses and `content-range` of what it fetched. */
  readonly fetched: string[];
}

/** A player on a page of the gateway's own origin. @returns it, once it knows the duration. */
async function openPlayer(query = ""): Promise<Player> {
  const page = await (await browsers.launch()).context.newPage();
  const fetched: string[] = [];
  page.on("response", (response) => {
    if (!response.url().includes("/audio.wav")) return;
    fetched.push(`${response.status()} ${response.headers()["content-range"] ?? ""}`);
  });
  // A page of the gateway's origin: its own answers forbid themselves to load anything.
  await page.route("**/player", (route) => route.fulfill({ contentType: "text/html", body: "<!doctype html>" }));
  await page.goto(`${gateway.url}/player`);
  await page.evaluate(async (src) => {
    const audio = new Audio(src);
    audio.muted = true;
    audio.preload = "auto";
    document.body.append(audio);
    await new Promise((resolve, reject) => {
      audio.addEventListener("loadedmetadata", resolve, { once: true });
      audio.addEventListener("error", () => reject(new Error(audio.error?.message ?? "error")), { once: true });
    });
  }, `/v1/sessions/${session}/audio.wav${query}`);
  return { page, fetched };
}

/** Seeks, plays a moment, and stops. @returns where it stood after the seek, how far it played, and the duration. */
function seek({ page }: Player, at: number): Promise<{ at: number; played: number; duration: number }> {
  return page.evaluate(async (target) => {
    const audio = document.querySelector("audio");
    if (!audio) throw new Error("no audio element");
    const next = (type: string): Promise<unknown> =>
      new Promise((resolve, reject) => {
        audio.addEventListener(type, resolve, { once: true });
        audio.addEventListener("error", () => reject(new Error(audio.error?.message ?? "error")), { once: true });
      });
    const sought = next("seeked");
    audio.currentTime = target;
    await sought;
    const stood = audio.currentTime;
    await audio.play();
    while (audio.currentTime < stood + 0.2) await next("timeupdate");
    audio.pause();
    return { at: stood, played: audio.currentTime - stood, duration: audio.duration };
  }, at);
}

async function expectSeeks(player: Player, duration: number): Promise<void> {
  for (const at of [duration - 20, 3, duration / 2]) {
    const sought = await seek(player, at);
    expect(sought.duration).toBe(duration);
    expect(sought.at).toBeCloseTo(at, 3);
    expect(sought.played).toBeGreaterThanOrEqual(0.2);
  }
  // It got there by ranges, not by reading all that lies before.
  const starts = player.fetched.map((line) => Number(/^206 bytes (\d+)-/.exec(line)?.[1]));
  expect(Math.max(...starts.filter((start) => start >= 0)), `fetched ${player.fetched.join(", ")}`).toBeGreaterThan(
    (duration - 60) * 32_000,
  );
}

test.skipIf(isWithoutBrowser)("[A6] <audio> seeks during the meeting, also while more comes in", async () => {
  const player = await openPlayer(`?to_ms=${seconds * 1_000}`);
  if (streaming) await goOn(streaming, seconds + 1, allSeconds);
  await expectSeeks(player, seconds);
  expect((await openPlayer("?from_ms=510000")).fetched[0]).toMatch(/^206 bytes 0-320043/);
});

test.skipIf(isWithoutBrowser)("[A6] a player that was opened during the meeting goes on after it", async () => {
  const player = await openPlayer();
  expect(await seek(player, 10)).toMatchObject({ duration: allSeconds });
  expect((await postJson(gateway, `/v1/sessions/${session}/finalize`, {})).status).toBe(200);
  await expectSeeks(player, allSeconds);
});

test.skipIf(isWithoutBrowser)("[A6] <audio> seeks after the meeting", async () => {
  const player = await openPlayer();
  await expectSeeks(player, allSeconds);
  expect(player.fetched[0]).toMatch(/^20[06] /);
});
