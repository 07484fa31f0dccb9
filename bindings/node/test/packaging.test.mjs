// The package as npm installs it, in an empty folder, and each example of its README in there.

import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { after, before, describe, test } from "node:test";
import { promisify } from "node:util";

import { Server } from "./server.mjs";
import { Browser, until } from "./support.mjs";

const run = promisify(execFile);
const here = join(import.meta.dirname, "..");
const readme = readFileSync(join(here, "README.md"), "utf8");
const blocks = [...readme.matchAll(/^```(\w+)\n(.*?)^```$/gms)].map(([, kind, text]) => ({ kind, text }));

let folder;
let tarball;

// Of this, Node and npm are; Rust and a C compiler are not.
function pathWithout(...commands) {
  const bin = join(folder, "bin");
  rmSync(bin, { recursive: true, force: true });
  mkdirSync(bin);
  for (const from of process.env.PATH.split(delimiter))
    for (const name of ["node", "npm", "sh", "bash", "env", "curl", "openssl", "sleep", "cc", "ld", "as"])
      if (!commands.includes(name) && existsSync(join(from, name)) && !existsSync(join(bin, name)))
        symlinkSync(join(from, name), join(bin, name));
  return bin;
}

const npm = (given, cwd, env = {}) =>
  run("npm", given, {
    cwd,
    env: { ...process.env, PATH: pathWithout("cargo", "cc"), npm_config_update_notifier: "false", ...env },
    timeout: 120_000,
  });

/** Installed by npm, without a network. */
async function install(name, from = tarball, env) {
  const at = join(folder, name);
  mkdirSync(at);
  writeFileSync(join(at, "package.json"), '{"private": true, "type": "module"}');
  const said = await npm(["install", "--offline", "--no-audit", "--foreground-scripts", from], at, env);
  return { at, said };
}

before(async () => {
  folder = mkdtempSync(join(tmpdir(), "h3s-npm-"));
  await run(process.execPath, ["pack.js", folder], { cwd: here });
  const [name] = readdirSync(folder).filter((name) => name.endsWith(".tgz"));
  tarball = join(folder, name);
});
after(() => rmSync(folder, { recursive: true, force: true }));

describe("the package", () => {
  test("is the same to the byte whatever the umask of whoever makes it, and for everybody to read", async () => {
    const other = join(folder, "other");
    const made = ["-c", 'umask 077 && exec "$@"', "sh", process.execPath, "pack.js", other];
    await run("sh", made, { cwd: here, env: { ...process.env, TZ: "Asia/Tokyo" } });
    const [name] = readdirSync(other);
    assert.ok(readFileSync(join(other, name)).equals(readFileSync(tarball)));
    const { stdout } = await run("tar", ["-tvzf", tarball]);
    const modes = new Set(stdout.trim().split("\n").map((line) => line.split(" ")[0]));
    assert.deepEqual([...modes].sort(), ["-rw-r--r--", "-rwxr-xr-x"]);
  });

  test("has what it needs and no more, and names no dependency", async () => {
    const { stdout } = await run("tar", ["-tzf", tarball]);
    const files = stdout.trim().split("\n").map((name) => name.replace("package/", ""));
    for (const name of ["index.d.ts", "lib/index.js", "src/module.c", "crate/src/lib.rs", "LICENSE"])
      assert.ok(files.includes(name), name);
    const of = /^(README\.md|LICENSE|build\.js|package\.json|[a-z0-9]+\.d\.ts|(lib|src|node-api|prebuilds|crate)\/.*)$/;
    assert.deepEqual(files.filter((name) => !of.test(name)), []);
    const { stdout: text } = await run("tar", ["-xzOf", tarball, "package/package.json"]);
    const { dependencies, devDependencies, version, exports } = JSON.parse(text);
    assert.deepEqual([dependencies, devDependencies], [undefined, undefined]);
    const toml = readFileSync(join(here, "../../Cargo.toml"), "utf8");
    assert.equal(version, /^version = "(.*)"$/m.exec(toml)[1]);
    for (const { types, default: file } of Object.values(exports).filter((of) => of.default))
      for (const name of [types, file]) assert.ok(files.includes(name.slice(2)), name);
  });

  test("what is compiled names no folder of this machine", async () => {
    const { at } = await install("names");
    const [name] = readdirSync(join(at, "node_modules/h3s/prebuilds"));
    const bytes = readFileSync(join(at, "node_modules/h3s/prebuilds", name, "h3s.node"), "latin1");
    for (const of of [join(here, "..", ".."), process.env.HOME ?? "/root"])
      assert.ok(!bytes.includes(`${of}/`), of);
  });

  test("without Rust on another platform the installation fails, and says why", async () => {
    const other = join(folder, "other");
    await run("tar", ["-xzf", tarball, "-C", mkdtempSync(`${other}-`)]).catch(assert.fail);
    const [name] = readdirSync(folder).filter((name) => name.startsWith("other-"));
    const bare = join(folder, name, "package");
    rmSync(join(bare, "prebuilds"), { recursive: true });
    await npm(["pack", "--silent", "--ignore-scripts", "--pack-destination", join(folder, name)], bare);
    const packed = join(folder, name, readdirSync(join(folder, name)).find((of) => of.endsWith(".tgz")));
    await assert.rejects(install("without-rust", packed), (error) => {
      assert.match(error.stderr + error.stdout, /h3s-build: cargo is missing: it takes Rust/);
      return true;
    });
    // Told to run no scripts, npm installs it; then its import says how to build it.
    const { at } = await install("no-scripts", packed, { npm_config_ignore_scripts: "true" });
    const importing = run(process.execPath, ["--input-type=module", "-e", 'import "h3s"'], { cwd: at });
    await assert.rejects(importing, /is missing for .* Build it with `npx h3s-build`/);
  });

  test("it is built from what is in the package", async () => {
    const at = join(folder, "built");
    mkdirSync(at);
    await run("tar", ["-xzf", tarball, "-C", at]);
    const bare = join(at, "package");
    rmSync(join(bare, "prebuilds"), { recursive: true });
    // Quickly, and not well.
    await run(process.execPath, ["build.js"], {
      cwd: bare,
      env: {
        ...process.env,
        CARGO_PROFILE_RELEASE_LTO: "off",
        CARGO_PROFILE_RELEASE_OPT_LEVEL: "0",
        CARGO_PROFILE_RELEASE_CODEGEN_UNITS: "16",
      },
      timeout: 580_000,
      maxBuffer: 1e8,
    });
    const text = 'import { version } from "./lib/index.js"; console.log(version)';
    const { stdout } = await run(process.execPath, ["--input-type=module", "-e", text], { cwd: bare });
    assert.match(stdout, /^\d+\.\d+\.\d+\n$/);
    const again = await run(process.execPath, ["build.js"], { cwd: bare });
    assert.equal(again.stdout, "", "and not again");
  });
});

