/** The dashboard and the rules ask for metrics that there are, by labels that they have. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { exposition } from "../../../server/app/operations/exposition.ts";
import { metricNamed } from "../../../server/shared/telemetry/metrics.ts";

const folder = new URL("../../../docs/grafana/", import.meta.url);
const read = (name: string): string => readFileSync(new URL(name, folder), "utf8");

const names = (text: string): string[] => [...new Set(text.match(/roomtone_\w+/g) ?? [])];
/** What Prometheus calls a histogram's series. */
const known = (name: string): boolean =>
  metricNamed(name) !== undefined || metricNamed(name.replace(/_(bucket|sum|count)$/, ""))?.type === "histogram";

test.each(["dashboard.json", "alert-rules.yml", "alert-rules.test.yml"])(
  "[Z5] every metric of %s is in the exposition",
  (file) => {
    const text = read(file);
    expect(names(text).length).toBeGreaterThan(4);
    expect(names(text).filter((name) => !known(name))).toEqual([]);
    const shown = exposition([]);
    for (const name of names(text)) expect(shown).toContain(`# TYPE ${name.replace(/_bucket$/, "")} `);
  },
);

test("[Z5] labels that the dashboard groups by are the metric's own", () => {
  const expressions = [...read("dashboard.json").matchAll(/sum by \(([\w, ]+)\) \((?:rate|increase)\((roomtone_\w+)/g)];
  expect(expressions.length).toBeGreaterThan(5);
  for (const [, labels = "", name = ""] of expressions) {
    const own = new Set([...(metricNamed(name)?.labels ?? []), ...(name.endsWith("_bucket") ? ["le"] : [])]);
    expect(labels.split(", ").filter((label) => !own.has(label))).toEqual([]);
  }
});

test("[Z5] the dashboard is JSON as Grafana takes it: panels with numbers of their own, each with a query", () => {
  const { panels } = JSON.parse(read("dashboard.json")) as { panels: { id: number; targets: { expr: string }[] }[] };
  expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
  expect(panels.every(({ targets }) => targets.length > 0 && targets.every(({ expr }) => expr !== ""))).toBe(true);
});

/** `name{label="…", other=~"…"}`, and `sum by (label) (… name`. */
const selectors = (text: string): { name: string; labels: string[] }[] => [
  ...[...text.matchAll(/(roomtone_\w+)\{([^}]*)\}/g)].map(([, name = "", inside = ""]) => ({
    name,
    labels: [...inside.matchAll(/(\w+)=/g)].map(([, label = ""]) => label),
  })),
  ...[...text.matchAll(/sum by \(([\w, ]+)\) \((?:\w+\()?(roomtone_\w+)/g)].map(([, labels = "", name = ""]) => ({
    name,
    labels: labels.split(", "),
  })),
];

test.each(["alert-rules.yml", "alert-rules.test.yml"])("[Z5] labels in %s are the metric's own", (file) => {
  const asked = selectors(read(file));
  expect(asked.length).toBeGreaterThan(3);
  for (const { name, labels } of asked) {
    const own = new Set([...(metricNamed(name)?.labels ?? []), ...(name.endsWith("_bucket") ? ["le"] : [])]);
    expect({ name, strange: labels.filter((label) => !own.has(label)) }).toEqual({ name, strange: [] });
  }
});

test("[Z6] a rule that looks for growth from nothing goes by a counter that is shown before it is counted", () => {
  const rules = read("alert-rules.yml");
  for (const [, name = "", label] of rules.matchAll(/increase\((roomtone_\w+?)(?:\{\w+="(\w+)"\})?\[\w+\]\)\)? >/g)) {
    // Requests are many: a rate of them bears that the first is missed.
    if (name === "roomtone_http_requests_total") continue;
    const { labels = [], fromZero = [] } = metricNamed(name) ?? {};
    expect({
      name,
      isShown: labels.length === 0 || (label === undefined ? fromZero.length > 0 : fromZero.includes(label)),
    }).toEqual({ name, isShown: true });
  }
});

test("[Z6] every rule is tried by promtool's tests", () => {
  const rules = [...read("alert-rules.yml").matchAll(/- alert: (\w+)/g)].map(([, name]) => name);
  const tried = read("alert-rules.test.yml");
  expect(rules.length).toBeGreaterThan(10);
  expect(rules.filter((name) => !tried.includes(`alertname: ${name}\n        exp_alerts:\n`))).toEqual([]);
});
