// How a stream of Valkey or Redis is followed and added to, as docs/REVOCATION.md has it.

/** How many commands go to the server together, and how many entries are read at once, at most. */
const BATCH = 100;
/** More characters no entry has. */
const LONGEST = 2048;
/** By how many milliseconds two clocks may differ. */
const SKEW = 600_000;
/** Milliseconds between two looks whether the server still has what it had. */
const CHECK = 1000;
/** Milliseconds between two times that what has ended is forgotten, and between two marks. */
const SWEEP = 60_000;
const START = "0-0";

/**
 * Where a process stands in a stream, and what it has itself added.
 *
 * A server that fails goes back to an earlier state, be it an empty one. It has lost what came
 * after some moment, and others may have added more since. Each entry of this process is looked for
 * once after it was added, and the last ones again and again. So a loss is noticed whatever was
 * added after it. Then all is read from the start, and what was not there is added again.
 */
export class Stream {
  #ask;
  #key;
  #keep;
  #now;
  /** What this process has added, and until when it matters. */
  #own = new Map();
  /** Of that, what was not met while all is read again; undefined: nothing was lost. */
  #missing;
  /** Where its entries are that nobody has looked for yet. */
  #unseen = [];
  /** The last that was found of its own. */
  #found = START;
  /** One of each minute, the oldest first: these show that what is old was deleted. */
  #marks = [];
  /** Up to where it is read, and was at the last check. */
  #last = START;
  #checked = START;
  /** The server's clock as it was last seen; undefined: not yet. */
  #serverTime;
  #checkedAt = -Infinity;
  #sweptAt;

  /**
   * ask: takes commands, each an array of strings, and gives a promise of their answers.
   * keep: for how many milliseconds an entry matters at most.
   * now: the time, for tests.
   */
  constructor(ask, key, keep, now = Date.now) {
    this.#ask = ask;
    this.#key = key;
    this.#keep = keep;
    this.#now = now;
    this.#sweptAt = now();
  }

  // ---- To add -----------------------------------------------------------------------------------

