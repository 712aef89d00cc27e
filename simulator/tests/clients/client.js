// Runs errands with Google's own Firestore client for Node, as any application would: through its public interface and
// with nothing but FIRESTORE_EMULATOR_HOST to tell it where to go.
//
// One argument, JSON: {"project": P, "errands": [{"do": .., ..}, ..]}. One line of JSON for every document, count or
// name that came, in the order in which it came, and {"errand": n} before those of each errand. Promise: a value is
// spelled so that no two different ones look alike (integers as text, doubles by their bits, timestamps in
// microseconds, bytes in base64), and what fails ends the program with an exit code other than 0. main.rs has the
// errands, spelling.rs spells the same values in Rust.
'use strict';
const {Firestore, FieldPath, GeoPoint, Timestamp, DocumentReference} = require('@google-cloud/firestore');

const {project, errands} = JSON.parse(process.argv[2]);
const firestore = new Firestore({projectId: project, useBigInt: true});
const say = line => process.stdout.write(JSON.stringify(line) + '\n');

// --- values, spelled ---

const micros = time => String(BigInt(time.seconds) * 1_000_000n + BigInt(time.nanoseconds / 1_000));

function bits(double) {
  if (Number.isNaN(double)) return 'nan';
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, double);
  return view.getBigUint64(0).toString(16).padStart(16, '0');
}

const spelledFields = map => Object.fromEntries(Object.entries(map).map(([name, value]) => [name, spelled(value)]));

function spelled(value) {
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return value;
  if (typeof value === 'bigint') return {integer: value.toString()};
  if (typeof value === 'number') return {double: bits(value)};
  if (value instanceof Timestamp) return {time: micros(value)};
  if (value instanceof Uint8Array) return {bytes: Buffer.from(value).toString('base64')};
  if (value instanceof DocumentReference) return {reference: value.path};
  if (value instanceof GeoPoint) return {point: [bits(value.latitude), bits(value.longitude)]};
  if (Array.isArray(value)) return value.map(spelled);
  if (Object.getPrototypeOf(value) === Object.prototype) return {map: spelledFields(value)};
  if (typeof value.toArray === 'function') return {vector: value.toArray().map(bits)};
  throw new Error(`what is a ${value.constructor?.name}?`);
}

function spelledDocument(snapshot) {
  if (!snapshot.exists) return {path: snapshot.ref.path, missing: true};
  return {
    path: snapshot.ref.path,
    created: micros(snapshot.createTime),
    updated: micros(snapshot.updateTime),
    fields: spelledFields(snapshot.data()),
  };
}

// --- errands ---

const query = from => (from.group ? firestore.collectionGroup(from.group) : firestore.collection(from.collection));

async function sayAll(stream) {
  for await (const snapshot of stream) say(spelledDocument(snapshot));
}

const run = {
  async paged({from, limit}) {
    const page = query(from).orderBy(FieldPath.documentId()).limit(limit);
    for (let found = await page.get(); found.size > 0; found = await page.startAfter(found.docs.at(-1)).get()) {
      found.forEach(snapshot => say(spelledDocument(snapshot)));
    }
  },

  async streamed({from}) {
    await sayAll(query(from).stream());
  },

  async partitioned({group, partitions}) {
    let number = 0;
    for await (const partition of firestore.collectionGroup(group).getPartitions(partitions)) {
      number += 1;
      await sayAll(partition.toQuery().stream());
    }
    say({partitions: number});
  },

  async counted({from}) {
    const counted = await query(from).count().get();
    say({count: Number(counted.data().count)});
  },

  async selected({from, fields}) {
    await sayAll(query(from).select(...fields.map(name => new FieldPath(name))).stream());
  },

  async collections({below}) {
    const found = await (below ? firestore.doc(below) : firestore).listCollections();
    found.forEach(collection => say({collection: collection.id}));
  },

  // Also those that do not exist, but have something below them.
  async listed({collection}) {
    for (const document of await firestore.collection(collection).listDocuments()) say({path: document.path});
  },

  async got({path}) {
    say(spelledDocument(await firestore.doc(path).get()));
  },

  async gotMany({collection, ids}) {
    const found = await firestore.getAll(...ids.map(id => firestore.collection(collection).doc(id)));
    found.forEach(snapshot => say(spelledDocument(snapshot)));
  },

  // Writes what was read, so that every value goes back the way it came, and reads it there.
  async copied({path, to}) {
    const original = await firestore.doc(path).get();
    await firestore.doc(to).set(original.data());
    say(spelledDocument(await firestore.doc(to).get()));
  },

  async written({path, text}) {
    await firestore.doc(path).set({text});
  },

  async deleted({path}) {
    await firestore.doc(path).delete();
  },

  // Says what is there, then every change, until `last` is gone.
  watched({from, last}) {
    return new Promise((resolve, reject) => {
      const stop = query(from).onSnapshot(snapshot => {
        snapshot.docChanges().forEach(({type, doc}) => say({change: type, ...spelledDocument(doc)}));
        say({current: snapshot.size});
        if (snapshot.docChanges().some(({type, doc}) => type === 'removed' && doc.ref.path === last)) resolve(stop());
      }, reject);
    });
  },
};

async function main() {
  for (const [number, errand] of errands.entries()) {
    say({errand: number});
    await run[errand.do](errand);
  }
  await firestore.terminate();
}

main().catch(error => {
  console.error(error);
  process.exitCode = 1;
  return firestore.terminate();
});
