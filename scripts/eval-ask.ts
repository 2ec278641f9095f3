/** `npm run eval:ask`: how many questions on meetings are answered from the right place, and how many that nobody answered are said not to be there. */
import { plainJson } from "../schemas/plain-json.ts";
import { evalAsk } from "./ask/eval-run.ts";
import { parseEvalAskOptions } from "./ask/eval-command.ts";
import { evalTable } from "./ask/eval-table.ts";
import { runCommand } from "./cli/run-command.ts";

await runCommand(parseEvalAskOptions, async ({ model, wrong, json }, { print }) => {
  const judged = await evalAsk(model);
  if (json) print(plainJson(judged));
  else for (const line of evalTable(judged, wrong)) print(line);
});
