import { setUserSession } from "auth-utils";
import { defineEventHandler, readBody } from "h3";

export default defineEventHandler(async (event) => setUserSession(event, await readBody(event)));
