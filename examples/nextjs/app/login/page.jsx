import { AuthError } from "next-auth";
import { redirect } from "next/navigation";

import { signIn } from "../../auth.js";

export default async function Login({ searchParams }) {
  const { callbackUrl = "/", error } = await searchParams;
  return (
    <>
      <h1>Log in</h1>
      <form action={logIn} className="column">
        <input type="hidden" name="callbackUrl" value={String(callbackUrl)} />
        <label>
          Name
          <input name="name" required autoFocus autoComplete="username" placeholder="zoe" />
        </label>
        <label>
          Password
          <input name="password" type="password" required autoComplete="current-password" />
        </label>
        <button>Log in</button>
      </form>
      {error && <p role="alert">That is not the right name and password.</p>}
    </>
  );
}

async function logIn(form) {
  "use server";
  // Auth.js leads back to this site alone, whatever a link has put there.
  const redirectTo = String(form.get("callbackUrl"));
  try {
    await signIn("credentials", { name: form.get("name"), password: form.get("password"), redirectTo });
  } catch (error) {
    if (!(error instanceof AuthError)) throw error;
    redirect(`/login?${new URLSearchParams({ error: error.type, callbackUrl: redirectTo })}`);
  }
}
