// The way of the scripts that Supabase offers: pages of a thousand by limit and offset, each appended to a file, a document
// a line (Node reads no file of half a gigabyte at once); then columns as the file suggests (text, numeric, boolean,
// jsonb), and INSERTs of many rows.
// Values are written as the client spells them; only references, which have the whole client inside, become their path.
const fs = require('fs');
const readline = require('readline');
const PAGE = 1000;
const file = `${process.cwd()}/documents.jsonl`;

const plain = (key, value) => (value instanceof DocumentReference ? value.path : value);

async function dump() {
  let read = 0;
  while (read < most) {
    const page = await firestore.collection(collection).limit(Math.min(PAGE, most - read)).offset(read).get();
    if (page.empty) break;
    const texts = page.docs.map(document => {
      const row = {firestore_id: document.id};
      for (const [name, value] of Object.entries(document.data())) row[name] = plain(name, value);
      return JSON.stringify(row);
    });
    fs.appendFileSync(file, texts.join('\n') + '\n');
    read += page.size;
  }
}

const kindOf = value =>
  ({string: 'text', number: 'numeric', boolean: 'boolean'})[typeof value] ?? (value === null ? null : 'jsonb');

async function* dumped() {
  for await (const line of readline.createInterface({input: fs.createReadStream(file)})) yield JSON.parse(line);
}

async function columnsOf(rows) {
  const columns = new Map();
  for await (const row of rows) {
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
  const columns = await columnsOf(dumped());
  await postgres.query(`create table loaded (${columns.map(({name, kind}) => `"${name}" ${kind}`).join(', ')})`);
  const names = columns.map(({name}) => `"${name}"`).join(', ');
  const insert = async rows => {
    const values = [];
    const tuples = rows.map(row => {
      const places = columns.map(({name, kind}) => {
        const value = row[name] ?? null;
        values.push(kind === 'jsonb' && value !== null ? JSON.stringify(value) : value);
        return `$${values.length}`;
      });
      return `(${places.join(', ')})`;
    });
    await postgres.query(`insert into loaded (${names}) values ${tuples.join(', ')}`, values);
    return rows.length;
  };
  let loaded = 0;
  let rows = [];
  for await (const row of dumped()) {
    rows.push(row);
    if (rows.length === PAGE) {
      loaded += await insert(rows);
      rows = [];
    }
  }
  return rows.length > 0 ? loaded + (await insert(rows)) : loaded;
}).catch(failed);
