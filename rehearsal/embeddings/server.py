"""An endpoint of OpenAI's embeddings interface, with a small real model behind it, on a free port of this machine.

usage: server.py MODEL_FOLDER     the first line it prints is its address

It answers what it is asked exactly or refuses as OpenAI does; it never cuts a text, never guesses a setting, and gives
the same vector for the same text always. It has no key and no limits of pace, and ends with whoever started it.
"""

import base64
import http.server
import json
import os
import sys

# One thread for each request: what a vector is must not depend on how many cores there are. Read when numpy is loaded.
os.environ["OPENBLAS_NUM_THREADS"] = os.environ["OMP_NUM_THREADS"] = "1"

import minilm

NAME = "all-minilm-l6-v2"
MOST_TEXTS = 2048  # as OpenAI has it


class Refused(Exception):
    """What OpenAI's interface answers to a request it will not serve."""

    def __init__(self, status, message, code=None, parameter=None):
        super().__init__(message)
        self.status = status
        self.body = {
            "error": {"message": message, "type": "invalid_request_error", "param": parameter, "code": code}
        }


def texts_of(asked):
    texts = asked.get("input")
    if isinstance(texts, str):
        texts = [texts]
    if not isinstance(texts, list) or not texts or not all(isinstance(text, str) for text in texts):
        raise Refused(400, "'input' must be a string or a list of strings", parameter="input")
    if len(texts) > MOST_TEXTS:
        raise Refused(400, f"'input' must not have more than {MOST_TEXTS} items", parameter="input")
    if "" in texts:
        raise Refused(400, "'input' must not hold an empty string", parameter="input")
    return texts


def tokens_of(model, text):
    try:
        return model.tokens(text)
    except minilm.TooLong as error:
        raise Refused(
            400,
            f"This model's maximum context length is {minilm.LONGEST} tokens, however you requested {error.tokens} "
            "tokens. Please reduce your prompt.",
            code="context_length_exceeded",
            parameter="input",
        ) from None


def check(asked):
    """Refuses what would be answered otherwise than it was asked."""
    if asked.get("model") != NAME:
        raise Refused(404, f"the only model here is {NAME}", code="model_not_found", parameter="model")
    if asked.get("dimensions", minilm.DIMENSION) != minilm.DIMENSION:
        raise Refused(400, f"this model has {minilm.DIMENSION} dimensions and no other number", parameter="dimensions")
    if asked.get("encoding_format", "float") not in ("float", "base64"):
        raise Refused(400, "'encoding_format' is 'float' or 'base64'", parameter="encoding_format")


def answer(model, asked):
    check(asked)
    tokens = [tokens_of(model, text) for text in texts_of(asked)]
    vectors = [model.vector(numbers) for numbers in tokens]
    if asked.get("encoding_format") == "base64":
        shown = [base64.b64encode(vector.astype("<f4").tobytes()).decode() for vector in vectors]
    else:
        # A float of Python says a 32-bit float exactly.
        shown = [vector.tolist() for vector in vectors]
    used = sum(len(numbers) for numbers in tokens)
    return {
        "object": "list",
        "model": NAME,
        "data": [{"object": "embedding", "index": at, "embedding": vector} for at, vector in enumerate(shown)],
        "usage": {"prompt_tokens": used, "total_tokens": used},
    }


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        try:
            if self.path != "/v1/embeddings":
                raise Refused(404, "there is only /v1/embeddings here")
            try:
                asked = json.loads(body)
            except ValueError:
                asked = None
            if not isinstance(asked, dict):
                raise Refused(400, "the body is no JSON object")
            self.say(200, answer(self.server.model, asked))
        except Refused as refused:
            self.say(refused.status, refused.body)

    def say(self, status, body):
        body = json.dumps(body).encode()
        try:
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
        except ConnectionError:
            # Whoever asked was killed, as tests do; nobody waits for an answer any more.
            self.close_connection = True

    def log_message(self, *_):
        """Requests are not worth a line."""


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, model):
        super().__init__(("127.0.0.1", 0), Handler)
        self.model = model


if __name__ == "__main__":
    server = Server(minilm.Model(sys.argv[1]))
    print(f"http://127.0.0.1:{server.server_port}/v1", flush=True)
    server.serve_forever()
