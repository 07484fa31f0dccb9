// The options that README.md shows, by the name in the comment above each block.

import { readFileSync } from "node:fs";

const RECIPE = /^<!-- recipe: (\S+) -->\n+```json\n(.*?)^```$/gms;

/** Each recipe of a README as its text. */
export function recipeTexts(readme = "README.md") {
  const text = readFileSync(new URL(`../../${readme}`, import.meta.url), "utf8");
  return new Map(Array.from(text.matchAll(RECIPE), ([, name, json]) => [name, json]));
}

/** One recipe of the main README as an object. */
export function recipe(name) {
  const json = recipeTexts().get(name);
  if (json === undefined) throw new Error(`README.md has no block after <!-- recipe: ${name} -->`);
  return JSON.parse(json);
}
