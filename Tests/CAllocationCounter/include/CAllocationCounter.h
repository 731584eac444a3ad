#ifndef C_ALLOCATION_COUNTER_H
#define C_ALLOCATION_COUNTER_H

/// Starts counting the calling thread's heap allocations, from zero.
void allocation_counter_start(void);

/// Stops counting, and returns how often the calling thread allocated since the start.
long allocation_counter_stop(void);

#endif
