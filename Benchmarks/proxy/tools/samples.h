// Every latency of a run, kept whole, so that a percentile is one of them and not an estimate.
#ifndef SAMPLES_H
#define SAMPLES_H

#include "common.h"

struct samples {
    uint64_t *nanoseconds;
    size_t count;
    size_t capacity;
};

static inline void samples_add(struct samples *samples, uint64_t nanoseconds) {
    if (samples->count == samples->capacity) {
        samples->capacity = samples->capacity ? samples->capacity * 2 : 65536;
        samples->nanoseconds = realloc(samples->nanoseconds, samples->capacity * sizeof(uint64_t));
        if (!samples->nanoseconds) die("out of memory");
    }
    samples->nanoseconds[samples->count++] = nanoseconds;
}

static inline int samples_order(const void *left, const void *right) {
    uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;
    return (a > b) - (a < b);
}

static inline void samples_sort(struct samples *samples) {
    if (samples->count) qsort(samples->nanoseconds, samples->count, sizeof(uint64_t), samples_order);
}

/// The nearest-rank percentile of sorted samples, in microseconds; 0 of none.
static inline double samples_percentile(const struct samples *samples, double percent) {
    if (samples->count == 0) return 0;
    double rank = percent / 100 * (double)samples->count;
    size_t index = (size_t)rank;
    if ((double)index < rank) index++;
    if (index > 0) index--;
    if (index >= samples->count) index = samples->count - 1;
    return (double)samples->nanoseconds[index] / 1000;
}

#endif
