import { redirect } from "next/navigation";

import { auth } from "../../auth.js";

export default async function Members() {
  const session = await auth();
  // nginx has asked already. This is for whoever comes another way.
  if (!session) redirect("/login?callbackUrl=/members");
  return (
    <>
      <h1>Members only</h1>
      <p>nginx let you pass, {session.user.name}: it found in the cookie who you are.</p>
      <p>
        <a href="/">Back</a>
      </p>
    </>
  );
}
