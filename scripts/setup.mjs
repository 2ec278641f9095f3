/**
 * `npm run setup`: installs what package-lock.json names, where that is not installed already. `npm ci` by itself begins with
 * deleting node_modules, also beneath a gateway that runs from there. Plain JavaScript, for the Node that installs.
 */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";

// An option parser would have to be installed first.
const argument = process.argv.at(2);
if (argument === "--help" || argument === "-h") {
  console.log("Usage: npm run setup\n\nInstalls what package-lock.json names, where that is not installed already.");
} else if (argument !== undefined) {
  console.error(`npm run setup takes no arguments, so not ${JSON.stringify(argument)} either.`);
  process.exitCode = 1;
} else if (isInstalled()) console.log("All that package-lock.json names is installed.");
else {
  // npm says nothing before it is done, where its output is no terminal.
  console.log("Installing what package-lock.json names: a minute or two.");
  process.exitCode = spawnSync("npm ci", { shell: true, stdio: "inherit" }).status ?? 1;
}

/** Whether each package of the lock was installed from these very bytes; npm notes that last. Those for other machines need not be. */
function isInstalled() {
  const [locked, installed] = ["package-lock.json", "node_modules/.package-lock.json"].map(packagesOf);
  if (!locked || !installed) return false;
  return Object.entries(locked).every(([path, { version, integrity, link, optional, devOptional }]) => {
    // The root and its workspaces are not installed but linked, where they are named again.
    if (!/(^|\/)node_modules\//.test(path)) return true;
    const found = installed[path];
    if (!found) return optional === true || devOptional === true;
    return found.version === version && found.integrity === integrity && found.link === link;
  });
}

function packagesOf(file) {
  try {
    return JSON.parse(readFileSync(file, "utf8")).packages;
  } catch {
    // There is none, or an install was cut off.
    return undefined;
  }
}
