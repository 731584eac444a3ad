#!/usr/bin/env python3
"""Writes Sources/CGuardrailData/unicode.bin: compatibility decompositions and primary compositions.

The facts come from the Unicode Character Database that Python carries. Little-endian words of 32 bits:
magic "LWU1", number of decompositions, number of scalars in them, number of compositions;
for each decomposition, in order, its scalar and (offset << 8 | length); the scalars; then for each composition
the two scalars and what they make. Hangul syllables are left out: they are computed.
"""
import struct
import sys
import unicodedata


def main() -> None:
    decompositions, scalars, compositions = [], [], []
    for value in range(0x110000):
        if 0xD800 <= value <= 0xDFFF or 0xAC00 <= value <= 0xD7A3:
            continue
        character = chr(value)
        full = unicodedata.normalize("NFKD", character)
        if full != character:
            decompositions.append((value, len(scalars) << 8 | len(full)))
            scalars.extend(ord(part) for part in full)
        pair = unicodedata.decomposition(character).split()
        if len(pair) == 2 and not pair[0].startswith("<"):
            first, second = (int(part, 16) for part in pair)
            if unicodedata.normalize("NFC", chr(first) + chr(second)) == character:
                compositions.append((first, second, value))
    words = [0x3155574C, len(decompositions), len(scalars), len(compositions)]
    for entry in decompositions:
        words.extend(entry)
    words.extend(scalars)
    for entry in sorted(compositions):
        words.extend(entry)
    with open(sys.argv[1], "wb") as file:
        file.write(struct.pack(f"<{len(words)}I", *words))


main()
