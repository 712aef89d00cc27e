//! A panic caught with its words, and without what a panic writes on the screen: a case may fail hundreds of times while
//! it is made smaller. Panics of other threads are told as ever.

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, PanicHookInfo, catch_unwind, set_hook, take_hook};
use std::sync::Once;

thread_local! {
    /// What the last panic said, where panics are being caught.
    static SAID: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// What `law` gives, or what it panicked with and where.
pub(super) fn caught<T>(law: impl FnOnce() -> T) -> Result<T, String> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let usual = take_hook();
        set_hook(Box::new(move |panic| {
            if !SAID.with_borrow_mut(|said| note(said, panic)) {
                usual(panic);
            }
        }));
    });
    SAID.set(Some(String::new()));
    // Whatever the law was about to change is the case's, which is thrown away.
    let result = catch_unwind(AssertUnwindSafe(law));
    let said = SAID.take().unwrap_or_default();
    result.map_err(|_| said)
}

/// Notes what a panic says, where panics are being caught.
fn note(said: &mut Option<String>, panic: &PanicHookInfo<'_>) -> bool {
    let words = panic.payload_as_str().unwrap_or("a panic without words");
    let place = panic.location().map(|place| format!(" ({place})"));
    said.as_mut().is_some_and(|said| {
        *said = format!("{words}{}", place.unwrap_or_default());
        true
    })
}
