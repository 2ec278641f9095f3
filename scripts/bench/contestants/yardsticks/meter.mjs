// Stands for "cloudflare:workers" in a Worker that is to be counted: the same, but what a bill is made of is counted as it is done, with
// the platform's own numbers where it has them (rows). Nothing of the Worker's own code is changed, and nothing is done twice.
import { DurableObject as Base, WorkerEntrypoint as Entry } from "cloudflare:workers";

export * from "cloudflare:workers";

export const countsPath = "/bench-counts";
const counts = new Map();
const add = (who, what, by = 1) => counts.set(`${who} ${what}`, (counts.get(`${who} ${what}`) ?? 0) + by);

/** Storage objects by the class that they belong to. */
const owners = new WeakMap();
/** Cursors whose rows are read when somebody asks: they grow as the cursor is read. With whose it is, and its statement. */
let cursors = [];
/** So much of a statement names it. */
const statementChars = 90;
const shortened = (query) => String(query).replace(/\s+/g, " ").trim().slice(0, statementChars);
const patched = new WeakSet();

/** Wraps methods of an object's prototype, once for all objects of the kind. */
function patch(object, wraps) {
  const prototype = object && Object.getPrototypeOf(object);
  if (!prototype || patched.has(prototype)) return;
  patched.add(prototype);
  for (const [name, wrap] of Object.entries(wraps)) {
    const original = prototype[name];
    if (typeof original === "function") prototype[name] = wrap(original);
  }
}

function counted(what, ownerOf) {
  return (original) =>
    function (...args) {
      add(ownerOf(this), what);
      return original.apply(this, args);
    };
}

function meterStorage(ctx, name) {
  owners.set(ctx.storage, name).set(ctx.storage.sql, name);
  const owner = (of) => owners.get(of) ?? "unknown";
  // One row each, as the platform bills them.
  const row = (what) => (original) => counted("rows_written", owner)(counted(`wrote ${what}`, owner)(original));
  patch(ctx.storage, {
    setAlarm: (original) => row("an alarm")(counted("alarms_set", owner)(original)),
    put: row("a value"),
    delete: row("a value's removal"),
  });
  patch(ctx.storage.sql, {
    exec: (original) =>
      function (...args) {
        const cursor = original.apply(this, args);
        cursors.push([owner(this), cursor, args[0]]);
        if (cursors.length > 1_000) settle(500);
        return cursor;
      },
  });
}

/** Takes what the oldest cursors wrote; by then they are read to their end. */
function settle(many) {
  for (const [owner, { rowsWritten, rowsRead }, query] of cursors.splice(0, many)) {
    add(owner, "rows_written", rowsWritten);
    add(owner, "rows_read", rowsRead);
    if (rowsWritten > 0) add(owner, `wrote ${shortened(query)}`, rowsWritten);
  }
}

function meterEnv(env) {
  for (const binding of Object.values(env)) {
    const kind = binding?.constructor?.name;
    if (kind === "R2Bucket") {
      const as = (what) => counted(what, () => "R2");
      patch(binding, {
        put: as("class_a"),
        list: as("class_a"),
        createMultipartUpload: as("class_a"),
        get: as("class_b"),
        head: as("class_b"),
        delete: as("free"),
      });
    }
    if (kind === "KvNamespace") {
      patch(binding, { get: counted("reads", () => "KV"), put: counted("writes", () => "KV") });
    }
    if (kind === "D1Database") meterDatabase(binding);
  }
}

function noteQueries(answer) {
  for (const { meta } of [answer].flat()) {
    add("D1", "queries");
    add("D1", "rows_written", meta?.rows_written ?? 0);
    add("D1", "rows_read", meta?.rows_read ?? 0);
  }
  return answer;
}

function noted(original) {
  return async function (...args) {
    return noteQueries(await original.apply(this, args));
  };
}

function meterDatabase(database) {
  patch(database, { batch: noted });
  const asked = counted("queries", () => "D1");
  patch(database.prepare("SELECT 1"), { run: noted, all: noted, first: asked, raw: asked });
}

/** What the platform calls, wherever in the chain of classes it is; and how it is billed. */
const handlers = {
  fetch: "requests",
  alarm: "alarms_run",
  webSocketMessage: "messages",
  webSocketClose: "closes",
};

/**
 * Of a class: what its objects are asked. Besides the platform's handlers those are the methods of the class itself, which are called from
 * elsewhere; `onMessage` and its like are called by PartyServer. A method that another of the same object calls at once is no request.
 */
function meterClass(type) {
  let depth = 0;
  const wrap = (owner, name, what) => {
    const original = Object.getOwnPropertyDescriptor(owner, name)?.value;
    if (typeof original !== "function") return;
    const value = function (...args) {
      if (depth === 0) add(type.name, what);
      depth += 1;
      try {
        return original.apply(this, args);
      } finally {
        depth -= 1;
      }
    };
    Object.defineProperty(owner, name, { configurable: true, writable: true, value });
  };
  for (let at = type.prototype; at && at !== Base.prototype; at = Object.getPrototypeOf(at))
    for (const [name, what] of Object.entries(handlers)) wrap(at, name, what);
  for (const name of Object.getOwnPropertyNames(type.prototype))
    if (!(name in handlers) && !/^(constructor|on[A-Z].*)$/.test(name)) wrap(type.prototype, name, "requests");
}

const classes = new WeakSet();

export class DurableObject extends Base {
  constructor(ctx, env) {
    super(ctx, env);
    meterStorage(ctx, new.target.name);
    meterEnv(env);
    if (classes.has(new.target)) return;
    classes.add(new.target);
    meterClass(new.target);
  }
}

export class WorkerEntrypoint extends Entry {
  constructor(ctx, env) {
    super(ctx, env);
    meterEnv(env);
    if (classes.has(new.target)) return;
    classes.add(new.target);
    const original = new.target.prototype.fetch;
    if (original) {
      new.target.prototype.fetch = function (request) {
        return new URL(request.url).pathname === countsPath ? Response.json(told()) : original.call(this, request);
      };
    }
  }
}

function told() {
  settle(cursors.length);
  return Object.fromEntries(counts);
}

/** The Worker's own handler, which also tells the counts of this Worker and of the app beside it. */
export function withCounts(handler) {
  return {
    ...handler,
    async fetch(request, env, ctx) {
      meterEnv(env);
      if (new URL(request.url).pathname !== countsPath) {
        add("Worker", "requests");
        return handler.fetch(request, env, ctx);
      }
      const app = env.APP ? await (await env.APP.fetch(request)).json() : {};
      return Response.json({ gateway: told(), app });
    },
  };
}
