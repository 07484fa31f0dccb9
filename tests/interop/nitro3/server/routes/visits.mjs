// A session by what Nitro 3 calls its h3.
import { defineHandler, getQuery, readBody, useSession } from "nitro/h3";

export default defineHandler(async (event) => {
  const { seal } = getQuery(event);
  const session = await useSession(event, { password: process.env.NUXT_SESSION_PASSWORD, ...(seal && { seal }) });
  if (event.req.method === "POST") await session.update(await readBody(event));
  if (event.req.method === "DELETE") await session.clear();
  return { id: session.id, data: session.data };
});
