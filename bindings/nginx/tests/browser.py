"""browser.py ADDRESS FOLDER: visits examples/nginx with headless Chromium: log in, count, log out.

Only a browser judges cookies as browsers do. The page that does the visiting is put beside
the others, in FOLDER/html.
"""

from __future__ import annotations

import html
import json
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

PAGE = """<!doctype html>
<meta charset="utf-8">
<pre id="said"></pre>
<script>
const said = [];
async function visit(path, options) {
  const answer = await fetch(path, options);
  const text = await answer.text();
  said.push([new URL(answer.url).pathname, answer.status, text]);
}
async function all() {
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
}
all().catch((error) => said.push(["error", 0, String(error)])).finally(() => {
  document.getElementById("said").textContent = JSON.stringify(said);
});
</script>
"""
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--virtual-time-budget=30000",
]


def main() -> None:
    address, folder = sys.argv[1], Path(sys.argv[2])
    (folder / "html/visit.html").write_text(PAGE)
    chromium = shutil.which("chromium") or "chromium"
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        done = subprocess.run(
            [chromium, *FLAGS, f"--user-data-dir={profile}", "--dump-dom", f"{address}/visit.html"],
            capture_output=True, text=True, timeout=120, check=True,
        )  # fmt: skip
    found = re.search(r'<pre id="said">(.+?)</pre>', done.stdout, re.DOTALL)
    assert found, done.stdout
    said = json.loads(html.unescape(found[1]))
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