  async publish(lines) {
    for (const some of batches(lines)) {
      const added = await this.#ask(some.map((line) => this.#adding(line)));
      for (const [i, line] of some.entries()) {
        const entry = textOf(added[i]);
        this.#missing?.delete(line);
        this.#own.set(line, endOf(line));
        this.#unseen.push(entry);
        [this.#serverTime] = momentOf(entry);
      }
    }
  }

  /** What has ended goes by the clock that is behind: one ahead would delete what others need. */
  #adding(line) {
    const oldest =
      this.#serverTime === undefined ? 0 : Math.min(this.#serverTime, this.#now()) - this.#keep;
    const trimming = oldest > 0 ? ["MINID", "~", String(Math.trunc(oldest))] : [];
    return ["XADD", this.#key, ...trimming, "*", "e", line];
  }

  // ---- To follow --------------------------------------------------------------------------------

  /** Applies what is new to a copy of what is revoked. */
  async poll(copy) {
    await this.#check();
    for (;;) {
      const reading = ["XREAD", "COUNT", String(BATCH), "STREAMS", this.#key, this.#last];
      const messages = messagesOf((await this.#ask([reading]))[0]);
      if (messages.length > 0) this.#apply(messages, copy);
      if (messages.length < BATCH) break;
    }
    copy.heard();
    await this.#addMissing();
  }

  #apply(messages, copy) {
    const lines = messages.map(([, fields]) => lineOf(fields));
    copy.apply(lines);
    this.#last = textOf(messages.at(-1)[0]);
    [this.#serverTime] = momentOf(this.#last);
    if (this.#missing !== undefined) for (const line of lines) this.#missing.delete(line);
  }

  /** The server may come back without its data. */
  disconnected() {
    this.#checkedAt = -Infinity;
  }

  // ---- A server that has lost something ---------------------------------------------------------

  async #check() {
    // Not the time of day, which may be set back.
    const now = performance.now();
    if (now < this.#checkedAt + CHECK) return;
    const unseen = [...this.#unseen];
    if (await this.#areThere([...this.#older(), ...unseen])) this.#noteFound(unseen);
    else this.#beginAgain();
    this.#checked = this.#last;
    this.#checkedAt = now;
    if (this.#now() >= this.#sweptAt + SWEEP) {
      this.#sweptAt = this.#now();
      this.#sweep();
    }
  }

  /** What was there before, and shows whether something was lost since. */
  #older() {
    while (this.#marks.length > 0 && this.#mayBeTrimmed(this.#marks[0])) this.#marks.shift();
    return new Set([this.#found, this.#checked, ...this.#marks.slice(0, 1)]);
  }

  async #areThere(entries) {
    const wanted = entries.filter((entry) => entry !== START && !this.#mayBeTrimmed(entry));
    for (const some of batches(wanted)) {
      const finding = some.map((entry) => ["XRANGE", this.#key, entry, entry, "COUNT", "1"]);
      const answers = await this.#ask(finding);
      if (!answers.every((answer) => answer?.length > 0)) return false;
    }
    return true;
  }

  #mayBeTrimmed(entry) {
    return momentOf(entry)[0] < this.#now() + SKEW - this.#keep;
  }

  #noteFound(entries) {
    for (const entry of entries) {
      this.#unseen.shift();
      if (isLater(entry, this.#found)) this.#found = entry;
      const mark = this.#marks.at(-1);
      if (mark === undefined || momentOf(entry)[0] >= momentOf(mark)[0] + SWEEP)
        this.#marks.push(entry);
    }
  }

  /** From the start: a server whose clock is behind may have begun with smaller ids. */
  #beginAgain() {
    this.#unseen = [];
    this.#marks = [];
    this.#sweep();
    this.#missing = new Set(this.#own.keys());
    this.#last = this.#found = START;
  }

  async #addMissing() {
    if (this.#missing === undefined) return;
    const missing = this.#missing;
    await this.publish([...this.#own.keys()].filter((line) => missing.has(line)));
    this.#missing = undefined;
  }

  #sweep() {
    const now = this.#now();
    for (const [line, end] of this.#own) if (end < now) this.#own.delete(line);
  }
}

/** The entry of a message; nothing where that is none: anybody may have put others there. */
function lineOf(fields) {
  const flat = fields ?? [];
  const value = Array.isArray(flat) ? flat[flat.findIndex((of, i) => i % 2 === 0 && textOf(of) === "e") + 1] : flat.e;
  const line = flat.length === 0 || value === undefined ? "" : textOf(value);
  return line.length <= LONGEST && /^[!-~]*$/.test(line) ? line : "";
}

/** Of the one stream that was asked for, in either version of the protocol. */
function messagesOf(answer) {
  if (answer === null || answer === undefined) return [];
  if (Array.isArray(answer)) return Array.isArray(answer[0]) ? (answer[0][1] ?? []) : (answer[1] ?? []);
  const [messages] = answer instanceof Map ? answer.values() : Object.values(answer);
  return messages ?? [];
}

const textOf = (value) => (typeof value === "string" ? value : String(value));

/** When an entry was added, by its id: milliseconds since 1970, and its number then. */
function momentOf(entry) {
  const [time, number = 0] = entry.split("-").map(Number);
  return [time, number];
}

function isLater(entry, other) {
  const [[time, number], [otherTime, otherNumber]] = [momentOf(entry), momentOf(other)];
  return time > otherTime || (time === otherTime && number > otherNumber);
}

/** Until when an entry matters, in milliseconds since 1970; 0 of what is none. */
function endOf(line) {
  const parts = line.split(".");
  const isEntry = parts.length === 4 && parts[0] === "h3r1" && /^\d+$/.test(parts[2]);
  return isEntry ? Number(parts[2]) * 1000 : 0;
}

function* batches(items) {
  for (let start = 0; start < items.length; start += BATCH) yield items.slice(start, start + BATCH);
}
