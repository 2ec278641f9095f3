import { expect, test } from "vitest";
import { presentedCredential } from "../../../server/shared/access/presented.ts";

const jwt = "aaa.bbb.ccc";
const apiKey = `rt_abcdefghijkl_${"A".repeat(43)}`;

interface Presented {
  readonly authorization?: string;
  readonly protocols?: string;
  readonly query?: string;
  readonly method?: string;
}

function presented({ authorization, protocols, query = "", method = "GET" }: Presented): string {
  const headers = new Headers();
  if (authorization !== undefined) headers.set("authorization", authorization);
  if (protocols !== undefined) headers.set("sec-websocket-protocol", protocols);
  const found = presentedCredential(new Request(`https://gateway.test/v1/sessions${query}`, { method, headers }));
  if (!found.ok) return "refused";
  return found.value ? `${found.value.kind} ${found.value.text}` : "none";
}

test.each<[string, Presented, string]>([
  ["nothing", {}, "none"],
  ["a header", { authorization: `Bearer ${jwt}` }, `token ${jwt}`],
  ["a header in another case", { authorization: `bearer  ${jwt}` }, `token ${jwt}`],
  ["a key", { authorization: `Bearer ${apiKey}` }, `key ${apiKey}`],
  ["a subprotocol", { protocols: `roomtone.v1.json, bearer.${jwt}` }, `token ${jwt}`],
  ["the query of a GET", { query: `?token=${jwt}` }, `token ${jwt}`],
  ["the query of a POST", { query: `?token=${jwt}`, method: "POST" }, "none"],
  ["the same one twice", { authorization: `Bearer ${jwt}`, query: `?token=${jwt}` }, `token ${jwt}`],
  ["two", { authorization: `Bearer ${jwt}`, query: "?token=x.y.z" }, "refused"],
  ["two in the query", { query: `?token=${jwt}&token=x.y.z` }, "refused"],
  ["two subprotocols", { protocols: `bearer.${jwt}, bearer.x.y.z` }, "refused"],
  ["a key in the query", { query: `?token=${apiKey}` }, "refused"],
  ["another scheme", { authorization: "Basic YTpi" }, "refused"],
  ["an empty header", { authorization: "" }, "refused"],
  ["a scheme alone", { authorization: "Bearer" }, "refused"],
  ["two words", { authorization: `Bearer ${jwt} ${jwt}` }, "refused"],
  ["letters that none has", { query: "?token=%00%ff" }, "refused"],
])("[P1] %s", (_, asked, expected) => {
  expect(presented(asked)).toBe(expected);
});
