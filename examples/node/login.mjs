// A login and a logout, on Node's own http and nothing else.
//
//     npm install ../../target/node/h3s-0.2.0.tgz     (which `make npm` makes)
//     SESSION_PASSWORD=$(openssl rand -base64 32) node login.mjs 3000
//
// GET / greets and counts visits; POST /login?name=ada logs in; POST /logout logs out. The same
// program in C, Python and Go is in the folders beside this one: with the same password they share
// the sessions. In Express, the middleware is the same.

import { createServer } from "node:http";

import { isCrossSite } from "h3s";
import { sessions } from "h3s/express";

/** Counts the visit. A write is what sets the cookie. */
function hello({ session }) {
  const { visits, user } = session.data;
  // What another program has put there may be of another type, and counts as nothing.
  session.set("visits", Number.isSafeInteger(visits) ? visits + 1 : 1);
  const name = typeof user === "string" ? user : "stranger";
  return [200, `Hello, ${name}. Visit ${session.data.visits}.`];
}

/** Asks for a name; a real one asks for more. A new id: whoever knew the old one has nothing. */
function login({ session }, query) {
  const name = query.get("name") ?? "";
  if (name === "" || Buffer.byteLength(name) > 80) return [400, "who is it?"];
  session.rotate();
  session.set("user", name);
  return [200, `Welcome, ${name}.`];
}

function logout({ session }) {
  session.clear();
  return [200, "Goodbye."];
}

const pages = new Map([
  ["/", ["GET", hello]],
  ["/login", ["POST", login]], // a mere link changes nothing
  ["/logout", ["POST", logout]],
]);

function page(request) {
  const [path, query] = request.url.split("?", 2);
  const [method, answer] = pages.get(path) ?? [];
  if (method === undefined) return [404, "there is no such page"];
  if (request.method !== method) return [405, `use ${method}`];
  // Another site may lead a browser here, but log nobody in or out.
  if (method === "POST" && isCrossSite(request.headers)) return [403, "a form of another site"];
  return answer(request, new URLSearchParams(query));
}

const withSession = sessions({ password: process.env.SESSION_PASSWORD ?? "", maxAge: 7 * 86_400 });

const server = createServer((request, response) => {
  // Also told where a session could not be opened: 503 while logouts are not known, say.
  withSession(request, response, (error) => {
    let status = error?.statusCode ?? 500;
    let text = "this did not work";
    try {
      if (error === undefined) [status, text] = page(request);
    } catch (thrown) {
      status = thrown.statusCode ?? 500;
    }
    response.writeHead(status, { "Content-Type": "text/plain; charset=utf-8" });
    response.end(`${text}\n`);
  });
});

server.listen(Number(process.argv[2] ?? 3000), "127.0.0.1", () => {
  console.log(`http://127.0.0.1:${server.address().port}/`);
});
