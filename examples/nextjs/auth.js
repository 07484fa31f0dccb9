// Auth.js as its documentation has it. It knows nothing of libh3s: AUTH_SECRET and the name of its
// cookie are all that the others need to know of it.

import { createHash, timingSafeEqual } from "node:crypto";

import NextAuth from "next-auth";
import Credentials from "next-auth/providers/credentials";

import options from "./session.json";

// A real application has its users elsewhere, and slow hashes of their passwords.
const user = { id: "42", name: "Zoë", email: "zoe@app.test" };

const digest = (text) => createHash("sha256").update(text).digest();
const isEqual = (a, b) => timingSafeEqual(digest(a), digest(b));

export const { handlers, auth, signIn, signOut } = NextAuth({
  providers: [
    Credentials({
      credentials: { name: {}, password: { type: "password" } },
      authorize({ name, password }) {
        const isRight = isEqual(String(password), process.env.DEMO_PASSWORD);
        return String(name).toLowerCase() === "zoe" && isRight ? user : null;
      },
    }),
  ],
  session: { strategy: "jwt", maxAge: options.maxAge },
  pages: { signIn: "/login" },
  callbacks: {
    // What the service has written is a claim like those of Auth.js, which keeps all of them.
    session: ({ session, token }) => ({ ...session, cart: token.cart ?? [] }),
  },
});
