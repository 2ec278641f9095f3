/** A conversation's context, as a model that writes is told it. Pure. */
import type { ChatContext } from "../../../../schemas/http/chats.ts";

/** @returns undefined where there is nothing to tell. */
export function contextText(
  { pathos_framing, local_knowledge = [], constraints = [] }: ChatContext,
  system?: string,
): string | undefined {
  const parts = [
    system ?? "",
    pathos_framing ?? "",
    local_knowledge.length > 0 ? `What is known:\n${listed(local_knowledge)}` : "",
    constraints.length > 0 ? `Keep to this:\n${listed(constraints)}` : "",
  ].filter((part) => part !== "");
  return parts.length === 0 ? undefined : parts.join("\n\n");
}

const listed = (texts: readonly string[]): string => texts.map((text) => `- ${text}`).join("\n");
