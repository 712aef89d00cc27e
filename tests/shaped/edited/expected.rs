//! What the mapping written by hand must make: rows by SQL, constraints, indexes. The rows are of documents that
//! `source.rs` writes.

/// Queries with the rows they answer with.
pub(super) const VALUES: &[(&str, &[&str])] = &[
    (
        "select id, tenant, key5, name, email, registered, last_login, points, balance, roles, theme, newsletter, push, \
         age, referrer, search from users where id = 'old-1'",
        &[
            "old-1 | acme | 90886759-6fa0-51b4-8eeb-2eb9d5c23e39 | Ada King | ada.king@example.com | 2024-02-29 12:34:56.789+00 | NULL | 12 | 19.99 | \
           {user,owner} | dark | NULL | NULL | 41 | nobody | 'ada':1 'king':2",
        ],
    ),
    (
        "select label, _extra from users where id = 'old-1'",
        &[
            "Ada King <  Ada.King@Example.COM > | {\"email\": \"  Ada.King@Example.COM \", \"preferences\": {\"notify\": {}}}",
        ],
    ),
    (
        "select id, points, age, referrer, balance, label, _extra from users where id in ('old-2', 'old-3') order by id",
        &[
            "old-2 | 0 | NULL | old-1 | NULL | NULL | {\"age\": \"forty\", \"__missing__\": [\"loyaltyPoints\"]}",
            "old-3 | 0 | NULL | NULL | 7.00 | NULL | {\"age\": null, \"__missing__\": [\"loyaltyPoints\"]}",
        ],
    ),
    (
        "select user_id, id, postal_code, lat from addresses where user_id = 'old-1'",
        &["old-1 | home | 01234 | NULL"],
    ),
    // Both halves of a point are in columns, so nothing of it is left; most have one.
    ("select count(*) from addresses where _extra ? 'position'", &["0"]),
    (
        "select count(*) > 10 and max(abs(lat)) <= 90 from addresses where lat is not null and lng is not null",
        &["t"],
    ),
    // A dropped secret is nowhere, its hash is.
    (
        "select count(*) from devices where _extra::text like '%pushToken%' or length(token_hash) <> 64",
        &["0"],
    ),
    (
        "select customer_id, id, status, gift, shipped, _extra from orders where customer_id = 'old-1'",
        &["old-1 | o 1 | paid |  | NULL | NULL"],
    ),
    (
        "select count(*) from orders where gift = '' and not coalesce(_extra -> '__missing__' ? 'giftMessage', false)",
        &["1"],
    ),
    ("select count(*) from orders where _extra ? 'shippedAt'", &["0"]),
    (
        "select count(*) from orders where _extra #> '{shipTo,notes}' is null",
        &["1"],
    ),
    (
        "select order_id, product_id, quantity, _extra from items where customer_id = 'old-1'",
        &["o 1 | none | 2 | NULL"],
    ),
    (
        "select _path, _ordinal, place, product_id, quantity, _extra from cart_lines where _path in ('carts/full', 'carts/odd') \
         order by 1, 2",
        &[
            "carts/full | 0 | 0 | sku-000001 | 2 | NULL",
            "carts/full | 1 | 1 | none | NULL | {\"quantity\": \"three\"}",
            "carts/odd | 0 | 0 | NULL | NULL | {\"__value__\": \"no line\"}",
            "carts/odd | 1 | 1 | sku-000002 | 1 | NULL",
        ],
    ),
    (
        "select _extra from carts where _path = 'carts/bare'",
        &["{\"lines\": \"none\"}"],
    ),
    (
        "select _key, user_id, unread, _extra from conversation_unread where _path = 'conversations/c2' order by 1",
        &[
            "old-1 | old-1 | 3 | NULL",
            "old-2 | old-2 | NULL | {\"__value__\": \"many\"}",
        ],
    ),
    (
        "select count(*) from conversation_members where member not like 'users/%'",
        &["0"],
    ),
    (
        "select text, _extra from messages where conversation_id = 'c2'",
        &["C string | NULL"],
    ),
    (
        "select place, action from entries where action in ('kept', 'at the root') order by 2",
        &["NULL | at the root", "archive/box | kept"],
    ),
    (
        "select id, name, _extra from employees where id like 'E-%' order by 1",
        &[
            "E-less | unknown | {\"__missing__\": [\"name\"]}",
            "E-none | unknown | {\"name\": null, \"__missing__\": [\"name\"]}",
        ],
    ),
    (
        "select count(*) from shipments where carrier <> upper(carrier)",
        &["0"],
    ),
    (
        "select capacity, _extra from events where _path = 'events/open'",
        &["NULL | NULL"],
    ),
    (
        "select serial, expires, seats, _extra from licences order by serial",
        &[
            "6f0f3a52-5b9c-4d3e-8f5a-0d8c1f0f9a01 | 2024-02-29 12:34:56.789+00 | 5 | NULL",
            "6f0f3a52-5b9c-4d3e-8f5a-0d8c1f0f9a02 | 1970-01-01 00:00:00.0015+00 | 1 | {\"seats\": null, \"serial\": \
             \"6F0F3A52-5B9C-4D3E-8F5A-0D8C1F0F9A02\", \"expiresMs\": 1.5, \"__missing__\": [\"seats\"]}",
            "6f0f3a52-5b9c-4d3e-8f5a-0d8c1f0f9a03 | NULL | 1 | {\"__missing__\": [\"seats\"]}",
        ],
    ),
    (
        "select count(*) from products where embedding is null or label <> name || ' (' || category || ')'",
        &["0"],
    ),
    // What nobody wrote of is inferred, with U+0000 as the mapping wants it.
    ("select subject from mailing order by 1", &["C string␀", "plain"]),
];

/// Constraints that must be there, among others.
pub(super) const CONSTRAINTS: &[&str] = &[
    "users | PRIMARY KEY (id)",
    "addresses | PRIMARY KEY (user_id, id)",
    "items | PRIMARY KEY (customer_id, order_id, id)",
    "entries | PRIMARY KEY (_path)",
    "cart_lines | PRIMARY KEY (_path, _ordinal)",
    "conversation_unread | PRIMARY KEY (_path, _key)",
    // Whatever their elements refer to, rows of elements have their document.
    "cart_lines | FOREIGN KEY (_path) REFERENCES carts(_path)",
    "conversation_unread | FOREIGN KEY (_path) REFERENCES conversations(_path)",
    // Somebody refers to what is not there.
    "users | FOREIGN KEY (referrer) REFERENCES users(id) NOT VALID",
    "items | FOREIGN KEY (product_id) REFERENCES products(id) NOT VALID",
    "cart_lines | FOREIGN KEY (product_id) REFERENCES products(id) NOT VALID",
];

/// Beginnings, middles or ends of indexes that must be there, among others.
pub(super) const INDEXES: &[&str] = &[
    "CREATE UNIQUE INDEX users_email_idx ON public.users USING btree (email)",
    "ON public.users USING btree (tenant, registered DESC) WHERE verified",
    "ON public.users USING gin (roles)",
    "ON public.users USING gin (search)",
    "ON public.orders USING btree (placed DESC)",
    "ON public.orders USING hash (status)",
    "ON public.products USING hnsw (embedding halfvec_cosine_ops) WITH (m='8', ef_construction='32')",
    "ON public.products USING gin (facts jsonb_path_ops)",
    "ON public.cart_lines USING btree (product_id)",
    "ON public.warehouses USING gist (\"position\")",
    "ON public.entries USING btree (place, at DESC)",
];
