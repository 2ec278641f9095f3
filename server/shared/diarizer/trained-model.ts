/** The model in use. Apart from its format, so that training a new one doesn't need an old one. */
import { modelBase64 } from "./model-data.ts";
import { decodeModel, type SpeakerModel } from "./model.ts";

export const trainedModel: SpeakerModel = decodeModel(modelBase64);