describe("the README", () => {
  let at;
  before(async () => {
    ({ at } = await install("readme"));
    // The frameworks and the client, as if they had been installed, too.
    for (const name of ["express", "fastify", "hono", "@hono", "iovalkey"])
      symlinkSync(join(here, "node_modules", name), join(at, "node_modules", name));
    const h3 = join(here, "..", "..", "tests", "interop", "node_modules", "h3");
    symlinkSync(h3, join(at, "node_modules", "h3"));
  });

  const programs = blocks.filter(({ kind }) => kind === "js");

  test("has programs", () => assert.ok(programs.length >= 8));

  for (const [number, { text }] of programs.entries()) {
    const title = `${number}: ${/from "([^"]*)";\n\n(?!import)/.exec(text)?.[1] ?? ""}`;
    if (!text.includes("PORT")) {
      test(`the example runs ${title}`, async (t) => {
        const file = join(at, `example-${number}.mjs`);
        const asks = text.includes(":6379");
        const port = asks ? (await new Server(t).start()).port : undefined;
        writeFileSync(file, text.replace(":6379", `:${port}`));
        await run(process.execPath, [file], { cwd: at, timeout: 60_000 });
      });
      continue;
    }
    test(`the server counts ${title}`, async () => {
      const file = join(at, `server-${number}.mjs`);
      writeFileSync(file, text);
      const port = await freePort();
      const env = {
        ...process.env,
        PORT: String(port),
        DEVELOPMENT: "1",
        SESSION_PASSWORD: "an example of 32 characters or more",
      };
      const server = spawn(process.execPath, [file], { cwd: at, env, stdio: "inherit" });
      try {
        const browser = new Browser(`http://127.0.0.1:${port}`);
        await until(() => browser.visit("/favicon.ico").then(() => true, () => server.exitCode !== null), "it listens");
        browser.cookies.clear();
        for (let visit = 1; visit <= 3; visit++)
          assert.equal((await browser.visit("/")).content, `visit ${visit}\n`);
      } finally {
        server.kill();
        if (server.exitCode === null && server.signalCode === null) await once(server, "exit");
      }
    });
  }

  test("the commands count, and what they install is the package", async () => {
    const [first, second] = blocks.filter(({ kind }) => kind === "sh").map(({ text }) => text);
    assert.match(first, /^npm install \.\.\/libh3s\/target\/node\/(h3s-[0-9.]+\.tgz)\n$/);
    assert.equal(/h3s-.*tgz/.exec(first)[0], tarball.slice(dirname(tarball).length + 1));
    const visit = second.split("\n").find((line) => line.startsWith("curl"));
    const port = await freePort();
    const program = programs[0].text;
    writeFileSync(join(at, "server.mjs"), program);
    const script = `set -eu
PATH=${pathWithout("cargo", "cc")} PORT=${port}
export PORT
trap 'kill "$!"' EXIT
${second.replaceAll("3000", String(port))}
${visit.replaceAll("3000", String(port))}
${visit.replaceAll("3000", String(port))}
`;
    const { stdout } = await run("bash", ["-c", script], { cwd: at, timeout: 60_000 });
    assert.equal(stdout, "visit 1\nvisit 2\nvisit 3\n");
  });
});

async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}
