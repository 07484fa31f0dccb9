import { requireUserSession } from "auth-utils";
import { defineEventHandler } from "h3";

export default defineEventHandler((event) => requireUserSession(event));
