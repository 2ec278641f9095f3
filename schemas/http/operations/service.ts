/** What the gateway says of itself. */
import { healthSchema } from "../health.ts";
import { type Operation } from "../operation.ts";

export const serviceOperations = {
  health: {
    method: "GET",
    path: "/health",
    summary: "What runs here. Wakes no room.",
    access: "public",
    answers: { 200: { description: "The gateway serves.", schema: healthSchema } },
    errors: [],
  },
} as const satisfies Record<string, Operation>;
