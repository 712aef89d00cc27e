//! Where the lanes come from that a process moves: all of a plan's, or those that it claims among other workers.

mod claimed;
mod own;

pub(crate) use claimed::{Claimed, Worth};
pub use own::Own;

use crate::fault::Fault;
use crate::plan::Lane;
use crate::source::Standing;

/// What there is to move next.
#[derive(Debug)]
pub enum Next {
    /// A lane, and where it stands.
    Lane(Box<(Lane, Standing)>),
    /// Nothing at present: others hold what is left, and may yet leave it.
    Later,
    /// Nothing any more.
    Over,
}

/// Lanes that are to be moved.
pub trait Lanes: Send {
    /// The next of them that `bars` does not bar.
    fn next(
        &mut self,
        bars: impl Fn(&Lane) -> bool + Send,
    ) -> impl Future<Output = Result<Next, Fault>> + Send;

    /// `lane` is not moved any more, because of `fault` where there is one. Says whether that is nobody's trouble: others
    /// go on with the lane.
    fn leave(&mut self, lane: &Lane, fault: Option<&Fault>) -> impl Future<Output = bool> + Send;
}
