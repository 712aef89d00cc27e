//! The people of the application and what they say to each other.
//! It promises nothing beyond the application's own promise: the same name makes the same document.
//! What they buy is left to `commerce` and `products`.

use super::values::*;
use super::{Family, Ids, Maker};

pub(super) const FAMILIES: &[Family] = &[
    Family {
        pattern: "users",
        share: 60,
        ids: Ids::User,
        fields: user,
    },
    Family {
        pattern: "users/*/addresses",
        share: 30,
        ids: Ids::Auto,
        fields: address,
    },
    Family {
        pattern: "users/*/notifications",
        share: 40,
        ids: Ids::Auto,
        fields: notification,
    },
    Family {
        pattern: "users/*/devices",
        share: 20,
        ids: Ids::Auto,
        fields: device,
    },
    Family {
        pattern: "sessions",
        share: 40,
        ids: Ids::Auto,
        fields: session,
    },
    Family {
        pattern: "employees",
        share: 6,
        ids: Ids::Numbered("E"),
        fields: employee,
    },
    Family {
        pattern: "legacyCustomers",
        share: 8,
        ids: Ids::Imported,
        fields: legacy_customer,
    },
    Family {
        pattern: "conversations",
        share: 20,
        ids: Ids::Auto,
        fields: conversation,
    },
    Family {
        pattern: "conversations/*/messages",
        share: 100,
        ids: Ids::Auto,
        fields: message,
    },
    Family {
        pattern: "posts",
        share: 20,
        ids: Ids::Auto,
        fields: post,
    },
    Family {
        pattern: "posts/*/likes",
        share: 30,
        ids: Ids::User,
        fields: like,
    },
    Family {
        pattern: "tickets",
        share: 12,
        ids: Ids::Numbered("T-"),
        fields: ticket,
    },
    Family {
        pattern: "tickets/*/comments",
        share: 20,
        ids: Ids::Auto,
        fields: comment,
    },
];

const NAMES: &[&str] = &[
    "Ada",
    "Grace",
    "Linus",
    "Zoë",
    "José",
    "Åsa",
    "李雷",
    "Ольга",
    "O'Brien",
    "محمد",
    "Noor",
    "Kim",
];
const CITIES: &[&str] = &[
    "Berlin",
    "São Paulo",
    "Lagos",
    "東京",
    "Reykjavík",
    "Montréal",
    "Pune",
    "Austin",
];

fn user(maker: &mut Maker<'_>) -> Fields {
    let dice = &mut maker.dice;
    let name = format!("{} {}", dice.pick(NAMES), dice.pick(NAMES));
    let mut fields = fields! {
        "displayName" => text(&name),
        "email" => text(format!("{}@example.com", dice.id(8).to_lowercase())),
        "emailVerified" => boolean(!dice.once_in(4)),
        "createdAt" => timestamp(dice.moment() / 1_000 * 1_000),
        "lastLoginAt" => if dice.once_in(5) { null() } else { timestamp(dice.moment()) },
        "loyaltyPoints" => integer(dice.between(0, 20_000)),
        "balance" => money(dice.between(-5_000, 90_000)),
        "roles" => array(if dice.once_in(30) { vec![text("admin"), text("user")] } else { vec![text("user")] }),
        "preferences" => map(fields! {
            "newsletter" => boolean(dice.once_in(2)),
            "theme" => text(dice.pick(&["light", "dark", "system"])),
            "notify" => map(fields! {"email" => boolean(true), "push" => boolean(dice.once_in(3))}),
        }),
    };
    // Early versions of the app asked for the age as text, and one of them wrote the snake_case name too.
    match dice.below(40) {
        0 => fields.extend(fields! {"age" => text(dice.between(18, 90).to_string())}),
        1 => fields.extend(fields! {"age" => null(), "created_at" => timestamp(dice.moment())}),
        2..20 => fields.extend(fields! {"age" => integer(dice.between(18, 90))}),
        _ => {}
    }
    if dice.once_in(6) {
        fields.extend(fields! {"referredBy" => maker.some("users")});
    }
    fields
}

fn address(maker: &mut Maker<'_>) -> Fields {
    let dice = &mut maker.dice;
    let mut fields = fields! {
        "street" => text(format!("{} {}", dice.words(2), dice.between(1, 200))),
        "city" => text(dice.pick(CITIES)),
        "postalCode" => text(format!("{:05}", dice.between(0, 99_999))),
        "isDefault" => boolean(dice.once_in(2)),
        "position" => place(dice.unit() * 180.0 - 90.0, dice.unit() * 360.0 - 180.0),
    };
    if dice.once_in(25) {
        fields.extend(fields! {"postalCode" => integer(dice.between(10_000, 99_999))});
    }
    fields
}

