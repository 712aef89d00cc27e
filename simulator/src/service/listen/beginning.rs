//! Where a target begins: with everything, or with what changed since the client last heard of it.

use super::token::Token;
use crate::clock::Moment;
use firestore::gcloud_sdk::prost_types::Timestamp;
use proto::target::ResumeType;
use std::time::Duration;
use tonic::Status;

use firestore::gcloud_sdk::google::firestore::v1 as proto;

/// A target that was left alone for longer is billed, and with a token also sent, as if it were new.
const STALE: Duration = Duration::from_secs(30 * 60);

/// Where a target begins.
#[derive(Debug)]
pub(super) enum Beginning {
    /// The client knows nothing.
    Everything,
    /// What the client knows is too old to go on from: it is told to forget it.
    Again,
    /// The client knows everything up to then.
    Since {
        since: Moment,
        /// All of the target is billed, whatever is sent.
        stale: bool,
    },
}

/// Where the target with this fingerprint begins `now`, or why it does not. `read_time` applies the rules for read
/// times. `refusal` is what the fault says to a token.
pub(super) fn beginning(
    resume: Option<&ResumeType>,
    target: u64,
    now: Moment,
    read_time: impl FnOnce(Timestamp) -> Result<Moment, Status>,
    refusal: impl FnOnce() -> Option<Status>,
) -> Result<Beginning, Status> {
    let stale = |since: Moment| since < now.before(STALE);
    match resume {
        None => Ok(Beginning::Everything),
        Some(ResumeType::ResumeToken(token)) if token.is_empty() => Ok(Beginning::Everything),
        Some(ResumeType::ReadTime(time)) => {
            let since = read_time(*time)?;
            Ok(Beginning::Since {
                since,
                stale: stale(since),
            })
        }
        Some(ResumeType::ResumeToken(bytes)) => {
            if let Some(status) = refusal() {
                return Err(status);
            }
            let token = Token::decode(bytes).filter(|token| token.moment <= now);
            let token = token.ok_or_else(|| Status::invalid_argument("The resume token is invalid."))?;
            if !token.is_of(target) {
                return Err(Status::invalid_argument("The resume token is of another target."));
            }
            Ok(match stale(token.moment) {
                true => Beginning::Again,
                false => Beginning::Since {
                    since: token.moment,
                    stale: false,
                },
            })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tonic::Code;

    const NOW: Moment = Moment(1_000_000_000_000_000);
    const MINE: u64 = 7;

    fn begun(resume: Option<ResumeType>) -> Result<Beginning, Code> {
        let read_time = |time: Timestamp| match time.seconds {
            0 => Err(Status::failed_precondition("too old")),
            seconds => Ok(Moment(seconds * 1_000_000)),
        };
        beginning(resume.as_ref(), MINE, NOW, read_time, || None).map_err(|status| status.code())
    }

    fn token(age: Duration, target: u64) -> Option<ResumeType> {
        let token = Token::new(NOW.before(age), [3, target]);
        Some(ResumeType::ResumeToken(token.encode()))
    }

    fn read_time(age: u64) -> Option<ResumeType> {
        let seconds = NOW.0 / 1_000_000 - i64::try_from(age).unwrap();
        Some(ResumeType::ReadTime(Timestamp { seconds, nanos: 0 }))
    }

    #[test]
    fn without_a_token_or_with_an_empty_one_everything_is_sent() {
        assert!(matches!(begun(None), Ok(Beginning::Everything)));
        let empty = Some(ResumeType::ResumeToken(Vec::new()));
        assert!(matches!(begun(empty), Ok(Beginning::Everything)));
    }

    #[test]
    fn a_token_is_good_for_half_an_hour() {
        let good = begun(token(STALE, MINE));
        assert!(matches!(good, Ok(Beginning::Since { stale: false, since }) if since == NOW.before(STALE)));
        assert!(matches!(
            begun(token(STALE + Duration::from_micros(1), MINE)),
            Ok(Beginning::Again)
        ));
    }

    #[test]
    fn a_token_that_is_none_or_of_another_target_or_of_the_future_is_refused() {
        let of_nothing = Some(ResumeType::ResumeToken(b"nonsense".to_vec()));
        let of_the_future = Some(ResumeType::ResumeToken(
            Token::new(Moment(NOW.0 + 1), [MINE]).encode(),
        ));
        for resume in [of_nothing, of_the_future, token(Duration::ZERO, 8)] {
            assert_eq!(begun(resume).map(|_| ()), Err(Code::InvalidArgument));
        }
    }

    #[test]
    fn a_read_time_is_good_as_long_as_it_can_be_read_but_half_an_hour_costs() {
        assert!(matches!(
            begun(read_time(1_800)),
            Ok(Beginning::Since { stale: false, .. })
        ));
        assert!(matches!(
            begun(read_time(1_801)),
            Ok(Beginning::Since { stale: true, .. })
        ));
        let old = Some(ResumeType::ReadTime(Timestamp::default()));
        assert_eq!(begun(old).map(|_| ()), Err(Code::FailedPrecondition));
    }

    #[test]
    fn the_fault_refuses_tokens_and_nothing_else() {
        let refused = |resume: Option<ResumeType>| {
            let read_time = |time: Timestamp| Ok(Moment(time.seconds * 1_000_000));
            let refusal = || Some(Status::failed_precondition("too old"));
            beginning(resume.as_ref(), MINE, NOW, read_time, refusal).is_err()
        };
        assert!(refused(token(Duration::ZERO, MINE)));
        assert!(!refused(read_time(1)));
        assert!(!refused(None));
    }
}
