#include "CBLAKE3.h"

#include <string.h>

// The numbers in comments are sections of the BLAKE3 paper. Words are little-endian in memory (2.1), as they are on
// every processor that this is built for.
#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "this implementation is for little-endian processors"
#endif

enum { CHUNK_START = 1, CHUNK_END = 2, PARENT = 4, ROOT = 8 };  // table 3

static const uint32_t IV[8] = {  // table 1
    0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
};

// Which message word each step of each round takes: the permutation of table 2, applied once more for each round.
static const uint8_t SCHEDULE[7][16] = {
    {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15},
    {2, 6, 3, 10, 7, 0, 4, 13, 1, 11, 12, 5, 9, 14, 15, 8},
    {3, 4, 10, 12, 13, 2, 7, 14, 6, 5, 9, 0, 11, 15, 8, 1},
    {10, 7, 12, 9, 14, 3, 13, 15, 4, 0, 11, 2, 5, 8, 1, 6},
    {12, 13, 9, 11, 15, 10, 14, 8, 7, 2, 5, 3, 0, 1, 6, 4},
    {9, 14, 11, 5, 8, 12, 15, 1, 13, 3, 0, 10, 2, 6, 4, 7},
    {11, 15, 5, 0, 1, 9, 8, 6, 14, 10, 2, 12, 3, 4, 7, 13},
};

static inline uint32_t rotate(uint32_t word, int count) { return (word >> count) | (word << (32 - count)); }

static inline void mix(uint32_t *v, int a, int b, int c, int d, uint32_t x, uint32_t y) {
    v[a] = v[a] + v[b] + x; v[d] = rotate(v[d] ^ v[a], 16);
    v[c] = v[c] + v[d];     v[b] = rotate(v[b] ^ v[c], 12);
    v[a] = v[a] + v[b] + y; v[d] = rotate(v[d] ^ v[a], 8);
    v[c] = v[c] + v[d];     v[b] = rotate(v[b] ^ v[c], 7);
}

// The compression function (2.2), cut to its first eight words: nothing here asks for more output than that.
static void compress(uint32_t h[8], const uint8_t block[64], uint32_t length, uint64_t counter, uint32_t flags) {
    uint32_t m[16], v[16];
    memcpy(m, block, 64);
    memcpy(v, h, 32);
    memcpy(v + 8, IV, 16);
    v[12] = (uint32_t)counter;
    v[13] = (uint32_t)(counter >> 32);
    v[14] = length;
    v[15] = flags;
    for (int round = 0; round < 7; round++) {
        const uint8_t *s = SCHEDULE[round];
        mix(v, 0, 4, 8, 12, m[s[0]], m[s[1]]);
        mix(v, 1, 5, 9, 13, m[s[2]], m[s[3]]);
        mix(v, 2, 6, 10, 14, m[s[4]], m[s[5]]);
        mix(v, 3, 7, 11, 15, m[s[6]], m[s[7]]);
        mix(v, 0, 5, 10, 15, m[s[8]], m[s[9]]);
        mix(v, 1, 6, 11, 12, m[s[10]], m[s[11]]);
        mix(v, 2, 7, 8, 13, m[s[12]], m[s[13]]);
        mix(v, 3, 4, 9, 14, m[s[14]], m[s[15]]);
    }
    for (int i = 0; i < 8; i++) h[i] = v[i] ^ v[8 + i];
}

// The chaining value of one chunk of at most 1,024 bytes (2.4).
static void hash_chunk(const uint8_t *bytes, size_t count, uint64_t number, uint32_t extra, uint32_t out[8]) {
    memcpy(out, IV, 32);
    uint32_t flags = CHUNK_START;
    while (count > 64) {
        compress(out, bytes, 64, number, flags);
        flags = 0;
        bytes += 64;
        count -= 64;
    }
    uint8_t block[64] = {0};
    if (count > 0) memcpy(block, bytes, count);
    compress(out, block, (uint32_t)count, number, flags | CHUNK_END | extra);
}

static void hash_parent(const uint32_t children[16], uint32_t extra, uint32_t out[8]) {
    uint32_t h[8];
    memcpy(h, IV, 32);
    compress(h, (const uint8_t *)children, 64, 0, PARENT | extra);
    memcpy(out, h, 32);
}

