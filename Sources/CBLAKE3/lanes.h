// Hashes LANES whole chunks, or LANES parents, side by side: lane i of every vector belongs to input i.
//
// Included once for each width, with LANES, VECTOR (a vector of LANES 32-bit words), TARGET and NAME defined.

typedef uint32_t VECTOR __attribute__((vector_size(LANES * 4)));
typedef uint32_t NAME(unaligned) __attribute__((vector_size(LANES * 4), aligned(1)));

#define ROTATE(x, n) (((x) >> (n)) | ((x) << (32 - (n))))
#define MIX(a, b, c, d, x, y) \
    do { \
        v[a] = v[a] + v[b] + (x); v[d] = ROTATE(v[d] ^ v[a], 16); \
        v[c] = v[c] + v[d];       v[b] = ROTATE(v[b] ^ v[c], 12); \
        v[a] = v[a] + v[b] + (y); v[d] = ROTATE(v[d] ^ v[a], 8); \
        v[c] = v[c] + v[d];       v[b] = ROTATE(v[b] ^ v[c], 7); \
    } while (0)
#define ROUND(r) \
    do { \
        MIX(0, 4, 8, 12, m[SCHEDULE[r][0]], m[SCHEDULE[r][1]]); \
        MIX(1, 5, 9, 13, m[SCHEDULE[r][2]], m[SCHEDULE[r][3]]); \
        MIX(2, 6, 10, 14, m[SCHEDULE[r][4]], m[SCHEDULE[r][5]]); \
        MIX(3, 7, 11, 15, m[SCHEDULE[r][6]], m[SCHEDULE[r][7]]); \
        MIX(0, 5, 10, 15, m[SCHEDULE[r][8]], m[SCHEDULE[r][9]]); \
        MIX(1, 6, 11, 12, m[SCHEDULE[r][10]], m[SCHEDULE[r][11]]); \
        MIX(2, 7, 8, 13, m[SCHEDULE[r][12]], m[SCHEDULE[r][13]]); \
        MIX(3, 4, 9, 14, m[SCHEDULE[r][14]], m[SCHEDULE[r][15]]); \
    } while (0)

