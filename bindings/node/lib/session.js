// One request's session.

import { H3sError, argumentError, failure, guarded, resultOf } from "./errors.js";
import {
  CLEAR,
  ENSURE,
  LIFETIME_BROWSER,
  OK,
  REMOVE,
  REPLACE,
  REVOKE,
  REVOKE_EVERYWHERE,
  ROTATE,
  SET_ID,
  SET_LIFETIME,
  SET_NOW,
  UPDATE,
  VIEW_CLEARED,
  VIEW_COLD,
  VIEW_DIRTY,
  VIEW_NEW,
  VIEW_SLIDES,
  VIEW_STALE,
  native,
  rejections,
  viewed,
} from "./native.js";
import { isPlain, members, moment, parse, put, stringify } from "./values.js";

const SOURCES = ["none", "cookie", "header", "token"];

const strip = guarded("session_strip");

/** Who has it may make a session, and what stands under it is for this package alone. */
export const KEY = Symbol("h3s");

// Handles whose sessions were freed, for the next ones: to make one, and to have it collected,
// costs more than the whole of what most requests do.
const spare = [];
const SPARE = 256;

/** A handle that a session can be opened in. */
export const newHandle = () => spare.pop() ?? native.session();

/** Frees what is in a handle. */
export function freeHandle(handle) {
  if (native.close_handle(handle) && spare.length < SPARE) spare.push(handle);
}

export class Session {
  #handle;
  #owner;
  // Opens it when it is first touched.
  #open;
  // As of the last look, which is before the last write if `#isSeen` is false.
  #isSeen = false;
  #flags = 0;
  #createdAt = 0;
  #lastSeenAt = 0;
  #expiresAt = 0;
  #source = 0;
  #rejection = 0;
  // The data as text and as an object, where they are known.
  #json;
  #data;
  // Whether cookies were taken, which then come again.
  #isTaken = false;
  // How often something was revoked that has to be made known before the response goes.
  #owed = 0;
  #isWritten = false;
  // What is called before a write that comes too late, and after a late logout.
  #late;
  // The cookies, while they are sealed elsewhere or what was revoked is made known.
  #coming;

  /**
   * owner: what all sessions of a Sessions share.
   * handle: with the session in it, whose `json` was given, and whose numbers are in `view`.
   * open: or else gives these three when the session is first touched.
   */
  constructor(key, owner, opened, open) {
    if (key !== KEY) throw argumentError("", "sessions come from Sessions.open and unseal");
    this.#owner = owner;
    this.#open = open;
    if (opened !== undefined) this.#begin(opened);
  }

  #begin({ handle, json, view }) {
    this.#handle = handle;
    this.#know(json, view);
    if (this.#owner.generateId !== undefined && this.#flags & VIEW_NEW) this.#generateId();
  }

  // ---- What is known of it ----------------------------------------------------------------------

  get id() {
    return this.#text(native.id(this.#held())) || undefined;
  }

  get logId() {
    return this.#text(native.log_id(this.#held()));
  }

  get createdAt() {
    this.#look();
    return this.#createdAt;
  }

  get lastSeenAt() {
    this.#look();
    return this.#lastSeenAt || undefined;
  }

  get expiresAt() {
    this.#look();
    return this.#expiresAt || undefined;
  }

  get isNew() {
    return this.#is(VIEW_NEW);
  }

  get isCleared() {
    return this.#is(VIEW_CLEARED);
  }

  get isDirty() {
    return this.#is(VIEW_DIRTY);
  }

  get onlySlides() {
    return this.#is(VIEW_SLIDES);
  }

  get isStale() {
    return this.#is(VIEW_STALE);
  }

