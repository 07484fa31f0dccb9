//! Another Rust library, with the standard library's panics, threads, and
//! thread-local values in it.

use std::cell::RefCell;

thread_local! { static SEEN: RefCell<Vec<i32>> = const { RefCell::new(Vec::new()) }; }

/// Twice the number, by way of a thread and of a panic that is caught.
#[unsafe(no_mangle)]
pub extern "C" fn other_twice(number: i32) -> i32 {
    let in_thread = std::thread::spawn(move || {
        SEEN.with_borrow_mut(|seen| seen.push(number));
        SEEN.with_borrow(|seen| seen.iter().sum::<i32>())
    });
    let caught = std::panic::catch_unwind(|| {
        std::panic::resume_unwind(Box::new(number));
    });
    let thrown = caught
        .err()
        .and_then(|thrown| thrown.downcast::<i32>().ok());
    match (in_thread.join(), thrown) {
        (Ok(one), Some(other)) => one + *other,
        _ => -1,
    }
}
