//! Tables in parts, while others use them: an index of each part, and at the end one of the whole.

use super::interrupted::{BUILDERS_ARE_GONE, make_some};
use super::*;

const PARTS: [&str; 3] = ["notes_acme", "notes_other", "notes_umbrella"];

fn notes() -> (Vec<Table>, String) {
    let vector = column("v", Type::Vector(3), Holds::Vector);
    let indexes = vec![
        index(&["city", "born desc"], Method::Btree),
        hnsw("v", Distance::Cosine),
    ];
    let columns = vec![text("org"), id(), text("city"), text("born"), vector];
    let table = table("notes", &["org", "id"], columns, indexes);
    let sql = "\
        create table notes (_path text not null, org text not null, id text not null, city text, born text, v vector(3)) \
            partition by list (org); \
        create table notes_acme partition of notes for values in ('acme'); \
        create table notes_umbrella partition of notes for values in ('umbrella'); \
        create table notes_other partition of notes default; \
        insert into notes select 'notes/' || n, (array['acme', 'umbrella', 'wayne'])[1 + n % 3], 'n' || n, 'c' || n % 7, \
            'b' || n, array[n, 1, 2] from generate_series(1, 300) n";
    (vec![table], sql.to_owned())
}

/// Asserts that key and indexes are whole, of every part and of all together, and that nothing is there besides.
async fn assert_whole(place: &Place, when: &str) {
    let broken = "select count(*) from pg_index i join pg_class c on c.oid = i.indrelid \
                  where c.relname like 'notes%' and not (i.indisvalid and i.indisready)";
    assert_eq!(place.count(broken).await, 0, "{when}");
    let all = "select string_agg(t.relname || ' ' || a.amname || ' ' || i.indnatts || case when i.indisprimary then ' key' \
               else '' end || case when p.inhparent is null then '' else ' attached' end, ', ' \
               order by t.relname, a.amname, i.indisprimary) from pg_index i join pg_class t on t.oid = i.indrelid \
               join pg_class x on x.oid = i.indexrelid join pg_am a on a.oid = x.relam \
               left join pg_inherits p on p.inhrelid = i.indexrelid \
               where t.relname like 'notes%'";
    let told: String = place.client.query_one(all, &[]).await.unwrap().get(0);
    let of = |table: &str, end: &str| {
        format!("{table} btree 2{end}, {table} btree 2 key{end}, {table} hnsw 1{end}")
    };
    let mut expected = vec![of("notes", "")];
    expected.extend(PARTS.map(|part| of(part, " attached")));
    assert_eq!(told, expected.join(", "), "{when}");
    let again = place.run(true).await.unwrap();
    assert_eq!((again.made, again.is_as_asked()), (0, true), "{when}");
}

#[test]
fn a_table_in_parts_gets_its_indexes_part_by_part_while_writers_go_on() {
    test(async {
        let (tables, sql) = notes();
        let place = Place::with(tables, &sql).await;
        let (holder, writer) = (place.another().await, place.another().await);
        let insert = async |n: usize| {
            // Whoever waits for a build is refused at once.
            let write = format!(
                "set lock_timeout = '1ms'; insert into notes values ('notes/x{n}', 'acme', 'x{n}', 'c', 'b', '[1,2,3]'), \
                 ('notes/y{n}', 'wayne', 'x{n}', 'c', 'b', '[1,2,3]')"
            );
            writer.batch_execute(&write).await.unwrap();
        };
        make_some(&place, 1, true).await;
        holder
            .batch_execute("begin; update notes_umbrella set city = city where id = 'n1'")
            .await
            .unwrap();
        let others = async {
            let waiting = "select exists (select from pg_stat_activity where query like 'create index concurrently%' \
                           and wait_event_type = 'Lock' and datname = current_database())";
            place.until(waiting).await;
            for n in 0..20 {
                insert(n).await;
            }
            holder.batch_execute("commit").await.unwrap();
        };
        let (outcome, ()) = tokio::join!(place.run(true), others);
        assert!(outcome.unwrap().is_as_asked());
        assert_eq!(place.count("select count(*) from notes").await, 340);
        assert_whole(&place, "after a live build").await;
    });
}

#[test]
fn a_start_goes_on_after_any_part_of_another() {
    test(async {
        let (tables, sql) = notes();
        let steps = Place::with(tables.clone(), &sql).await.after().steps().len();
        for step in 0..steps {
            for part in PARTS {
                for live in [true, false] {
                    let place = Place::with(tables.clone(), &sql).await;
                    make_some(&place, step, true).await;
                    if step == 0 {
                        // What is of the whole table comes before any part of it, and waits for everybody.
                        let whole = "alter table only notes add constraint notes_pkey primary key (org, id)";
                        place.client.batch_execute(whole).await.unwrap();
                    }
                    let holder = place.another().await;
                    let hold = format!("begin; update {part} set city = city");
                    holder.batch_execute(&hold).await.unwrap();
                    let half = format!(
                        "select exists (select from pg_index where indrelid = '{part}'::regclass and not indisvalid)"
                    );
                    tokio::select! {
                        outcome = place.run(true) => panic!("it waited for nobody: {outcome:?}"),
                        () = place.until(&half) => {}
                    }
                    place.until(BUILDERS_ARE_GONE).await;
                    holder.batch_execute("commit").await.unwrap();
                    let when = format!("killed in step {step} at {part}, ended live: {live}");
                    let outcome = place.run(live).await.unwrap();
                    assert!(outcome.is_as_asked(), "{when}: {outcome:?}");
                    assert_whole(&place, &when).await;
                }
            }
        }
    });
}

#[test]
fn doubled_rows_of_a_part_are_named() {
    test(async {
        let (tables, sql) = notes();
        let place = Place::with(tables, &sql).await;
        let twice = "insert into notes select * from notes_acme where id = 'n3'";
        place.client.batch_execute(twice).await.unwrap();
        let fault = place.run(true).await.unwrap_err();
        assert!(fault.message.contains("notes/3"), "{fault}");
        let mend = "delete from notes_acme where ctid in (select max(ctid) from notes_acme where id = 'n3')";
        place.client.batch_execute(mend).await.unwrap();
        assert!(place.run(true).await.unwrap().is_as_asked());
        assert_whole(&place, "mended").await;
    });
}
