// Random sequences of what one visitor does, now at the library and now at a peer, in one browser.
// A model says what either side must see after each step.

import assert from "node:assert/strict";

import { Browser } from "./browser.mjs";

const SECOND = 1000;
const HOUR = 3600 * SECOND;
const WAITS = [0, SECOND, 10 * 60 * SECOND, 5 * HOUR, 13 * HOUR, 23 * HOUR, 3 * 24 * HOUR];
/** More than one cookie can hold, and less than h3 2 takes. */
const LARGE = 6000;

/** Data with its large texts as their length, so that a failure can be read. */
function short(data) {
  const shown = ([key, text]) => [key, text.length < LARGE ? text : `${text.length} characters`];
  return Object.fromEntries(Object.entries(data).map(shown));
}

/** How many there are: each takes some cookies more, and nothing else does. */
function largeTexts(data) {
  return Object.values(data ?? {}).filter((text) => text.length >= LARGE).length;
}

/**
 * One sequence. `here` and `there` have `use`, `get`, `update(data)` and `clear`, `here` also
 * `rotate`; each takes the Cookie header and gives `{ setCookies, id, data, createdAt }`, or
 * `{ status }` where it failed. `limits` are `maxAge` and `idleTimeout`. `traits` say of the peer:
 *
 * - `stores`: its `get` stores a session that it had to make, as h3 1 does
 * - `large`: it reads and writes sessions of several cookies
 * - `largeHere`: the library may write them, too
 */
export class Sequence {
  constructor({ random, here, there, clock, limits = {}, traits = {} }) {
    Object.assign(this, { random, here, there, clock, limits, traits });
    this.browser = new Browser();
    /** The session that both sides must see; null: none. */
    this.model = null;
    this.ended = new Set();
    this.log = [];
    this.kept = 0;
  }

  async run(steps) {
    try {
      for (let i = 0; i < steps; i++) await this.step();
    } catch (error) {
      error.message += `\nafter ${this.log.join(", ")}`;
      throw error;
    }
    return this.kept;
  }

  async step() {
    this.wait();
    const isHere = this.random.once(2);
    const [side, name] = isHere ? [this.here, "here"] : [this.there, "there"];
    const verbs = ["use", "get", "update", "update", "update", "large", "clear"];
    const verb = this.random.of(isHere ? [...verbs, "rotate", "rotate"] : verbs);
    if (verb === "large" && !isHere && !this.traits.large) return;
    this.log.push(`${name} ${verb}`);
    await this[verb](side, isHere);
    // What one side did, the other sees.
    const [other, otherName] = isHere ? [this.there, "there"] : [this.here, "here"];
    this.log.push(`${otherName} get`);
    await this.get(other, !isHere);
  }

  async use(side, isHere) {
    await this.read(side, "use", isHere, true);
  }

  async get(side, isHere) {
    await this.read(side, "get", isHere, !isHere && this.traits.stores === true);
  }

  /** A read: it stores nothing but a session that it had to make, or one that is due to slide. */
  async read(side, verb, isHere, stores) {
    const slides = this.slides();
    const before = this.model;
    const answer = await this.visit(side, verb);
    this.expect(answer);
    const isSet = answer.setCookies.length > 0;
    assert.equal(isSet, before ? slides : stores, isHere ? "Set-Cookie here" : "Set-Cookie there");
    if (before && slides) before.seen = this.clock.now();
    if (!before && stores) this.begin(answer);
  }

  async update(side, isHere, value = `${this.random.below(1000)}`) {
    const key = this.random.of(["user", "cart", "theme"]);
    await this.write(side, isHere, { [key]: value });
  }

  async large(side, isHere) {
    await this.update(side, isHere, "x".repeat(LARGE));
  }

  async write(side, isHere, update) {
    const next = { ...this.model?.data, ...update };
    const answer = await this.visit(side, "update", update);
    if (isHere && !this.fits(next)) return assert.equal(answer.status, 4, answer.message);
    this.expect(answer, next);
    if (this.model === null) this.begin(answer);
    Object.assign(this.model, { data: next, seen: this.clock.now() });
  }

  async rotate(side) {
    const data = { ...this.model?.data };
    const answer = await this.visit(side, "rotate");
    assert.equal(answer.message, undefined, "what is no larger than it came can be written");
    assert.ok(answer.id && answer.id !== this.model?.id, "a new id");
    assert.deepEqual(short(answer.data), short(data));
    this.end();
    this.begin(answer);
    this.model.data = data;
  }

  async clear(side) {
    await this.visit(side, "clear");
    this.end();
  }

  async visit(side, verb, argument) {
    return this.browser.visit((cookie) => side[verb](cookie, argument));
  }

  /** Whether the library may write so much, or it takes no more cookies than what has come. */
  fits(data) {
    return this.traits.largeHere || largeTexts(data) <= largeTexts(this.model?.data);
  }

  /** What is answered is the session of the model, or a new one where there is none. */
  expect(answer, data = this.model?.data ?? {}) {
    assert.equal(answer.message, undefined);
    assert.deepEqual(short(answer.data), short(data));
    if (this.model) {
      assert.equal(answer.id, this.model.id, "the session is lost");
      if (answer.createdAt !== undefined) assert.equal(answer.createdAt, this.model.createdAt);
      this.kept++;
    } else {
      assert.ok(!this.ended.has(answer.id), "a session came back");
    }
  }

  begin({ id }) {
    const now = this.clock.now();
    this.model = { id, data: {}, createdAt: now, seen: now };
  }

  end() {
    if (this.model) this.ended.add(this.model.id);
    this.model = null;
  }

  ends() {
    const { maxAge = Infinity, idleTimeout = Infinity } = this.limits;
    const { createdAt, seen } = this.model;
    return Math.min(createdAt + maxAge * SECOND, seen + idleTimeout * SECOND);
  }

  slides() {
    const { idleTimeout = Infinity } = this.limits;
    return this.model !== null && this.clock.now() - this.model.seen > (idleTimeout * SECOND) / 2;
  }

  wait() {
    const time = this.random.of(WAITS);
    if (time === 0) return;
    this.log.push(`${time / SECOND} s`);
    this.clock.forward(time);
    if (this.model === null) return;
    // A cookie's end is in whole seconds, so there may be two answers just at the end.
    if (Math.abs(this.clock.now() - this.ends()) < 2 * SECOND) this.clock.forward(5 * SECOND);
    if (this.clock.now() > this.ends()) this.end();
  }
}
