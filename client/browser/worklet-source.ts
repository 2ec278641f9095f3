/** All that runs on the audio thread, in one script: a page's server has one file to give out. */
import { playerSource } from "./player-processor.ts";
import { processorSource } from "./source-processor.ts";

export const workletSource = `${processorSource}\n${playerSource}\n`;
