//! A connection on loan: back to the pool only when asked, thrown away otherwise.
//!
//! tokio-postgres may leave a connection out of step after a failed COPY without noticing, and a future dropped
//! half-way leaves a transaction open; neither may reach the next user.

use deadpool_postgres::Object;
use std::ops::{Deref, DerefMut};

#[derive(Debug)]
pub(crate) struct Lease(Option<Object>);

impl Lease {
    pub(super) fn new(object: Object) -> Self {
        Lease(Some(object))
    }

    /// Everything on the connection succeeded and no transaction is open.
    pub(super) fn give_back(mut self) {
        drop(self.0.take());
    }
}

impl Deref for Lease {
    type Target = tokio_postgres::Client;

    fn deref(&self) -> &tokio_postgres::Client {
        match &self.0 {
            Some(object) => object,
            // Only `give_back` and `drop` empty it, and both end the loan.
            None => unreachable!("a connection used after its loan ended"),
        }
    }
}

impl DerefMut for Lease {
    fn deref_mut(&mut self) -> &mut tokio_postgres::Client {
        match &mut self.0 {
            Some(object) => object,
            None => unreachable!("a connection used after its loan ended"),
        }
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if let Some(object) = self.0.take() {
            drop(Object::take(object));
        }
    }
}
