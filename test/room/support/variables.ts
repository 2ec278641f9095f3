/** Variables of the deployment that hold for one room only, so that tests of them don't meet. Set before it wakes. */
import { defaultTenant, roomName } from "../../../schemas/names.ts";

const variablesByRoom = new Map<string, Readonly<Record<string, string>>>();

export function setVariables(
  sessionId: string,
  variables: Readonly<Record<string, string>>,
  tenant: string = defaultTenant,
): void {
  variablesByRoom.set(roomName(tenant, sessionId), variables);
}

export function variablesOf(name: string | undefined): Readonly<Record<string, string>> {
  return variablesByRoom.get(name ?? "") ?? {};
}
