/** Variables of the deployment that hold for one room only, so that tests of them don't meet. Set before it wakes. */
const variablesByRoom = new Map<string, Readonly<Record<string, string>>>();

export function setVariables(sessionId: string, variables: Readonly<Record<string, string>>): void {
  variablesByRoom.set(`default/${sessionId}`, variables);
}

export function variablesOf(roomName: string | undefined): Readonly<Record<string, string>> {
  return variablesByRoom.get(roomName ?? "") ?? {};
}
