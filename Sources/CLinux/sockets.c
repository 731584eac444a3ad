#include "CLinuxSockets.h"

#include <dirent.h>
#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

// <linux/netfilter_ipv4.h> and its IPv6 counterpart clash with <netinet/in.h>.
#define LAPWING_SO_ORIGINAL_DST 80

// The states of a connection that its owner still holds (tcp_states.h): established, both ways of waiting for the
// other end's FIN, and the other end having said that it sends no more.
enum { STATE_ESTABLISHED = 1, STATE_FIN_WAIT1 = 4, STATE_FIN_WAIT2 = 5, STATE_CLOSE_WAIT = 8 };

static size_t address_length(int family) { return family == AF_INET ? 4 : 16; }

static int send_query(int fd, const struct lapwing_endpoint *own, const struct lapwing_endpoint *other) {
    struct {
        struct nlmsghdr header;
        struct inet_diag_req_v2 query;
    } message;
    memset(&message, 0, sizeof message);
    message.header.nlmsg_len = sizeof message;
    message.header.nlmsg_type = SOCK_DIAG_BY_FAMILY;
    message.header.nlmsg_flags = NLM_F_REQUEST;
    message.query.sdiag_family = (uint8_t)own->family;
    message.query.sdiag_protocol = IPPROTO_TCP;
    message.query.idiag_states = ~0u;
    message.query.id.idiag_sport = own->port;
    message.query.id.idiag_dport = other->port;
    memcpy(message.query.id.idiag_src, own->address, address_length(own->family));
    memcpy(message.query.id.idiag_dst, other->address, address_length(own->family));
    message.query.id.idiag_cookie[0] = INET_DIAG_NOCOOKIE;
    message.query.id.idiag_cookie[1] = INET_DIAG_NOCOOKIE;
    struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
    ssize_t sent = sendto(fd, &message, sizeof message, 0, (struct sockaddr *)&kernel, sizeof kernel);
    return sent == (ssize_t)sizeof message ? 0 : -1;
}

// The kernel answers with a listening socket where no connection fits, so that the answer is held against the question.
static int is_answer(const struct inet_diag_msg *found, const struct lapwing_endpoint *own,
                     const struct lapwing_endpoint *other) {
    size_t length = address_length(own->family);
    switch (found->idiag_state) {
    case STATE_ESTABLISHED:
    case STATE_FIN_WAIT1:
    case STATE_FIN_WAIT2:
    case STATE_CLOSE_WAIT: break;
    default: return 0;
    }
    if (found->id.idiag_sport != own->port || found->id.idiag_dport != other->port) return 0;
    const uint8_t *source = (const uint8_t *)found->id.idiag_src, *target = (const uint8_t *)found->id.idiag_dst;
    if (found->idiag_family == own->family)
        return memcmp(source, own->address, length) == 0 && memcmp(target, other->address, length) == 0;
    // An IPv6 socket that speaks to an IPv4 address is listed with mapped addresses.
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
    return own->family == AF_INET && found->idiag_family == AF_INET6 && memcmp(source, mapped, 12) == 0
           && memcmp(target, mapped, 12) == 0 && memcmp(source + 12, own->address, 4) == 0
           && memcmp(target + 12, other->address, 4) == 0;
}

static int receive_answer(int fd, const struct lapwing_endpoint *own, const struct lapwing_endpoint *other,
                          struct lapwing_socket_owner *out) {
    _Alignas(struct nlmsghdr) char buffer[4096];
    ssize_t count;
    do { count = recv(fd, buffer, sizeof buffer, 0); } while (count < 0 && errno == EINTR);
    if (count < 0) return -1;
    unsigned int left = (unsigned int)count;
    const struct nlmsghdr *header = (const struct nlmsghdr *)buffer;
    if (!NLMSG_OK(header, left)) { errno = EPROTO; return -1; }
    if (header->nlmsg_type == NLMSG_ERROR) {
        if (header->nlmsg_len < NLMSG_LENGTH(sizeof(struct nlmsgerr))) { errno = EPROTO; return -1; }
        int error = -((const struct nlmsgerr *)NLMSG_DATA(header))->error;
        errno = error == 0 ? EPROTO : error;
        return -1;
    }
    if (header->nlmsg_type != SOCK_DIAG_BY_FAMILY || header->nlmsg_len < NLMSG_LENGTH(sizeof(struct inet_diag_msg))) {
        errno = EPROTO;
        return -1;
    }
    const struct inet_diag_msg *found = NLMSG_DATA(header);
    if (!is_answer(found, own, other) || found->idiag_inode == 0) { errno = ENOENT; return -1; }
    out->inode = found->idiag_inode;
    out->uid = found->idiag_uid;
    return 0;
}

