// What the types say there is, and what there is: the same, in both directions.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

import { FileStore, H3sError, Sessions, webSession } from "h3s";

import { PASSWORD, folder } from "./support.mjs";

const root = join(import.meta.dirname, "..");
const { exports } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
const entries = Object.entries(exports).filter(([, to]) => to.types !== undefined);

/** The names of what an object has and its classes give it, but for Object's own. */
function membersOf(value) {
  const names = new Set();
  for (let at = value; at !== Object.prototype && at !== Error.prototype; at = Object.getPrototypeOf(at))
    for (const name of Object.getOwnPropertyNames(at)) names.add(name);
  names.delete("constructor");
  return [...names];
}

const staticsOf = (Class) =>
  Object.getOwnPropertyNames(Class).filter((name) => !["length", "name", "prototype"].includes(name));

const union = (names) => names.map((name) => JSON.stringify(name)).join(" | ") || "never";

test("index.d.ts and its kin declare what is exported, with its members, and nothing else", async (t) => {
  const place = folder(t);
  const both = "[Exclude<A, B>, Exclude<B, A>]";
  const lines = [`type Same<A, B> = ${both} extends [never, never] ? true : ${both};`];
  let count = 0;
  const same = (type, names) => lines.push(`export const _${count++}: Same<${type}, ${union(names)}> = true;`);

  for (const [i, [path, { types, default: file }]] of entries.entries()) {
    lines.push(`import * as m${i} from ${JSON.stringify(join(root, types).replace(/\.d\.ts$/, ".js"))};`);
    // A module that exports nothing but its default has that alone.
    same(`keyof typeof m${i}`, Object.keys(await import(join(root, file))));
    assert.ok(path === "." || path.startsWith("./"));
  }

  const sessions = new Sessions({ password: PASSWORD, maxAge: 5, revocation: { file: join(place, "revoked") } });
  t.after(() => sessions.close());
  const session = sessions.open({});
  const web = await webSession(new Request("http://shop.example/"), new Headers(), sessions);
  const error = new H3sError("ERR_H3S_DATA", "text");
  const { revocations } = sessions;
  const store = new FileStore(join(place, "revoked"));
  const values = {
    Sessions: sessions,
    Session: session,
    WebSession: web,
    Revocations: revocations,
    FileStore: store,
  };
  for (const [name, value] of Object.entries(values)) {
    // What is for this package alone is not for the types.
    const hidden = { Sessions: ["lazily"], Revocations: ["ready", "handles", "close"] }[name] ?? [];
    const members = membersOf(value);
    for (const of of hidden) assert.ok(members.includes(of), of);
    same(`keyof m0.${name}`, members.filter((of) => !hidden.includes(of)));
  }
  // With those of Error.
  const ofError = new Set([...membersOf(error), "message", "name", "stack"]);
  same("Exclude<keyof m0.H3sError, 'cause'>", [...ofError]);
  same("Exclude<keyof typeof m0.Sessions, 'prototype'>", staticsOf(Sessions));
  same("keyof m0.Counts", Object.keys(sessions.counts()));
  same("keyof m0.Counts['refused']", Object.keys(sessions.counts().refused));

  writeFileSync(join(place, "check.ts"), `${lines.join("\n")}\n`);
  const { compilerOptions } = JSON.parse(readFileSync(join(root, "tsconfig.json"), "utf8"));
  const own = { ...compilerOptions, typeRoots: [join(root, "node_modules/@types")] };
  writeFileSync(join(place, "tsconfig.json"), JSON.stringify({ compilerOptions: own, files: ["check.ts"] }));
  const tsc = join(root, "node_modules/.bin/tsc");
  let said = "";
  try {
    execFileSync(tsc, ["--project", place], { encoding: "utf8" });
  } catch ({ stdout, message }) {
    said = stdout || message;
  }
  assert.equal(said, "");
  assert.ok(count >= entries.length + 9);
});
