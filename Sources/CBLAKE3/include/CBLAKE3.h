#ifndef CBLAKE3_H
#define CBLAKE3_H

// BLAKE3 (https://github.com/BLAKE3-team/BLAKE3-specs), default hash mode, written from the specification: there is no
// library of it to link with. Checked against the specification's own vectors and against another implementation.
//
// A hasher may begin at any chunk of a message: `lapwing_blake3_chaining_value` then gives the chaining value of the
// subtree that its bytes are, and `lapwing_blake3_parent` joins two. This is how one file is hashed by several cores.

#include <stddef.h>
#include <stdint.h>

#define LAPWING_BLAKE3_CHUNK 1024
#define LAPWING_BLAKE3_LENGTH 32
#define LAPWING_BLAKE3_DEPTH 56

struct lapwing_blake3 {
    uint64_t first;           // the number of the first chunk
    uint64_t chunks;          // whole chunks that are in the stack
    uint32_t stack[LAPWING_BLAKE3_DEPTH][8];  // chaining values of complete subtrees, largest first
    uint32_t depth;           // how many there are
    uint32_t buffered;        // bytes in the buffer
    uint8_t buffer[LAPWING_BLAKE3_CHUNK];
};

/// Begins at a chunk of the message; 0 for a whole message.
void lapwing_blake3_begin(struct lapwing_blake3 *_Nonnull hasher, uint64_t first_chunk);

/// Adds bytes.
void lapwing_blake3_add(struct lapwing_blake3 *_Nonnull hasher, const uint8_t *_Nullable bytes, size_t count);

/// The chaining value of the subtree: little-endian, 32 bytes. At least one byte was added.
void lapwing_blake3_chaining_value(const struct lapwing_blake3 *_Nonnull hasher, uint8_t *_Nonnull out);

/// The hash of the whole message: 32 bytes.
void lapwing_blake3_digest(const struct lapwing_blake3 *_Nonnull hasher, uint8_t *_Nonnull out);

/// The chaining value of the parent of two subtrees; the hash of the message where the parent is the root.
void lapwing_blake3_parent(
    const uint8_t *_Nonnull left, const uint8_t *_Nonnull right, int is_root, uint8_t *_Nonnull out
);

/// How many chunks are hashed at once, for tests: 1, 4, 8 or 16. 0 asks for what the processor has. Not while hashing.
int lapwing_blake3_use_lanes(int lanes);

#endif
