// The same with what Node has to offer: one stream of documents, one COPY in the text format, and neither waits for the
// other longer than it must.
const {from} = require('pg-copy-streams');
const {Readable} = require('stream');
const {pipeline} = require('stream/promises');
const PIECE = 64 << 10;

const TYPES = {
  at: 'timestamptz', createdAt: 'timestamptz', currency: 'text', customer: 'text', discount: 'double precision',
  fulfilled: 'boolean', items: 'jsonb', kind: 'text', number: 'bigint', place: 'point', score: 'double precision',
  shipping: 'jsonb', signature: 'bytea', tags: 'jsonb', text: 'text', total: 'double precision', wishes: 'text',
};
const ESCAPES = {'\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t'};
const escaped = text => (/[\\\n\r\t]/.test(text) ? text.replace(/[\\\n\r\t]/g, letter => ESCAPES[letter]) : text);

function spelled(value) {
  switch (typeof value) {
    case 'string': return escaped(value);
    case 'number': return String(value);
    case 'boolean': return value ? 't' : 'f';
  }
  if (value === null || value === undefined) return '\\N';
  if (value instanceof Timestamp) return value.toDate().toISOString();
  if (value instanceof DocumentReference) return escaped(value.path);
  if (value instanceof GeoPoint) return `(${value.longitude},${value.latitude})`;
  if (Buffer.isBuffer(value)) return `\\\\x${value.toString('hex')}`;
  return escaped(JSON.stringify(value));
}

main(async () => {
  const all = firestore.collection(collection);
  const first = (await all.limit(1).get()).docs[0].data();
  const names = Object.keys(TYPES).filter(name => name in first);
  const columns = names.map(name => `"${name}" ${TYPES[name]}`).join(', ');
  await postgres.query(`create table loaded (path text, created_at timestamptz, updated_at timestamptz, ${columns})`);
  let loaded = 0;
  async function* rows() {
    let piece = '';
    for await (const document of all.limit(most).stream()) {
      const data = document.data();
      piece += `${escaped(document.ref.path)}\t${spelled(document.createTime)}\t${spelled(document.updateTime)}`;
      for (const name of names) piece += `\t${spelled(data[name])}`;
      piece += '\n';
      loaded += 1;
      if (piece.length >= PIECE) {
        yield piece;
        piece = '';
      }
    }
    yield piece;
  }
  await pipeline(Readable.from(rows()), postgres.query(from('copy loaded from stdin')));
  return loaded;
}).catch(failed);
