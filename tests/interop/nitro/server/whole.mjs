// All of the session, as an application's own server code sees it.
import { getUserSession } from "auth-utils";
import { defineEventHandler } from "h3";

export default defineEventHandler((event) => getUserSession(event));
