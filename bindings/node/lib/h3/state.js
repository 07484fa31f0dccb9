// The session of one event: the library's, the object that h3's functions give, and what was set.

import { H3sError } from "../errors.js";
import { parse as parsed, stringify } from "../values.js";
import { canWrite, contextOf, partsOf, putCookies } from "./event.js";

/** Beyond so many milliseconds since it was opened, a session's clock is moved before a write. */
const STEP = 1000;
const MEMBERS = new Set(["id", "createdAt", "lastSeenAt", "data"]);

export const isPromise = (value) => typeof value?.then === "function";
/** `next(value)`, at once where the value is no promise. (A module that exports `then` is one.) */
export const after = (value, next) => (isPromise(value) ? value.then(next) : next(value));

/** Data has no prototype, as in h3 2: `__proto__` is a name like any other. */
const parse = (json) => Object.setPrototypeOf(parsed(json), null);

/** What h3 calls a session. */
export function viewOf(native) {
  const view = { id: native.id ?? "", createdAt: native.createdAt, data: parse(native.json) };
  const { lastSeenAt } = native;
  if (lastSeenAt !== undefined) view.lastSeenAt = lastSeenAt;
  return view;
}

/** As h3 has it after a session was cleared. */
const emptyView = () => ({ id: "", createdAt: 0, data: Object.create(null) });

// ---- How many sessions of the library's are open ------------------------------------------------

// h3 does not say when a request is over. So only the sessions that were opened last are kept open,
// and one that is still written after that is opened again. (To leave it to the garbage collector
// costs several times what a session does.)
const OPEN = 256;
const open = new Array(OPEN);
let next = 0;

/** What holds one of the library's sessions, until so many others were opened. */
function hold(native) {
  const held = { native, isBusy: false };
  const former = open[next];
  // What is at work in another thread is left to the garbage collector.
  if (former?.isBusy === false) {
    former.native.free();
    former.native = undefined;
  }
  open[next] = held;
  next = (next + 1) % OPEN;
  return held;
}

// ---- One session --------------------------------------------------------------------------------

/** How a session came to be: what it takes to open it again. */
const FOUND = 0;
const MADE = 1;
const ROTATED = 2;
const ENDED = 3;
/** Made after one had ended. */
const BEGUN = 4;

export class State {
  #event;
  #version;
  #sessions;
  #config;
  #parts;
  #held;
  #origin;
  #openedAt;
  /** The object that h3's functions give, which stands in the event's context. */
  #view;
  /** What of the session is in the response. */
  #cookies = [];
  /** While the library is at work on it in another thread. */
  #busy;
  /** Whether this request made it, and `useSession` was not called. */
  #isUnset;

  constructor(event, version, sessions, config, how, native, parts) {
    this.#event = event;
    this.#version = version;
    this.#sessions = sessions;
    this.#config = config;
    this.#parts = parts;
    this.#openedAt = parts.now;
    this.#origin = native.isNew ? MADE : FOUND;
    this.#isUnset = this.#origin === MADE && how === "get";
    if (this.#origin === MADE) this.#takeId(native);
    this.#show(viewOf(native));
    this.#held = hold(native);
  }

  get view() {
    if (this.#view === undefined) this.#show(emptyView());
    return this.#view;
  }

  #show(view) {
    this.#view = view;
    this.#context()[this.#sessions.cookieName] = view;
  }

  /** Sets what is due without a write: of a new session, of one that slides or is sealed anew. */
  due() {
    return this.#alone((native) => (native.isDirty ? this.#send(native) : undefined));
  }

  /** As if `useSession` had opened it. */
  use() {
    if (!this.#isUnset) return undefined;
    this.#isUnset = false;
    return this.#alone((native) => {
      native.ensure();
      return native.isDirty ? this.#send(native) : undefined;
    });
  }