  get source() {
    this.#look();
    return SOURCES[this.#source];
  }

  get rejection() {
    this.#look();
    return rejections[this.#rejection];
  }

  get lifetime() {
    return native.lifetime(this.#held())[0] || undefined;
  }

  get endsWithBrowser() {
    return (native.lifetime(this.#held())[1] & LIFETIME_BROWSER) !== 0;
  }

  get json() {
    this.#held();
    this.#json ??= this.#text(native.data(this.#handle));
    return this.#json;
  }

  get data() {
    if (this.#data === undefined) this.#data = parse(this.json);
    else this.#held();
    return this.#data;
  }

  #is(flag) {
    this.#look();
    return (this.#flags & flag) !== 0;
  }

  #look() {
    const handle = this.#held();
    if (this.#isSeen) return;
    this.#know(this.#text(native.view(handle)), viewed);
  }

  #know(json, view) {
    this.#json = json;
    this.#flags = view[0];
    this.#createdAt = view[1];
    this.#lastSeenAt = view[2];
    this.#expiresAt = view[3];
    this.#source = view[4];
    this.#rejection = view[5];
    this.#isSeen = true;
  }

  #text(result) {
    if (typeof result === "number") throw failure();
    return result;
  }

  #held() {
    return this.#handle ?? this.#touched();
  }

  #touched() {
    if (this.#open === undefined) {
      const message = "the session was freed: its request is over";
      throw new H3sError("ERR_H3S_STATE", message);
    }
    const opened = this.#open();
    this.#open = undefined;
    this.#begin(opened);
    return this.#held();
  }

  // ---- Writing ----------------------------------------------------------------------------------

  update(patch) {
    const given = typeof patch === "function" ? patch(this.data) : patch;
    this.#merge(members(given ?? {}));
  }

  set(key, value) {
    const patch = {};
    put(patch, String(key), value);
    this.#merge(members(patch));
  }

  delete(key) {
    this.set(key, undefined);
  }

  /** patch: an object of our own. */
  #merge(patch) {
    const keys = Object.keys(patch);
    let parsed = patch;
    let gone;
    let text;
    if (keys.every((key) => isPlain(patch[key]))) {
      text = stringify(patch);
    } else {
      text = stringify(patch);
      parsed = parse(text);
      gone = keys.filter((key) => !Object.hasOwn(parsed, key));
      if (gone.length > 0) {
        // Small before they go, so that what takes their place has room; and if there is none, all
        // is as it was.
        for (const key of gone) put(parsed, key, null);
        text = stringify(parsed);
      }
    }
    this.#overwrite(UPDATE, text);
    if (gone !== undefined) for (const key of gone) this.#remove(key);
    if (this.#data === undefined) return;
    try {
      for (const key of Object.keys(parsed)) {
        if (gone?.includes(key)) delete this.#data[key];
        else put(this.#data, key, parsed[key]);
      }
    } catch {
      // Somebody has frozen it. The write is done: whoever asks next gets an object of its own.
      this.#data = undefined;
    }
  }

  #remove(key) {
    if (key.isWellFormed()) {
      this.#write(REMOVE, key);
      return;
    }
    // Such a name has no UTF-8. In JSON text it has an escape.
    const rest = parse(this.json);
    delete rest[key];
    this.#write(REPLACE, JSON.stringify(rest));
  }

  replace(data) {
    const text = stringify(members(data));
    this.#overwrite(REPLACE, text);
    this.#data = undefined;
    this.#json = undefined;
  }

  ensure() {
    this.#write(ENSURE);
  }

  rotate() {
    this.#write(ROTATE);
    this.#owed++;
    if (this.#owner.generateId !== undefined) this.#generateId();
  }

  clear() {
    this.#write(CLEAR);
    this.#data = undefined;
  }

  revoke() {
    this.#end(REVOKE);
  }

  revokeEverywhere() {
    this.#end(REVOKE_EVERYWHERE);
  }

  #end(what) {
    // Also when the response has gone: the cookie then stays, and opens nothing.
    this.#call(what);
    this.#owed++;
    this.#data = undefined;
    this.#late?.ended(this);
  }

  setId(id) {
    if (typeof id !== "string") throw argumentError("id", "it is a string");
    this.#write(SET_ID, id);
  }

  setLifetime(seconds, { endsWithBrowser = false } = {}) {
    if (seconds !== undefined && !(Number.isSafeInteger(seconds) && seconds > 0))
      throw argumentError("seconds", "it is a whole number of seconds from 1 on, or undefined");
    this.#write(SET_LIFETIME, undefined, seconds ?? 0, endsWithBrowser ? LIFETIME_BROWSER : 0);
  }

  setNow(now) {
    this.#call(SET_NOW, undefined, moment(now, "now"));
  }

  /** A write of data, which after `clear` begins a new session. */
  #overwrite(what, text) {
    const begins = this.#owner.generateId !== undefined && this.isCleared;
    this.#write(what, text);
    if (begins) this.#generateId();
  }

  #generateId() {
    const id = this.#owner.generateId();
    if (typeof id !== "string") throw argumentError("generateId", "it gives a string");
    this.#call(SET_ID, id);
  }

