/** What came out of an evaluation, in lines. Pure. */
import type { Judged } from "./eval-run.ts";

export function evalTable(judged: readonly Judged[], showsWrong: boolean): string[] {
  const rows = [
    ["findable, to tune on", judged.filter(({ isFindable, isHeldOut }) => isFindable && !isHeldOut)],
    ["findable, held out", judged.filter(({ isFindable, isHeldOut }) => isFindable && isHeldOut)],
    ["not there, to tune on", judged.filter(({ isFindable, isHeldOut }) => !isFindable && !isHeldOut)],
    ["not there, held out", judged.filter(({ isFindable, isHeldOut }) => !isFindable && isHeldOut)],
  ] as const;
  const table = rows.map(([name, some]) => {
    const right = some.filter(({ isRight }) => isRight).length;
    const share = some.length === 0 ? "–" : `${Math.round((100 * right) / some.length)} %`;
    return `${name.padEnd(24)} ${String(right).padStart(3)} of ${String(some.length).padStart(3)}  ${share.padStart(5)}`;
  });
  if (!showsWrong) return table;
  const wrong = judged.filter(({ isRight, isHeldOut }) => !isRight && !isHeldOut);
  return [
    ...table,
    "",
    ...wrong.map(({ meeting, question, answer }) => `${meeting}: ${question}\n  ${answer.replaceAll("\n", " ")}`),
  ];
}
