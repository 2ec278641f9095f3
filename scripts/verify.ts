/** `npm run verify -- SESSION`: recomputes a finalized session from its bucket, and says what differs. */
import { defaultTenant } from "../schemas/names.ts";
import { defineCommand } from "./cli/define-command.ts";
import { sessionId, stateDir, tenantName } from "./cli/option-types.ts";
import { runCommand } from "./cli/run-command.ts";
import { openLocalBucket } from "./local/local-bucket.ts";
import { verifySession } from "./local/verify-session.ts";

const command = defineCommand({
  name: "npm run verify --",
  description: "Recomputes a finalized session's result from what R2 holds. Ends with 1 where anything differs.",
  operands: { session: sessionId.meta({ description: "the session's id" }) },
  options: {
    stateDir,
    tenant: tenantName.meta({ value: "<tenant>", description: "whose session it is", default: defaultTenant }),
  },
});

await runCommand(command, async ({ session, stateDir: folder, tenant }, { progress, print, atEnd }) => {
  progress.update(0, 1, "Opening the bucket");
  const bucket = await openLocalBucket(folder);
  atEnd(() => bucket.close());
  const onProgress = (done: number, total: number): void => progress.update(done, total, `${done} of ${total} chunks`);
  const { checked, differences } = await verifySession({ bucket, tenant, sessionId: session, onProgress });
  for (const line of checked) print(`recomputed  ${line}`);
  for (const line of differences) print(`DIFFERS     ${line}`);
  const isGood = differences.length === 0;
  print(isGood ? "The result holds." : `The result does not hold: ${differences.length} differences.`);
  return isGood ? 0 : 1;
});
