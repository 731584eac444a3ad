#ifndef CLINUX_SOCKETS_H
#define CLINUX_SOCKETS_H

// Who holds the other end of a TCP connection on this machine, and where a redirected connection wanted to go.

#include <stdint.h>
#include <sys/socket.h>

/// An end of a TCP connection: `family` is AF_INET or AF_INET6; `address` and `port` are in network order, and an IPv4
/// address takes the first four bytes.
struct lapwing_endpoint {
    uint16_t family;
    uint16_t port;
    uint8_t address[16];
};

/// A socket of this network namespace, as the kernel lists it.
struct lapwing_socket_owner {
    /// The inode by which the descriptors of processes name the socket.
    uint64_t inode;
    /// The user who made it.
    uint32_t uid;
};

/// Finds the connected TCP socket with exactly this own end and this other end, through NETLINK_SOCK_DIAG.
///
/// Returns 0; -1 with ENOENT where there is none, and with the kernel's reason where it cannot say.
int lapwing_tcp_owner(const struct lapwing_endpoint *_Nonnull own, const struct lapwing_endpoint *_Nonnull other,
                      struct lapwing_socket_owner *_Nonnull out);

/// Finds the processes that hold a socket among those whose descriptors this process may look at.
///
/// Writes their numbers, in no order, and returns how many there are; -1 with E2BIG where they are more than `capacity`.
int lapwing_socket_holders(uint64_t inode, int32_t *_Nonnull pids, int capacity);

/// 1 where a process holds a socket, 0 where it does not, -1 where that cannot be seen.
int lapwing_holds_socket(int32_t pid, uint64_t inode);

/// getaddrinfo: the addresses of a name, each once, in the system's order. The ports are 0.
///
/// Returns how many there are, at most `capacity`; 0 where the name has none. Where nobody could say, -1, and `reason` is
/// the system's text, which stays.
int lapwing_resolve(const char *_Nonnull name, struct lapwing_endpoint *_Nonnull out, int capacity,
                    const char *_Nullable *_Nonnull reason);

/// SO_ORIGINAL_DST: where a connection was going before the kernel redirected it. -1 and ENOENT where it was not.
int lapwing_original_destination(int fd, int family, struct lapwing_endpoint *_Nonnull out);

#endif
