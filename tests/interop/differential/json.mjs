// What JSON.parse does not tell of a text.

/** How deep a JSON text nests, and whether an object in it has a name twice. */
export function structure(text) {
  const names = [];
  let [depth, twice, last] = [0, false, undefined];
  for (const [token] of text.matchAll(/"(?:[^"\\]|\\.)*"|[{}[\]:]/gs)) {
    if (token === "{" || token === "[") depth = Math.max(depth, names.push(new Set()));
    else if (token === "}" || token === "]") names.pop();
    else if (token === ":") {
      twice ||= names.at(-1).has(last);
      names.at(-1).add(last);
    } else last = JSON.parse(token);
  }
  return { depth, twice };
}

/** A value as one text for all its spellings, or undefined. */
export function parsed(text) {
  try {
    return { value: JSON.parse(text) };
  } catch {
    return undefined;
  }
}
