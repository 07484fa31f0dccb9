// The packages from npm. Without them, each file that is run says what to do in place of a stack.

import { fileURLToPath } from "node:url";

const folder = fileURLToPath(new URL(".", import.meta.url));

/** A package of package-lock.json. */
export async function npm(name) {
  try {
    return await import(name);
  } catch (error) {
    if (error.code !== "ERR_MODULE_NOT_FOUND") throw error;
    console.error(`the package ${name} is missing; run: npm ci --prefix ${folder}`);
    process.exit(1);
  }
}
