/** What counted operations cost by list prices, and what many meetings share. */
import { expect, test } from "vitest";
import { meteredModules } from "../../../scripts/bench/contestants/metered.ts";
import { sharedByMany } from "../../../scripts/bench/million.ts";
import { awakeHour, costOf, operationsOf } from "../../../scripts/bench/prices.ts";

const hour = {
  "Worker requests": 1,
  "R2 class_a": 3_600,
  "R2 class_b": 10,
  "D1 queries": 12,
  "D1 rows_written": 12,
  "MeetingSessionDO messages": 3_600,
  "MeetingSessionDO rows_written": 7_200,
  "Operations requests": 360,
  "Operations rows_written": 800,
  "TenantQuota alarms_run": 40,
};

test("counts of all objects come together, and those of R2, D1 and the Worker are their own", () => {
  expect(operationsOf(hour)).toMatchObject({
    workerRequests: 1,
    classA: 3_600,
    classB: 10,
    d1RowsWritten: 12,
    messages: 3_600,
    rowsWritten: 8_000,
    objectRequests: 360,
    alarmsRun: 40,
  });
});

test("an hour costs what its operations cost: twenty messages are one request", () => {
  const cost = costOf(operationsOf(hour));
  expect(cost["R2 class A"]).toBeCloseTo(0.0162, 10);
  expect(cost["rows written"]).toBeCloseTo(0.008, 10);
  expect(cost["object requests"]).toBeCloseTo(((360 + 40 + 180) * 0.15) / 1e6, 10);
  expect(awakeHour).toBeCloseTo(0.00576, 10);
});

test("what there is one of is full when its share of a meeting adds up to the published limit", () => {
  const rows = sharedByMany(hour, { "D1 queries": 6 }).rows;
  expect(rows.find((row) => row["what they share"] === "the installation's Operations object")).toMatchObject({
    "of a million": "100000",
    "full at": "10000 meetings",
  });
  expect(rows.find((row) => row["what they share"] === "the index in D1")).toMatchObject({
    "full at": "200000 meetings",
  });
  expect(rows.find((row) => row["what they share"] === "a tenant's TraceLog")).toMatchObject({ "full at": "-" });
});

test("a counted Worker is the Worker's own code, with the counter in the place of the platform's module", () => {
  const source = 'import { DurableObject as Base } from "cloudflare:workers";\nexport class A extends Base {}\n';
  const modules = meteredModules(source);
  expect(modules["index.js"]).toBe(source.replace("cloudflare:workers", "./meter.js"));
  expect(modules["meter.js"]).toContain('from "cloudflare:workers"');
});
