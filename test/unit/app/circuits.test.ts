import { afterEach, expect, test, vi } from "vitest";
import { Circuit, circuitOf, failuresToOpen } from "../../../server/app/ai/circuits.ts";

afterEach(() => {
  vi.restoreAllMocks();
});

test("[M14] [Z5] a circuit says that it opened, again with each try that fails, and once that it closed", () => {
  let now = 0;
  const told: string[] = [];
  const circuit = new Circuit(
    () => now,
    () => 0.5,
    (state) => told.push(state),
  );
  for (let n = 1; n < failuresToOpen; n += 1) circuit.failed();
  circuit.succeeded();
  expect(told).toEqual([]);
  for (let n = 0; n < failuresToOpen; n += 1) circuit.failed();
  expect(told).toEqual(["open"]);
  now += 60_000;
  expect(circuit.enter()).toBe(true);
  circuit.failed();
  now += 60_000;
  expect(circuit.enter()).toBe(true);
  circuit.succeeded();
  circuit.succeeded();
  expect(told).toEqual(["open", "open", "closed"]);
});

test("[M14] [Z5] it is a line, with tenant and model, and without the model's address", () => {
  const warned = vi.spyOn(console, "warn").mockImplementation(() => undefined);
  const circuit = circuitOf("acme", "openai/whisper-1", "http://10.0.0.1:9/v1");
  for (let n = 0; n < failuresToOpen; n += 1) circuit.failed();
  expect(warned.mock.calls.map(([line]) => JSON.parse(String(line)) as unknown)).toEqual([
    { level: "warn", event: "model.circuit", tenant: "acme", model: "openai/whisper-1", state: "open" },
  ]);
});
