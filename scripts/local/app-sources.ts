/** All files of this repository that the app's static files are made of; what they take from packages is told by package-lock.json. */
import { globSync } from "node:fs";
import { root } from "./bundle/worker-configs.ts";

const ofConsole = [
  "client/**/*.{ts,tsx,css,html,svg}",
  "schemas/**/*.ts",
  "scripts/demo/sample/*",
  "scripts/local/build-client.ts",
  "scripts/local/build-console.ts",
  "package-lock.json",
] as const;
const ofOthers = [
  "schemas/published/*.json",
  "scripts/contract/docs-page.ts",
  "scripts/local/app-sources.ts",
  "scripts/local/build-app.ts",
] as const;

/** What the page has nothing of. */
function exclude(path: string): boolean {
  return /node_modules|^client\/(node|cli|testkit)(\/|$)/.test(path);
}

function find(patterns: readonly string[]): string[] {
  return patterns.flatMap((pattern) => globSync(pattern, { cwd: root, exclude })).toSorted();
}

/** Of the console and the library for pages. */
export function consoleSources(): string[] {
  return find(ofConsole);
}

export function appSources(): string[] {
  return [...consoleSources(), ...find(ofOthers)];
}
