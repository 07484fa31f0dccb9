"""man.py HEADER OPTIONS: prints the manual h3s(3), made of include/h3s.h and docs/OPTIONS.md."""

import re
import sys
from pathlib import Path

#: What stands of an option, in this order.
FACTS = ["type", "range", "default"]  #: One that documents what follows it.
COMMENT = r"(/\*\*(?:[^*]|\*(?!/))*\*/)"
Block = tuple[str, str]  # "text", "code" or "item", and what it says
CODE_INDENT = "    "


def escaped(text: str) -> str:
    """Text as roff has it, in which no line is a request."""
    text = text.replace("\\", r"\e").replace("-", r"\-")
    text = "".join(c if c.isascii() else f"\\[u{ord(c):04X}]" for c in text)
    return "\n".join(r"\&" + line if line[:1] in (".", "'") else line for line in text.split("\n"))


def inline(text: str) -> str:
    """A paragraph: what stands between backticks is bold, and a link is its text."""
    text = re.sub(r"\[([^\]]+)\]\([^)]+\)", r"\1", text)
    parts = re.split(r"`([^`]+)`", " ".join(text.split()))
    return "".join(rf"\fB{escaped(part)}\fR" if i % 2 else escaped(part) for i, part in enumerate(parts))


def blocks(lines: list[str], parameters: set[str]) -> list[Block]:
    """What a comment consists of. Items are those of a list, and parameters."""
    found: list[Block] = []
    kind = ""
    for line in lines:
        names, colon, _ = line.partition(": ")
        if not line.strip():
            kind = kind if kind == "code" else ""
        elif line.startswith(CODE_INDENT) and kind in ("", "code"):
            if kind != "code":
                found.append(("code", ""))
            kind = "code"
            found[-1] = ("code", found[-1][1] + line[len(CODE_INDENT) :] + "\n")
            continue
        elif line.startswith("- ") or (colon and set(names.split(", ")) <= parameters):
            kind = "item"
            found.append((kind, line))
            continue
        elif kind in ("text", "item"):
            found[-1] = (found[-1][0], found[-1][1] + "\n" + line)
        else:
            kind = "text"
            found.append((kind, line))
    return found


def code(text: str) -> str:
    return f".PP\n.RS 4\n.nf\n{escaped(text.rstrip())}\n.fi\n.RE\n"


def prose(lines: list[str], parameters: set[str] | None = None) -> str:
    out = ""
    for kind, text in blocks(lines, parameters or set()):
        if kind == "code":
            out += code(text)
        elif kind == "text":
            out += f".PP\n{inline(text)}\n"
        elif text.startswith("- "):
            out += f".IP \\(bu 2\n{inline(text[2:])}\n"
        else:
            names, _, rest = text.partition(": ")
            out += f".TP\n.I {escaped(names)}\n{inline(rest)}\n"
    return out


def comment_lines(comment: str) -> list[str]:
    """The lines between the marks of a comment."""
    body = re.sub(r"^\s*/\*\*?|\s*\*/$", "", comment)
    return [re.sub(r"^\s*\* ?", "", line) if i else line.strip() for i, line in enumerate(body.split("\n"))]


def introduction(header: str) -> tuple[str, str, str]:
    """What stands first in the header: the description, the example, what goes before options."""
    top = header[: header.index(" */")]
    lines = comment_lines(top)[3:]
    text = "\n".join(line for line in lines if not line.startswith("Generated from"))
    description, _, rest = text.partition("The options are one JSON object")
    before_options = "The options are one JSON object" + rest[: rest.index("\nThe session:")]
    example = next(text for kind, text in blocks(description.split("\n"), set()) if kind == "code")
    indented = "".join(f"{CODE_INDENT}{line}\n" for line in example.rstrip().split("\n"))
    description = description.replace(":\n\n" + indented, ", as under EXAMPLES.\n\n")
    return prose(description.split("\n")), code(example), prose(before_options.split("\n"))


def documented(header: str) -> list[tuple[list[str], str]]:
    """Each comment that begins with two asterisks, and the declaration after it."""
    found = re.findall(rf"(?m)^{COMMENT}\n((?:.+\n)+)", header)
    return [(comment_lines(comment), declaration) for comment, declaration in found]


