"""readme.py README FOLDER [--install]: does what a README says. Each fenced block is one test.

sh: every command is run in the top folder. json: options that the library accepts. nginx: what
stands in `http`, which nginx accepts. c, python, go, js, rust: whole programs that count visits.
Other blocks would be left untested, so they count as failures.

A section whose commands name ../libh3s is done in a folder beside a link of that name, as a new
user would: its program is saved, the commands are run, and the program opens the cookie that the
program before it has made, in whatever language.

--install: `sudo make install` and its like are run, over folders that are not the machine's own.
Without it they are passed over, and the program finds the library where `make` has built it.
"""

import os
import re
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BUILT = str(ROOT / "target/pkgconfig")
OPTIONS_PROGRAM = """
#include <h3s.h>
#include <stdio.h>
int main(void)
{
    static char options[65536];
    size_t len = fread(options, 1, sizeof options, stdin);
    h3s_config *config = NULL;
    h3s_error err;
    int32_t status = h3s_config_new(options, len, &config, &err);
    if (status != H3S_OK) printf("%s: %s\\n", err.key, err.message);
    h3s_config_free(config);
    return status;
}
"""
#: Where a program is saved, and how it is called with a Cookie header; a server has no such call.
FILES = {"c": "app.c", "python": "app.py", "go": "main.go", "js": "app.mjs", "rust": "src/main.rs"}
CALLS = {"c": ["./app"], "rust": ["cargo", "run", "--release", "--quiet", "--"]}
WARNINGS = ["-Wall", "-Wextra", "-Wpedantic", "-Werror"]
STANDARDS = {"cc": ["c99", "c11", "c17", "c2x"], "c++": ["c++11", "c++17", "c++20"]}

Block = tuple[str, str]


class Failed(Exception):
    """Something is not as the README says."""


