// Next.js calls this once, when the server starts: what is missing is said then, and not to the
// first visitor.
export function register() {
  if (process.env.NEXT_RUNTIME !== "nodejs") return;
  const remedies = {
    AUTH_SECRET: "the password of session.json; make one by `openssl rand -base64 33`",
    AUTH_URL: "where browsers find the site, such as http://localhost:8080",
    DEMO_PASSWORD: "what Zoë logs in with",
  };
  const missing = Object.keys(remedies).filter((name) => !process.env[name]);
  for (const name of missing) console.error(`${name} is not set. It is ${remedies[name]}.`);
  // To throw would not end it: Next.js then answers each request with a 500.
  if (missing.length > 0) process.exit(1);
}
