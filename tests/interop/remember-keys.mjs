// For tests that open many tokens of few salts.

const MOST = 10_000;

/** From now on Web Crypto derives the same key but once: it is most of the time of the peers. */
export function rememberKeys() {
  const { subtle } = crypto;
  const known = new Map();
  const names = new WeakMap();
  const named = (value) => {
    if (value instanceof CryptoKey) {
      return names.get(value) ?? names.set(value, `key ${Math.random()}`).get(value);
    }
    if (value instanceof ArrayBuffer || ArrayBuffer.isView(value)) {
      return Buffer.from(value).toString("base64");
    }
    if (value === null || typeof value !== "object") return value;
    return Object.entries(value).map(([name, part]) => [name, named(part)]);
  };
  for (const method of ["importKey", "deriveKey", "deriveBits"]) {
    const real = subtle[method].bind(subtle);
    subtle[method] = (...given) => {
      const name = method + JSON.stringify(given.map(named));
      if (known.size > MOST) known.clear();
      return known.get(name) ?? known.set(name, real(...given)).get(name);
    };
  }
}