class Readme:
    def __init__(self, folder: Path, install: bool) -> None:
        self.folder = folder
        self.install = install
        self.env = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
        if install:
            self.env.pop("PKG_CONFIG_PATH", None)
        else:
            self.env["PKG_CONFIG_PATH"] = BUILT
        # The last options under which sessions can be revoked.
        self.revoking = ""
        # What the last program set, and how often it says that it was visited.
        self.cookie, self.visits = "", 0

    def run(self, command: list[str], stdin: str = "", cwd: Path = ROOT, env: dict[str, str] | None = None) -> str:
        done = subprocess.run(
            command,
            check=False,
            cwd=cwd,
            env=env or self.env,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=900,
        )
        if done.returncode != 0:
            said = f"{done.stdout[-2000:]}{done.stderr[-2000:]}"
            raise Failed(f"{' '.join(command)}: exit status {done.returncode}\n{said}")
        return done.stdout

    # ---- Single blocks ----

    def block(self, language: str, text: str) -> None:
        if language == "sh":
            for command in text.strip().splitlines():
                print(f"  $ {command}", flush=True)
                if command != "make test":
                    self.run(["bash", "-c", command])
                elif "tests/run" not in self.run(["make", "-n", "test"]):  # which is what runs this
                    raise Failed("make test does not run the tests")
        elif language == "json":
            self.compile(OPTIONS_PROGRAM, ["cc", "-std=c99"])
            self.run([str(self.folder / "program")], text)
            self.revoking = text if '"revocation"' in text else self.revoking
        elif language == "nginx":
            self.nginx(text, ROOT / "target/nginx/ngx_http_h3s_module.so", self.folder)
        else:
            raise Failed("a block of this language is not tested here: add it")

    def compile(self, source: str, compiler: list[str], of: list[str] | None = None) -> None:
        (self.folder / "program.c").write_text(source)
        env = {**self.env, "PKG_CONFIG_PATH": BUILT}
        flags = self.run(["pkg-config", "--cflags", "--libs", "h3s"], env=env).split()
        program = str(self.folder / "program")
        self.run([*compiler, *WARNINGS, *(of or []), f"{program}.c", "-o", program, *flags])

    def nginx(self, text: str, module: Path | str, etc: Path) -> None:
        options = self.revoking if "h3s_revocations" in text else '{"password": "an example of 32 characters or more"}'
        (etc / "h3s.json").write_text(options.replace("/var/lib/h3s/", f"{self.folder}/"))
        text = re.sub(r"/(var/log|var/cache)/nginx/", f"{self.folder}/", text).replace("/etc/nginx/", f"{etc}/")
        (self.folder / "nginx.conf").write_text(
            f"load_module {module}; pid {self.folder}/pid; error_log stderr; events {{ }} http {{\n{text}\n}}"
        )
        prefix = [] if self.install else ["-p", str(self.folder)]
        self.run(["nginx", "-t", "-e", "stderr", *prefix, "-c", str(self.folder / "nginx.conf")])

    # ---- Sections that a new user follows ----

    def follow(self, number: int, blocks: list[Block]) -> None:
        """Saves the program, runs the commands, and visits the program."""
        (program,) = (block for block in blocks if block[0] != "sh")
        language, text = program
        beside = self.folder / str(number)
        app = beside / "app"
        app.mkdir(parents=True)
        (beside / "libh3s").symlink_to(ROOT)
        commands = "\n".join(text for name, text in blocks if name == "sh")
        sudo = "sudo() { " + ('"$@"; }' if self.install else ":; }")
        script = ["bash", "-ec", f"{sudo}\n{commands}"]
        if language == "nginx":
            self.run(script, cwd=app)
            if self.install:
                self.nginx(text, "modules/ngx_http_h3s_module.so", Path("/etc/nginx"))
            else:
                self.block(language, text)
            return
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        file = app / FILES[language]
        file.parent.mkdir(exist_ok=True)
        file.write_text(re.sub(r"\b3000\b", str(port), text))
        env = self.env
        if language == "rust":
            # Elsewhere than the library is built, whose flags are others; of its crates, so that
            # none has to be fetched.
            env = {**env, "CARGO_TARGET_DIR": str(ROOT / "target/readme"), "CARGO_NET_OFFLINE": "true"}
            (app / "Cargo.lock").write_text((ROOT / "Cargo.lock").read_text())
        if language in CALLS:
            # Without a cookie, and then with that of the program before it.
            first = self.counted(self.run(script, cwd=app, env=env), 1)
            self.cookie, self.visits = self.cookie or first, max(self.visits, 1)
            self.next_visit(self.run([*CALLS[language], self.cookie], cwd=app, env=env))
        else:
            self.visit(script, app, f"http://127.0.0.1:{port}/")
        if language == "c":
            for compiler, standards in STANDARDS.items():
                for standard in standards:
                    of = ["-x", "c++"] if compiler == "c++" else []
                    self.compile(text, [compiler, f"-std={standard}"], of)

    def next_visit(self, output: str) -> None:
        self.visits += 1
        self.cookie = self.counted(output, self.visits)

    def counted(self, output: str, visits: int) -> str:
        """The cookie that a program prints, which must be of that visit."""
        said = re.search(r"(?:\A|\n)visit (\d+)\nSet-Cookie: ([^;]*);.*\n\Z", output)
        if not said or int(said[1]) != visits:
            raise Failed(f"at visit {visits} it prints {output[-500:]!r}")
        return said[2]

    def visit(self, script: list[str], app: Path, url: str) -> None:
        """Starts a server, and visits it twice."""
        log = (app / "log").open("w+")
        with subprocess.Popen(script, cwd=app, env=self.env, stdout=log, stderr=log, start_new_session=True) as server:
            try:
                for _ in range(2):
                    self.next_visit(self.answer(server, url))
            except Failed as error:
                raise Failed(f"{error}\n{(app / 'log').read_text()[-2000:]}") from None
            finally:
                os.killpg(server.pid, 9)

    def answer(self, server: "subprocess.Popen[bytes]", url: str) -> str:
        """What it answers once it listens, and the cookie."""
        request = urllib.request.Request(url, headers={"Cookie": self.cookie})
        for _ in range(3000):
            if server.poll() is not None:
                raise Failed("it ended")
            try:
                with urllib.request.urlopen(request, timeout=10) as answer:
                    return f"{answer.read().decode()}Set-Cookie: {answer.headers['Set-Cookie']}\n"
            except urllib.error.HTTPError as error:
                raise Failed(f"it answers {error.code}") from None
            except OSError:
                time.sleep(0.1)
        raise Failed(f"nothing answers at {url}")


def sections(text: str) -> Iterator[list[Block]]:
    for section in re.split(r"(?m)^#{2,3} ", text):
        blocks = re.findall(r"^```(\w*)\n(.*?)^```$", section, re.MULTILINE | re.DOTALL)
        if blocks:
            yield blocks


def main() -> int:
    page, folder = Path(sys.argv[1]), Path(sys.argv[2])
    text = page.read_text()
    readme = Readme(folder, "--install" in sys.argv[3:])
    links = [link for link in re.findall(r"\]\(([^)#]+)\)", text) if "://" not in link]
    passed = failed = 0
    for number, blocks in enumerate(sections(text), 1):
        together = any(language == "sh" and "../libh3s" in body for language, body in blocks)
        for one in [blocks] if together else [[block] for block in blocks]:
            what = f"section {number} ({', '.join(language for language, _ in one)})"
            try:
                if together:
                    readme.follow(number, one)
                else:
                    readme.block(*one[0])
                passed += len(one)
                print(f"  ok    {what}", flush=True)
            except (Failed, OSError, subprocess.SubprocessError) as error:
                failed += len(one)
                print(f"  FAIL  {what}\n{error}", flush=True)
    for link in links:
        if (page.resolve().parent / link).exists():
            passed += 1
        else:
            failed += 1
            print(f"  FAIL  the link to {link} leads nowhere")
    print(f"readme: {passed} passed, {failed} failed, 0 skipped")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
