//! Two questions to the result that Firestore has no answer to in one query: what is most like this, and a join.
//! It promises that the SQL on the screen is the SQL that was run.
//! Whether the rows are right is left to the proof.

use anyhow::{Context, Result, ensure};

use crate::screen::Screen;
use crate::stage::Stage;
use crate::table::Table;

/// The products most like a given one.
const NEAREST: &str = "\
select p.name, p.price, p.currency, round((p.embedding <=> this.embedding)::numeric, 4) as distance
from products this, products p
where this._path = '{path}' and p._path <> this._path
order by p.embedding <=> this.embedding
limit 6";

/// Three collections in one question: the items lie below orders, and refer to products.
const REVENUE: &str = "\
select p.category, count(*) as sold, round(sum(i.quantity * i.unit_price)::numeric, 2) as revenue
from items i
join orders o on o._path = regexp_replace(i._path, '/items/[^/]*$', '')
join products p on p._path = i.product
where o.status in ('paid', 'shipped')
group by p.category
order by revenue desc
limit 6";

/// Asks both and shows what came.
pub(crate) async fn show(screen: &Screen, stage: &Stage) -> Result<()> {
    screen.heading("6  What can be asked now");
    let first = "select _path, name from products where embedding is not null order by _path limit 1";
    let product = stage.pg.query_one(first, &[]).await.context("find a product")?;
    let (path, name): (String, String) = (product.get(0), product.get(1));
    screen.line(&format!(
        "  Products most like the {name:?} in {path} (pgvector, cosine distance):"
    ));
    ask(
        screen,
        stage,
        &NEAREST.replace("{path}", &path.replace('\'', "''")),
    )
    .await?;
    screen.line("");
    screen.line("  What brought the most money, over three collections:");
    ask(screen, stage, REVENUE).await
}

async fn ask(screen: &Screen, stage: &Stage, sql: &str) -> Result<()> {
    screen.line("");
    sql.lines().for_each(|line| screen.command(line));
    screen.line("");
    let answer = stage
        .pg
        .simple_query(sql)
        .await
        .with_context(|| format!("ask: {sql}"))?;
    let table = Table::of(&answer);
    ensure!(table.rows() > 0, "the query answered no row: {sql}");
    screen.table(&table);
    Ok(())
}
