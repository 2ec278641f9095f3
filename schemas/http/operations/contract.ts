/** The published contract, the console, and the library for other pages: files that the app Worker serves, through the gateway. */
import { type Operation } from "../operation.ts";

export const contractOperations = {
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
    errors: ["app_unavailable"],
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
    errors: ["app_unavailable"],
  },
  docs: {
    method: "GET",
    path: "/docs",
    summary: "Both documents as a page to read.",
    access: "public",
    takesAnything: true,
    headers: { "if-none-match": { description: "The `ETag` of the answer you have." } },
    answers: {
      200: { description: "A page that loads nothing from another server.", contentType: "text/html; charset=utf-8" },
      304: { description: "What `If-None-Match` names is the document still." },
    },
    errors: ["app_unavailable"],
  },
  console: {
    method: "GET",
    path: "/",
    summary: "The console: meetings to see, record and correct, as a page.",
    access: "public",
    headers: { "if-none-match": { description: "The `ETag` of the answer you have." } },
    answers: {
      200: { description: "A page that loads nothing from another server.", contentType: "text/html; charset=utf-8" },
      304: { description: "What `If-None-Match` names is the page still." },
    },
    errors: ["app_unavailable"],
  },
  clientModule: {
    method: "GET",
    path: "/client.js",
    summary:
      "The library for web pages, as a module: what `@roomtone/client/browser` exports, of this gateway's version.",
    access: "public",
    headers: { "if-none-match": { description: "The `ETag` of the answer you have." } },
    answers: {
      200: {
        description: "A module that hands on a file below `/assets/`, which may be kept for ever.",
        contentType: "text/javascript; charset=utf-8",
      },
      304: { description: "What `If-None-Match` names is the module still." },
    },
    errors: ["app_unavailable"],
  },
} as const satisfies Record<string, Operation>;
