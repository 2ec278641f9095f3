/**
 * `npm run eval:speakers`: how well the embedded resolver tells who speaks, and what it costs. Meetings of folders,
 * and meetings made of synthetic voices that its model never heard. Ends with 1 where a target is missed.
 */
import { runCommand } from "./cli/run-command.ts";
import { GatewayProcess } from "./local/gateway-process.ts";
import { askService, createDirectDiarizer, postReview, reviewWith } from "./speakers/eval/diarize.ts";
import { parseEvalOptions } from "./speakers/eval/eval-command.ts";
import { evaluate } from "./speakers/eval/eval-run.ts";
import { createGatewayDiarizer } from "./speakers/eval/gateway-diarizer.ts";

await runCommand(parseEvalOptions, async (options, { atEnd }) => {
  const windowMs = options.window * 1_000;
  if (!options.gateway) {
    const { service } = options;
    const review = options.review && service !== undefined ? reviewWith(postReview(service)) : undefined;
    const diarize = createDirectDiarizer(windowMs, service === undefined ? undefined : askService(service));
    const isGood = await evaluate(options, { diarize, review, measuresCpu: service === undefined });
    return isGood ? 0 : 1;
  }
  const gateway = new GatewayProcess({});
  atEnd(() => gateway.dispose());
  await gateway.start();
  const diarize = createGatewayDiarizer(gateway, windowMs);
  return (await evaluate(options, { diarize, measuresCpu: false })) ? 0 : 1;
});
