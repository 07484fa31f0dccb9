import { clearUserSession } from "auth-utils";
import { defineEventHandler } from "h3";

export default defineEventHandler(async (event) => {
  await clearUserSession(event);
  return "bye\n";
});
