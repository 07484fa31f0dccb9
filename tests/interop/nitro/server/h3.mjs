// A session without any module, as Nitro's own documentation has it.
import { defineEventHandler, readBody, useSession } from "h3";

export default defineEventHandler(async (event) => {
  const session = await useSession(event, { password: process.env.NUXT_SESSION_PASSWORD });
  if (event.method === "POST") await session.update(await readBody(event));
  if (event.method === "DELETE") await session.clear();
  return { id: session.id, data: session.data };
});
