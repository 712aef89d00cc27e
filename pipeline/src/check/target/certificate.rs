//! How long the server's certificate is still valid, by this machine's clock: what expires on a Sunday stops a run that
//! worked on Saturday.

use crate::check::Finding;
use config::{Connection, Tls};
use std::time::Duration;
use x509_cert::Certificate;
use x509_cert::der::Decode;

pub(super) const CERTIFICATE: &str = "target.certificate";

const DAY: u64 = 86_400;
/// Who renews certificates by machine does so a month before they expire.
const SOON: u64 = 30 * DAY;

/// `shown` is what the server showed, in DER, and `refused` why the connection came to nothing in spite of it.
pub(super) fn certificate(connection: &Connection, shown: Option<Vec<u8>>, refused: Option<&str>) -> Finding {
    if connection.tls == Tls::Disable {
        let why = "the connection is not encrypted, and no certificate is shown";
        return Finding::skipped(CERTIFICATE, why);
    }
    let Some(shown) = shown else {
        return Finding::skipped(CERTIFICATE, "the server showed no certificate");
    };
    let now = u64::try_from(jiff::Timestamp::now().as_second()).unwrap_or(0);
    match Validity::read(&shown) {
        Some(validity) => validity.judge(now, connection.tls, refused),
        None => Finding::skipped(
            CERTIFICATE,
            "the dates in the server's certificate cannot be read",
        ),
    }
}

/// From when until when, in seconds since 1970.
struct Validity {
    from: u64,
    until: u64,
}

impl Validity {
    fn read(der: &[u8]) -> Option<Validity> {
        let validity = Certificate::from_der(der).ok()?.tbs_certificate.validity;
        Some(Validity {
            from: validity.not_before.to_unix_duration().as_secs(),
            until: validity.not_after.to_unix_duration().as_secs(),
        })
    }

    fn judge(&self, now: u64, tls: Tls, refused: Option<&str>) -> Finding {
        let renew = "renew the certificate at the server (or at what ends the encryption before it), and reload it there";
        let amiss = if now < self.from {
            let next = "look at the clocks of this machine and of whoever made the certificate; if both are right, name \
                        the certificate that is valid now at the server";
            Some((format!("is valid only from {}", day(self.from)), next))
        } else if now > self.until {
            Some((format!("expired on {}", day(self.until)), renew))
        } else {
            None
        };
        if let Some((what, next)) = amiss {
            let found = format!("the server's certificate {what}");
            return match (tls, refused) {
                (Tls::NoVerify, None) => {
                    let means = "a run works only because sslmode=no-verify takes any certificate";
                    Finding::warn(CERTIFICATE, found, means, next)
                }
                (_, Some(why)) => Finding::fail(
                    CERTIFICATE,
                    found,
                    format!("the connection ends with it: {why}"),
                    next,
                ),
                (_, None) => Finding::fail(CERTIFICATE, found, "a run's connections would be refused", next),
            };
        }
        let left = self.until - now;
        let found = match left / DAY {
            0 => format!(
                "the server's certificate expires within a day, on {}",
                day(self.until)
            ),
            1 => format!(
                "the server's certificate is valid for another day, until {}",
                day(self.until)
            ),
            days => format!(
                "the server's certificate is valid for another {days} days, until {}",
                day(self.until)
            ),
        };
        if left >= SOON {
            return Finding::pass(CERTIFICATE, found);
        }
        let means = match tls {
            Tls::NoVerify => {
                "whoever checks it is refused from then on; sslmode=no-verify takes it all the same"
            }
            _ => "from then on no connection comes about, and a run that is under way stops",
        };
        Finding::warn(CERTIFICATE, found, means, renew)
    }
}

/// The day of a moment, as people of all countries read it.
fn day(seconds: u64) -> String {
    let moment = jiff::Timestamp::UNIX_EPOCH.checked_add(Duration::from_secs(seconds));
    moment.map_or_else(
        |_| "a day in the far future".to_owned(),
        |moment| moment.strftime("%Y-%m-%d").to_string(),
    )
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::check::Verdict;
    use proptest::prelude::*;

    #[test]
    fn a_certificate_is_good_between_its_days_and_told_of_before_the_last() {
        let validity = Validity {
            from: 100 * DAY,
            until: 200 * DAY,
        };
        let verdict = |now, tls| validity.judge(now, tls, None).verdict;
        for tls in [Tls::VerifyFull, Tls::VerifyCa] {
            assert_eq!(verdict(100 * DAY - 1, tls), Verdict::Fail);
            assert_eq!(verdict(100 * DAY, tls), Verdict::Pass);
            assert_eq!(verdict(170 * DAY, tls), Verdict::Pass);
            assert_eq!(verdict(170 * DAY + 1, tls), Verdict::Warn);
            assert_eq!(verdict(200 * DAY, tls), Verdict::Warn);
            assert_eq!(verdict(200 * DAY + 1, tls), Verdict::Fail);
        }
        // Nobody looks at it there, so a run works.
        assert_eq!(verdict(0, Tls::NoVerify), Verdict::Warn);
        assert_eq!(verdict(300 * DAY, Tls::NoVerify), Verdict::Warn);
    }

    #[test]
    fn the_dates_are_those_that_were_written() {
        let key = rcgen::KeyPair::generate().unwrap();
        for (from, until) in [((2001, 2, 3), (2049, 12, 31)), ((1999, 1, 1), (2345, 6, 7))] {
            let mut params = rcgen::CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
            params.not_before = rcgen::date_time_ymd(from.0, from.1, from.2);
            params.not_after = rcgen::date_time_ymd(until.0, until.1, until.2);
            let read = Validity::read(params.self_signed(&key).unwrap().der()).unwrap();
            let written = |(year, month, day): (i32, u8, u8)| format!("{year}-{month:02}-{day:02}");
            assert_eq!((day(read.from), day(read.until)), (written(from), written(until)));
        }
    }

    proptest! {
        #[test]
        fn whatever_is_shown_is_read_or_not(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            Validity::read(&bytes);
        }

        #[test]
        fn every_moment_has_a_day(seconds: u64) {
            prop_assert!(!day(seconds).is_empty());
        }
    }
}
