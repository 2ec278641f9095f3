/** Metrics in Prometheus's text format (https://prometheus.io/docs/instrumenting/exposition_formats/). Pure. */
import { type Metric, metricNamed, metrics } from "../../shared/telemetry/metrics.ts";
import type { Sample } from "./series-store.ts";

export const expositionType = "text/plain; version=0.0.4; charset=utf-8";

/** @param samples of the table's metrics; others are left out. Counters that were never counted are 0 where they have no label. */
export function exposition(samples: readonly Sample[]): string {
  const byName = Map.groupBy(samples, ({ name }) => name);
  return Object.entries(metrics)
    .flatMap(([name, metric]: [string, Metric]) => {
      const { type, help, labels } = metric;
      const shown =
        type === "histogram"
          ? histogram(name, byName)
          : fromZero(name, metric, byName.get(name) ?? []).map((sample) => line(sample, labels));
      const lines = shown.length === 0 && labels.length === 0 ? [`${name} 0`] : shown;
      return [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, ...lines];
    })
    .map((text) => `${text}\n`)
    .join("");
}

function fromZero(name: string, metric: Metric, samples: readonly Sample[]): readonly Sample[] {
  const counted = new Set(samples.map(({ labels }) => labels[0]));
  const uncounted = (metric.fromZero ?? []).filter((label) => !counted.has(label));
  return [...samples, ...uncounted.map((label) => ({ name, labels: [label], value: 0 }))];
}

/** Samples tell each its own bucket; a scrape's are those of it and all below. */
function histogram(name: string, byName: ReadonlyMap<string, readonly Sample[]>): string[] {
  const counts = new Map((byName.get(`${name}_bucket`) ?? []).map(({ labels, value }) => [labels[0], value]));
  const bounds = [...(metricNamed(name)?.buckets ?? []).map(String), "+Inf"];
  let sum = 0;
  const buckets = bounds.map((bound) => {
    sum += counts.get(bound) ?? 0;
    return `${name}_bucket{le="${bound}"} ${sum}`;
  });
  return [...buckets, `${name}_sum ${byName.get(`${name}_sum`)?.[0]?.value ?? 0}`, `${name}_count ${sum}`];
}

function line({ name, labels, value }: Sample, names: readonly string[]): string {
  const pairs = names.map((label, index) => `${label}="${escaped(labels[index] ?? "")}"`);
  return `${name}${pairs.length === 0 ? "" : `{${pairs.join(",")}}`} ${value}`;
}

function escaped(value: string): string {
  return value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}
