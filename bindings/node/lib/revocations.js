// What is revoked: this process's copy of it, and the file through which processes tell each other.

import { H3sError, argumentError, configError, failure, guarded, resultOf } from "./errors.js";
import { ARGUMENT, FULL, OK, native } from "./native.js";
import { KEY } from "./session.js";
import { moment } from "./values.js";

/** How many entries there is room for, if nobody says. */
export const ROOM = 100_000;
/** Milliseconds from the end of a poll to the next. */
const PAUSE = 250;
const open = guarded("file");
const KINDS = ["session", "subject", "everybody"];

export class Revocations {
  #config;
  #replica;
  #feed;
  #timer;
  #error;
  #isFull = false;
  #isClosed = false;
  #first;
  #turning = Promise.resolve();

  constructor(key, of) {
    if (key !== KEY) throw argumentError("", "they come with Sessions");
    const { config, cookieName, keep, room, store } = of;
    const replica = Number.isSafeInteger(room) ? native.revocations(room) : ARGUMENT;
    if (replica === ARGUMENT)
      throw configError("revocationRoom", "it is a whole number from 1 to 67108864");
    if (typeof replica === "number") throw failure();
    this.#config = config;
    this.#replica = replica;
    this.cookieName = cookieName;
    this.keep = keep;
    this.#feed = store.attach(this);
    // The file is read at once, so that the first request knows of all.
    if (this.#feed instanceof FileFeed) this.#turned(() => this.#feed.pollNow());
    this.#first = this.#feed instanceof FileFeed ? Promise.resolve() : this.#turn();
    this.#again();
  }

  /** For Sessions. */
  get [KEY]() {
    return this.#replica;
  }

  /** For the file's feed. */
  handles() {
    return [this.#replica, this.#config];
  }

  /** Once the store was read to its end, or could not be. */
  ready() {
    return this.#first;
  }

  // ---- What is known ----------------------------------------------------------------------------

  get entries() {
    return this.#view()[0];
  }

  get room() {
    return this.#view()[1];
  }

  get missed() {
    return this.#view()[2];
  }

  get heardAt() {
    return this.#view()[3] || undefined;
  }

  get error() {
    return this.#error;
  }

  #view() {
    const view = native.revocations_view(this.#replica);
    if (typeof view === "number") throw failure();
    return view;
  }

  read(line) {
    const entry = native.read_entry(this.#config, String(line));
    if (typeof entry === "number") throw failure();
    const [kind, whose, before, until] = entry;
    return { kind: KINDS[kind], whose, before: before || undefined, until };
  }

  // ---- For the store ----------------------------------------------------------------------------

  apply(lines, now) {
    try {
      return this.#apply(lines, now);
    } catch (error) {
      if (error.code !== "ERR_H3S_FULL") throw error;
      this.#tellFull(error);
      return 0;
    }
  }

  #apply(lines, now) {
    const text = textOf(lines);
    const applied = native.apply(this.#replica, this.#config, text, moment(now, "now"));
    // How many is told below zero, since a status is above it.
    if (applied >= 0) throw failure();
    return -1 - applied;
  }

  heard(now) {
    if (native.heard(this.#replica, moment(now, "now")) !== OK) throw failure();
  }

  async publish(lines) {
    const list = [...lines];
    if (list.length === 0) return;
    try {
      await this.#feed.publish(list);
    } catch (cause) {
      if (cause instanceof H3sError) throw cause;
      const message = `what was revoked could not be made known: ${cause?.message ?? cause}`;
      throw new H3sError("ERR_H3S_STORE", message, { cause });
    }
    this.#apply(list);
  }

  // ---- Following --------------------------------------------------------------------------------

  async poll() {
    await this.#turn();
    if (this.#error !== undefined) throw this.#error;
  }

  /** One after the other, since a feed knows up to where it has read. */
  #turn() {
    const turn = this.#turning.then(async () => {
      try {
        await this.#feed.poll();
        this.#error = undefined;
      } catch (error) {
        this.#failed(error);
      }
    });
    this.#turning = turn;
    return turn;
  }

  #turned(poll) {
    try {
      poll();
      this.#error = undefined;
    } catch (error) {
      this.#failed(error);
    }
  }

  #failed(error) {
    if (error?.code === "ERR_H3S_FULL") {
      this.#tellFull(error);
      return;
    }
    // Once, and not at each turn.
    if (this.#error === undefined && !this.#isClosed)
      warn(`what other servers revoke is not known here for now: ${error?.message ?? error}`);
    this.#error = error;
  }

  #tellFull(error) {
    if (this.#isFull) return;
    this.#isFull = true;
    warn(`not all that is revoked is refused here: ${error.message}`);
  }

  /** The timer keeps neither the process nor what nobody else has any more. */
  #again() {
    if (this.#isClosed) return;
    const weak = new WeakRef(this);
    this.#timer = setTimeout(() => void weak.deref()?.#next(), this.#feed.pause ?? PAUSE).unref();
  }

  async #next() {
    await this.#turn();
    this.#again();
  }

  close() {
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.#feed.close?.();
  }
}

function textOf(lines) {
  return typeof lines === "string" ? lines : [...lines].join("\n");
}

function warn(message) {
  process.emitWarning(`h3s: ${message}`, { type: "H3sWarning", code: "H3S_REVOCATION" });
}

// ---- The file -----------------------------------------------------------------------------------

/** A file that the processes of one machine share, in whatever language: `revocation.file`. */
export class FileStore {
  #path;

  constructor(path) {
    this.#path = path;
  }

  attach(revocations) {
    return new FileFeed(this.#path, revocations);
  }
}

class FileFeed {
  #file;
  #handles;

  constructor(path, revocations) {
    const file = open(path);
    if (typeof file === "number") throw failure();
    this.#file = file;
    this.#handles = revocations.handles();
  }

  /** It waits for the disk, so it is done in the thread pool. */
  async publish(lines) {
    await this.#end(native.append_job(this.#file, lines.join("\n")));
  }

  async poll() {
    await this.#end(native.poll_job(this.#file, ...this.#handles));
  }

  pollNow() {
    if (native.poll(this.#file, ...this.#handles) !== OK) throw failure();
  }

  #end(job) {
    if (typeof job === "number") throw failure();
    return resultOf(job);
  }

  close() {
    native.close_handle(this.#file);
  }
}
