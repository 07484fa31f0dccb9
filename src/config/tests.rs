use super::*;

#[test]
fn names_for_c_end_with_a_nul() {
    let config = Config::new(Options::new("correct horse battery staple, and more of it"));
    let config = config.unwrap();
    assert_eq!(config.cookie_name_z(), b"h3\0");
    assert_eq!(config.header_name_z(), b"x-h3-session\0");
    assert_eq!(config.vary_z(), b"Cookie, x-h3-session\0");
}

#[cfg(target_os = "linux")]
#[test]
fn a_config_lets_random_bytes_be_buffered() {
    Config::new(Options::new("correct horse battery staple, and more of it")).unwrap();
    assert!(crate::random::epoch().is_some());
}
