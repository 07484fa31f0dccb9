// The options that README.md and docs/FORMATS.md show, by the name in the comment above each block.

import { readFileSync } from "node:fs";

const RECIPE = /^<!-- recipe: (\S+) -->\n+```json\n(.*?)^```$/gms;

/** Each recipe of a README as its text. */
export function recipeTexts(readme = "README.md") {
  const text = readFileSync(new URL(`../../${readme}`, import.meta.url), "utf8");
  return new Map(Array.from(text.matchAll(RECIPE), ([, name, json]) => [name, json]));
}

/** One recipe of a page, which is the main README if none is named, as an object. */
export function recipe(name, page = "README.md") {
  const json = recipeTexts(page).get(name);
  if (json === undefined) throw new Error(`${page} has no block after <!-- recipe: ${name} -->`);
  return JSON.parse(json);
}
