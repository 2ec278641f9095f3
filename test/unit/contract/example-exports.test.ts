import { expect, test } from "vitest";
import { exports } from "../../../server/gateway/results/exports/exports.ts";
import { examplesOf } from "../../../scripts/contract/examples/http.ts";
import { result } from "../../../scripts/contract/examples/meeting.ts";

test.each([
  ["exportRttm", "speakers.rttm"],
  ["exportVtt", "transcript.vtt"],
  ["exportSrt", "transcript.srt"],
  ["exportText", "transcript.txt"],
] as const)("[E1] %s: the example is what the gateway writes of the example meeting", (id, name) => {
  const [example] = Object.values(examplesOf(id).texts?.[200] ?? {});
  expect(example?.value).toBe(exports[name].write({ ...result, sessionId: result.session_id }));
});
