//! What the application sells and what follows from a sale.
//! It promises nothing beyond the application's own promise: the same name makes the same document.
//! The products themselves are left to `products`.

use super::products::product;
use super::values::*;
use super::{Family, Ids, Maker};

pub(super) const FAMILIES: &[Family] = &[
    Family {
        pattern: "users/*/orders",
        share: 120,
        ids: Ids::Auto,
        fields: order,
    },
    Family {
        pattern: "users/*/orders/*/items",
        share: 200,
        ids: Ids::Auto,
        fields: item,
    },
    Family {
        pattern: "products",
        share: 80,
        ids: Ids::Numbered("sku-"),
        fields: product,
    },
    Family {
        pattern: "products/*/reviews",
        share: 80,
        ids: Ids::Auto,
        fields: review,
    },
    Family {
        pattern: "categories",
        share: 3,
        ids: Ids::Numbered("category-"),
        fields: category,
    },
    Family {
        pattern: "carts",
        share: 15,
        ids: Ids::User,
        fields: cart,
    },
    Family {
        pattern: "coupons",
        share: 5,
        ids: Ids::Numbered("SAVE"),
        fields: coupon,
    },
    // No document of `shops` exists: the shops were closed, their orders stayed.
    Family {
        pattern: "shops/*/orders",
        share: 10,
        ids: Ids::Auto,
        fields: order,
    },
    Family {
        pattern: "warehouses",
        share: 3,
        ids: Ids::Numbered("wh-"),
        fields: warehouse,
    },
    Family {
        pattern: "warehouses/*/stock",
        share: 30,
        ids: Ids::Auto,
        fields: stock,
    },
    Family {
        pattern: "shipments",
        share: 25,
        ids: Ids::Auto,
        fields: shipment,
    },
    Family {
        pattern: "invoices",
        share: 30,
        ids: Ids::Numbered("INV-2024-"),
        fields: invoice,
    },
    Family {
        pattern: "payments",
        share: 30,
        ids: Ids::Auto,
        fields: payment,
    },
    Family {
        pattern: "subscriptions",
        share: 10,
        ids: Ids::Auto,
        fields: subscription,
    },
    Family {
        pattern: "plans",
        share: 2,
        ids: Ids::Numbered("plan-"),
        fields: plan,
    },
];

fn order(maker: &mut Maker<'_>) -> Fields {
    let (owner, dice) = (maker.owner(), &mut maker.dice);
    let mut fields = fields! {
        "customer" => owner,
        "status" => text(dice.pick(&["pending", "paid", "shipped", "returned"])),
        "total" => money(dice.between(500, 50_000) * if dice.once_in(2) { 1 } else { 100 }),
        "currency" => text(dice.pick(&["EUR", "USD", "JPY"])),
        "itemCount" => integer(dice.between(1, 9)),
        "createdAt" => timestamp(dice.moment()),
        "shippedAt" => if dice.once_in(3) { null() } else { timestamp(dice.moment()) },
        "shipTo" => map(fields! {
            "city" => text(dice.words(1)),
            "position" => place(dice.unit() * 180.0 - 90.0, dice.unit() * 360.0 - 180.0),
            "notes" => array([text(dice.words(2)), null(), double(dice.unit())]),
        }),
    };
    // The Java back office writes whole amounts as doubles.
    if dice.once_in(30) {
        fields.extend(fields! {"total" => double(dice.between(5, 500) as f64)});
    }
    if dice.once_in(400) {
        fields.extend(fields! {"giftMessage" => text(dice.words(9))});
    }
    fields
}

fn item(maker: &mut Maker<'_>) -> Fields {
    let (product, dice) = (maker.some("products"), &mut maker.dice);
    let mut fields = fields! {
        "product" => product,
        "quantity" => integer(dice.between(1, 6)),
        "unitPrice" => money(dice.between(100, 20_000)),
        "discount" => double(dice.below(4) as f64 * 0.05),
        "options" => array((0..dice.below(3)).map(|_| map(fields! {"key" => text(dice.words(1)), "value" => text(dice.words(1))})).collect::<Vec<_>>()),
        "gift" => boolean(dice.once_in(10)),
    };
    if dice.once_in(60) {
        fields.extend(fields! {"quantity" => double(dice.between(1, 40) as f64 / 4.0)});
    }
    fields
}

fn review(maker: &mut Maker<'_>) -> Fields {
    let (author, dice) = (maker.some("users"), &mut maker.dice);
    fields! {
        "author" => author,
        "rating" => integer(dice.between(1, 6)),
        "title" => text(dice.words(3)),
        "text" => text(dice.words(30)),
        "helpful" => integer(dice.between(0, 100)),
        "createdAt" => timestamp(dice.moment()),
    }
}

