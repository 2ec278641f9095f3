import { expect, test } from "vitest";
import { parseRange } from "../../server/gateway/http/ranges.ts";

const whole = { kind: "whole" };
const beyond = { kind: "unsatisfiable" };
const part = (from: number, to: number): object => ({ kind: "part", from, to });

test.each([
  [undefined, whole],
  ["", whole],
  ["bytes=0-", part(0, 100)],
  ["bytes=0-0", part(0, 1)],
  ["bytes=0-99", part(0, 100)],
  ["bytes=10-19", part(10, 20)],
  ["bytes=99-", part(99, 100)],
  ["bytes=90-1000", part(90, 100)],
  ["bytes=007-008", part(7, 9)],
  ["bytes=5-99999999999999999999999", part(5, 100)],
  ["BYTES=1-2", part(1, 3)],
  ["bytes= 1-2 ", part(1, 3)],
  ["bytes=-1", part(99, 100)],
  ["bytes=-100", part(0, 100)],
  ["bytes=-101", part(0, 100)],
  ["bytes=100-", beyond],
  ["bytes=100-200", beyond],
  ["bytes=99999999999999999999999-", beyond],
  ["bytes=-0", beyond],
  ["bytes=20-10", whole],
  ["bytes=-", whole],
  ["bytes=", whole],
  ["bytes", whole],
  ["bytes=a-b", whole],
  ["bytes=1", whole],
  ["bytes=1-2x", whole],
  ["bytes=+1-2", whole],
  ["bytes=1.0-2", whole],
  ["bytes=0x1-2", whole],
  ["bytes=--1", whole],
  ["bytes=1 - 2", whole],
  ["bytes=0-1,5-6", whole],
  ["bytes=0-1,", whole],
  ["seconds=0-1", whole],
  ["bytes 0-1", whole],
])("[A6] Range: %s of 100 bytes", (header, expected) => {
  expect(parseRange(header, 100)).toEqual(expected);
});
