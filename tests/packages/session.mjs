// session.mjs VERSION COOKIE: goes on with a session that another language's package has made, by
// the package that npm has installed beside this file, and prints its cookie. No Rust is there.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { Sessions } from "h3s";

const [version, cookie] = process.argv.slice(2);
assert.equal(JSON.parse(readFileSync("node_modules/h3s/package.json")).version, version);
const sessions = new Sessions({ password: "an example of 32 characters or more", cookie: { secure: false } });
const session = await sessions.open({ cookie });
assert.equal(session.data.user, "ada");
session.set("node", process.versions.node);
console.log("cookie", (await session.setCookies())[0].split(";")[0]);
