/** Finalize and the first byte of `audio.wav`, of a short meeting and of a long one, by the steps of `npm run bench:finalize`. */
import type { Bench } from "../bench.ts";
import { contestantNamed } from "../contestants/contestants.ts";
import { measureMeeting } from "../finalize-run.ts";
import type { FigureTable } from "../report/figure.ts";
import { short } from "../report/stats.ts";

const minute = 60;
const hour = 3_600;

export async function finalize(bench: Bench): Promise<FigureTable> {
  const server = await bench.server(contestantNamed("roomtone").server);
  const lengths = bench.options.isLong ? [minute, hour, 8 * hour] : [minute, hour];
  const rows: FigureTable["rows"][number][] = [];
  for (const seconds of lengths) {
    const [session = ""] = bench.sessions(1);
    const found = await measureMeeting(
      { url: server.url, session, seconds, tracks: ["mic"], memory: () => server.residentBytes() },
      bench.run,
    );
    rows.push({
      meeting: seconds < hour ? `${seconds / minute} min` : `${seconds / hour} h`,
      "first byte, start ms": short(found.before.startMs),
      "first byte, end ms": short(found.before.endMs),
      "finalize s": short(found.finalizeMs / 1_000),
      "s an audio hour": short((found.finalizeMs / 1_000 / seconds) * hour),
      "first byte after, start ms": short(found.after.startMs),
      "first byte after, end ms": short(found.after.endMs),
      "workerd MiB, most": short(found.bytes[1] / 2 ** 20),
    });
  }
  return {
    title: "Finalize, and the first byte of audio.wav",
    rows,
    notes: ["One track, streamed as fast as admitted; a range of ten seconds, the median of nine tries."],
  };
}
