/** The load generator: a process of its own, so that its work is neither the server's nor the measurer's. Takes one job, answers, ends. */
import { sentenceOf } from "../../../schemas/lib/failure.ts";
import type { LoadAnswer, LoadJob } from "./job.ts";
import { driveLoad } from "./drive.ts";

const answer = (given: LoadAnswer): void => {
  process.send?.(given, () => process.exit(0));
};

process.once("message", (job: LoadJob) => {
  driveLoad(job).then(
    (result) => answer({ result }),
    (cause: unknown) => answer({ failure: sentenceOf(cause) }),
  );
});
// Whoever asked is gone.
process.once("disconnect", () => process.exit(1));
