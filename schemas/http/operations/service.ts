/** What the gateway says of itself: that it runs, and its contract. */
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
  openapi: {
    method: "GET",
    path: "/openapi.json",
    summary: "This document.",
    access: "public",
    headers: { "if-none-match": { description: "The `ETag` of the answer you have." } },
    answers: {
      200: { description: "OpenAPI 3.1.", contentType: "application/json" },
      304: { description: "What `If-None-Match` names is the document still." },
    },
    errors: [],
  },
  asyncapi: {
    method: "GET",
    path: "/asyncapi.json",
    summary: "The messages of the WebSockets.",
    access: "public",
    headers: { "if-none-match": { description: "The `ETag` of the answer you have." } },
    answers: {
      200: { description: "AsyncAPI 3.0.", contentType: "application/json" },
      304: { description: "What `If-None-Match` names is the document still." },
    },
    errors: [],
  },
  docs: {
    method: "GET",
    path: "/docs",
    summary: "Both documents as a page to read.",
    access: "public",
    headers: { "if-none-match": { description: "The `ETag` of the answer you have." } },
    answers: {
      200: { description: "A page that loads nothing else.", contentType: "text/html; charset=utf-8" },
      304: { description: "What `If-None-Match` names is the document still." },
    },
    errors: [],
  },
} as const satisfies Record<string, Operation>;
