"""nginx_browser.py ADDRESS FOLDER: visits examples/nginx with headless Chromium: log in, count, log
out. (FOLDER, which demo.sh names, is not needed.)
"""

from __future__ import annotations

import json
import sys

import chromium

VISITS = """(async () => {
  const said = [];
  async function visit(path, options) {
    const answer = await fetch(path, options);
    const text = await answer.text();
    said.push([new URL(answer.url).pathname, answer.status, text]);
  }
  await visit("/members/");
  await visit("/app/login", {method: "POST", body: new URLSearchParams({user: "Zoë"})});
  await visit("/app/");
  await visit("/app/");
  await visit("/service/", {method: "POST", body: "apple"});
  await visit("/app/");
  await visit("/");
  said.push(["document.cookie", 0, document.cookie]);
  await visit("/logout", {method: "POST"});
  await visit("/members/");
  await visit("/app/");
  return said;
})()"""


def main() -> None:
    with chromium.tab(chromium.Tab) as page:
        page.go(f"{sys.argv[1]}/")
        said = page.value(VISITS)
    print(json.dumps(said, indent=1, ensure_ascii=False))

    assert [(path, status) for path, status, _ in said] == [
        ("/app/login", 200),  # sent there from /members/
        ("/members/", 200),
        ("/app/", 200),
        ("/app/", 200),
        ("/service/", 200),
        ("/app/", 200),
        ("/", 200),
        ("document.cookie", 0),
        ("/", 200),
        ("/app/login", 200),
        ("/app/", 200),
    ]
    texts = [text for _, _, text in said]
    assert "Only members" in texts[1]
    first, second, third, fresh = (json.loads(texts[n]) for n in (2, 3, 5, 10))
    assert [first["count"], second["count"], third["count"], fresh["count"]] == [1, 2, 3, 1]
    assert first["id"] == second["id"] == third["id"] != fresh["id"]
    assert third["user"] == "Zoë" and third["cart"] == ["apple"] and "user" not in fresh
    assert "Hello, Zoë." in texts[6] and texts[7] == ""


if __name__ == "__main__":
    main()