int lapwing_tcp_owner(const struct lapwing_endpoint *own, const struct lapwing_endpoint *other,
                      struct lapwing_socket_owner *out) {
    if (own->family != other->family || (own->family != AF_INET && own->family != AF_INET6)) {
        errno = EAFNOSUPPORT;
        return -1;
    }
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
    if (fd < 0) return -1;
    struct timeval patience = {.tv_sec = 1};
    int result = setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    if (result == 0) result = send_query(fd, own, other);
    if (result == 0) result = receive_answer(fd, own, other, out);
    int saved = errno;
    close(fd);
    errno = saved;
    return result;
}

int lapwing_original_destination(int fd, int family, struct lapwing_endpoint *out) {
    memset(out, 0, sizeof *out);
    if (family == AF_INET) {
        struct sockaddr_in address;
        socklen_t length = sizeof address;
        if (getsockopt(fd, IPPROTO_IP, LAPWING_SO_ORIGINAL_DST, &address, &length) != 0) return -1;
        out->family = AF_INET;
        out->port = address.sin_port;
        memcpy(out->address, &address.sin_addr, 4);
        return 0;
    }
    struct sockaddr_in6 address;
    socklen_t length = sizeof address;
    if (getsockopt(fd, IPPROTO_IPV6, LAPWING_SO_ORIGINAL_DST, &address, &length) != 0) return -1;
    out->family = AF_INET6;
    out->port = address.sin6_port;
    memcpy(out->address, &address.sin6_addr, 16);
    return 0;
}

// MARK: Who holds a socket

static int is_number(const char *text) {
    if (*text == 0) return 0;
    for (; *text; text++)
        if (*text < '0' || *text > '9') return 0;
    return 1;
}

// Whether one of a process's descriptors is the socket; -1 where its descriptors cannot be looked at.
static int holds(const char *pid, const char *wanted) {
    char path[64], target[64];
    snprintf(path, sizeof path, "/proc/%.20s/fd", pid);
    DIR *descriptors = opendir(path);
    if (descriptors == NULL) return -1;
    int found = 0;
    for (struct dirent *entry; !found && (entry = readdir(descriptors)) != NULL;) {
        if (!is_number(entry->d_name)) continue;
        ssize_t length = readlinkat(dirfd(descriptors), entry->d_name, target, sizeof target - 1);
        if (length <= 0) continue;
        target[length] = 0;
        found = strcmp(target, wanted) == 0;
    }
    closedir(descriptors);
    return found;
}

int lapwing_socket_holders(uint64_t inode, int32_t *pids, int capacity) {
    char wanted[64];
    snprintf(wanted, sizeof wanted, "socket:[%llu]", (unsigned long long)inode);
    DIR *processes = opendir("/proc");
    if (processes == NULL) return -1;
    int count = 0;
    for (struct dirent *entry; (entry = readdir(processes)) != NULL;) {
        if (!is_number(entry->d_name) || holds(entry->d_name, wanted) != 1) continue;
        if (count == capacity) { count = -1; errno = E2BIG; break; }
        pids[count++] = (int32_t)strtol(entry->d_name, NULL, 10);
    }
    int saved = errno;
    closedir(processes);
    errno = saved;
    return count;
}

int lapwing_holds_socket(int32_t pid, uint64_t inode) {
    char wanted[64], number[16];
    snprintf(wanted, sizeof wanted, "socket:[%llu]", (unsigned long long)inode);
    snprintf(number, sizeof number, "%d", pid);
    return holds(number, wanted);
}

// MARK: Names

int lapwing_resolve(const char *name, struct lapwing_endpoint *out, int capacity, const char **reason) {
    struct addrinfo hints, *list = NULL;
    memset(&hints, 0, sizeof hints);
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = SOCK_STREAM;
    int code = getaddrinfo(name, NULL, &hints, &list);
    if (code == EAI_NONAME) return 0;
    if (code != 0) {
        *reason = gai_strerror(code);
        return -1;
    }
    int count = 0;
    for (const struct addrinfo *entry = list; entry != NULL && count < capacity; entry = entry->ai_next) {
        struct lapwing_endpoint found;
        memset(&found, 0, sizeof found);
        found.family = (uint16_t)entry->ai_family;
        if (entry->ai_family == AF_INET)
            memcpy(found.address, &((const struct sockaddr_in *)entry->ai_addr)->sin_addr, 4);
        else if (entry->ai_family == AF_INET6)
            memcpy(found.address, &((const struct sockaddr_in6 *)entry->ai_addr)->sin6_addr, 16);
        else
            continue;
        int is_known = 0;
        for (int i = 0; i < count && !is_known; i++) is_known = memcmp(&out[i], &found, sizeof found) == 0;
        if (!is_known) out[count++] = found;
    }
    freeaddrinfo(list);
    return count;
}
