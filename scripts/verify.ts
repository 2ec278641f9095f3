/** `npm run verify -- SESSION`: recomputes a finalized session from its bucket, and says what differs. */
import { Command } from "commander";
import { createProgress } from "../client/cli/progress.ts";
import { defaultTenant, sessionIdSchema, tenantSchema } from "../schemas/names.ts";
import { Failure, sentenceOf } from "../schemas/lib/failure.ts";
import { openLocalBucket } from "./local/local-bucket.ts";
import { verifySession } from "./local/verify-session.ts";

const command = new Command("npm run verify --")
  .description(
    "Recomputes a finalized session's result from the chunks and events in R2. Ends with 1 where anything differs.",
  )
  .argument("<session>", "the session's id")
  .option("--state-dir <folder>", "of the gateway whose bucket it is", process.env["STATE_DIR"] || ".wrangler/state")
  .option("--tenant <tenant>", "whose session it is", defaultTenant)
  .parse();
const { stateDir, tenant } = command.opts<{ stateDir: string; tenant: string }>();
const [sessionId = ""] = command.args;

try {
  if (!sessionIdSchema.safeParse(sessionId).success) throw new Failure(`"${sessionId}" is no session id.`);
  if (!tenantSchema.safeParse(tenant).success) throw new Failure(`"${tenant}" is no tenant.`);
  const progress = createProgress(process.stderr);
  const bucket = await openLocalBucket(stateDir);
  try {
    const { checked, differences } = await verifySession({
      bucket,
      tenant,
      sessionId,
      onProgress: (done, total) => progress.update(done, total, `${done} of ${total} chunks`),
    });
    progress.clear();
    for (const line of checked) console.log(`recomputed  ${line}`);
    for (const line of differences) console.log(`DIFFERS     ${line}`);
    console.log(
      differences.length === 0 ? "The result holds." : `The result does not hold: ${differences.length} differences.`,
    );
    process.exitCode = differences.length === 0 ? 0 : 1;
  } finally {
    progress.clear();
    await bucket.close();
  }
} catch (cause) {
  console.error(sentenceOf(cause));
  process.exitCode = 1;
}
