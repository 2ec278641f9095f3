/**
 * Seeded conversations with models over wires that fail: `npm run chaos:talks -- --runs 200`. In simulated time, with people whose audio is lost
 * and objects that die. Ends with 1 at the first rule that is broken, naming the seed: `--seed N --runs 1` plays it again. With `--gateway`
 * they go through a whole gateway, over real sockets and in real time: the same seed then plans the same faults, and meets another machine.
 */
import { setTimeout as delay } from "node:timers/promises";
import { Failure } from "../../schemas/lib/failure.ts";
import { defineCommand } from "../../scripts/cli/define-command.ts";
import { flag, wholeNumber } from "../../scripts/cli/option-types.ts";
import { runCommand } from "../../scripts/cli/run-command.ts";
import { machineClock } from "../../server/app/participant/clock.ts";
import { openWsModelSocket } from "../support/live-model-server.ts";
import { GatewayTalks } from "../support/live-models/play-through-gateway.ts";
import { playReplacements } from "../support/live-models/play-replacements.ts";
import { overWs } from "../support/live-models/served.ts";
import { playInterview } from "../support/live-models/play-interview.ts";

const usualRuns = 200;
/** Conversations at once, and how often the gateway is killed beneath them. */
const [together, killEvery] = [4, 3];
const highestSeed = 1_000_000_000;
const number = wholeNumber(1, highestSeed);

const command = defineCommand({
  name: "npm run chaos:talks --",
  description:
    "Plays seeded conversations with models whose connections fail, and checks every promise of the participant.",
  options: {
    seed: number.optional().meta({ value: "<n>", description: "of the first conversation" }),
    runs: number
      .optional()
      .meta({ value: "<n>", description: `how many, each with the next seed (default: ${usualRuns})` }),
    gateway: flag.meta({ description: "through a whole gateway, which is killed beneath them now and then" }),
    replaced: flag.meta({
      description: "five real minutes over sockets instead, with a connection that is replaced every ten seconds",
    }),
  },
});

await runCommand(command, async ({ seed, runs = usualRuns, replaced, gateway }, { print, progress, atEnd }) => {
  if (replaced) {
    const report = await playReplacements({
      provider: "google",
      clock: machineClock,
      random: Math.random,
      minutes: 5,
      reach: async (serve) => {
        const served = await overWs(serve);
        atEnd(() => served.stop());
        return { baseUrl: served.baseUrl, open: openWsModelSocket };
      },
      pass: (ms) => delay(ms),
    });
    if (report.violations.length > 0) throw new Failure(report.violations.join("; "));
    print(
      `talks: ${report.connections} connections in five minutes, ${report.words} words said, longest cut ${report.longestCutMs} ms: no violation`,
    );
    return;
  }
  const first = seed ?? Math.floor(Math.random() * highestSeed);
  if (gateway) {
    const talks = await GatewayTalks.start(first);
    atEnd(() => talks.stop());
    let [words, utterances, kills] = [0, 0, 0];
    for (let n = 0; n < runs; n += together) {
      const seeds = Array.from({ length: Math.min(together, runs - n) }, (_, at) => first + n + at);
      const isKilled = (n / together) % killEvery === killEvery - 1;
      kills += isKilled ? 1 : 0;
      for (const played of await talks.play(seeds, isKilled ? 8_000 : undefined)) {
        if (played.violations.length > 0)
          throw new Failure(`seed ${played.seed} (${played.model}): ${played.violations.join("; ")}`);
        words += played.words;
        utterances += played.utterances;
      }
      progress.update(n + seeds.length, runs, "conversations");
    }
    const wrong = await talks.violations();
    if (wrong.length > 0) throw new Failure(`from seed ${first}: ${wrong.join("; ")}`);
    print(
      `talks: ${runs} conversations through a gateway from seed ${first}, which was killed ${kills} times; ${talks.connections} connections to models, ${words} words said, ${utterances} utterances, each transcript stored once: no violation`,
    );
    return;
  }
  let [connections, words, utterances] = [0, 0, 0];
  for (let n = 0; n < runs; n += 1) {
    const played = await playInterview(first + n);
    if (played.violations.length > 0)
      throw new Failure(`seed ${played.seed} (${played.model}): ${played.violations.join("; ")}`);
    connections += played.connections;
    words += played.words;
    utterances += played.utterances;
  }
  print(
    `talks: ${runs} conversations from seed ${first}, ${connections} connections, ${words} words said, ${utterances} utterances: no violation`,
  );
});
