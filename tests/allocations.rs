//! What a request allocates: counted, not timed.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::ptr::{null, null_mut};

use h3s::ffi::*;

thread_local! {
    static COUNT: Cell<usize> = const { Cell::new(0) };
}

struct Counting;

// SAFETY: all is passed on to the system's allocator; counting touches only a thread-local cell.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        COUNT.with(|count| count.set(count.get() + 1));
        // SAFETY: as the caller's.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, ptr: *mut u8, layout: Layout) {
        // SAFETY: as the caller's.
        unsafe { System.dealloc(ptr, layout) }
    }

    unsafe fn realloc(&self, ptr: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        COUNT.with(|count| count.set(count.get() + 1));
        // SAFETY: as the caller's.
        unsafe { System.realloc(ptr, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// The section on budgets of the design.
const BUDGET: usize = 6;

const OPTIONS: &str = r#"{"password":"correct horse battery staple, and more of it"}"#;

/// One request through the C ABI: open, set `count`, take the Set-Cookie value, free.
///
/// SAFETY: `config` is live.
unsafe fn request(config: *const h3s_config, cookie: &str, data: Option<&str>) -> String {
    let from = h3s_request {
        size: size_of::<h3s_request>() as u32,
        flags: 0,
        cookie: cookie.as_ptr().cast(),
        cookie_len: cookie.len(),
        header: null(),
        header_len: 0,
        peer: null(),
        peer_len: 0,
        now_ms: 0,
    };
    let (mut session, mut list, mut count) = (null_mut(), null(), 0);
    // SAFETY: all pointers are to live locals, and the session is freed last.
    unsafe {
        assert_eq!(h3s_use(config, &from, &mut session, null_mut()), H3S_OK);
        let status = match data {
            Some(data) => h3s_replace(session, data.as_ptr().cast(), data.len(), null_mut()),
            None => h3s_set(session, c"count".as_ptr(), 5, c"2".as_ptr(), 1, null_mut()),
        };
        assert_eq!(status, H3S_OK);
        assert_eq!(
            h3s_set_cookies(session, &mut list, &mut count, null_mut()),
            H3S_OK
        );
        assert_eq!(count, 1);
        let before = COUNT.get();
        let value = std::slice::from_raw_parts((*list).ptr.cast(), (*list).len);
        let value = String::from_utf8(value.to_vec()).unwrap();
        COUNT.set(before);
        h3s_session_free(session);
        value
    }
}

#[test]
fn a_request_of_1_kib_allocates_at_most_six_times() {
    let mut config = null_mut();
    // SAFETY: as above; the config is freed once nothing uses it.
    unsafe {
        assert_eq!(
            h3s_config_new(
                OPTIONS.as_ptr().cast(),
                OPTIONS.len(),
                &mut config,
                null_mut()
            ),
            H3S_OK
        );
        let data = format!(
            r#"{{"count":1,"user":{{"name":"Ada"}},"x":"{}"}}"#,
            "x".repeat(950)
        );
        let cookie = request(config, "", Some(&data));
        let header = format!(
            "theme=dark; a=b; {}; lang=en",
            cookie.split(';').next().unwrap()
        );
        let before = COUNT.get();
        let after = request(config, &header, None);
        let allocations = COUNT.get() - before;
        assert!(after.starts_with("h3=h3s1.."));
        assert!(allocations <= BUDGET, "{allocations} allocations");
        h3s_config_free(config);
    }
}
