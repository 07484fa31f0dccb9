// What JSON.parse does not tell of a text.

/**
 * How deep a JSON text nests, whether an object in it has a name twice, and whether it is itself a
 * session that has one of its own members twice.
 */
export function structure(text) {
  const names = [];
  let [depth, twice, memberTwice, last] = [0, false, false, undefined];
  for (const [token] of text.matchAll(/"(?:[^"\\]|\\.)*"|[{}[\]:]/gs)) {
    if (token === "{" || token === "[") depth = Math.max(depth, names.push(new Set()));
    else if (token === "}" || token === "]") names.pop();
    else if (token === ":") {
      const again = names.at(-1).has(last);
      twice ||= again;
      memberTwice ||= again && names.length === 1 && ["id", "createdAt", "lastSeenAt", "data"].includes(last);
      names.at(-1).add(last);
    } else last = JSON.parse(token);
  }
  return { depth, twice, memberTwice };
}

/** A value as one text for all its spellings, or undefined. */
export function parsed(text) {
  try {
    return { value: JSON.parse(text) };
  } catch {
    return undefined;
  }
}