def constants(header: str, is_error: bool) -> str:
    out = ""
    for comment, declaration in documented(header):
        if named := re.match(r"#define (H3S_\w+(?:\(\w+\))?) ?(-?\d+$)?", declaration, re.MULTILINE):
            name, value = named.groups()
            if bool(re.match("H3S_(OK|ERR_|END)", name)) == is_error:
                title = f"{name} ({value})" if value else name
                out += f".TP\n.B {escaped(title)}\n{inline(' '.join(comment))}\n"
    return out


def types(header: str) -> str:
    out = ""
    typedef = r"(typedef struct (?:.*;|(?:.|\n)*?^\}.*;))"
    for comment, declaration in re.findall(rf"(?m)^{COMMENT}\n{typedef}", header):
        name = declaration.rstrip(";").split()[-1]
        out += f".SS {name}\n{prose(comment_lines(comment))}{code(declaration)}"
    return out


def functions(header: str) -> str:
    out = ""
    for title, body in re.findall(r"(?m)^/\* ---- (.*?) -+ \*/\n((?:.|\n)*?)(?=^/\* ----|^#ifdef)", header):
        out += f".SH {title.upper()}\n"
        for comment, declaration in re.findall(rf"(?m)^{COMMENT}\n([^;]*;)", body):
            named = re.search(r"(h3s_\w+)\((.*)\)", " ".join(declaration.split()))
            assert named, declaration
            parameters = set(re.findall(r"(\w+)(?=,|$)", named[2]))
            plain = declaration.replace("H3S_NODISCARD", "").strip()
            out += f".SS {named[1]}\n.nf\n\\fB{escaped(plain)}\\fR\n.fi\n"
            out += prose(comment_lines(comment), parameters)
    return out


def options(text: str) -> str:
    out = ""
    for section in text.split("\n## ")[1:]:
        head, *each = section.split("\n### ")
        title, _, before = head.partition("\n")
        out += f".SS {title}\n{prose(before.split(chr(10)))}"
        for option in each:
            name, _, body = option.partition("\n")
            paragraphs, _, fields = body.strip().partition("- type: ")
            said = [" ".join(paragraph.split()) for paragraph in paragraphs.split("\n\n") if paragraph.strip()]
            facts = dict(re.findall(r"(?m)^- (\w+): (.*(?:\n  .*)*)", "- type: " + fields))
            out += f".TP\n.B {escaped(name.strip('`'))}\n"
            out += "\n.IP\n".join(inline(paragraph) for paragraph in said) + ("\n.IP\n" if said else "")
            out += inline("; ".join(f"{fact}: {facts[fact]}" for fact in FACTS if fact in facts)) + "\n"
    return out


def manual(header: str, option_text: str) -> str:
    version = re.search(r'#define H3S_VERSION "(.*)"', header)
    assert version
    description, example, before_options = introduction(header)
    return f""".\\" Generated from include/h3s.h and docs/OPTIONS.md by `make header`; do not edit.
.TH H3S 3 "" "libh3s {version[1]}" "Library Functions Manual"
.SH NAME
h3s \\- the sessions of h3 (Nuxt, Nitro) in C
.SH SYNOPSIS
.nf
\\fB#include <h3s.h>\\fR
.PP
\\fBcc app.c $(pkg\\-config \\-\\-cflags \\-\\-libs h3s)\\fR
.fi
.SH DESCRIPTION
{description}.SH OPTIONS
{before_options}{options(option_text)}.SH TYPES
{types(header)}{functions(header)}.SH CONSTANTS
{constants(header, is_error=False)}.SH ERRORS
{constants(header, is_error=True)}.SH EXAMPLES
{example}.SH SEE ALSO
.BR pkg\\-config (1)
.PP
README.md in share/doc/libh3s; RFC 6265 (cookies), RFC 6901 (JSON Pointer).
"""


if __name__ == "__main__":
    print(manual(Path(sys.argv[1]).read_text(), Path(sys.argv[2]).read_text()), end="")
