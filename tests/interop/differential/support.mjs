// What the three tests have in common: random numbers that a seed repeats, the other processes, and
// the count of what differs.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { after, test } from "node:test";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

/** What all clocks say. */
export const NOW = 1_800_000_000_000;
export const password = "correct horse battery staple, and more of it";
export const seed = Number(process.env.H3S_SEED ?? 20261125);
/**
 * How often the numbers that a test names are done: a quarter where nobody says, once in
 * `make test` and more often in `make soak`. In seals.test.mjs a quarter is the least that is
 * whole.
 */
export const rounds = Number(process.env.H3S_ROUNDS ?? 0.25);

/** Random numbers, the same for the same seed: Marsaglia's xorshift of 32 bits. */
export class Random {
  constructor(stream) {
    this.state = (Math.imul(seed, 2654435761) ^ Math.imul(stream, 40503) ^ 0x9e3779b9) >>> 0 || 1;
    for (let i = 0; i < 16; i++) this.below(2);
  }

  below(bound) {
    this.state ^= this.state << 13;
    this.state ^= this.state >>> 17;
    this.state ^= this.state << 5;
    this.state >>>= 0;
    return Math.floor((this.state / 2 ** 32) * bound);
  }

  /** True once in so many times. */
  once(times) {
    return this.below(times) === 0;
  }

  of(list) {
    return list[this.below(list.length)];
  }

  /** So many of what `make` makes. */
  several(most, make) {
    return Array.from({ length: this.below(most + 1) }, make);
  }

  /**
   * A text with some characters replaced, inserted, doubled, swapped or taken out; `odd` are
   * those that are worth trying.
   */
  mutated(text, odd) {
    for (let left = 1 + this.below(3); left > 0; left--) {
      const at = this.below(text.length + 1);
      const char = this.once(3) ? String.fromCharCode(this.below(256)) : this.of(odd);
      const end = Math.min(text.length, at + 1 + (this.once(4) ? this.below(20) : 0));
      const [before, part, rest] = [text.slice(0, at), text.slice(at, end), text.slice(end)];
      text = this.of([before + char + rest, before + char + part + rest, before + rest, before + part + part + rest, rest + part + before]);
    }
    return text;
  }
}

/** The Python package of this tree, which finds the library that make has built in it. */
const PYTHONPATH = fileURLToPath(new URL("../../../bindings/python/src", import.meta.url));

/** A Python program of this folder that answers each line with a line. */
export class Peer {
  constructor(program) {
    const path = fileURLToPath(new URL(program, import.meta.url));
    this.process = spawn("python3", [path], {
      env: { ...process.env, PYTHONPATH, PYTHONDONTWRITEBYTECODE: "1" },
      stdio: ["pipe", "pipe", "inherit"],
    });
    this.waiting = [];
    createInterface({ input: this.process.stdout }).on("line", (line) => this.waiting.shift().resolve(JSON.parse(line)));
    this.process.on("exit", (status) => this.waiting.forEach(({ reject }) => reject(new Error(`${program} ended with ${status}`))));
    this.process.stdin.on("error", () => {});
    after(() => this.process.stdin.end());
  }

  ask(...command) {
    return new Promise((resolve, reject) => {
      this.waiting.push({ resolve, reject });
      this.process.stdin.write(JSON.stringify(command) + "\n");
    });
  }
}

/** Where two sides differ: in a named way that is meant, and counted, or in another. */
export class Differences {
  /**
   * `named`: by a short name, the sentence that says what the library does differently, and why.
   */
  constructor(title, named) {
    this.title = title;
    this.named = named;
    this.counts = Object.fromEntries(Object.keys(named).map((name) => [name, 0]));
    this.compared = 0;
    this.unexplained = [];
  }

  count(names) {
    for (const name of names) this.counts[name]++;
  }

  fault(what) {
    this.unexplained.push(what);
  }

  /**
   * One test of all that was compared, and one of each difference: one that no longer occurs is no
   * longer tested, or no longer true.
   */
  report(expected) {
    test(this.title, (t) => {
      t.diagnostic(`${this.compared} compared, seed ${seed}`);
      const shown = this.unexplained.slice(0, 5).map((fault) => JSON.stringify(fault, null, 1));
      assert.equal(this.unexplained.length, 0, `seed ${seed}: ${this.unexplained.length} differ otherwise, such as\n${shown.join("\n")}`);
      assert.equal(this.compared, expected * rounds);
    });
    for (const [name, sentence] of Object.entries(this.named)) {
      test(sentence, (t) => {
        t.diagnostic(`${this.counts[name]} times`);
        assert.ok(this.counts[name] > 0, `seed ${seed}: of ${this.compared} none differs in this way`);
      });
    }
  }
}