fn category(maker: &mut Maker<'_>) -> Fields {
    let dice = &mut maker.dice;
    fields! {
        "name" => map(fields! {"en" => text(dice.words(1)), "de" => text(dice.words(1)), "ja" => text("家具")}),
        "sort" => integer(dice.between(0, 100)),
        "visible" => boolean(true),
    }
}

fn cart(maker: &mut Maker<'_>) -> Fields {
    let lines = (0..maker.dice.below(3)).map(|_| {
        let product = maker.some("products");
        map(fields! {"product" => product, "quantity" => integer(maker.dice.between(1, 4))})
    });
    let lines = array(lines.collect::<Vec<_>>());
    fields! {"lines" => lines, "updatedAt" => timestamp(maker.dice.moment())}
}

fn coupon(maker: &mut Maker<'_>) -> Fields {
    let dice = &mut maker.dice;
    fields! {
        "percentOff" => double(dice.between(1, 10) as f64 * 2.5),
        "maxUses" => if dice.once_in(2) { null() } else { integer(dice.between(1, 1_000)) },
        "validUntil" => timestamp(253_402_300_799_000_000),
        "once" => boolean(dice.once_in(2)),
    }
}

fn warehouse(maker: &mut Maker<'_>) -> Fields {
    let dice = &mut maker.dice;
    fields! {
        "name" => text(dice.words(2)),
        "position" => place(dice.between(-90, 91) as f64, dice.between(-180, 181) as f64),
        "capacity" => integer(dice.between(1_000, 90_000)),
    }
}

fn stock(maker: &mut Maker<'_>) -> Fields {
    let (product, dice) = (maker.some("products"), &mut maker.dice);
    fields! {
        "product" => product,
        "onHand" => integer(dice.between(-3, 400)),
        "reorderAt" => integer(20),
        "countedAt" => timestamp(dice.moment()),
    }
}

fn shipment(maker: &mut Maker<'_>) -> Fields {
    let (order, dice) = (maker.some("users/*/orders"), &mut maker.dice);
    let stops = (0..dice.below(4)).map(|_| {
        map(fields! {"at" => timestamp(dice.moment()), "where" => place(dice.unit() * 90.0, dice.unit() * -90.0)})
    });
    let stops = array(stops.collect::<Vec<_>>());
    fields! {
        "order" => order,
        "carrier" => text(dice.pick(&["DHL", "UPS", "ヤマト"])),
        "tracking" => text(dice.id(18)),
        "stops" => stops,
        "weightKg" => double(dice.unit() * 30.0),
    }
}

fn invoice(maker: &mut Maker<'_>) -> Fields {
    let (order, dice) = (maker.some("users/*/orders"), &mut maker.dice);
    fields! {
        "order" => order,
        "amount" => money(dice.between(500, 900_000)),
        "taxRate" => double(*dice.pick(&[&0.19, &0.07, &0.0, &0.2])),
        "issuedAt" => timestamp(dice.moment()),
        "paid" => boolean(!dice.once_in(7)),
        "pdf" => bytes(format!("%PDF-1.7\n{}", dice.id(64)).as_bytes()),
        "lines" => array((0..dice.below(4)).map(|n| map(fields! {"n" => integer(n as i64), "net" => money(dice.between(100, 9_000))})).collect::<Vec<_>>()),
    }
}

fn payment(maker: &mut Maker<'_>) -> Fields {
    let (invoice, dice) = (maker.some("invoices"), &mut maker.dice);
    fields! {
        "invoice" => invoice,
        "amount" => money(dice.between(500, 900_000)),
        "method" => text(dice.pick(&["card", "sepa", "paypal"])),
        "providerResponse" => map(fields! {"code" => integer(0), "raw" => text("{\"ok\":true}"), "fee" => double(0.1 + 0.2)}),
        "receivedAt" => timestamp(dice.moment()),
    }
}

fn subscription(maker: &mut Maker<'_>) -> Fields {
    let (user, plan) = (maker.some("users"), maker.some("plans"));
    fields! {
        "user" => user,
        "plan" => plan,
        "since" => timestamp(maker.dice.moment()),
        "cancelledAt" => null(),
    }
}

fn plan(maker: &mut Maker<'_>) -> Fields {
    let dice = &mut maker.dice;
    fields! {
        "name" => text(dice.pick(&["Basic", "Plus", "Pro"])),
        "monthly" => money(dice.between(0, 50) * 100 + 99),
        "features" => array([text("support"), text("returns")]),
    }
}
