"use client";

import { useRouter } from "next/navigation";
import { useState } from "react";

export default function Cart({ items }) {
  const router = useRouter();
  const [error, setError] = useState("");

  async function add(form) {
    const answer = await fetch("/service/cart", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ item: form.get("item") }),
    }).catch(() => null);
    setError(answer?.ok ? "" : `That did not work (${answer?.status ?? "no answer"}).`);
    // The page comes anew from Next.js, which has the cart from the cookie.
    router.refresh();
  }

  return (
    <>
      {items.length > 0 && (
        <ul>
          {items.map((item, index) => (
            <li key={index}>{item}</li>
          ))}
        </ul>
      )}
      <form action={add} className="row">
        <input name="item" aria-label="Item" placeholder="an apple" required maxLength={40} />
        <button>Put it in</button>
      </form>
      {error && <p role="alert">{error}</p>}
    </>
  );
}
