# One stream of documents, one COPY in the binary format.
import json
import sys
import time

import psycopg
from google.auth.credentials import AnonymousCredentials
from google.cloud import firestore
from google.cloud.firestore_v1 import DocumentReference, GeoPoint
from psycopg.types.json import Jsonb

project, database, collection, most = sys.argv[1:]
client = firestore.Client(project=project, credentials=AnonymousCredentials())
postgres = psycopg.connect(database)
# An interpreter, its imports and its end take longer than thousands of documents: nobody is to be judged by that.
began = (time.perf_counter(), time.process_time())

TYPES = {
    "at": "timestamptz", "createdAt": "timestamptz", "currency": "text", "customer": "text", "discount": "float8",
    "fulfilled": "bool", "items": "jsonb", "kind": "text", "number": "int8", "place": "jsonb", "score": "float8",
    "shipping": "jsonb", "signature": "bytea", "tags": "jsonb", "text": "text", "total": "float8", "wishes": "text",
}


def spelled(value, kind):
    if isinstance(value, DocumentReference):
        return "/".join(value._path)
    if isinstance(value, GeoPoint):
        return Jsonb([value.longitude, value.latitude])
    return Jsonb(value) if kind == "jsonb" else value


everything = client.collection(collection)
first = next(everything.limit(1).stream()).to_dict()
columns = [(name, kind) for name, kind in TYPES.items() if name in first]
described = ", ".join(f'"{name}" {kind}' for name, kind in columns)
postgres.execute(f"create table loaded (path text, created_at timestamptz, updated_at timestamptz, {described})")
loaded = 0
with postgres.cursor().copy("copy loaded from stdin (format binary)") as copy:
    copy.set_types(["text", "timestamptz", "timestamptz"] + [kind for _, kind in columns])
    for document in everything.limit(int(most)).stream():
        data = document.to_dict()
        row = [document.reference.path, document.create_time, document.update_time]
        row += [spelled(data.get(name), kind) for name, kind in columns]
        copy.write_row(row)
        loaded += 1
postgres.commit()
seconds, cpu = time.perf_counter() - began[0], time.process_time() - began[1]
print(json.dumps({"loaded": loaded, "seconds": seconds, "cpu": cpu}))
