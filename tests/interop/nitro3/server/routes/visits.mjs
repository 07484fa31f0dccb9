// A session by what Nitro 3 calls its h3.
import { defineHandler, getQuery, readBody, useSession } from "nitro/h3";

import { visits } from "../visits.mjs";

export default visits({ defineHandler, getQuery, readBody, useSession });
