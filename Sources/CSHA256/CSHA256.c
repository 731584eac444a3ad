#include "CSHA256.h"

// SHA256_Init and its like are deprecated since OpenSSL 3.0 in favour of an interface that hides the words of the state.
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/sha.h>

_Static_assert(sizeof(struct lapwing_sha256) == sizeof(SHA256_CTX), "the same as OpenSSL's");
_Static_assert(offsetof(struct lapwing_sha256, words) == offsetof(SHA256_CTX, h), "the same as OpenSSL's");
_Static_assert(offsetof(struct lapwing_sha256, length) == offsetof(SHA256_CTX, Nl), "the same as OpenSSL's");
_Static_assert(offsetof(struct lapwing_sha256, block) == offsetof(SHA256_CTX, data), "the same as OpenSSL's");
_Static_assert(offsetof(struct lapwing_sha256, buffered) == offsetof(SHA256_CTX, num), "the same as OpenSSL's");

static SHA256_CTX *context(struct lapwing_sha256 *message) { return (SHA256_CTX *)message; }

void lapwing_sha256_begin(struct lapwing_sha256 *message) { SHA256_Init(context(message)); }

void lapwing_sha256_add(struct lapwing_sha256 *message, const void *bytes, size_t count) {
    if (count > 0) SHA256_Update(context(message), bytes, count);
}

void lapwing_sha256_digest(struct lapwing_sha256 *message, uint8_t *out) { SHA256_Final(out, context(message)); }

static void digest_one(uint8_t first, struct lapwing_sha256_bytes message, uint8_t *out) {
    struct lapwing_sha256 context;
    lapwing_sha256_begin(&context);
    lapwing_sha256_add(&context, &first, 1);
    lapwing_sha256_add(&context, message.start, message.count);
    lapwing_sha256_digest(&context, out);
}

#if defined(__x86_64__)

#include <cpuid.h>
#include <limits.h>
#include <stdatomic.h>
#include <string.h>

enum { block = SHA256_CBLOCK, lanes = 8, digest_length = SHA256_DIGEST_LENGTH };

// The words of up to eight states, the first words of all beside one another.
struct states {
    uint32_t words[8][lanes];
};

// Bytes, and how many blocks of them.
struct input {
    const void *bytes;
    int blocks;
};

// `fours` is the number of lanes divided by four.
void sha256_multi_block(struct states *, const struct input *, int fours);

static void lengthen(struct lapwing_sha256 *message, size_t bytes) {
    uint64_t bits = ((uint64_t)message->length[1] << 32 | message->length[0]) + ((uint64_t)bytes << 3);
    message->length[0] = (uint32_t)bits;
    message->length[1] = (uint32_t)(bits >> 32);
}

// Adds whole blocks to two messages that have nothing in their buffers.
static void add_blocks(
    struct lapwing_sha256 *first, const void *first_bytes, struct lapwing_sha256 *second, const void *second_bytes, int blocks
) {
    struct states states = {0};
    for (int word = 0; word < 8; word++) {
        states.words[word][0] = first->words[word];
        states.words[word][1] = second->words[word];
    }
    struct input inputs[lanes] = {{first_bytes, blocks}, {second_bytes, blocks}};
    sha256_multi_block(&states, inputs, 1);
    for (int word = 0; word < 8; word++) {
        first->words[word] = states.words[word][0];
        second->words[word] = states.words[word][1];
    }
    lengthen(first, (size_t)blocks * block);
    lengthen(second, (size_t)blocks * block);
}

// Whether two messages, of several blocks that are added by and by, have the digests that they have alone.
static bool agrees(void) {
    uint8_t texts[2][5 * block], digests[2][digest_length], expected[digest_length];
    struct lapwing_sha256 messages[2];
    for (int text = 0; text < 2; text++) {
        for (size_t index = 0; index < sizeof texts[text]; index++) texts[text][index] = (uint8_t)(151 * index + 59 * (size_t)text);
        lapwing_sha256_begin(&messages[text]);
    }
    add_blocks(&messages[0], texts[0], &messages[1], texts[1], 2);
    add_blocks(&messages[0], texts[0] + 2 * block, &messages[1], texts[1] + 2 * block, 3);
    for (int text = 0; text < 2; text++) {
        lapwing_sha256_digest(&messages[text], digests[text]);
        // Not `SHA256`, which makes all of OpenSSL ready first.
        struct lapwing_sha256 alone;
        lapwing_sha256_begin(&alone);
        lapwing_sha256_add(&alone, texts[text], sizeof texts[text]);
        lapwing_sha256_digest(&alone, expected);
        if (memcmp(digests[text], expected, digest_length) != 0) return false;
    }
    return true;
}

bool lapwing_sha256_pairs(void) {
    enum { unknown, yes, no };
    static _Atomic int known = unknown;
    int answer = atomic_load_explicit(&known, memory_order_relaxed);
    if (answer == unknown) {
        unsigned a, b, c, d;
        // CPUID leaf 7, EBX bit 29: the SHA extensions. Without them OpenSSL fills vectors of four lanes, two of which would
        // be empty.
        answer = __get_cpuid_count(7, 0, &a, &b, &c, &d) && (b >> 29 & 1) && agrees() ? yes : no;
        atomic_store_explicit(&known, answer, memory_order_relaxed);
    }
    return answer == yes;
}

