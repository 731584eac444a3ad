#ifndef CLINUX_CONFINE_H
#define CLINUX_CONFINE_H

// Makes the calling process one that can read some files and write to what is open, and do nothing else.

#include <stdint.h>

/// What a confined process may still use.
struct lapwing_confinement {
    /// The directories and files that may be read, with all below them; ends with a null pointer.
    const char *_Nullable const *_Nonnull readable;
    /// Bytes of address space, seconds of processor time, and open files.
    uint64_t memory;
    uint64_t seconds;
    uint64_t files;
};

/// The step at which a process could not be confined.
enum lapwing_confinement_step {
    LAPWING_CONFINEMENT_LIMITS = 1,
    LAPWING_CONFINEMENT_PRIVILEGES,
    LAPWING_CONFINEMENT_FILES,
    LAPWING_CONFINEMENT_FILTER,
};

/// Confines the calling process for good; it must have no other thread.
///
/// Resource limits are set; capabilities but that to read are given up, with `no_new_privs`; Landlock, where the kernel
/// has it, leaves only the named files readable; and system calls that are not needed to read files and write the result
/// fail with EPERM: there are no sockets, no new processes, no files to write, no memory to execute.
///
/// Returns 0, or the step that failed, with errno. `landlock` says whether the kernel has Landlock.
int lapwing_confine(const struct lapwing_confinement *_Nonnull confinement, int *_Nonnull landlock);

#endif
