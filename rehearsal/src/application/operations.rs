//! What the application writes down about itself.
//! It promises nothing beyond the application's own promise: the same name makes the same document.
//! The extremes of every value type are left to `measurements` and `quirks`.

use super::measurements::measurement;
use super::values::*;
use super::{Family, Ids, Maker};

pub(super) const FAMILIES: &[Family] = &[
    Family {
        pattern: "auditEvents",
        share: 50,
        ids: Ids::Numbered("2024-"),
        fields: audit_event,
    },
    Family {
        pattern: "articles",
        share: 6,
        ids: Ids::Auto,
        fields: article,
    },
    Family {
        pattern: "events",
        share: 6,
        ids: Ids::Auto,
        fields: event,
    },
    Family {
        pattern: "locations",
        share: 5,
        ids: Ids::Auto,
        fields: location,
    },
    Family {
        pattern: "jobs",
        share: 8,
        ids: Ids::Auto,
        fields: job,
    },
    Family {
        pattern: "settings",
        share: 2,
        ids: Ids::Numbered("setting-"),
        fields: setting,
    },
    // Neither the archives nor their years exist as documents.
    Family {
        pattern: "archives/*/years/*/entries",
        share: 4,
        ids: Ids::Auto,
        fields: audit_event,
    },
    Family {
        pattern: "measurements",
        share: 15,
        ids: Ids::Auto,
        fields: measurement,
    },
];

fn audit_event(maker: &mut Maker<'_>) -> Fields {
    let (actor, subject) = (maker.some("users"), maker.some("users/*/orders"));
    let dice = &mut maker.dice;
    fields! {
        "actor" => actor,
        "subject" => subject,
        "action" => text(dice.pick(&["create", "update", "delete", "export"])),
        "at" => timestamp(dice.moment()),
        "before" => if dice.once_in(3) { null() } else { map(fields! {"status" => text("pending"), "total" => money(dice.between(0, 9_999))}) },
        "after" => map(fields! {"status" => text("paid"), "total" => money(dice.between(0, 9_999)), "by" => array([integer(1), text("x")])}),
        "traceId" => bytes(&dice.throw().to_be_bytes()),
    }
}

fn article(maker: &mut Maker<'_>) -> Fields {
    let dice = &mut maker.dice;
    fields! {
        "slug" => text(dice.words(4).replace(' ', "-")),
        "html" => text(format!("<p>{}</p>\n<script>\"\\u0041\"</script>", dice.words(60))),
        "blocks" => array([map(fields! {"kind" => text("h1"), "text" => text(dice.words(3))}), text("<hr>"), null()]),
        "views" => integer(dice.between(0, 1 << 33)),
    }
}

fn event(maker: &mut Maker<'_>) -> Fields {
    let dice = &mut maker.dice;
    let start = dice.moment();
    fields! {
        "name" => text(dice.words(3)),
        "startsAt" => timestamp(start),
        "endsAt" => timestamp(start + dice.between(1, 90) * 60_000_000),
        "where" => place(dice.unit() * 90.0, dice.unit() * 180.0),
        "capacity" => if dice.once_in(4) { text("unlimited") } else { integer(dice.between(10, 500)) },
    }
}

fn location(maker: &mut Maker<'_>) -> Fields {
    let dice = &mut maker.dice;
    fields! {
        "name" => text(dice.words(1)),
        "position" => place(dice.unit() * 180.0 - 90.0, dice.unit() * 360.0 - 180.0),
        "altitude" => double(dice.unit() * 9_000.0 - 400.0),
        "open" => map(fields! {"mon" => array([text("09:00"), text("18:00")]), "sun" => array([])}),
    }
}

fn job(maker: &mut Maker<'_>) -> Fields {
    let dice = &mut maker.dice;
    fields! {
        "kind" => text(dice.pick(&["email", "thumbnail", "export"])),
        "attempts" => integer(dice.between(0, 8)),
        "progress" => double(dice.below(5) as f64 / 4.0),
        "runAt" => timestamp(dice.moment()),
        "error" => if dice.once_in(5) { text("timeout\n\tat worker.js:12") } else { null() },
        "arguments" => map(fields! {"to" => array([text("a@example.com")]), "retry" => boolean(true)}),
    }
}

fn setting(maker: &mut Maker<'_>) -> Fields {
    let dice = &mut maker.dice;
    let value = match dice.below(4) {
        0 => boolean(true),
        1 => integer(dice.between(0, 100)),
        2 => text(dice.words(1)),
        _ => map(fields! {"nested" => boolean(false)}),
    };
    fields! {"value" => value, "changedAt" => timestamp(dice.moment())}
}
