# What all peers do alike: connect, read pages, and say at the end what they made of them.
import json
import sys
import time

import numpy as np
import psycopg
from pgvector.psycopg import register_vector
from psycopg.types.json import Json, Jsonb
from qdrant_client import QdrantClient

url, database, collection, size, most = sys.argv[1:]
most = int(most)
host, port = url.removeprefix("http://").split(":")
qdrant = QdrantClient(host=host, grpc_port=int(port), prefer_grpc=True, check_compatibility=False, timeout=60)
postgres = psycopg.connect(database)
# An interpreter, its imports and its end take longer than thousands of points: nobody is to be judged by that.
began = (time.perf_counter(), time.process_time())


def pages(limit):
    """Pages of points, in order, until there are enough or no more."""
    offset, came = None, 0
    while came < most:
        points, offset = qdrant.scroll(
            collection, limit=min(limit, most - came), offset=offset, with_payload=True, with_vectors=True
        )
        came += len(points)
        yield points
        if offset is None:
            return


def done(loaded):
    seconds, cpu = time.perf_counter() - began[0], time.process_time() - began[1]
    print(json.dumps({"loaded": loaded, "seconds": seconds, "cpu": cpu}))
