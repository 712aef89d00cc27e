// The way of the scripts that Supabase offers: pages of a thousand by limit and offset, each appended to a file of JSON;
// then columns as the file suggests (text, numeric, boolean, jsonb), and INSERTs of many rows.
// Values are written as the client spells them; only references, which have the whole client inside, become their path.
const fs = require('fs');
const PAGE = 1000;
const file = `${process.cwd()}/documents.json`;

const plain = (key, value) => (value instanceof DocumentReference ? value.path : value);

async function dump() {
  let read = 0;
  fs.writeFileSync(file, '[');
  while (read < most) {
    const page = await firestore.collection(collection).limit(Math.min(PAGE, most - read)).offset(read).get();
    if (page.empty) break;
    const texts = page.docs.map(document => {
      const row = {firestore_id: document.id};
      for (const [name, value] of Object.entries(document.data())) row[name] = plain(name, value);
      return JSON.stringify(row);
    });
    fs.appendFileSync(file, (read > 0 ? ',\n' : '') + texts.join(',\n'));
    read += page.size;
  }
  fs.appendFileSync(file, ']');
}

const kindOf = value =>
  ({string: 'text', number: 'numeric', boolean: 'boolean'})[typeof value] ?? (value === null ? null : 'jsonb');

function columnsOf(rows) {
  const columns = new Map();
  for (const row of rows) {
    for (const [name, value] of Object.entries(row)) {
      const kind = kindOf(value);
      const known = columns.get(name);
      if (known && kind && known !== kind) columns.set(name, 'jsonb');
      else columns.set(name, known ?? kind);
    }
  }
  return [...columns].map(([name, kind]) => ({name, kind: kind ?? 'text'}));
}

main(async () => {
  await dump();
  const rows = JSON.parse(fs.readFileSync(file, 'utf8'));
  const columns = columnsOf(rows);
  await postgres.query(`create table loaded (${columns.map(({name, kind}) => `"${name}" ${kind}`).join(', ')})`);
  const names = columns.map(({name}) => `"${name}"`).join(', ');
  for (let from = 0; from < rows.length; from += PAGE) {
    const values = [];
    const tuples = rows.slice(from, from + PAGE).map(row => {
      const places = columns.map(({name, kind}) => {
        const value = row[name] ?? null;
        values.push(kind === 'jsonb' && value !== null ? JSON.stringify(value) : value);
        return `$${values.length}`;
      });
      return `(${places.join(', ')})`;
    });
    await postgres.query(`insert into loaded (${names}) values ${tuples.join(', ')}`, values);
  }
  return rows.length;
}).catch(failed);
