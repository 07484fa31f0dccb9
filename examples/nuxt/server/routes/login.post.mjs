import { setUserSession } from "auth-utils";
import { defineEventHandler, readBody } from "h3";

export default defineEventHandler(async (event) => {
  // Here a real one would look at a password.
  const { name } = await readBody(event);
  await setUserSession(event, { user: { name } });
  return `hello ${name}\n`;
});
