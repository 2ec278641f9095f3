/** `npm run eval:speech`: how many words speech recognition gets wrong, and how long it takes. */
import { runCommand } from "./cli/run-command.ts";
import { GatewayProcess } from "./local/gateway-process.ts";
import { parseEvalOptions } from "./speech/eval-command.ts";
import { evaluate } from "./speech/eval-run.ts";
import { openDirectHearing } from "./speech/hear-direct.ts";
import { createGatewayHearing } from "./speech/hear-in-gateway.ts";

const note = (line: string): void => console.error(line);

await runCommand(parseEvalOptions, async (options, { atEnd, print }) => {
  if (!options.gateway) {
    const { hear, close } = await openDirectHearing();
    atEnd(close);
    return evaluate(options, { hear, print, note });
  }
  const gateway = new GatewayProcess({});
  atEnd(() => gateway.dispose());
  await gateway.start();
  return evaluate(options, { hear: createGatewayHearing(gateway), print, note });
});
