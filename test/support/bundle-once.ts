/** Bundles the Workers before any test of a project starts a gateway: those that start at once would each do it. */
import { workerBundle } from "../../scripts/local/bundle/worker-bundle.ts";

export default async function setup(): Promise<void> {
  await workerBundle();
}
