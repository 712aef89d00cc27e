"""all-MiniLM-L6-v2 in numpy: a text becomes 384 components of length one.

It promises what sentence-transformers computes from the same files, within 32-bit rounding: WordPiece, six layers of
BERT, the mean over all tokens, divided by its length. Each text is computed by itself. There is no padding, so there is
no mask, and a vector is the same to the last bit whatever stands beside its text in a request.
"""

import json
import pathlib

import numpy as np
import tokenizers

DIMENSION = 384
HEADS = 12
LAYERS = 6
EPSILON = 1e-12  # config.json: layer_norm_eps
# sentence_bert_config.json. The positions of BERT go to 512, but what lies beyond this was never used with this model.
LONGEST = 256


class TooLong(ValueError):
    """A text of more tokens than the model reads."""

    def __init__(self, tokens):
        super().__init__(f"{tokens} tokens")
        self.tokens = tokens


def arrays(path):
    """The arrays of a safetensors file: the length of a header in JSON, the header, and the numbers it describes."""
    whole = pathlib.Path(path).read_bytes()
    start = 8 + int.from_bytes(whole[:8], "little")
    found = {}
    for name, told in json.loads(whole[8:start]).items():
        if told.get("dtype") == "F32":
            begin, end = told["data_offsets"]
            values = np.frombuffer(whole, "<f4", (end - begin) // 4, start + begin)
            found[name] = values.reshape(told["shape"])
    return found


# Eigen's rational approximation of the error function, which numpy lacks: within 32-bit rounding of it.
_ABOVE = (-2.72614225801306e-10, 2.77068142495902e-08, -2.10102402082508e-06, -5.69250639462346e-05,
          -7.34990630326855e-04, -2.95459980854025e-03, -1.60960333262415e-02)
_BELOW = (-1.45660718464996e-05, -2.13374055278905e-04, -1.68282697438203e-03, -7.37332916720468e-03,
          -1.42647390514189e-02)


def erf(x):
    """The error function; beyond four it is one."""
    x = np.clip(x, np.float32(-4), np.float32(4))
    square = x * x

    def polynomial(coefficients):
        value = np.full_like(square, coefficients[0])
        for coefficient in coefficients[1:]:
            value = value * square + np.float32(coefficient)
        return value

    return x * polynomial(_ABOVE) / polynomial(_BELOW)


def gelu(x):
    return x * np.float32(0.5) * (1 + erf(x * np.float32(0.5**0.5)))


def softmax(x):
    powers = np.exp(x - x.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


class Model:
    """The model whose files lie in `folder`."""

    def __init__(self, folder):
        folder = pathlib.Path(folder)
        # The file asks for padding and truncation to 128 tokens, for a batch that nobody makes here.
        self.tokenizer = tokenizers.Tokenizer.from_file(str(folder / "tokenizer.json"))
        self.tokenizer.no_padding()
        self.tokenizer.no_truncation()
        self.arrays = arrays(folder / "model.safetensors")

    def tokens(self, text):
        """The numbers of a text's tokens, between [CLS] and [SEP].

        Raises TooLong where sentence-transformers would cut the text: the vector of another text is no answer.
        """
        tokens = self.tokenizer.encode(text).ids
        if len(tokens) > LONGEST:
            raise TooLong(len(tokens))
        return tokens

    def vector(self, tokens):
        """The 32-bit components of a text of these tokens."""
        words, places, kinds = (
            self.arrays[f"embeddings.{name}_embeddings.weight"] for name in ("word", "position", "token_type")
        )
        state = self._normalised("embeddings.LayerNorm", words[tokens] + places[: len(tokens)] + kinds[0])
        for layer in range(LAYERS):
            state = self._layer(f"encoder.layer.{layer}", state)
        mean = state.mean(axis=0)
        return mean / np.linalg.norm(mean)

    def _layer(self, name, state):
        heard = self._linear(f"{name}.attention.output.dense", self._attention(f"{name}.attention.self", state))
        state = self._normalised(f"{name}.attention.output.LayerNorm", state + heard)
        thought = self._linear(f"{name}.output.dense", gelu(self._linear(f"{name}.intermediate.dense", state)))
        return self._normalised(f"{name}.output.LayerNorm", state + thought)

    def _attention(self, name, state):
        size = DIMENSION // HEADS
        query, key, value = (
            self._linear(f"{name}.{part}", state).reshape(-1, HEADS, size).transpose(1, 0, 2)
            for part in ("query", "key", "value")
        )
        weights = softmax(query @ key.transpose(0, 2, 1) * np.float32(size**-0.5))
        return (weights @ value).transpose(1, 0, 2).reshape(-1, DIMENSION)

    def _linear(self, name, state):
        return state @ self.arrays[f"{name}.weight"].T + self.arrays[f"{name}.bias"]

    def _normalised(self, name, state):
        state = state - state.mean(axis=-1, keepdims=True)
        spread = np.sqrt((state * state).mean(axis=-1, keepdims=True) + np.float32(EPSILON))
        return state / spread * self.arrays[f"{name}.weight"] + self.arrays[f"{name}.bias"]
