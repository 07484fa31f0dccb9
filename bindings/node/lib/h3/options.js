// From what h3's functions are given as options to a Sessions, made once for equal options.

import { randomUUID } from "node:crypto";

import { Sessions } from "../sessions.js";

/** More than an application has. Whoever makes options anew in each request, all different, derives
 * keys each time, and no more than these are kept. */
const MOST = 100;
const known = new Map();

/** In place of a password, which `clearSession` does not need in h3: it opens nothing. */
const nobodys = `${randomUUID()}${randomUUID()}`;

/** What a config has beside the options, for this process alone. */
const FUNCTIONS = new Set(["generateId", "peer"]);

/** Functions that h3 takes as options and no other language could: these are refused by name. */
function refusedFunctions(config) {
  for (const key in config) {
    if (typeof config[key] === "function" && !FUNCTIONS.has(key)) return true;
  }
  for (const key in config.cookie) {
    if (typeof config.cookie[key] === "function") return true;
  }
  return false;
}

/** What this h3 seals. Where h3 2 opens a session of h3 1, it seals it again, also in a read. */
function formatOf(version, { legacySealFallback, seal }) {
  if (version === 1) return { format: "h3-1" };
  const opensLegacy = legacySealFallback !== false && seal?.integrity?.iterations !== 1;
  return { format: "h3-2", ...(opensLegacy && { migrate: true }) };
}

/**
 * The options of a config for an event of this version of h3.
 *
 * Where they name no format, it is that of this h3, so that sessions that h3 has made go on.
 */
function optionsOf({ generateId, peer, ...config }, version) {
  const options = { ...config };
  // To h3 these are as if they were missing.
  for (const key of ["name", "maxAge", "idleTimeout"]) {
    if (!options[key]) delete options[key];
  }
  for (const key of ["cookie", "sessionHeader"]) {
    if (options[key] !== false && !options[key]) delete options[key];
  }
  const { seal } = options;
  if (seal === undefined || (typeof seal === "object" && seal?.format === undefined)) {
    // More than 100 cookies hold, which is where h3 ends.
    options.maxTokenLength ??= 1 << 20;
    options.seal = { ...formatOf(version, config), ...seal };
  }
  if (version === 1 && options.cookie !== false && options.cookie?.sameSite === undefined) {
    options.cookie = { ...options.cookie, sameSite: false };
  }
  return options;
}

/** `make()` under a key, once; what fails is forgotten. */
function once(key, make) {
  let made = known.get(key);
  if (made !== undefined) {
    // Those that were not asked for the longest go first.
    known.delete(key);
    known.set(key, made);
    return made;
  }
  made = make();
  known.set(key, made);
  made.then(
    (sessions) => {
      if (known.get(key) === made) known.set(key, sessions);
    },
    () => {
      if (known.get(key) === made) known.delete(key);
    },
  );
  if (known.size > MOST) known.delete(known.keys().next().value);
  return made;
}

/** The text of a function where JSON would leave it out, so that it is refused by its name. */
const named = (key, value) => (typeof value === "function" ? "a function" : value);

/**
 * The Sessions of a config: an object, the path of a JSON file, or already one. A promise where its
 * keys are still to be derived.
 */
export function sessionsOf(config, version) {
  config ??= {};
  if (config instanceof Sessions) return config;
  if (typeof config === "string" || config instanceof URL) {
    return once(`file ${config}`, () => Sessions.fromFile(config));
  }
  if (refusedFunctions(config)) {
    const { generateId, peer, ...options } = config;
    return Sessions.create(JSON.stringify(optionsOf(options, version), named));
  }
  // A program may change its object between requests, so it is the content that counts.
  return once(version + JSON.stringify(config), () => Sessions.create(optionsOf(config, version)));
}

/** The same for `clearSession`, which needs no password. */
export function sessionsToClear(config, version) {
  config ??= {};
  if (typeof config !== "object" || config instanceof Sessions || config instanceof URL) {
    return sessionsOf(config, version);
  }
  if (config.password !== undefined) return sessionsOf(config, version);
  // What no password opens need not be derived for.
  return sessionsOf({ ...config, password: nobodys, seal: "h3s1" }, version);
}
