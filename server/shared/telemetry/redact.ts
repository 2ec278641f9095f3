/**
 * Takes secrets out of text on its way to a log: whatever looks like one, and the very values that the deployment was given. What
 * is logged is ids, counts and codes anyway; but an error's message is another party's, and may hold an address with a key in it.
 */
const hidden = "[hidden]";
/** Beyond it, a field tells nothing more. */
const maxFieldChars = 1_000;
/** Shorter values would hide what is no secret. */
const leastSecretChars = 8;

const patterns: readonly (readonly [RegExp, string])[] = [
  // JSON Web Tokens.
  [/\beyJ[\w-]{5,}\.[\w-]+(?:\.[\w-]*)?/g, hidden],
  // API keys of this gateway and of others, and secrets of webhooks.
  [/\brt_[a-z0-9]{12}_[\w-]+/g, hidden],
  [/\bwhsec_[\w+/=-]+/g, hidden],
  [/\b(?:sk|pk|gsk|xai|hf|ghp)[-_][\w-]{8,}/g, hidden],
  [/\bAIza[\w-]{10,}/g, hidden],
  // Headers, and the subprotocol that bears a token.
  [/\b(bearer|basic)([.\s]+)[^\s"',;]+/gi, `$1$2${hidden}`],
  [
    /\b((?:x-)?(?:goog-)?api-?key|authorization|cookie|x-[\w-]*secret)(["']?\s*[:=]\s*["']?)(?!bearer|basic)[^\s"',;&]+/gi,
    `$1$2${hidden}`,
  ],
  // Parts of addresses.
  [/([?&;](?:[\w-]*token|[\w-]*key|[\w-]*secret|sig|signature|password|code)=)[^&\s"'#]+/gi, `$1${hidden}`],
  [/(\/\/)[^/\s"'@]+@/g, `$1${hidden}@`],
];

/** Values of this deployment; no more than it has variables. */
const ownSecrets = new Set<string>();
const secretName = /(?:SECRET|KEY|TOKEN|PASSWORD)S?$/;

/** Takes note of the secrets among the variables of a deployment: none of their values is ever logged. */
export function hideSecretsOf(env: object): void {
  for (const [name, value] of Object.entries(env)) {
    if (typeof value !== "string" || !secretName.test(name)) continue;
    for (const part of [value, ...value.split(/[\s,]+/)]) if (part.length >= leastSecretChars) ownSecrets.add(part);
  }
}

export function redact(text: string): string {
  let told = text.length > maxFieldChars ? `${text.slice(0, maxFieldChars)}…` : text;
  for (const secret of ownSecrets) if (told.includes(secret)) told = told.replaceAll(secret, hidden);
  for (const [pattern, instead] of patterns) told = told.replace(pattern, instead);
  return told;
}
