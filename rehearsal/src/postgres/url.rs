//! Two changes to a PostgreSQL URL that leave all else in it as it was: another database, another address.

use anyhow::Context;

/// `url` with `name` for its database.
pub(crate) fn with_database(url: &str, name: &str) -> anyhow::Result<String> {
    let parts = Parts::of(url)?;
    Ok(format!(
        "{}{}{}/{name}{}",
        parts.scheme, parts.user, parts.address, parts.options
    ))
}

/// `url` with `address` for its host and port.
pub(crate) fn with_address(url: &str, address: &str) -> anyhow::Result<String> {
    let parts = Parts::of(url)?;
    Ok(format!(
        "{}{}{address}{}{}",
        parts.scheme, parts.user, parts.database, parts.options
    ))
}

/// A URL cut where its parts meet; together they are the URL again.
struct Parts<'a> {
    scheme: &'a str,
    user: &'a str,
    address: &'a str,
    database: &'a str,
    options: &'a str,
}

impl<'a> Parts<'a> {
    fn of(url: &'a str) -> anyhow::Result<Parts<'a>> {
        // The URL itself stays out of the message: it has a password in it.
        let start = url
            .find("://")
            .context("a PostgreSQL URL begins with postgresql://")?
            + 3;
        let (scheme, rest) = url.split_at(start);
        let (rest, options) = rest.split_at(rest.find('?').unwrap_or(rest.len()));
        let (authority, database) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let (user, address) = authority.split_at(authority.rfind('@').map_or(0, |at| at + 1));
        Ok(Parts {
            scheme,
            user,
            address,
            database,
            options,
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn only_the_part_asked_for_changes(
            user in "([a-z]{1,8}(:[a-z%0-9]{1,8})?@)?",
            address in "(%2Ftmp%2F[a-z]{1,8}|[a-z.]{1,9}:[1-9][0-9]{0,3})",
            database in "(/[a-z]{0,8})?",
            options in "(\\?[a-z]{1,8}=[a-z/@]{1,8})?",
        ) {
            let url = format!("postgresql://{user}{address}{database}{options}");
            prop_assert_eq!(
                with_database(&url, "other").unwrap(),
                format!("postgresql://{user}{address}/other{options}")
            );
            prop_assert_eq!(
                with_address(&url, "127.0.0.1:9").unwrap(),
                format!("postgresql://{user}127.0.0.1:9{database}{options}")
            );
        }
    }
}
