export { Captioner } from "./captioner.ts";
