"""readme.py README FOLDER: does what a README says. Each fenced block is one test.

sh: every command is run in the top folder. c: a whole program is built against the build tree and
run. json: options that the library accepts. nginx: what stands in `http`, which nginx accepts.
Other blocks would be left untested, so they count as failures.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ENV = {**os.environ, "PKG_CONFIG_PATH": str(ROOT / "target/pkgconfig")}
WARNINGS = ["-std=c99", "-Wall", "-Wextra", "-Wpedantic", "-Werror"]
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


def run(command: list[str], stdin: str = "") -> None:
    done = subprocess.run(
        command, check=False, cwd=ROOT, env=ENV, input=stdin, capture_output=True, text=True, timeout=600
    )
    if done.returncode != 0:
        raise RuntimeError(
            f"{' '.join(command)}: exit status {done.returncode}\n{done.stdout[-2000:]}{done.stderr[-2000:]}"
        )


def program(source: str, folder: Path, stdin: str = "") -> None:
    (folder / "program.c").write_text(source)
    flags = subprocess.run(
        ["pkg-config", "--cflags", "--libs", "h3s"], env=ENV, check=True, capture_output=True, text=True
    )
    run(["cc", *WARNINGS, str(folder / "program.c"), "-o", str(folder / "program"), *flags.stdout.split()])
    run([str(folder / "program")], stdin)


def nginx(text: str, folder: Path) -> None:
    (folder / "h3s.json").write_text('{"password": "an example of 32 characters or more"}')
    text = re.sub(r"/(etc|var/log|var/cache)/nginx/", f"{folder}/", text)
    module = ROOT / "target/nginx/ngx_http_h3s_module.so"
    (folder / "nginx.conf").write_text(
        f"load_module {module}; pid {folder}/pid; error_log stderr; events {{ }} http {{\n{text}\n}}"
    )
    run(["nginx", "-t", "-e", "stderr", "-p", str(folder), "-c", str(folder / "nginx.conf")])


def block(language: str, text: str, folder: Path) -> None:
    if language == "sh":
        for command in text.strip().splitlines():
            print(f"  $ {command}", flush=True)
            run(["bash", "-c", command])
    elif language == "c":
        program(text, folder)
    elif language == "nginx":
        nginx(text, folder)
    elif language == "json":
        program(OPTIONS_PROGRAM, folder, text)
    else:
        raise RuntimeError("a block of this language is not tested: add it here")


def main() -> int:
    readme, folder = Path(sys.argv[1]), Path(sys.argv[2])
    text = readme.read_text()
    blocks = re.findall(r"^```(\w*)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    links = [link for link in re.findall(r"\]\(([^)#]+)\)", text) if "://" not in link]
    passed = failed = 0
    for number, (language, body) in enumerate(blocks, 1):
        try:
            block(language, body, folder)
            passed += 1
            print(f"  ok    block {number} ({language})")
        except (RuntimeError, subprocess.SubprocessError) as error:
            failed += 1
            print(f"  FAIL  block {number} ({language})\n{error}")
    for link in links:
        if (readme.resolve().parent / link).exists():
            passed += 1
        else:
            failed += 1
            print(f"  FAIL  the link to {link} leads nowhere")
    print(f"readme: {passed} passed, {failed} failed, 0 skipped")
    return 1 if failed or not blocks else 0


if __name__ == "__main__":
    sys.exit(main())