void lapwing_sha256_add_pair(
    struct lapwing_sha256 *first, const void *first_bytes, struct lapwing_sha256 *second, const void *second_bytes, size_t count
) {
    size_t blocks = count / block;
    if (first->buffered == 0 && second->buffered == 0 && 0 < blocks && blocks <= INT_MAX && lapwing_sha256_pairs()) {
        add_blocks(first, first_bytes, second, second_bytes, (int)blocks);
        size_t taken = blocks * block;
        first_bytes = (const uint8_t *)first_bytes + taken;
        second_bytes = (const uint8_t *)second_bytes + taken;
        count -= taken;
    }
    lapwing_sha256_add(first, first_bytes, count);
    lapwing_sha256_add(second, second_bytes, count);
}

// The first block of a message, whose bytes are then those that follow.
static void take_block(uint8_t first, struct lapwing_sha256_bytes *message, uint8_t *out) {
    out[0] = first;
    memcpy(out + 1, message->start, block - 1);
    message->start += block - 1;
    message->count -= block - 1;
}

static void digest_two(
    uint8_t first, struct lapwing_sha256_bytes one, uint8_t *out, struct lapwing_sha256_bytes other, uint8_t *other_out
) {
    if (one.count < block - 1 || other.count < block - 1) {
        digest_one(first, one, out);
        digest_one(first, other, other_out);
        return;
    }
    struct lapwing_sha256 contexts[2];
    uint8_t blocks[2][block];
    lapwing_sha256_begin(&contexts[0]);
    lapwing_sha256_begin(&contexts[1]);
    take_block(first, &one, blocks[0]);
    take_block(first, &other, blocks[1]);
    lapwing_sha256_add_pair(&contexts[0], blocks[0], &contexts[1], blocks[1], block);
    size_t both = (one.count < other.count ? one.count : other.count) / block * block;
    lapwing_sha256_add_pair(&contexts[0], one.start, &contexts[1], other.start, both);
    lapwing_sha256_add(&contexts[0], one.start + both, one.count - both);
    lapwing_sha256_add(&contexts[1], other.start + both, other.count - both);
    lapwing_sha256_digest(&contexts[0], out);
    lapwing_sha256_digest(&contexts[1], other_out);
}

void lapwing_sha256_all(uint8_t first, const struct lapwing_sha256_bytes *messages, size_t count, uint8_t *out) {
    // The number of a message of about each length that waits for another, plus one.
    enum { kinds = 32, width = 128 };
    size_t waiting[kinds] = {0};
    for (size_t index = 0; index < count; index++) {
        size_t kind = messages[index].count / width;
        size_t *place = &waiting[kind < kinds ? kind : kinds - 1];
        if (*place == 0) {
            *place = index + 1;
            continue;
        }
        size_t other = *place - 1;
        *place = 0;
        digest_two(first, messages[other], out + digest_length * other, messages[index], out + digest_length * index);
    }
    for (size_t kind = 0; kind < kinds; kind++) {
        if (waiting[kind] == 0) continue;
        size_t index = waiting[kind] - 1;
        digest_one(first, messages[index], out + digest_length * index);
    }
}

void lapwing_sha256_nodes(uint8_t first, const uint8_t *hashes, size_t count, uint8_t *out) {
    size_t index = 0;
    for (; index + 1 < count; index += 2) {
        // Where `out` is where the hashes lie, these are the last that are read before it reaches them.
        uint8_t bytes[4 * digest_length];
        memcpy(bytes, hashes + 2 * digest_length * index, sizeof bytes);
        struct lapwing_sha256_bytes one = {bytes, 2 * digest_length}, other = {bytes + 2 * digest_length, 2 * digest_length};
        uint8_t *place = out + digest_length * index;
        digest_two(first, one, place, other, place + digest_length);
    }
    if (index < count) {
        struct lapwing_sha256_bytes last = {hashes + 2 * digest_length * index, 2 * digest_length};
        digest_one(first, last, out + digest_length * index);
    }
}

#else

bool lapwing_sha256_pairs(void) { return false; }

void lapwing_sha256_add_pair(
    struct lapwing_sha256 *first, const void *first_bytes, struct lapwing_sha256 *second, const void *second_bytes, size_t count
) {
    lapwing_sha256_add(first, first_bytes, count);
    lapwing_sha256_add(second, second_bytes, count);
}

void lapwing_sha256_all(uint8_t first, const struct lapwing_sha256_bytes *messages, size_t count, uint8_t *out) {
    for (size_t index = 0; index < count; index++) digest_one(first, messages[index], out + SHA256_DIGEST_LENGTH * index);
}

void lapwing_sha256_nodes(uint8_t first, const uint8_t *hashes, size_t count, uint8_t *out) {
    for (size_t index = 0; index < count; index++) {
        struct lapwing_sha256_bytes message = {hashes + 2 * SHA256_DIGEST_LENGTH * index, 2 * SHA256_DIGEST_LENGTH};
        digest_one(first, message, out + SHA256_DIGEST_LENGTH * index);
    }
}

#endif
