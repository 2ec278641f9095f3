import { variableNames } from "./gateway.ts";

/**
 * The Worker's variables for a local run, out of the environment. Credentials are off unless something
 * says otherwise: the address is this machine's own.
 */
export function localVariables(env: NodeJS.ProcessEnv): Record<string, string | undefined> {
  const given = Object.fromEntries(variableNames.map((name) => [name, env[name]]));
  return { ...given, AUTH_MODE: given["AUTH_MODE"] || "off", LOCAL_RUNTIME: "true" };
}
