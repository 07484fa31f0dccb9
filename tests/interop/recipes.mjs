// The options that docs/BESIDE-H3.md and docs/FORMATS.md show, by the name in the comment above
// each block.

import { readFileSync } from "node:fs";

const RECIPE = /^<!-- recipe: (\S+) -->\n+```json\n(.*?)^```$/gms;

/** Each recipe of a page as its text. */
export function recipeTexts(page = "docs/BESIDE-H3.md") {
  const text = readFileSync(new URL(`../../${page}`, import.meta.url), "utf8");
  return new Map(Array.from(text.matchAll(RECIPE), ([, name, json]) => [name, json]));
}

/** One recipe of a page, which is docs/BESIDE-H3.md if none is named, as an object. */
export function recipe(name, page = "docs/BESIDE-H3.md") {
  const json = recipeTexts(page).get(name);
  if (json === undefined) throw new Error(`${page} has no block after <!-- recipe: ${name} -->`);
  return JSON.parse(json);
}