  #write(what, text, number, flags) {
    this.#held();
    this.#late?.written(this);
    this.#call(what, text, number, flags);
    this.#isWritten = true;
  }

  #call(what, text, number, flags) {
    const status = native.write(this.#held(), what, text, number, flags);
    this.#isSeen = false;
    this.#json = undefined;
    if (status !== OK) throw failure();
  }

  // ---- What the response needs ------------------------------------------------------------------

  setCookies() {
    const handle = this.#held();
    if (this.#coming !== undefined) return this.#coming;
    if (this.#owed > 0) return this.#wait(this.#tellAndSeal());
    // What was not written, and has nothing to send, needs no call to say so.
    if (this.#isSeen && !this.#isTaken && !(this.#flags & VIEW_DIRTY)) return [];
    if (this.#areCookiesCold()) return this.#wait(this.#sealInPool(handle));
    return this.#cookies();
  }

  /** Whether a seal takes a slow derivation now, which belongs in the pool. */
  #isCold() {
    return this.#owner.mayBeCold && this.#is(VIEW_COLD);
  }

  #areCookiesCold() {
    return this.#owner.hasCookies && this.#isCold() && this.isDirty;
  }

  /** Who asks meanwhile waits for the same. Where nobody waits, a failure is still heard of. */
  #wait(coming) {
    this.#coming = coming.finally(() => {
      this.#coming = undefined;
    });
    return this.#coming;
  }

  /** By its own handle: one that was kept over an `await` may be another session's since. */
  #cookies() {
    const list = this.#text(native.cookies(this.#held()));
    this.#isTaken = true;
    this.#isSeen = false;
    return list;
  }

  async #sealInPool(handle) {
    await resultOf(this.#text(native.cookies_job(handle)));
    return this.#cookies();
  }

  async #tellAndSeal() {
    await this.#tell();
    return this.#areCookiesCold() ? this.#sealInPool(this.#held()) : this.#cookies();
  }

  /** Makes known what was revoked, and what is while that is made known. */
  async #tell() {
    let told;
    do {
      told = this.#owed;
      const lines = native.entries(this.#held());
      if (typeof lines === "number") {
        const error = failure();
        if (error.code !== "ERR_H3S_REJECTED") throw error;
        const message = "the session was revoked before its rotation could be made known";
        throw new H3sError("ERR_H3S_STORE", message);
      }
      if (lines.length > 0) await this.#owner.publish(lines);
    } while (told !== this.#owed);
    this.#owed = 0;
  }

  seal() {
    const handle = this.#held();
    if (this.#owed > 0) return this.#tell().then(() => this.seal());
    const isCold = this.#isCold();
    this.#isSeen = false;
    return isCold ? resultOf(this.#text(native.seal_job(handle))) : this.#text(native.seal(handle));
  }

  cookieStrip(cookie) {
    return this.#text(strip(this.#held(), cookie));
  }

  free() {
    this.#open = undefined;
    if (this.#handle === undefined) return;
    freeHandle(this.#handle);
    this.#handle = this.#data = this.#json = undefined;
  }

  /** For middlewares. */
  static [KEY] = {
    isTouched: (session) => session.#handle !== undefined,
    /** From now on a write comes too late. */
    isLate(session, late) {
      session.#late = late;
    },
    isWritten: (session) => session.#isWritten,
    owes: (session) => session.#owed > 0,
    tell: (session) => session.#tell(),
  };

  [Symbol.for("nodejs.util.inspect.custom")]() {
    if (this.#handle === undefined) return `Session {${this.#open ? "not opened yet" : "freed"}}`;
    return `Session {${this.logId ?? "cleared"}}`;
  }
}
