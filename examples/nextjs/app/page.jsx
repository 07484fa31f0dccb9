import { auth, signOut } from "../auth.js";
import Cart from "./cart.jsx";

export default async function Home() {
  const session = await auth();
  return (
    <>
      <h1>One login for three</h1>
      <p>
        You log in at Next.js, by Auth.js. nginx reads the same cookie before it lets you pass, and a
        service in FastAPI reads and writes it. There is no database, and none of them asks another.
      </p>
      {session ? <Account session={session} /> : <Nobody />}
    </>
  );
}

function Nobody() {
  return (
    <section>
      <h2>Nobody is logged in</h2>
      <p>
        <a className="button" href="/login">Log in</a>
      </p>
      <p>
        nginx sends you to the login from the <a href="/members">members’ page</a>, and answers 401 for{" "}
        <a href="/service/">the service</a>.
      </p>
    </section>
  );
}

function Account({ session }) {
  return (
    <>
      <section>
        <h2>Hello, {session.user.name}</h2>
        <p>
          nginx lets you see the <a href="/members">members’ page</a>, and <a href="/service/">the service</a>{" "}
          knows you, too.
        </p>
      </section>
      <section>
        <h2>Your cart</h2>
        <p>FastAPI puts things into the session. Next.js, which renders this page, finds them there.</p>
        <Cart items={session.cart} />
      </section>
      <section>
        <h2>Log out</h2>
        <div className="row">
          <form action={logOut}>
            <button>Log out</button>
          </form>
          <form action="/service/logout-everywhere" method="post">
            <button>Log out everywhere</button>
          </form>
        </div>
        <p>
          The first is Auth.js’ own: it deletes the cookie in this browser. The second is FastAPI’s: it ends all
          of your sessions, and nginx refuses every copy of their cookies from then on.
        </p>
      </section>
    </>
  );
}

async function logOut() {
  "use server";
  await signOut({ redirectTo: "/" });
}
