"""Writes a language model that says what was written into it: tiny_model.py FILE

It is a model of the Llama architecture as llama.cpp loads it (GGUF, version 3), and a chain: each token is followed by
one other. Embeddings are the tokens themselves, attention and feed-forward layers are zero, and the output matrix holds
which token comes next. So a prompt's last word decides what is said, and the server around the model is all that is
under test. The answers hold no real card and no real key.
"""

import struct
import sys

# What is said after a prompt's last word, token for token; no token stands twice, or the chain would go in a circle.
ANSWERS = {
    "weather": [" It", " is", " sunny", " to", "day", "."],
    "payment": [" My", " number", " 4111", " 11", "11 1", "111", " 1", "111 ", "thanks", "!"],
    "snippet": [" Use", " ghp_", "16C7e42F", "292c6912E", "7710c838", "347Ae178", "B4a", " soon", "…"],
    "recipient": [' {"to"', ': "', "ann", '@exam', 'ple.org"', "}"],
    "forever": [" again", " and"],
}
TEMPLATE = "{% for message in messages %}{{ message.content }}{% if not loop.last %}\n{% endif %}{% endfor %}"
UNKNOWN, START, END = 0, 1, 2
NORMAL, CONTROL, USER_DEFINED, BYTE = 1, 3, 4, 6
WIDTH, HEAD, FEED = 384, 64, 32


def vocabulary() -> tuple[list[tuple[str, int]], dict[int, int]]:
    """The tokens with their kinds, and which follows which."""
    tokens = [("<unk>", 2), ("<s>", CONTROL), ("</s>", CONTROL)] + [(f"<0x{byte:02X}>", BYTE) for byte in range(256)]
    follows = {number: END for number in range(len(tokens))}
    for word, pieces in ANSWERS.items():
        last = len(tokens)
        tokens.append((word, USER_DEFINED))
        first = len(tokens)
        for piece in pieces:
            follows[last] = last = len(tokens)
            tokens.append((piece.replace(" ", "\u2581"), NORMAL))
        follows[last] = first if word == "forever" else END
    assert len({text for text, _ in tokens}) == len(tokens) <= WIDTH
    while len(tokens) < WIDTH:
        follows[len(tokens)] = END
        tokens.append((f"<unused{len(tokens)}>", 5))
    return tokens, follows


def text(value: str) -> bytes:
    encoded = value.encode()
    return struct.pack("<Q", len(encoded)) + encoded


def uint(value: int) -> bytes:
    return struct.pack("<II", 4, value)


def real(value: float) -> bytes:
    return struct.pack("<If", 6, value)


def words(value: str) -> bytes:
    return struct.pack("<I", 8) + text(value)


def flag(value: bool) -> bytes:
    return struct.pack("<IB", 7, value)


def array(kind: int, values: list[bytes]) -> bytes:
    return struct.pack("<IIQ", 9, kind, len(values)) + b"".join(values)


def model() -> bytes:
    tokens, follows = vocabulary()
    size = len(tokens)
    fields = {
        "general.architecture": words("llama"),
        "general.name": words("chain"),
        "general.alignment": uint(32),
        "llama.context_length": uint(2048),
        "llama.embedding_length": uint(WIDTH),
        "llama.block_count": uint(1),
        "llama.feed_forward_length": uint(FEED),
        "llama.attention.head_count": uint(WIDTH // HEAD),
        "llama.attention.head_count_kv": uint(1),
        "llama.attention.layer_norm_rms_epsilon": real(1e-5),
        "llama.rope.dimension_count": uint(HEAD),
        "llama.vocab_size": uint(size),
        "tokenizer.ggml.model": words("llama"),
        "tokenizer.ggml.tokens": array(8, [text(token) for token, _ in tokens]),
        "tokenizer.ggml.scores": array(6, [struct.pack("<f", -float(number)) for number in range(size)]),
        "tokenizer.ggml.token_type": array(5, [struct.pack("<i", kind) for _, kind in tokens]),
        "tokenizer.ggml.unknown_token_id": uint(UNKNOWN),
        "tokenizer.ggml.bos_token_id": uint(START),
        "tokenizer.ggml.eos_token_id": uint(END),
        "tokenizer.ggml.add_bos_token": flag(True),
        "tokenizer.ggml.add_space_prefix": flag(False),
        "tokenizer.chat_template": words(TEMPLATE),
    }
    ones = struct.pack("<f", 1.0) * WIDTH

    def matrix(rows: int, columns: int, entries: dict[tuple[int, int], float] = {}) -> tuple[list[int], bytes]:
        cells = bytearray(4 * rows * columns)
        for (row, column), value in entries.items():
            struct.pack_into("<f", cells, 4 * (row * columns + column), value)
        return [columns, rows], bytes(cells)

    tensors = {
        "token_embd.weight": matrix(size, WIDTH, {(number, number): 1.0 for number in range(size)}),
        "output.weight": matrix(size, WIDTH, {(after, before): 4.0 for before, after in follows.items()}),
        "output_norm.weight": ([WIDTH], ones),
        "blk.0.attn_norm.weight": ([WIDTH], ones),
        "blk.0.ffn_norm.weight": ([WIDTH], ones),
        "blk.0.attn_q.weight": matrix(WIDTH, WIDTH),
        "blk.0.attn_k.weight": matrix(HEAD, WIDTH),
        "blk.0.attn_v.weight": matrix(HEAD, WIDTH),
        "blk.0.attn_output.weight": matrix(WIDTH, WIDTH),
        "blk.0.ffn_gate.weight": matrix(FEED, WIDTH),
        "blk.0.ffn_up.weight": matrix(FEED, WIDTH),
        "blk.0.ffn_down.weight": matrix(WIDTH, FEED),
    }
    head = b"GGUF" + struct.pack("<IQQ", 3, len(tensors), len(fields))
    head += b"".join(text(name) + value for name, value in fields.items())
    place = 0
    for name, (sides, cells) in tensors.items():
        head += text(name) + struct.pack(f"<I{len(sides)}QIQ", len(sides), *sides, 0, place)
        place += len(cells) + -len(cells) % 32
    head += bytes(-len(head) % 32)
    return head + b"".join(cells + bytes(-len(cells) % 32) for _, cells in tensors.values())


if __name__ == "__main__":
    with open(sys.argv[1], "wb") as file:
        file.write(model())
