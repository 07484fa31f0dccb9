// The library, through driver.c, and the packages from npm, each behind the few calls of the tests.

import { spawn } from "node:child_process";
import { createInterface } from "node:readline";

import { npm } from "./npm.mjs";
import { driver } from "./programs.mjs";

const h3v2 = await npm("h3");
const h3v1 = await npm("h3-1");
const h3rc2 = await npm("h3-2-rc2");
const h3rc24 = await npm("h3-2-rc24");

/** Release candidates of h3 2.0.1, whose keys are still derived in 1 iteration. */
const candidates = { 2: h3rc2, 24: h3rc24 };

/** The library. `ask` sends one command and gives its answer. */
export class Library {
  constructor() {
    this.process = spawn(driver(), { stdio: ["pipe", "pipe", "inherit"] });
    this.waiting = [];
    const lines = createInterface({ input: this.process.stdout });
    lines.on("line", (line) => this.waiting.shift().resolve(JSON.parse(line)));
    this.process.once("exit", (code, signal) => {
      this.ended = new Error(`the driver ended: ${signal ?? code}`);
      for (const { reject } of this.waiting) reject(this.ended);
    });
  }

  ask(command) {
    if (this.ended) return Promise.reject(this.ended);
    return new Promise((resolve, reject) => {
      this.waiting.push({ resolve, reject });
      this.process.stdin.write(JSON.stringify(command) + "\n");
    });
  }

  async config(options) {
    const answer = await this.ask({ op: "config", options });
    if (answer.config === undefined) throw new Error(`${answer.key}: ${answer.message}`);
    return answer.config;
  }

  end() {
    this.process.stdin.end();
  }
}

/**
 * Runs bodies inside requests of h3: `start` makes a server of a handler, and gives
 * what answers to headers.
 */
function visitor(h3, config, start) {
  let act;
  const answer = start(async (event) => {
    await act(event);
    return "ok";
  });
  return async (headers, body) => {
    let result;
    act = async (event) => {
      result = await body(event, h3, config);
    };
    const response = await answer(headers);
    if (response.status !== 200) throw new Error(await response.text());
    return { result, setCookies: response.headers.getSetCookie() };
  };
}

/**
 * h3 2.x with a session config: `visit(headers, body)` runs `body(event, h3, config)` in a request.
 */
export function h3Server2(config, h3 = h3v2) {
  return visitor(h3, config, (handler) => {
    const app = new h3.H3().all("/**", handler);
    return (headers) => app.request("http://localhost/", { headers });
  });
}

/** The same for a release candidate of 2.0.1: 2 or 24. */
export const h3ServerRc = (number) => (config) => h3Server2(config, candidates[number]);

/** The same for h3 1.15. */
export function h3Server1(config, h3 = h3v1) {
  return visitor(h3, config, (handler) => {
    const answer = h3.toWebHandler(h3.createApp().use(h3.eventHandler(handler)));
    return (headers) => answer(new Request("http://localhost/", { headers }));
  });
}

/** The Cookie header that a browser would send after these Set-Cookie values. */
export function cookieHeader(setCookies) {
  const jar = new Map();
  for (const value of setCookies) {
    const [pair, ...attributes] = value.split("; ");
    const at = pair.indexOf("=");
    const gone = attributes.some((a) => /^max-age=0$/i.test(a) || /^expires=.*1970/i.test(a));
    if (gone) jar.delete(pair.slice(0, at));
    else jar.set(pair.slice(0, at), pair.slice(at + 1));
  }
  return [...jar].map(([name, value]) => `${name}=${value}`).join("; ");
}

/** Random JSON objects, the same in every run. */
export function* objects(count) {
  let state = 20261124;
  const random = (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  const text = () => Array.from({ length: random(12) }, () => String.fromCodePoint([97 + random(26), 34, 92, 233, 0x20ac, 0x1f98a, 10][random(7)])).join("");
  const value = (depth) => {
    const kind = random(depth > 3 ? 5 : 7);
    if (kind === 0) return null;
    if (kind === 1) return random(2) === 1;
    if (kind === 2) return random(1e9) / (random(2) ? 1 : 1000);
    if (kind < 5) return text();
    if (kind === 5) return Array.from({ length: random(4) }, () => value(depth + 1));
    return Object.fromEntries(Array.from({ length: random(4) }, () => [`k${text()}`, value(depth + 1)]));
  };
  for (let i = 0; i < count; i++) {
    yield Object.fromEntries(Array.from({ length: random(6) }, (_, n) => [`${n}${text()}`, value(0)]));
  }
}
