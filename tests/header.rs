//! The committed C header and list of symbols are those of the code.

const HEADER: &str = include_str!("../include/h3s.h");

#[test]
fn the_committed_header_is_current() {
    let generated = include_str!(concat!(env!("OUT_DIR"), "/h3s.h"));
    assert!(
        generated == HEADER,
        "include/h3s.h is out of date: run `make header` and commit it"
    );
}

#[test]
fn the_list_of_symbols_is_what_the_header_declares() {
    let mut declared: Vec<&str> = HEADER
        .lines()
        .filter(|line| !line.starts_with([' ', '/', '#']) && line.contains('('))
        .filter_map(|line| line.split('(').next()?.rsplit([' ', '*']).next())
        .collect();
    declared.sort_unstable();
    let listed: Vec<&str> = include_str!("../c-tests/symbols.txt").lines().collect();
    assert_eq!(listed, declared);
}