#define JOIN(a, b) a##b
#define JOINED(a, b) JOIN(a, b)
#define NAME(x) JOINED(VECTOR, _##x)

#if defined(__x86_64__)
#define LANES 4
#define VECTOR lanes4
#define TARGET __attribute__((target("sse4.1")))
#include "lanes.h"
#undef LANES
#undef VECTOR
#undef TARGET
#define LANES 8
#define VECTOR lanes8
#define TARGET __attribute__((target("avx2")))
#include "lanes.h"
#undef LANES
#undef VECTOR
#undef TARGET
#define LANES 16
#define VECTOR lanes16
#define TARGET __attribute__((target("avx512f,avx512vl,avx512bw")))
#include "lanes.h"
#undef LANES
#undef VECTOR
#undef TARGET
#elif defined(__aarch64__)
#define LANES 4
#define VECTOR lanes4
#define TARGET
#include "lanes.h"
#undef LANES
#undef VECTOR
#undef TARGET
#endif

static int best_lanes(void) {
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512bw"))
        return 16;
    if (__builtin_cpu_supports("avx2")) return 8;
    if (__builtin_cpu_supports("sse4.1")) return 4;
    return 1;
#elif defined(__aarch64__)
    return 4;
#else
    return 1;
#endif
}

static _Atomic int lanes_in_use = 0;

static int lanes(void) {
    int count = lanes_in_use;
    if (count == 0) lanes_in_use = count = best_lanes();
    return count;
}

int lapwing_blake3_use_lanes(int wanted) {
    int best = best_lanes();
    lanes_in_use = wanted == 0 || wanted > best ? best : wanted;
    return lanes_in_use;
}

// Hashes `count` inputs side by side, in groups as wide as the processor has.
static void hash_many(
    const uint8_t *input, size_t count, size_t stride, int blocks, uint64_t counter, int counts, uint32_t flags,
    uint32_t first, uint32_t last, uint32_t (*out)[8]
) {
#if defined(__x86_64__)
    int width = lanes();
    for (; width >= 16 && count >= 16; count -= 16, input += 16 * stride, counter += 16, out += 16)
        lanes16_hash(input, stride, blocks, counter, counts, flags, first, last, out);
    for (; width >= 8 && count >= 8; count -= 8, input += 8 * stride, counter += 8, out += 8)
        lanes8_hash(input, stride, blocks, counter, counts, flags, first, last, out);
    for (; width >= 4 && count >= 4; count -= 4, input += 4 * stride, counter += 4, out += 4)
        lanes4_hash(input, stride, blocks, counter, counts, flags, first, last, out);
#elif defined(__aarch64__)
    for (; lanes() >= 4 && count >= 4; count -= 4, input += 4 * stride, counter += 4, out += 4)
        lanes4_hash(input, stride, blocks, counter, counts, flags, first, last, out);
#endif
    for (; count > 0; count--, input += stride, counter++, out++) {
        uint32_t h[8];
        memcpy(h, IV, 32);
        for (int block = 0; block < blocks; block++)
            compress(
                h, input + 64 * block, 64, counts ? counter : 0,
                flags | (block == 0 ? first : 0) | (block == blocks - 1 ? last : 0)
            );
        memcpy(*out, h, 32);
    }
}

// A complete subtree of this many chunks is hashed at once.
#define BATCH 64

// Joins the two subtrees that were added last (5.1.2).
static void join(uint32_t stack[][8], uint32_t *depth) {
    uint32_t children[16];
    memcpy(children, stack[*depth - 2], 64);
    hash_parent(children, 0, stack[*depth - 2]);
    *depth -= 1;
}

// Joins what is complete: then the subtrees in the stack are the ones of `chunks` in binary.
static void join_complete(uint32_t stack[][8], uint32_t *depth, uint64_t chunks) {
    while (*depth > (uint32_t)__builtin_popcountll(chunks)) join(stack, depth);
}

// Adds the chaining value of a complete subtree of `size` chunks. It is joined only once more follows, since the last two
// subtrees of a message may be the children of its root.
static void push(struct lapwing_blake3 *hasher, const uint32_t value[8], uint64_t size) {
    join_complete(hasher->stack, &hasher->depth, hasher->chunks);
    memcpy(hasher->stack[hasher->depth++], value, 32);
    hasher->chunks += size;
}

