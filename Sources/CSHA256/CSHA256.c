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

#if defined(__x86_64__)

#include <cpuid.h>
#include <limits.h>

enum { block = SHA256_CBLOCK, lanes = 8 };

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

bool lapwing_sha256_pairs(void) {
    unsigned a, b, c, d;
    // CPUID leaf 7, EBX bit 29: the SHA extensions. Without them OpenSSL fills vectors of four lanes, of which two would be empty.
    return __get_cpuid_count(7, 0, &a, &b, &c, &d) && (b >> 29 & 1);
}

static void lengthen(struct lapwing_sha256 *message, size_t bytes) {
    uint64_t bits = ((uint64_t)message->length[1] << 32 | message->length[0]) + ((uint64_t)bytes << 3);
    message->length[0] = (uint32_t)bits;
    message->length[1] = (uint32_t)(bits >> 32);
}

void lapwing_sha256_add_pair(
    struct lapwing_sha256 *first, const void *first_bytes, struct lapwing_sha256 *second, const void *second_bytes, size_t count
) {
    size_t blocks = count / block;
    if (first->buffered == 0 && second->buffered == 0 && 0 < blocks && blocks <= INT_MAX) {
        struct states states = {0};
        for (int word = 0; word < 8; word++) {
            states.words[word][0] = first->words[word];
            states.words[word][1] = second->words[word];
        }
        struct input inputs[lanes] = {{first_bytes, (int)blocks}, {second_bytes, (int)blocks}};
        sha256_multi_block(&states, inputs, 1);
        for (int word = 0; word < 8; word++) {
            first->words[word] = states.words[word][0];
            second->words[word] = states.words[word][1];
        }
        size_t taken = blocks * block;
        lengthen(first, taken);
        lengthen(second, taken);
        first_bytes = (const uint8_t *)first_bytes + taken;
        second_bytes = (const uint8_t *)second_bytes + taken;
        count -= taken;
    }
    lapwing_sha256_add(first, first_bytes, count);
    lapwing_sha256_add(second, second_bytes, count);
}

#else

bool lapwing_sha256_pairs(void) { return false; }

void lapwing_sha256_add_pair(
    struct lapwing_sha256 *first, const void *first_bytes, struct lapwing_sha256 *second, const void *second_bytes, size_t count
) {
    lapwing_sha256_add(first, first_bytes, count);
    lapwing_sha256_add(second, second_bytes, count);
}

#endif
