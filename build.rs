//! Generates the C header from `src/ffi`, and its table of options from docs/OPTIONS.md, for the
//! feature `capi`.
//!
//! The header goes to OUT_DIR, where a test compares it with the committed `include/h3s.h`.
//! `make header` sets H3S_WRITE_HEADER to the file that it shall be written to.

#![cfg_attr(not(feature = "capi"), allow(dead_code, unused_imports))]

use std::{env, fs, path::Path};

const WIDTH: usize = 100;
/// Where the second column of the header's lists begins.
const INDENT: usize = 31;
const OPTIONS: &str = "docs/OPTIONS.md";

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    #[cfg(feature = "capi")]
    write_header();
}

#[cfg(feature = "capi")]
fn write_header() {
    println!("cargo::rerun-if-env-changed=H3S_WRITE_HEADER");
    for source in ["cbindgen.toml", OPTIONS, "src/ffi.rs", "src/ffi"] {
        println!("cargo::rerun-if-changed={source}");
    }

    let header = header();
    let out_dir = env::var_os("OUT_DIR").expect("cargo sets OUT_DIR");
    fs::write(Path::new(&out_dir).join("h3s.h"), &header).expect("OUT_DIR is writable");
    if let Some(path) = env::var_os("H3S_WRITE_HEADER") {
        fs::write(&path, &header).expect("H3S_WRITE_HEADER names a writable file");
    }
}

#[cfg(feature = "capi")]
fn header() -> String {
    let mut config = cbindgen::Config::from_file("cbindgen.toml").expect("cbindgen.toml is right");
    let after = config.after_includes.take().unwrap_or_default();
    config.after_includes = Some(version_macros() + &after);
    // In the order of the modules; cbindgen itself finds those of a file like this beside it.
    let modules = fs::read_to_string("src/ffi.rs").expect("src/ffi.rs is readable");
    let builder = cbindgen::Builder::new().with_config(config);
    let builder = modules
        .lines()
        .filter_map(|line| line.strip_prefix("mod ")?.strip_suffix(';'))
        .fold(builder, |builder, module| {
            builder.with_src(format!("src/ffi/{module}.rs"))
        });
    let mut out = Vec::new();
    builder
        .generate()
        .expect("src/ffi is readable to cbindgen")
        .write(&mut out);
    let header = banners(&String::from_utf8(out).expect("the header is UTF-8"));
    let options = fs::read_to_string(OPTIONS).expect("docs/OPTIONS.md is readable");
    header
        .replace("@OPTIONS@\n", &option_table(&options))
        .replace("@INDEX@\n", &index(&header))
}

fn version_macros() -> String {
    let part = |name: &str| env::var(format!("CARGO_PKG_VERSION{name}")).expect("cargo sets it");
    let mut out = format!(
        "\n/** The version of this header. That of the library is `h3s_version`. */\n\
         #define H3S_VERSION \"{}\"\n",
        part("")
    );
    for name in ["_MAJOR", "_MINOR", "_PATCH"] {
        out += &format!("#define H3S_VERSION{name} {}\n", part(name));
    }
    out
}

/// Indents code that stands between fences, which keep rustdoc from taking it for Rust.
fn unfenced(header: &str) -> String {
    let (mut out, mut is_in_code) = (String::new(), false);
    for line in header.lines() {
        match line.trim_start() {
            "* ```c" | "* ```" => is_in_code = !is_in_code,
            "*" if is_in_code => out += " *\n",
            code if is_in_code => out += &format!(" *    {}\n", code.trim_start_matches('*')),
            _ => out += &format!("{line}\n"),
        }
    }
    out
}

/// Turns a first line `@section Title` of a comment into a banner of its own, and puts a comment of
/// one line on one line.
fn banners(header: &str) -> String {
    let header = unfenced(header);
    let lines: Vec<&str> = header.lines().map(str::trim_end).collect();
    let mut out = String::new();
    let mut at = 0;
    while let Some(line) = lines.get(at) {
        let next = |n| {
            lines
                .get(at + n)
                .map_or("", |line: &&str| line.trim_start())
        };
        if let Some(title) = next(1)
            .strip_prefix("* @section ")
            .filter(|_| line.ends_with("/**"))
        {
            let dashes = "-".repeat(WIDTH - "/* ----  */".len() - title.len() - 1);
            out += &format!("/* ---- {title} {dashes} */\n\n/**\n");
            at += 3;
        } else if line.ends_with("/**")
            && next(2) == "*/"
            && line.len() + next(1).len() + 2 <= WIDTH
        {
            out += &format!("{line} {} */\n", next(1).trim_start_matches("* "));
            at += 3;
        } else {
            out += &format!("{line}\n");
            at += 1;
        }
    }
    out
}

/// The functions by section, each with the first sentence of its comment.
fn index(header: &str) -> String {
    let mut out = String::new();
    let (mut comment, mut is_in_comment) = (String::new(), false);
    for line in header.lines() {
        if let Some(title) = line.strip_prefix("/* ---- ") {
            let title = title.trim_end_matches([' ', '-', '*', '/']);
            out += &format!(" *\n * {title}:\n");
        } else if let Some(rest) = line.strip_prefix("/** ") {
            comment = rest.trim_end_matches(" */").to_owned();
        } else if line == "/**" {
            (comment, is_in_comment) = (String::new(), true);
        } else if line == " */" {
            is_in_comment = false;
        } else if is_in_comment {
            comment += line.strip_prefix(" *").unwrap_or(line);
            comment += "\n";
        } else if line.starts_with(char::is_alphabetic)
            && let Some((before, _)) = line.split_once('(')
            && let Some((_, name)) = before.rsplit_once([' ', '*'])
        {
            let summary = comment.split("\n\n").next().unwrap_or_default();
            out += &row(name, summary);
        }
    }
    out
}

/// The options under each heading of docs/OPTIONS.md: type, default and range.
fn option_table(text: &str) -> String {
    let mut out = String::new();
    for section in text.split("\n## ").skip(1) {
        let mut options = section.split("\n### ");
        let title = options.next().and_then(|head| head.lines().next());
        out += &format!(" *\n * {}:\n", title.unwrap_or_default());
        for option in options {
            let name = option.lines().next().unwrap_or_default();
            let of = |field: &str| {
                let (_, after) = option.split_once(&format!("\n- {field}: "))?;
                Some(after.split("\n- ").next()?.trim_end().replace('`', ""))
            };
            let kind = of("type").expect("docs/OPTIONS.md says of each option of which type it is");
            let default = of("default").expect("docs/OPTIONS.md says what is the default");
            let range = of("range").map_or_else(String::new, |range| format!("; {range}"));
            let text = format!("{kind}{range}; default: {default}");
            assert!(!text.contains("*/"), "a comment would end in {name}");
            assert!(
                !text.contains("]("),
                "a link has no place in the header: {name}"
            );
            out += &row(name.trim_matches('`'), &text);
        }
    }
    out
}

/// A name, and what is said of it, in a comment.
fn row(name: &str, text: &str) -> String {
    let mut out = String::new();
    let mut row = format!(" *   {name:<width$}", width = INDENT - 6);
    for word in text.split_whitespace() {
        if row.len() + 1 + word.len() > WIDTH {
            out += &format!("{row}\n");
            row = format!(" *{}", " ".repeat(INDENT - 3));
        }
        row += " ";
        row += word;
    }
    out + &row + "\n"
}