// Hashes a power of two of whole chunks, at most BATCH, and pushes the subtree that they are.
static void push_chunks(struct lapwing_blake3 *hasher, const uint8_t *bytes, size_t count) {
    uint32_t values[BATCH][8];
    hash_many(
        bytes, count, LAPWING_BLAKE3_CHUNK, LAPWING_BLAKE3_CHUNK / 64, hasher->first + hasher->chunks, 1, 0,
        CHUNK_START, CHUNK_END, values
    );
    // What may be the whole message is left as two halves.
    size_t least = hasher->depth == 0 && count > 1 ? 2 : 1;
    for (size_t width = count; width > least; width /= 2) {
        uint32_t parents[BATCH / 2][8];
        hash_many((const uint8_t *)values, width / 2, 64, 1, 0, 0, PARENT, 0, 0, parents);
        memcpy(values, parents, width / 2 * 32);
    }
    for (size_t part = 0; part < least; part++) push(hasher, values[part], count / least);
}

void lapwing_blake3_begin(struct lapwing_blake3 *hasher, uint64_t first_chunk) {
    hasher->first = first_chunk;
    hasher->chunks = 0;
    hasher->depth = 0;
    hasher->buffered = 0;
}

void lapwing_blake3_add(struct lapwing_blake3 *hasher, const uint8_t *bytes, size_t count) {
    if (count == 0) return;
    if (hasher->buffered > 0) {
        size_t part = LAPWING_BLAKE3_CHUNK - hasher->buffered;
        if (part > count) part = count;
        memcpy(hasher->buffer + hasher->buffered, bytes, part);
        hasher->buffered += (uint32_t)part;
        bytes += part;
        count -= part;
        if (count == 0) return;
        push_chunks(hasher, hasher->buffer, 1);
        hasher->buffered = 0;
    }
    // A chunk that may be the whole message stays in the buffer: its hash is another one if it is.
    while (count >= LAPWING_BLAKE3_CHUNK && !(hasher->depth == 0 && count == LAPWING_BLAKE3_CHUNK)) {
        size_t whole = count / LAPWING_BLAKE3_CHUNK;
        size_t batch = BATCH;
        // A subtree begins at a multiple of its size.
        while (batch > whole || (hasher->chunks & (batch - 1)) != 0) batch /= 2;
        push_chunks(hasher, bytes, batch);
        bytes += batch * LAPWING_BLAKE3_CHUNK;
        count -= batch * LAPWING_BLAKE3_CHUNK;
    }
    memcpy(hasher->buffer, bytes, count);
    hasher->buffered = (uint32_t)count;
}

static void finish(const struct lapwing_blake3 *hasher, uint32_t root, uint8_t *out) {
    uint32_t stack[LAPWING_BLAKE3_DEPTH][8], joined[16];
    uint32_t depth = hasher->depth;
    memcpy(stack, hasher->stack, depth * sizeof(stack[0]));
    if (hasher->buffered > 0 || depth == 0) {
        join_complete(stack, &depth, hasher->chunks);
        hash_chunk(
            hasher->buffer, hasher->buffered, hasher->first + hasher->chunks, depth == 0 ? root : 0, joined + 8
        );
    } else {
        memcpy(joined + 8, stack[--depth], 32);
    }
    while (depth > 0) {
        memcpy(joined, stack[--depth], 32);
        hash_parent(joined, depth == 0 ? root : 0, joined + 8);
    }
    memcpy(out, joined + 8, 32);
}

void lapwing_blake3_chaining_value(const struct lapwing_blake3 *hasher, uint8_t *out) { finish(hasher, 0, out); }

void lapwing_blake3_digest(const struct lapwing_blake3 *hasher, uint8_t *out) { finish(hasher, ROOT, out); }

void lapwing_blake3_parent(const uint8_t *left, const uint8_t *right, int is_root, uint8_t *out) {
    uint32_t children[16], value[8];
    memcpy(children, left, 32);
    memcpy(children + 8, right, 32);
    hash_parent(children, is_root ? ROOT : 0, value);
    memcpy(out, value, 32);
}
