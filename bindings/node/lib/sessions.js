// The options, checked and with their keys derived.

import { readFile } from "node:fs/promises";

import { H3sError, argumentError, configError, failure, guarded, resultOf } from "./errors.js";
import {
  COLD,
  CONFIG_COOKIES,
  CONFIG_MAY_BE_COLD,
  CONFIG_REVOCATION,
  CONFIG_SECURE,
  CROSS_SITE,
  GET,
  IRON_SESSION,
  UNSEAL,
  USE,
  WARM_ONLY,
  native,
  viewed,
} from "./native.js";
import { FileStore, Revocations, ROOM } from "./revocations.js";
import { KEY, Session, freeHandle, newHandle } from "./session.js";
import { moment, parse, stringify } from "./values.js";

const open = guarded("open");
const unsealJob = guarded("iron_unseal_job");
const strip = guarded("strip");
const vary = guarded("vary");
const cacheControl = guarded("cache_control");
const isTargeted = guarded("is_targeted");

/** In place of options: a config that was made already. */
class Made {
  constructor(config, generateId) {
    this.config = config;
    this.generateId = generateId;
  }
}

export class Sessions {
  #config;
  #replica;
  #revocations;
  #owner;

  constructor(options, extra = {}) {
    const made = options instanceof Made ? options : makeNow(options);
    this.#config = made.config;
    const [cookieName, headerName, vary, flags, file, keep] = native.config_info(made.config);
    this.cookieName = cookieName;
    this.headerName = headerName || undefined;
    this.vary = vary;
    this.isSecure = (flags & CONFIG_SECURE) !== 0;
    this.hasCookies = (flags & CONFIG_COOKIES) !== 0;
    this.mayBeCold = (flags & CONFIG_MAY_BE_COLD) !== 0;

    const { revocationStore, revocationRoom = ROOM } = extra;
    if ((flags & CONFIG_REVOCATION) !== 0) {
      if (revocationStore === undefined && !file)
        throw configError(
          "revocation",
          "servers need a way to tell each other what is revoked: set file, or revocationStore",
        );
      const store = revocationStore ?? new FileStore(file);
      const of = { config: made.config, cookieName, keep, room: revocationRoom, store };
      this.#revocations = new Revocations(KEY, of);
      this.#replica = this.#revocations[KEY];
    } else if (revocationStore !== undefined) {
      throw configError("revocationStore", "it needs revocation: set that, {} for the defaults");
    }
    const revocations = this.#revocations;
    this.#owner = {
      mayBeCold: this.mayBeCold,
      hasCookies: this.hasCookies,
      generateId: made.generateId,
      publish: (lines) => revocations.publish(lines),
    };
  }

  static async create(options, extra) {
    const [text, generateId] = textOf(options);
    const config = await resultOf(native.config_job(text));
    const sessions = new Sessions(new Made(config, generateId), extra);
    await sessions.#revocations?.ready();
    return sessions;
  }

  static async fromFile(path, extra) {
    const bytes = await readFile(path);
    let text;
    try {
      text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    } catch {
      throw configError("", "the file is no UTF-8");
    } finally {
      bytes.fill(0);
    }
    return Sessions.create(text, extra);
  }

  get revocations() {
    return this.#revocations;
  }

  // ---- Opening ----------------------------------------------------------------------------------

  open(request, how = "use") {
    if (how !== "use" && how !== "get") throw argumentError("how", 'it is "use" or "get"');
    return this[KEY](Session, how, request);
  }

  /** A session of this class. */
  [KEY](Class, how, request) {
    return this.#made(Class, this.#opened(how === "use" ? USE : GET, request));
  }

  async unseal(token, { peer, now } = {}) {
    if (typeof token !== "string") throw argumentError("token", "it is a string");
    return this.#made(Session, this.#opened(UNSEAL, { header: token, peer, now }));
  }

  #made(Class, opened) {
    return opened instanceof Promise
      ? opened.then((opened) => new Class(KEY, this.#owner, opened))
      : new Class(KEY, this.#owner, opened);
  }

  #opened(how, request) {
    if (request === null || typeof request !== "object")
      throw argumentError("request", "it is an object with what the request brought");
    const { cookie, header, crossSite, peer, now } = request;
    const flags = (this.mayBeCold ? WARM_ONLY : 0) | (crossSite ? CROSS_SITE : 0);
    const time = now === undefined ? 0 : moment(now, "now");
    const handle = newHandle();
    const config = this.#config;
    const replica = this.#replica;
    const json = open(handle, config, how, flags, cookie, header, peer, time, replica);
    if (typeof json === "string") return { handle, json, view: viewed };
    if (json === COLD) {
      const given = [handle, config, how, flags, cookie, header, peer, time, replica];
      return this.#openInPool(given);
    }
    freeHandle(handle);
    throw failure();
  }

  async #openInPool(given) {
    const [handle] = given;
    try {
      await resultOf(native.open_job(...given));
      // A copy, since others may look at theirs before this one is made.
      return { handle, json: checked(native.view(handle)), view: viewed.slice() };
    } catch (error) {
      freeHandle(handle);
      throw error;
    }
  }

  /**
   * A session of `get` for a middleware, which opens when it is touched.
   *
   * parts: gives what the request brought.
   * refused: is told why it cannot be opened.
   *
   * A promise of it, where that takes a slow derivation: whoever touches it is not to wait.
   */
  lazily(key, parts, refused) {
    if (key !== KEY) throw argumentError("", "that is for the middlewares");
    const lazy = (open) => {
      const told = () => {
        try {
          return open();
        } catch (error) {
          refused(error);
          throw error;
        }
      };
      return new Session(KEY, this.#owner, undefined, told);
    };
    if (!this.mayBeCold) return lazy(() => this.#opened(GET, parts()));
    const isOpen = ({ view, ...opened }) => {
      const then = { ...opened, view: view.slice() };
      return lazy(() => then);
    };
    const failed = (error) =>
      lazy(() => {
        throw error;
      });
    try {
      const opened = this.#opened(GET, parts());
      return opened instanceof Promise ? opened.then(isOpen, failed) : isOpen(opened);
    } catch (error) {
      return failed(error);
    }
  }

  // ---- Headers ----------------------------------------------------------------------------------

  cookieStrip(cookie) {
    return checked(strip(this.#config, cookie));
  }

  headerVary(present) {
    return present ? checked(vary(this.#config, present)) : this.vary;
  }

  headerCacheControl(present) {
    return present ? checked(cacheControl(present)) : "private";
  }

  isTargetedHeader(name) {
    return isTargeted(name);
  }

  // ---- Tokens without a session -----------------------------------------------------------------

  async ironSeal(value, { asSession = false, now } = {}) {
    const text = stringify(value);
    if (text === undefined) throw new H3sError("ERR_H3S_DATA", "JSON has no such value");
    const flags = asSession ? IRON_SESSION : 0;
    return resultOf(checked(native.iron_seal_job(this.#config, text, moment(now, "now"), flags)));
  }

  async ironUnseal(token, { peer, now } = {}) {
    if (typeof token !== "string") throw argumentError("token", "it is a string");
    const job = unsealJob(this.#config, token, moment(now, "now"), 0, peer);
    return parse(await resultOf(checked(job)));
  }

  // ---- Revoking from outside a session ----------------------------------------------------------

  revokeSession(id) {
    return this.#publish(() => native.revoke_session(this.#config, wellFormed(id, "id"), 0));
  }

  revokeSubject(subject, before) {
    const text = wellFormed(typeof subject === "number" ? String(subject) : subject, "subject");
    const then = moment(before, "before");
    return this.#publish(() => native.revoke_subject(this.#config, text, then, 0));
  }

  revokeEverybody(before) {
    const then = moment(before, "before");
    return this.#publish(() => native.revoke_subject(this.#config, undefined, then, 0));
  }

  async #publish(make) {
    // Where sessions cannot be revoked, it is this that says so.
    const line = checked(make());
    await this.#revocations.publish([line]);
  }

  // ---- Figures ----------------------------------------------------------------------------------

  counts() {
    return checked(native.counts(this.#config));
  }

  // ---- Its end ----------------------------------------------------------------------------------

  close() {
    this.#revocations?.close();
    native.close_handle(this.#config);
  }

  [Symbol.for("nodejs.util.inspect.custom")]() {
    return `Sessions {in the cookie ${JSON.stringify(this.cookieName)}}`;
  }
}

function makeNow(options) {
  const [text, generateId] = textOf(options);
  const config = native.config(text);
  if (typeof config === "number") throw failure();
  return new Made(config, generateId);
}

/** The options as JSON, and what is of JavaScript alone. */
function textOf(options) {
  if (typeof options === "string") {
    if (!options.isWellFormed()) throw configError("", "the text is no Unicode");
    return [options, undefined];
  }
  if (options === null || typeof options !== "object" || Array.isArray(options))
    throw configError("", "the options are an object, or JSON text");
  const { generateId, ...rest } = options;
  if (generateId !== undefined && typeof generateId !== "function")
    throw configError("generateId", "it is a function that gives an id");
  return [optionsText(rest), generateId];
}

/** Options as JSON. It has no functions: one would be passed over in silence. */
function optionsText(options) {
  const paths = new Map();
  const refuse = function (key, value) {
    const path = paths.get(this);
    const name = path ? `${path}.${key}` : key;
    if (typeof value === "function" || typeof value === "symbol" || typeof value === "bigint")
      throw configError(name, `there is no such option that is a ${typeof value}`);
    if (value !== null && typeof value === "object") paths.set(value, name);
    return value;
  };
  try {
    return JSON.stringify(options, refuse);
  } catch (cause) {
    if (cause instanceof H3sError) throw cause;
    // A circle, or what a getter has thrown.
    throw new H3sError("ERR_H3S_CONFIG", "the options cannot be read: see the cause", { cause });
  }
}

function checked(result) {
  if (typeof result === "number") throw failure();
  return result;
}

/** What UTF-8 can say: anything else would become another's name. */
function wellFormed(text, key) {
  if (typeof text === "string" && text.isWellFormed()) return text;
  throw argumentError(key, "it is a string of Unicode");
}
