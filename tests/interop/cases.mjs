// What iron-session's and Auth.js's own tests say of seals and cookies, as data: of iron-session
// src/index.test.ts, of Auth.js packages/core/test/{jwt.test.ts,actions/session.test.ts}, and of
// NextAuth.js 4 packages/next-auth/tests/jwt.test.ts.
//
// A case is a row of steps in one browser, each `at` so many milliseconds after the first. A step
// brings a `cookie`, or one that the package makes (`seal`, with `options`); or it does something
// here, under `options`: it reads, writes, replaces or clears. `data` is what is then seen,
// `attributes` what the Set-Cookie has, `length` how long the value in it is, `fails` that it is
// refused. `differs` is what the package expects, where libh3s does otherwise.

const password = "Gbm49ATjnqnkCCCdhV4uDBhbfnPqsCW0";
const second = "12345678901234567890123456789012";
const name = "test";
const iron = { password, name, seal: "iron-session" };
const ttl = (seconds, more) => ({ ...iron, seal: { format: "iron-session", ttl: seconds * 1000 }, ...more });
const user = { user: { id: 1 } };
const attributes = ["Path=/", "HttpOnly", "Secure", "SameSite=Lax"];

export const ironSession = {
  "should throw if password is less than 32 characters": [
    { options: { ...iron, password: "123456789012345678901234567890" }, fails: "password" },
  ],
  "should return blank session if no cookie is set": [{ options: iron, data: {} }],
  "should set a cookie in the response object on save": [
    { options: iron, write: user, data: user, length: 265, attributes: ["Max-Age=1209540", ...attributes] },
    { options: iron, data: user },
  ],
  "should allow deleting then saving session data": [
    { options: iron, write: user, data: user },
    { options: iron, data: user },
    { options: iron, replace: {}, data: {} },
    { options: iron, data: {} },
  ],
  "should set max-age to a large number if ttl is 0": [
    // Browsers keep no cookie longer than 400 days, so 2147483647 says no more.
    { options: ttl(0), write: user, data: user, attributes: ["Max-Age=34560000"], differs: "Max-Age=2147483647" },
  ],
  "should respect provided max-age in cookie options": [
    { options: { ...iron, cookie: { maxAge: 60 } }, write: user, data: user, attributes: ["Max-Age=60"] },
  ],
  "should expire the cookie on destroying the session": [
    { options: iron, write: user, data: user, attributes: ["Max-Age=1209540"] },
    { options: iron, clear: true, data: {}, length: 0, attributes: ["Max-Age=0", ...attributes] },
    { options: iron, data: {} },
  ],
  "should reset the session if the seal is expired": [
    { seal: user, options: ttl(60) },
    { options: iron, data: user },
    { at: 120_000, options: iron, data: {}, rejection: "expired" },
  ],
  "should refresh the session (ttl, max-age) on save": [
    { options: ttl(61), write: user, data: user, attributes: ["Max-Age=1"] },
    { at: 120_000, options: ttl(61), write: {}, data: user, attributes: ["Max-Age=1"] },
    { at: 240_000, options: ttl(61), data: user },
  ],
  "should reset the session if password is changed": [
    { seal: user, options: iron },
    { options: { ...iron, password: second }, data: {}, rejection: "bad_seal" },
  ],
  "should decrypt cookie generated from older password": [
    { seal: user, options: iron },
    { options: { ...iron, password: { 2: second, 1: password } }, data: user },
  ],
  "should throw if the cookie length is too big": [
    { options: iron, write: { user: { id: 1, meta: "0".repeat(3000) } }, fails: "" },
  ],
  "should be backwards compatible with older cookie format": [
    // That of iron-session 6 and before, which 9 has given up, too. It is left where it is.
    {
      cookie:
        "test=Fe26.2*1*1e2bacee1edffaeb4a9ba4a07dc36c2c60d20415a60ac1b901033af1f107ead5" +
        "*LAC9Fn3BJ9ifKMhVL3pP5w*JHhcByIzk4ThLt9rUW-fDMrOwUT7htHy1uyqeOTIqrVwDJ0Bz7TOAwIz_Cos-ug3*" +
        "*7dfa11868bbcc4f7e118342c0280ff49ba4a7cc84c70395bbc3d821a5f460174" +
        "*6a8FkHxdg322jyym6PwJf3owz7pd6nq5ZIzyLHGVC0c",
    },
    { options: iron, data: {}, rejection: "unsupported_format", cookies: 0, differs: "{ user: { id: 77 } }" },
  ],
};

const foo = { foo: "bar" };
const salt = (...secrets) => ({
  password: secrets.length === 1 ? secrets[0] : Object.fromEntries(secrets.map((secret) => [`id_${secret}`, secret])),
  name: "salt",
  seal: "authjs",
});
const SESSION_COOKIE_NAME = "authjs.session-token";
const session = { password: "secret", name: SESSION_COOKIE_NAME, seal: "authjs" };
const person = { name: "test", email: "test@test.com", picture: "https://test.com/test.png" };

export const authjs = {
  "can decode a token of the first secret": [
    { seal: foo, options: salt("secret1") },
    { options: salt("secret1", "secret2"), data: foo },
  ],
  "can decode a token of the second secret": [
    { seal: foo, options: salt("secret2") },
    { options: salt("secret1", "secret2"), data: foo },
  ],
  "always encodes with leftmost secret": [
    { options: salt("secret1", "secret2"), write: foo, data: foo },
    { options: salt("secret1"), data: foo },
    { options: salt("secret2"), data: {}, rejection: "unknown_key" },
  ],
  "should not be able decode with non-matching secret": [
    { seal: foo, options: salt("secret3") },
    { options: salt("secret1", "secret2"), data: {}, rejection: "unknown_key" },
  ],
  "should return a valid JWT session response": [
    { seal: person, options: session },
    { options: session, data: person },
    { options: session, write: {}, data: person, attributes: ["Path=/", "HttpOnly", "SameSite=Lax"] },
    { options: session, data: person },
  ],
  "should return null if no JWT session in the requests cookies": [{ options: session, data: {}, rejection: "none" }],
  "should return null if JWT session is invalid": [
    { cookie: `${SESSION_COOKIE_NAME}=invalid` },
    { options: session, data: {}, rejection: "malformed" },
  ],
  "should throw invalid JWT error if salt is invalid": [
    { seal: person, options: { ...session, name: "__Secure-authjs.session-token-invalid" }, under: SESSION_COOKIE_NAME },
    { options: session, data: {}, rejection: "unknown_key" },
  ],
};

/** The chunks of a cookie's token, as they come. */
export const orders = [[2, 0, 1]];
