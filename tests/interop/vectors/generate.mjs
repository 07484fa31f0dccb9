// Writes the vectors of docs/FORMATS.md into tests/vectors. Time and random numbers are fixed, so
// that the same packages give the same tokens.

import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

import { setTime } from "../fixed.mjs";
import { frameworks } from "../formats.mjs";
import { openVectors } from "./open.mjs";
import { refuseVectors } from "./refuse.mjs";

const readers = {
  "iron-session": "iron-session 9",
  authjs: "Auth.js",
  "next-auth": "NextAuth.js 4",
  auth0: "nextjs-auth0 4",
  "better-auth": "better-auth",
};

/** What a format's framework sees in a Cookie header: the session's data, or null. */
export async function theirs({ format, options: { password, name }, now_ms }, cookie) {
  const ids = Object.keys(password);
  // In iron-session the highest id seals, elsewhere the first.
  const secrets = typeof password === "string" ? [password] : (format === "iron-session" ? ids.reverse() : ids).map((id) => password[id]);
  setTime(now_ms);
  const { data } = await frameworks[readers[format]]({ secrets, name }).visit(cookie);
  return data;
}

/** The two lists, each vector with what its framework does of it. */
export async function vectors() {
  const refused = await refuseVectors();
  for (const vector of refused) {
    const data = await theirs(vector, `${vector.options.name}=${vector.token}`);
    vector.theirs = data === null ? "refused" : "opens";
  }
  return { "formats-open.json": await openVectors(), "formats-refuse.json": refused };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const [file, list] of Object.entries(await vectors())) {
    const path = new URL(`../../vectors/${file}`, import.meta.url);
    writeFileSync(path, `${JSON.stringify(list, null, 2)}\n`);
  }
}
