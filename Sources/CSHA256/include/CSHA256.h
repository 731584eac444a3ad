#ifndef CSHA256_H
#define CSHA256_H

// SHA-256 of two messages at once on one core: where the processor has instructions for SHA, the rounds of one message wait for
// one another, and those of a second fit in between.
//
// All of it is OpenSSL's, from the static library of Debian's libssl-dev: what begins, adds to and ends a message is its
// documented interface, and what takes blocks of two is `sha256_multi_block`, with which OpenSSL's own TLS ciphers have hashed
// since 1.0.2. That one is in the library and in no header, so it is compared with the documented one before it is used.

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// A message on its way; the same as OpenSSL's SHA256_CTX.
struct lapwing_sha256 {
    uint32_t words[8];
    uint32_t length[2];
    uint32_t block[16];
    uint32_t buffered;
    uint32_t digest_length;
};

/// Whether two messages at once are faster here than one after the other, and have the same digests.
bool lapwing_sha256_pairs(void);

/// Begins a message.
void lapwing_sha256_begin(struct lapwing_sha256 *_Nonnull message);

/// Adds bytes.
void lapwing_sha256_add(struct lapwing_sha256 *_Nonnull message, const void *_Nullable bytes, size_t count);

/// Adds as many bytes to each of two messages.
void lapwing_sha256_add_pair(
    struct lapwing_sha256 *_Nonnull first, const void *_Nullable first_bytes,
    struct lapwing_sha256 *_Nonnull second, const void *_Nullable second_bytes, size_t count
);

/// The digest, 32 bytes; the message is over.
void lapwing_sha256_digest(struct lapwing_sha256 *_Nonnull message, uint8_t *_Nonnull out);

/// Bytes of a message.
struct lapwing_sha256_bytes {
    const uint8_t *_Nullable start;
    size_t count;
};

/// The digests of messages, each of which is a first byte and bytes: 32 bytes each, one behind the other.
void lapwing_sha256_all(
    uint8_t first, const struct lapwing_sha256_bytes *_Nonnull messages, size_t count, uint8_t *_Nonnull out
);

/// The digests of messages that are a first byte and 64 bytes of those that lie one behind the other. `out` may be where these
/// lie.
void lapwing_sha256_nodes(uint8_t first, const uint8_t *_Nonnull hashes, size_t count, uint8_t *_Nonnull out);

#endif
