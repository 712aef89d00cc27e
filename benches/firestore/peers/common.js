// What both ways in Node have in common: connect, and say at the end what they made of the documents.
const {Firestore, FieldPath, Timestamp, GeoPoint, DocumentReference} = require('@google-cloud/firestore');
const {Client} = require('pg');

const [project, database, collection, share] = process.argv.slice(1);
const most = Number(share);
const firestore = new Firestore({projectId: project});
const postgres = new Client({connectionString: database});
let began;

async function main(move) {
  await postgres.connect();
  // Starting Node takes longer than thousands of documents: nobody is to be judged by that.
  began = {at: process.hrtime.bigint(), cpu: process.cpuUsage()};
  const loaded = await move();
  const cpu = process.cpuUsage(began.cpu);
  const seconds = Number(process.hrtime.bigint() - began.at) / 1e9;
  console.log(JSON.stringify({loaded, seconds, cpu: (cpu.user + cpu.system) / 1e6}));
  await postgres.end();
  await firestore.terminate();
}

function failed(error) {
  console.error(error);
  process.exit(1);
}
