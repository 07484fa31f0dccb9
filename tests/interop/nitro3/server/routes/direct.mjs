// The same by h3 itself.
import { defineHandler, getQuery, readBody, useSession } from "h3";

import { visits } from "../visits.mjs";

export default visits({ defineHandler, getQuery, readBody, useSession });
