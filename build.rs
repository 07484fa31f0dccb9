//! Gives the shared library its soname, and generates the C header from `src/ffi`.
//!
//! The header goes to OUT_DIR, where a test compares it with the committed `include/h3s.h`. `make header` sets
//! H3S_WRITE_HEADER to the file that it shall be written to.

use std::{env, fs, path::Path};

const PREAMBLE: &str = "\
/*
 * libh3s: the sessions of h3 (Nuxt, Nitro) for every program that can call C.
 *
 * Generated from src/ffi by `make header`; do not edit.
 *
 * A session is a small JSON object that travels in an encrypted cookie, so no server keeps anything, and any number of
 * machines share it with nothing but a password. At start, make an h3s_config of the options. For each request, open an
 * h3s_session from its Cookie header, read and write it, send what h3s_set_cookies gives as Set-Cookie headers, and free it:
 *
 *     h3s_request request = { .size = sizeof request, .cookie = cookie, .cookie_len = strlen(cookie) };
 *     h3s_session *session = NULL;
 *     const h3s_str *list = NULL;
 *     size_t count = 0;
 *     if (h3s_use(config, &request, &session, &err) == H3S_OK
 *         && h3s_set(session, \"visits\", 6, \"1\", 1, &err) == H3S_OK
 *         && h3s_set_cookies(session, &list, &count, &err) == H3S_OK)
 *         for (size_t i = 0; i < count; i++) add_header(\"Set-Cookie\", list[i].ptr);
 *     h3s_session_free(session);
 *
 * Rules that hold everywhere:
 *
 * - Strings come in as a pointer and a length in bytes; nothing need be NUL-terminated, and a pointer is ignored when its
 *   length is 0. They are only read during the call.
 * - Strings go out as h3s_str, borrowed from their handle.
 * - What can fail returns a status: H3S_OK is 0, the others are H3S_ERR_*. Its last argument, h3s_error, may be NULL.
 * - NULL where something is required is H3S_ERR_ARGUMENT, never a crash; a getter gives 0 or the absent string.
 * - An h3s_config may be used by any number of threads at once, an h3s_session by one at a time. All is safe across fork:
 *   parent and child never draw the same id or nonce.
 * - There are no callbacks, no logging and no global settings.
 */";

fn main() {
    println!("cargo::rerun-if-env-changed=H3S_WRITE_HEADER");
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=src/ffi");

    let abi = 0;
    if env::var("CARGO_CFG_TARGET_OS").is_ok_and(|os| os == "linux") {
        println!("cargo::rustc-cdylib-link-arg=-Wl,-soname,libh3s.so.{abi}");
    }

    let header = header();
    let out_dir = env::var_os("OUT_DIR").expect("cargo sets OUT_DIR");
    fs::write(Path::new(&out_dir).join("h3s.h"), &header).expect("OUT_DIR is writable");
    if let Some(path) = env::var_os("H3S_WRITE_HEADER") {
        fs::write(&path, &header).expect("H3S_WRITE_HEADER names a writable file");
    }
}

fn header() -> String {
    let config = cbindgen::Config {
        language: cbindgen::Language::C,
        header: Some(PREAMBLE.into()),
        include_guard: Some("H3S_H".into()),
        cpp_compat: true,
        no_includes: true,
        sys_includes: vec!["stddef.h".into(), "stdint.h".into()],
        documentation_style: cbindgen::DocumentationStyle::Doxy,
        usize_is_size_t: true,
        style: cbindgen::Style::Both,
        line_length: 120,
        tab_width: 4,
        function: cbindgen::FunctionConfig {
            sort_by: Some(cbindgen::SortKey::None),
            ..Default::default()
        },
        ..Default::default()
    };
    let mut out = Vec::new();
    cbindgen::Builder::new()
        .with_config(config)
        .with_src("src/ffi/mod.rs")
        .generate()
        .expect("src/ffi is readable to cbindgen")
        .write(&mut out);
    banners(&String::from_utf8(out).expect("the header is UTF-8"))
}

/// Turns a first line `@section Title` of a comment into a banner of its own, and puts a comment of one line on one line.
fn banners(header: &str) -> String {
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
            out += &format!(
                "/* ---- {title} {} */\n\n/**\n",
                "-".repeat(109 - title.len())
            );
            at += 3;
        } else if line.ends_with("/**") && next(2) == "*/" {
            out += &format!("{line} {} */\n", next(1).trim_start_matches("* "));
            at += 3;
        } else {
            out += &format!("{line}\n");
            at += 1;
        }
    }
    out
}
