// Whether to seal a Fe26.2 token takes a slow derivation now.

/** For so long, and so many tokens, the library seals with the same keys: fe26/keys.rs. */
const LIFE = 24 * 60 * 60 * 1000;
const SEALS = 2 ** 20;
/** What sealed at once in several threads may be mistaken for another's. */
const MARGIN = 60_000;
const SPARE = 1000;

const PREFIX = "Fe26.2*";

/** The salts that a Sessions seals with, as its tokens show them. */
export class Salts {
  #salt;
  #since = 0;
  #left = 0;

  /** Whether a token sealed at this time takes no derivation. If not, it belongs in the pool. */
  isWarm(now) {
    return this.#left > 0 && Math.abs(now - this.#since) < LIFE - MARGIN;
  }

  /** Takes notice of a token, or of a cookie that may hold one. */
  sealed(text, now) {
    this.#left--;
    const token = text.indexOf(PREFIX);
    if (token < 0) return;
    // After the version comes the id of the password, then the salt.
    const start = text.indexOf("*", token + PREFIX.length) + 1;
    const salt = text.slice(start, text.indexOf("*", start));
    if (salt === this.#salt) return;
    this.#salt = salt;
    this.#since = now;
    this.#left = SEALS - SPARE;
  }
}
