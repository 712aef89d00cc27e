//! A PostgreSQL that refuses now and then what it took a moment ago: serialization failures, deadlocks, too many
//! connections, shutdowns, timeouts, a full disk, a server that only reads, connections that end.
//!
//! The server itself refuses: triggers of its own raise what a plan says, in COPY, when the lane moves, and at COMMIT.
//! Sequences do not roll back, so each line of the plan strikes once.

use super::trial::Trial;
use crate::support::server;
use rand::RngExt;
use rand::rngs::StdRng;
use rehearsal::campaign::Case;

/// What may be raised and passes by itself.
const PASSING: [&str; 8] = [
    "40001", "40P01", "53300", "57014", "55P03", "57P03", "08006", "end",
];
/// What ends a start, and the next one goes on: raised less often, for a start takes as long as many refusals.
const LASTING: [&str; 2] = ["53100", "25006"];

/// Calls that may be refused: more than most runs make.
const CALLS: i64 = 400;

const PLAN: &str = "insert into trouble.plan select * from unnest($1::bigint[], $2::text[])";

/// Counts every call, a COMMIT once, however many lanes it moves, and raises what the plan has for that number; `end`
/// ends the connection. Tables are given these triggers when they are made.
const TRIGGERS: &str = "
create schema trouble;
create sequence trouble.calls;
create table trouble.plan (call bigint primary key, what text not null);
create sequence trouble.struck;
create function trouble.strikes() returns trigger language plpgsql security definer as $$
declare now bigint; what_now text;
begin
    if tg_name = 'at_commit' then
        if current_setting('trouble.committing', true) = 'yes' then
            return null;
        end if;
        perform set_config('trouble.committing', 'yes', true);
    end if;
    now := nextval('trouble.calls');
    select what into what_now from trouble.plan where call = now;
    if found then
        perform nextval('trouble.struck');
        if what_now = 'end' then
            perform pg_terminate_backend(pg_backend_pid());
        else
            raise exception 'as planned' using errcode = what_now;
        end if;
    end if;
    return null;
end $$;
create function trouble.watch() returns event_trigger language plpgsql as $$
declare made record;
begin
    for made in select * from pg_event_trigger_ddl_commands() where object_type = 'table' and command_tag = 'CREATE TABLE'
                and not exists (select from pg_trigger where tgrelid = objid and tgfoid = 'trouble.strikes'::regproc) loop
        if made.schema_name = 'public' then
            execute format('create trigger in_copy after insert on %s for each statement execute function trouble.strikes()',
                           made.object_identity);
        elsif made.object_identity = 'etl.lane' then
            create constraint trigger at_commit after update on etl.lane deferrable initially deferred
                for each row execute function trouble.strikes();
            create trigger at_move after update on etl.lane for each statement execute function trouble.strikes();
        end if;
    end loop;
end $$;
create event trigger watch on ddl_command_end when tag in ('CREATE TABLE') execute function trouble.watch();
";

pub(super) async fn case(case: &mut Case) {
    let trial = Trial::on(server().await, case, 2_000).await;
    let client = trial.world.client().await;
    client.batch_execute(TRIGGERS).await.unwrap();
    let (calls, what): (Vec<i64>, Vec<&str>) = refusals(case).into_iter().unzip();
    client.execute(PLAN, &[&calls, &what]).await.unwrap();
    // Whoever waits for the server to let go of everybody must not wait for us.
    drop(client);
    trial.through(|| trial.start(&[])).await;
    let client = trial.world.client().await;
    let struck = "select case when is_called then last_value else 0 end from trouble.struck";
    let struck: i64 = client.query_one(struck, &[]).await.unwrap().get(0);
    case.note(struck as u64);
}

/// Which calls are refused, and how: about one in five.
fn refusals(case: &mut Case) -> Vec<(i64, &'static str)> {
    let one_of = |dice: &mut StdRng, list: &[&'static str]| list[dice.random_range(0..list.len())];
    let (calls, dice) = (1..=CALLS * case.size as i64 / 100, &mut case.dice);
    let mut refused: Vec<_> = calls
        .filter(|_| dice.random_ratio(1, 5))
        .map(|call| (call, ""))
        .collect();
    for (_, what) in &mut refused {
        *what = match dice.random_ratio(1, 20) {
            true => one_of(dice, &LASTING),
            false => one_of(dice, &PASSING),
        };
    }
    refused
}
