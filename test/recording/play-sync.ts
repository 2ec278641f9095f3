import { createHash } from "node:crypto";
import type { Recorder } from "./recorder.ts";

/** Two devices of one user: what one changes the other gets, and where both did they are told. */
export async function playSync(recorder: Recorder): Promise<void> {
  const [device_id, phone] = ["laptop", "phone"];
  const theme = { id: "console", body: { theme: "dark", language: "en" } };
  const push = { device_id, push_id: "push-1", since: 0, changes: [theme] };
  await recorder.call("syncSettings", ["pushed", "A device's settings"], { body: push });
  await recorder.call("syncSettings", ["pulled", "And on another device"], { body: { device_id: phone, since: 0 } });
  const notes = { id: "kiln", title: "The kiln", media_type: "text/markdown" };
  const first = { device_id, push_id: "push-2", since: 1, changes: [{ ...notes, body: "Fired at 1,240 degrees." }] };
  await recorder.call("syncKnowledge", ["new", "A new document"], { body: first });
  const edits = [device_id, phone].map((by) => ({
    device_id: by,
    push_id: `edit-by-${by}`,
    since: 2,
    changes: [{ ...notes, revision: 2, body: `Fired at 1,260 degrees, says the ${by}.` }],
  }));
  await recorder.call("syncKnowledge", ["edited", "Another text of it"], { body: edits[0] });
  await recorder.call("syncKnowledge", ["conflict", "Which a second device did not know of"], { body: edits[1] });
  const weights = new TextEncoder().encode("weights");
  const sha256 = createHash("sha256").update(weights).digest("hex");
  await recorder.call("startBody", ["begun", "Nothing of it is here"], { body: { sha256, bytes: weights.length } });
  await recorder.refused("completeBody", { parameters: { sha256 } });
  const part = { parameters: { sha256, part: 1 }, audio: weights };
  await recorder.call("putBodyPart", ["whole", "Its only part"], part);
  await recorder.call("completeBody", ["kept", "It is kept"], { parameters: { sha256 } });
  const adapter = { id: "support-tone", title: "How we speak", base_model: "llama-3.2-3b", sha256 };
  const adapters = { body: { device_id, push_id: "push-3", since: 4, changes: [adapter] } };
  await recorder.call("syncAdapters", ["new", "An adapter, by its body's SHA-256"], adapters);
  await recorder.call("syncLora", ["again", "The same push again"], adapters);
  await recorder.refused("getBody", { parameters: { sha256: "0".repeat(64) } });
  const wrong = { sha256: "0".repeat(64), bytes: weights.length };
  await recorder.ask("startBody", { body: wrong });
  await recorder.ask("putBodyPart", { parameters: { sha256: wrong.sha256, part: 1 }, audio: weights });
  await recorder.refused("completeBody", { parameters: { sha256: wrong.sha256 } });
  const id = "7d2c8a51-0f0e-4d6c-8f4e-5b1a2c3d4e5f";
  const chat = { device_id, push_id: "push-4", since: 0, changes: [{ id, title: "Kilns" }] };
  await recorder.call("syncHistory", ["new", "A chat that is begun on a device"], { body: chat });
  await recorder.ask("deleteChat", { parameters: { chat_id: id } });
  await recorder.call("lockSync", ["taken", "For half a minute"], { body: { device_id } });
  await recorder.refused("lockSync", { body: { device_id: phone } });
  await recorder.refused("lockSync", { body: { device_id: phone, fence: 1 } });
  await recorder.call("syncStatus", ["locked", "While a device holds the lock"]);
  await recorder.call("lockSync", ["released", "And given free"], { body: { device_id, fence: 1, release: true } });
}
