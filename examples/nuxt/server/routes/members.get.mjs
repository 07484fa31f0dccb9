import { requireUserSession } from "auth-utils";
import { defineEventHandler } from "h3";

export default defineEventHandler(async (event) => {
  const { user } = await requireUserSession(event);
  return `for members such as ${user.name}\n`;
});