fn notification(maker: &mut Maker<'_>) -> Fields {
    let dice = &mut maker.dice;
    fields! {
        "title" => text(dice.words(3)),
        "body" => text(dice.words(12)),
        "read" => boolean(dice.once_in(2)),
        "sentAt" => timestamp(dice.moment()),
        "data" => map(fields! {"kind" => text(dice.pick(&["order", "promo"])), "badge" => integer(dice.between(0, 9))}),
    }
}

fn device(maker: &mut Maker<'_>) -> Fields {
    let dice = &mut maker.dice;
    fields! {
        "platform" => text(dice.pick(&["ios", "android", "web"])),
        "pushToken" => text(dice.id(152)),
        "publicKey" => bytes(dice.id(32).as_bytes()),
        "lastSeenAt" => timestamp(dice.moment()),
    }
}

fn session(maker: &mut Maker<'_>) -> Fields {
    let (user, dice) = (maker.some("users"), &mut maker.dice);
    let start = dice.moment();
    fields! {
        "user" => user,
        "startedAt" => timestamp(start),
        "expiresAt" => timestamp(start + 86_400_000_000),
        "ip" => text(format!("203.0.113.{}", dice.below(256))),
        "pages" => array((0..dice.below(4)).map(|_| text(format!("/{}", dice.id(5)))).collect::<Vec<_>>()),
        "durationSeconds" => double(dice.between(1, 36_000) as f64 / 10.0),
    }
}

fn employee(maker: &mut Maker<'_>) -> Fields {
    let dice = &mut maker.dice;
    fields! {
        "name" => text(dice.pick(NAMES)),
        "salary" => money(dice.between(30_000, 120_000) * 100),
        "hiredAt" => timestamp(dice.moment() / 86_400_000_000 * 86_400_000_000),
        "manager" => maker.some("employees"),
    }
}

fn legacy_customer(maker: &mut Maker<'_>) -> Fields {
    let dice = &mut maker.dice;
    fields! {
        "Name" => text(dice.pick(NAMES)),
        "name" => text(dice.pick(NAMES)),
        "Customer No." => integer(dice.between(1, 1 << 40)),
        "imported" => boolean(true),
    }
}

fn conversation(maker: &mut Maker<'_>) -> Fields {
    let members = [maker.some("users"), maker.some("users")];
    let dice = &mut maker.dice;
    fields! {
        "members" => array(members),
        "subject" => text(dice.words(4)),
        "updatedAt" => timestamp(dice.moment()),
        "unread" => map(fields! {dice.id(28) => integer(dice.between(0, 5)), dice.id(28) => integer(0)}),
    }
}

fn message(maker: &mut Maker<'_>) -> Fields {
    let (sender, dice) = (maker.some("users"), &mut maker.dice);
    let length = dice.below(40);
    let mut body = dice.words(length);
    // A client that once sent C strings with their end.
    if dice.once_in(1_000) {
        body.push('\0');
    }
    let mut fields = fields! {
        "sender" => sender,
        "text" => text(body),
        "sentAt" => timestamp(dice.moment()),
        "edited" => boolean(dice.once_in(20)),
        "reactions" => map(fields! {"👍" => integer(dice.between(0, 3)), "❤️" => integer(dice.between(0, 3))}),
    };
    if dice.once_in(400) {
        fields.extend(fields! {"attachment" => map(fields! {"bytes" => bytes(&[0, 255, 128]), "name" => text("scan.pdf")})});
    }
    fields
}

fn post(maker: &mut Maker<'_>) -> Fields {
    let (author, dice) = (maker.some("users"), &mut maker.dice);
    fields! {
        "author" => author,
        "title" => text(dice.words(6)),
        "body" => text((0..6).map(|_| dice.words(20)).collect::<Vec<_>>().join("\n\n")),
        "tags" => array((0..dice.below(4)).map(|_| text(dice.words(1))).collect::<Vec<_>>()),
        "publishedAt" => if dice.once_in(8) { null() } else { timestamp(dice.moment()) },
        "likes" => integer(dice.between(0, 500)),
    }
}

fn like(maker: &mut Maker<'_>) -> Fields {
    fields! {"at" => timestamp(maker.dice.moment()), "post" => maker.owner()}
}

fn ticket(maker: &mut Maker<'_>) -> Fields {
    let (user, dice) = (maker.some("users"), &mut maker.dice);
    fields! {
        "user" => user,
        "subject" => text(dice.words(5)),
        "priority" => integer(dice.between(1, 5)),
        "status" => text(dice.pick(&["open", "waiting", "closed"])),
        "satisfaction" => if dice.once_in(3) { null() } else { double(dice.between(0, 11) as f64 / 2.0) },
        "openedAt" => timestamp(dice.moment()),
    }
}

fn comment(maker: &mut Maker<'_>) -> Fields {
    let (ticket, author, dice) = (maker.owner(), maker.some("employees"), &mut maker.dice);
    fields! {
        "ticket" => ticket,
        "author" => author,
        "text" => text(dice.words(15)),
        "internal" => boolean(dice.once_in(4)),
        "at" => timestamp(dice.moment()),
    }
}
