// Whether to seal a Fe26.2 token takes a slow derivation now.

/** For so long, and so many tokens, the library seals with the same keys: fe26/keys.rs. */
const LIFE = 24 * 60 * 60 * 1000;
const SEALS = 2 ** 20;
/** What sealed at once in several threads may be mistaken for another's. */
const MARGIN = 60_000;
const SPARE = 1000;

const PREFIX = "Fe26.2*";

/** A salt that the library seals with, as its tokens show it. */
class Salt {
  text;
  #since = 0;
  #left = 0;

  isWarm(now) {
    return this.#left > 0 && Math.abs(now - this.#since) < LIFE - MARGIN;
  }

  sealed(text, now) {
    if (text !== this.text) {
      this.text = text;
      this.#since = now;
      this.#left = SEALS - SPARE;
    }
    this.#left--;
  }
}

/**
 * The salts that a Sessions seals with.
 *
 * What is written is sealed as the options say. What is only read may be sealed as it came, with
 * another number of iterations, and so with another salt. Which it is, the salt says that it came
 * with, if that is one of these.
 */
export class Salts {
  #own = new Salt();
  #other = new Salt();

  /**
   * Whether a token sealed at this time takes no derivation. If not, it belongs in the pool.
   *
   * from: the header that a session came in which is only read; undefined of one that is written.
   */
  isWarm(now, from) {
    if (from === undefined) return this.#own.isWarm(now);
    return [this.#own, this.#other].some((salt) => salt.isWarm(now) && from.includes(`*${salt.text}*`));
  }

  /** Takes notice of a token, or of cookies that may hold one. */
  sealed(texts, now, from) {
    const salt = texts.map(saltOf).find((salt) => salt !== undefined);
    if (salt === undefined) return;
    if (from === undefined && salt === this.#other.text) this.#own = this.#other;
    const isOwn = from === undefined || salt === this.#own.text;
    if (!isOwn && this.#other === this.#own) this.#other = new Salt();
    (isOwn ? this.#own : this.#other).sealed(salt, now);
  }
}

/** After the version comes the id of the password, then the salt. */
function saltOf(text) {
  const token = text.indexOf(PREFIX);
  if (token < 0) return undefined;
  const start = text.indexOf("*", token + PREFIX.length) + 1;
  return text.slice(start, text.indexOf("*", start));
}