// Turns rows (one input each) into columns (one word of every input each): a LANES x LANES transposition by halves.
TARGET static inline void NAME(transpose)(VECTOR *rows) {
#if LANES == 4
    VECTOR a = __builtin_shufflevector(rows[0], rows[1], 0, 4, 1, 5), b = __builtin_shufflevector(rows[0], rows[1], 2, 6, 3, 7);
    VECTOR c = __builtin_shufflevector(rows[2], rows[3], 0, 4, 1, 5), d = __builtin_shufflevector(rows[2], rows[3], 2, 6, 3, 7);
    rows[0] = __builtin_shufflevector(a, c, 0, 1, 4, 5);
    rows[1] = __builtin_shufflevector(a, c, 2, 3, 6, 7);
    rows[2] = __builtin_shufflevector(b, d, 0, 1, 4, 5);
    rows[3] = __builtin_shufflevector(b, d, 2, 3, 6, 7);
#elif LANES == 8
    VECTOR s[8], t[8];
    for (int i = 0; i < 4; i++) {
        s[2 * i] = __builtin_shufflevector(rows[2 * i], rows[2 * i + 1], 0, 8, 1, 9, 4, 12, 5, 13);
        s[2 * i + 1] = __builtin_shufflevector(rows[2 * i], rows[2 * i + 1], 2, 10, 3, 11, 6, 14, 7, 15);
    }
    for (int i = 0; i < 2; i++) {
        for (int j = 0; j < 2; j++) {
            t[4 * i + 2 * j] = __builtin_shufflevector(s[4 * i + j], s[4 * i + 2 + j], 0, 1, 8, 9, 4, 5, 12, 13);
            t[4 * i + 2 * j + 1] = __builtin_shufflevector(s[4 * i + j], s[4 * i + 2 + j], 2, 3, 10, 11, 6, 7, 14, 15);
        }
    }
    for (int i = 0; i < 4; i++) {
        rows[i] = __builtin_shufflevector(t[i], t[4 + i], 0, 1, 2, 3, 8, 9, 10, 11);
        rows[4 + i] = __builtin_shufflevector(t[i], t[4 + i], 4, 5, 6, 7, 12, 13, 14, 15);
    }
#else
    VECTOR s[16], t[16], u[16];
    for (int i = 0; i < 8; i++) {
        s[2 * i] = __builtin_shufflevector(
            rows[2 * i], rows[2 * i + 1], 0, 16, 1, 17, 4, 20, 5, 21, 8, 24, 9, 25, 12, 28, 13, 29);
        s[2 * i + 1] = __builtin_shufflevector(
            rows[2 * i], rows[2 * i + 1], 2, 18, 3, 19, 6, 22, 7, 23, 10, 26, 11, 27, 14, 30, 15, 31);
    }
    for (int i = 0; i < 4; i++) {
        for (int j = 0; j < 2; j++) {
            t[4 * i + 2 * j] = __builtin_shufflevector(
                s[4 * i + j], s[4 * i + 2 + j], 0, 1, 16, 17, 4, 5, 20, 21, 8, 9, 24, 25, 12, 13, 28, 29);
            t[4 * i + 2 * j + 1] = __builtin_shufflevector(
                s[4 * i + j], s[4 * i + 2 + j], 2, 3, 18, 19, 6, 7, 22, 23, 10, 11, 26, 27, 14, 15, 30, 31);
        }
    }
    // Now t[4 i + k] holds, in its quarter q, word 4 q + k of rows 4 i to 4 i + 3.
    for (int i = 0; i < 2; i++) {
        for (int k = 0; k < 4; k++) {
            u[8 * i + k] = __builtin_shufflevector(
                t[8 * i + k], t[8 * i + 4 + k], 0, 1, 2, 3, 16, 17, 18, 19, 8, 9, 10, 11, 24, 25, 26, 27);
            u[8 * i + 4 + k] = __builtin_shufflevector(
                t[8 * i + k], t[8 * i + 4 + k], 4, 5, 6, 7, 20, 21, 22, 23, 12, 13, 14, 15, 28, 29, 30, 31);
        }
    }
    for (int k = 0; k < 8; k++) {
        rows[k] = __builtin_shufflevector(
            u[k], u[8 + k], 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23);
        rows[8 + k] = __builtin_shufflevector(
            u[k], u[8 + k], 8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31);
    }
#endif
}

// Hashes LANES inputs of `blocks` blocks of 64 bytes each, `stride` bytes apart. `counts` says that input i has the
// chunk number `counter + i`; parents have none.
TARGET static void NAME(hash)(
    const uint8_t *input, size_t stride, int blocks, uint64_t counter, int counts, uint32_t flags, uint32_t first,
    uint32_t last, uint32_t (*out)[8]
) {
    VECTOR h[LANES < 8 ? 8 : LANES];
    VECTOR low, high;
    for (int i = 0; i < LANES; i++) {
        uint64_t number = counts ? counter + (uint64_t)i : 0;
        low[i] = (uint32_t)number;
        high[i] = (uint32_t)(number >> 32);
    }
    for (int i = 0; i < 8; i++) h[i] = (VECTOR){0} + IV[i];
    for (int block = 0; block < blocks; block++) {
        VECTOR m[16];
        for (int part = 0; part < 16 / LANES; part++) {
            for (int i = 0; i < LANES; i++) {
                m[part * LANES + i] = *(const NAME(unaligned) *)(input + (size_t)i * stride + 64 * block + 4 * LANES * part);
            }
            NAME(transpose)(m + part * LANES);
        }
        uint32_t extra = flags | (block == 0 ? first : 0) | (block == blocks - 1 ? last : 0);
        VECTOR v[16];
        for (int i = 0; i < 8; i++) v[i] = h[i];
        for (int i = 0; i < 4; i++) v[8 + i] = (VECTOR){0} + IV[i];
        v[12] = low;
        v[13] = high;
        v[14] = (VECTOR){0} + 64u;
        v[15] = (VECTOR){0} + extra;
        ROUND(0); ROUND(1); ROUND(2); ROUND(3); ROUND(4); ROUND(5); ROUND(6);
        for (int i = 0; i < 8; i++) h[i] = v[i] ^ v[8 + i];
    }
    for (int i = 0; i < LANES; i++) {
        for (int word = 0; word < 8; word++) out[i][word] = h[word][i];
    }
}

#undef ROTATE
#undef MIX
#undef ROUND