  /**
   * Seals what is in the view, for the response.
   *
   * update: is merged into that before, or gives what is.
   * change: changes the library's session before.
   */
  write(sessions, config, { update, change }) {
    return this.#alone((native) => {
      const isBegun = this.#origin === ENDED;
      // When it is its turn: what was asked for earlier may end the session, or fail.
      const { data } = this.view;
      const patch = typeof update === "function" ? update(data) : update;
      if (patch) Object.assign(data, patch);
      try {
        this.#refuseForeign(native);
        this.#moveClock(native);
        // After `clear` there is nothing to change: that says so.
        if (isBegun && change !== undefined) change(native);
        native.replace(this.view.data);
        change?.(native);
      } catch (error) {
        this.view.data = isBegun ? Object.create(null) : parse(native.json);
        throw error;
      }
      this.#isUnset = false;
      if (isBegun || change !== undefined) {
        this.#origin = isBegun ? BEGUN : ROTATED;
        this.#takeId(native);
        this.#view.id = native.id;
        this.#view.createdAt = native.createdAt;
      }
      return this.#send(native);
    }, sessions, config);
  }

  /** The token of what is in the view. */
  seal(sessions, config) {
    return this.#alone((native) => {
      this.#refuseForeign(native);
      this.#moveClock(native);
      // Where it was changed in place, and not by `updateSession`.
      const { data } = this.view;
      if (this.#origin !== ENDED && stringify(data) !== stringify(parse(native.json)))
        native.replace(data);
      return after(native.seal(), (token) => {
        this.#stamp(native);
        return token;
      });
    }, sessions, config);
  }

  /** Ends it: `end` clears or revokes the library's session. */
  end(sessions, config, end) {
    return this.#alone((native) => {
      end(native);
      this.#origin = ENDED;
      this.#isUnset = false;
      this.#view = undefined;
      delete this.#context()[this.#sessions.cookieName];
      return this.#send(native);
    }, sessions, config);
  }

  /**
   * `act(native)`, one after the other: nothing is asked of a session that is sealed in another
   * thread.
   */
  #alone(act, sessions = this.#sessions, config = this.#config) {
    if (this.#busy !== undefined) return this.#busy.then(() => this.#alone(act, sessions, config));
    const result = after(this.#opened(sessions, config), act);
    if (isPromise(result)) {
      this.#held.isBusy = true;
      const ended = () => {
        this.#busy = undefined;
        this.#held.isBusy = false;
      };
      this.#busy = result.then(ended, ended);
    }
    return result;
  }

  /** Gives a new session the id that the application has for it. */
  #takeId(native) {
    const id = this.#config.generateId?.() ?? undefined;
    if (id !== undefined) native.setId(id);
  }

  /** What a seal has changed. */
  #stamp(native) {
    const view = this.#view;
    if (view === undefined || !(this.#config.idleTimeout || view.lastSeenAt !== undefined)) return;
    view.lastSeenAt = native.lastSeenAt;
  }

  /** What h3 would seal, and here has no place, is refused rather than lost. */
  #refuseForeign(native) {
    const view = this.#view;
    if (view === undefined) return;
    for (const key in view) {
      if (!MEMBERS.has(key)) throw new TypeError(`[h3s] Only a session's data is kept, not its ${key}.`);
    }
    if (view.id !== (native.id ?? ""))
      throw new TypeError("[h3s] A session's id cannot be set. Use rotateSession or generateId.");
  }

  #moveClock(native) {
    const now = Date.now();
    if (Math.abs(now - this.#openedAt) < STEP) return;
    native.setNow(now);
    this.#openedAt = now;
  }

  #send(native) {
    return after(native.setCookies(), (cookies) => {
      this.#stamp(native);
      putCookies(this.#event, this.#version, this.#cookies, cookies);
      this.#cookies = cookies;
    });
  }

  #context() {
    return (contextOf(this.#event).sessions ??= Object.create(null));
  }

  // ---- Opened again -----------------------------------------------------------------------------

  /** The library's session. As in h3, the options of a later call count from then on. */
  #opened(sessions, config) {
    this.#config = config;
    const { native } = this.#held;
    if (native !== undefined && sessions === this.#sessions) return native;
    return this.#openAgain(sessions);
  }

  async #openAgain(sessions) {
    const isMoved = sessions !== this.#sessions;
    const now = this.#origin === FOUND ? this.#parts.now : this.#view?.createdAt || this.#parts.now;
    const parts = { ...this.#parts, now };
    const native = await sessions.open(isMoved ? await this.#carried(sessions, parts) : parts, "get");
    try {
      this.#redo(native, isMoved);
    } catch (error) {
      native.free();
      throw error;
    }
    this.#sessions = sessions;
    this.#openedAt = now;
    this.#held = hold(native);
    this.#held.isBusy = true;
    return native;
  }

  /** Makes of what the request brought what the session was when it was last open. */
  #redo(native, isMoved) {
    if (this.#origin === ENDED) return native.clear();
    const id = this.#view.id;
    if (native.id === id) return undefined;
    if (this.#origin === ROTATED && !native.isNew) native.rotate();
    else if (this.#origin === BEGUN) {
      native.clear();
      native.replace({});
    } else if (!native.isNew || (this.#origin === FOUND && !isMoved)) {
      throw new H3sError("ERR_H3S_REJECTED", "the session has ended since it was opened");
    }
    return native.setId(id);
  }

  /** The session in its token, for other options. */
  async #carried(sessions, parts) {
    const header = this.#origin === ENDED || !this.#held.native ? undefined : await this.#held.native.seal();
    return header === undefined || sessions.headerName === undefined ? parts : { ...parts, header };
  }
}

/** Opens the session of an event. A promise where that takes a slow derivation. */
export function openState(event, version, sessions, config, how) {
  const parts = partsOf(event, version, sessions, config.peer?.(event));
  return after(sessions.open(parts, how), (native) => {
    if (native.isNew && !canWrite(event, version)) {
      native.free();
      throw new Error("[h3s] No session to read here, and none can be made: open it in a handler.");
    }
    const state = new State(event, version, sessions, config, how, native, parts);
    return after(state.due(), () => state);
  });
}
