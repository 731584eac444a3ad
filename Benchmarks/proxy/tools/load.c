// load: an HTTP/1.1 client over mutual TLS 1.3 that measures a proxy.
//
// One thread, one epoll. Four ways to ask:
//   closed     every connection asks again as soon as it is answered (saturation);
//   open       requests are due at a fixed rate whether or not the earlier ones were answered, and a request's latency
//              counts from when it was due, so that a stall is not hidden by the requests that it kept from being sent;
//   handshake  every request on a new connection with a full handshake (with --rate: due at that rate);
//   sse        every answer is a stream of server-sent events, which are counted (with --rate: due at that rate).
//
// It prints `ready` once its connections stand, waits for a line on standard input, runs, prints one line of JSON, and
// keeps its connections until standard input ends: whoever reads the proxy's CPU time can do it between these points,
// and counts neither the opening nor the closing of the connections. `--now` does without.

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common.h"
#include "response.h"
#include "samples.h"

enum mode { mode_closed, mode_open, mode_handshake, mode_sse };
static const char *const mode_names[] = {"closed", "open", "handshake", "sse"};

static struct {
    enum mode mode;
    struct sockaddr_in address;
    const char *authorities, *certificate, *key;
    const char *method, *path, *host;
    uint64_t connections, body_bytes, expected_status;
    double seconds, rate;
    bool now;
} options = {
    .mode = mode_closed,
    .method = "POST",
    .path = "/v1/predict",
    .host = "localhost",
    .connections = 64,
    .body_bytes = 1024,
    .expected_status = 200,
    .seconds = 5,
};

enum state {
    /// No socket.
    state_closed,
    state_connecting,
    state_handshaking,
    /// Open, with nothing asked.
    state_idle,
    state_sending,
    state_reading,
};

struct connection {
    enum state state;
    int descriptor;
    SSL *tls;
    /// What epoll now watches for.
    uint32_t watched;
    /// Whether a request is on it, or waits for it to open.
    bool has_request;
    /// When that request was due.
    uint64_t due;
    bool first_event_seen;
    /// Whether it stands in the ring of idle connections.
    bool listed;
    struct response response;
};

static struct {
    uint64_t count, wrong_status, lost, malformed, unfinished, connect_failures;
    uint64_t reconnects, handshakes, events, body_bytes, statuses[600];
    uint64_t longest_queue, in_flight, last_answer;
    struct samples latencies, first_events;
} results;

static SSL_CTX *context;
static int poller;
static struct connection *connections;
static char *request;
static size_t request_length;
/// Whether new requests may start, and whether the run has begun.
static bool asking, running;

/// Idle connections in the order in which they became idle, so that all take their turn.
static struct {
    struct connection **ring;
    size_t head, count;
} idle;

static void idle_push(struct connection *connection) {
    if (connection->listed) return;
    connection->listed = true;
    idle.ring[(idle.head + idle.count++) % options.connections] = connection;
}

static struct connection *idle_pop(void) {
    while (idle.count) {
        struct connection *connection = idle.ring[idle.head];
        idle.head = (idle.head + 1) % options.connections;
        idle.count--;
        connection->listed = false;
        // A proxy may have closed it meanwhile.
        if (connection->state == state_idle) return connection;
    }
    return NULL;
}

static void drive(struct connection *connection);

static void watch(struct connection *connection, uint32_t events) {
    if (connection->watched == events) return;
    struct epoll_event event = {.events = events, .data.ptr = connection};
    int operation = connection->watched ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;
    if (epoll_ctl(poller, operation, connection->descriptor, &event) != 0) die("epoll_ctl: %s", strerror(errno));
    connection->watched = events;
}

static void close_connection(struct connection *connection, bool orderly) {
    if (connection->tls) {
        if (orderly) SSL_shutdown(connection->tls);
        SSL_free(connection->tls);
    }
    if (connection->descriptor >= 0) close(connection->descriptor);
    ERR_clear_error();
    connection->tls = NULL;
    connection->descriptor = -1;
    connection->watched = 0;
    connection->state = state_closed;
}

static void open_connection(struct connection *connection) {
    int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (descriptor < 0) die("socket: %s", strerror(errno));
    int one = 1;
    setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    connection->descriptor = descriptor;
    connection->tls = SSL_new(context);
    if (!connection->tls || SSL_set_fd(connection->tls, descriptor) != 1) die("no memory for a TLS connection");
    SSL_set_connect_state(connection->tls);
    connection->state = state_connecting;
    if (connect(descriptor, (struct sockaddr *)&options.address, sizeof options.address) != 0 && errno != EINPROGRESS)
        die("connect: %s", strerror(errno));
    watch(connection, EPOLLOUT);
}

/// The connection is gone or cannot be used: counts what it took with it.
static void lose(struct connection *connection, uint64_t *reason) {
    bool opening = connection->state == state_connecting || connection->state == state_handshaking;
    if (connection->has_request) {
        (*reason)++;
        results.in_flight--;
        connection->has_request = false;
    } else if (opening) {
        results.connect_failures++;
    }
    close_connection(connection, false);
    if (opening && !running) {
        ERR_print_errors_fp(stderr);
        die("a connection did not open");
    }
    if (!asking) return;
    results.reconnects++;
    if (options.mode != mode_handshake) open_connection(connection);
    // In handshake mode the slot is free again for a request of its own.
}

static void start(struct connection *connection, uint64_t due) {
    connection->has_request = true;
    connection->due = due;
    connection->first_event_seen = false;
    results.in_flight++;
    response_begin(&connection->response);
    if (connection->state == state_closed) {
        open_connection(connection);
    } else {
        connection->state = state_sending;
        drive(connection);
    }
}

static void answered(struct connection *connection) {
    uint64_t now = now_ns();
    struct response *response = &connection->response;
    results.last_answer = now;
    results.in_flight--;
    results.count++;
    results.statuses[response->status < 600 ? response->status : 599]++;
    results.body_bytes += response->body_bytes;
    results.events += response->events;
    if ((uint64_t)response->status != options.expected_status) results.wrong_status++;
    samples_add(&results.latencies, now - connection->due);
    connection->has_request = false;

    bool open = response->keep_alive && options.mode != mode_handshake;
    if (!open) {
        close_connection(connection, true);
        if (options.mode != mode_handshake && asking) {
            results.reconnects++;
            open_connection(connection);
            return;
        }
    } else {
        connection->state = state_idle;
    }
    if (options.rate > 0) {
        if (open) idle_push(connection);
    } else if (asking) {
        start(connection, now);
    }
}

/// Whether a TLS call has to wait; watches for what it waits for.
static bool must_wait(struct connection *connection, int outcome) {
    switch (SSL_get_error(connection->tls, outcome)) {
    case SSL_ERROR_WANT_READ:
        watch(connection, EPOLLIN);
        return true;
    case SSL_ERROR_WANT_WRITE:
        watch(connection, EPOLLIN | EPOLLOUT);
        return true;
    default:
        return false;
    }
}

/// Does all that can be done on a connection without waiting.
static void drive(struct connection *connection) {
    static char bytes[65536];
    if (connection->state == state_connecting) {
        int failure = 0;
        socklen_t size = sizeof failure;
        getsockopt(connection->descriptor, SOL_SOCKET, SO_ERROR, &failure, &size);
        if (failure) return lose(connection, &results.lost);
        connection->state = state_handshaking;
    }
    if (connection->state == state_handshaking) {
        int outcome = SSL_do_handshake(connection->tls);
        if (outcome != 1) {
            if (!must_wait(connection, outcome)) lose(connection, &results.lost);
            return;
        }
        results.handshakes++;
        watch(connection, EPOLLIN);
        connection->state = connection->has_request ? state_sending : state_idle;
        if (connection->state == state_idle) {
            if (options.rate > 0) idle_push(connection);
            else if (asking) return start(connection, now_ns());
            return;
        }
    }
    if (connection->state == state_sending) {
        int outcome = SSL_write(connection->tls, request, (int)request_length);
        if (outcome <= 0) {
            if (!must_wait(connection, outcome)) lose(connection, &results.lost);
            return;
        }
        watch(connection, EPOLLIN);
        connection->state = state_reading;
        // The answer cannot be there yet.
        return;
    }
    for (;;) {
        int count = SSL_read(connection->tls, bytes, sizeof bytes);
        if (count <= 0) {
            if (must_wait(connection, count)) return;
            return lose(connection, &results.lost);
        }
        // Bytes that nobody asked for.
        if (connection->state != state_reading) return lose(connection, &results.malformed);
        int64_t taken = response_take(&connection->response, bytes, (size_t)count);
        if (taken != count) return lose(connection, &results.malformed);
        if (connection->response.events && !connection->first_event_seen) {
            connection->first_event_seen = true;
            samples_add(&results.first_events, now_ns() - connection->due);
        }
        if (connection->response.part == part_done) return answered(connection);
    }
}

/// Waits for events until `deadline` at the latest, and drives their connections.
static void poll_until(uint64_t deadline) {
    struct epoll_event events[256];
    uint64_t now = now_ns(), wait = deadline > now ? deadline - now : 0;
    struct timespec timeout = {.tv_sec = (time_t)(wait / 1000000000u), .tv_nsec = (long)(wait % 1000000000u)};
    int count = epoll_pwait2(poller, events, 256, &timeout, NULL);
    if (count < 0 && errno != EINTR) die("epoll_pwait2: %s", strerror(errno));
    for (int i = 0; i < count; i++) {
        struct connection *connection = events[i].data.ptr;
        if (connection->state != state_closed) drive(connection);
    }
}

static struct connection *free_connection(void) {
    if (options.mode != mode_handshake) return idle_pop();
    for (uint64_t i = 0; i < options.connections; i++)
        if (connections[i].state == state_closed) return &connections[i];
    return NULL;
}

/// Requests are due at begin + k / rate.
static void run_at_rate(uint64_t begin) {
    uint64_t total = (uint64_t)(options.rate * options.seconds), started = 0, due = 0;
    double interval = 1e9 / options.rate;
    while (started < total) {
        uint64_t now = now_ns();
        while (due < total && begin + (uint64_t)((double)due * interval) <= now) due++;
        while (started < due) {
            struct connection *connection = free_connection();
            if (!connection) break;
            start(connection, begin + (uint64_t)((double)started++ * interval));
        }
        if (due - started > results.longest_queue) results.longest_queue = due - started;
        // A proxy that has stopped answering must not keep us for ever.
        if (now > begin + (uint64_t)((options.seconds + 10) * 1e9)) {
            results.unfinished += total - started;
            break;
        }
        uint64_t next = now + 100000000u;
        if (due < total) next = begin + (uint64_t)((double)due * interval);
        poll_until(next);
    }
}

static void run_in_a_loop(uint64_t begin) {
    uint64_t end = begin + (uint64_t)(options.seconds * 1e9);
    for (uint64_t i = 0; i < options.connections; i++)
        if (connections[i].state == state_idle || connections[i].state == state_closed) start(&connections[i], now_ns());
    while (now_ns() < end) {
        poll_until(end);
        if (options.mode != mode_handshake) continue;
        // Slots whose connection failed.
        for (uint64_t i = 0; i < options.connections; i++)
            if (connections[i].state == state_closed) start(&connections[i], now_ns());
    }
}

/// Waits for the answers that are still out.
static void drain(void) {
    asking = false;
    uint64_t limit = now_ns() + 10000000000u;
    while (results.in_flight && now_ns() < limit) poll_until(now_ns() + 100000000u);
    results.unfinished += results.in_flight;
}

static double cpu_seconds(void) {
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec)
        + (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

static void print_results(uint64_t begin, double cpu) {
    double elapsed = results.last_answer > begin ? (double)(results.last_answer - begin) / 1e9 : 0;
    uint64_t errors = results.wrong_status + results.lost + results.malformed + results.unfinished
        + results.connect_failures;
    samples_sort(&results.latencies);
    samples_sort(&results.first_events);
    printf("{\"mode\": \"%s\", \"connections\": %llu, \"rate\": %g, \"elapsed_s\": %.4f, \"count\": %llu, "
           "\"per_second\": %.1f, \"errors\": %llu, \"wrong_status\": %llu, \"lost\": %llu, \"malformed\": %llu, "
           "\"unfinished\": %llu, \"connect_failures\": %llu, \"reconnects\": %llu, \"handshakes\": %llu, "
           "\"events\": %llu, \"body_bytes\": %llu, \"longest_queue\": %llu, \"load_cpu_s\": %.4f, ",
           mode_names[options.mode], (unsigned long long)options.connections, options.rate, elapsed,
           (unsigned long long)results.count, elapsed > 0 ? (double)results.count / elapsed : 0,
           (unsigned long long)errors, (unsigned long long)results.wrong_status, (unsigned long long)results.lost,
           (unsigned long long)results.malformed, (unsigned long long)results.unfinished,
           (unsigned long long)results.connect_failures, (unsigned long long)results.reconnects,
           (unsigned long long)results.handshakes, (unsigned long long)results.events,
           (unsigned long long)results.body_bytes, (unsigned long long)results.longest_queue, cpu);
    printf("\"p50_us\": %.1f, \"p90_us\": %.1f, \"p99_us\": %.1f, \"p999_us\": %.1f, \"max_us\": %.1f, "
           "\"first_event_p50_us\": %.1f, \"statuses\": {",
           samples_percentile(&results.latencies, 50), samples_percentile(&results.latencies, 90),
           samples_percentile(&results.latencies, 99), samples_percentile(&results.latencies, 99.9),
           samples_percentile(&results.latencies, 100), samples_percentile(&results.first_events, 50));
    bool first = true;
    for (int status = 0; status < 600; status++) {
        if (!results.statuses[status]) continue;
        printf("%s\"%d\": %llu", first ? "" : ", ", status, (unsigned long long)results.statuses[status]);
        first = false;
    }
    printf("}}\n");
    fflush(stdout);
}

/// The request: a JSON object of exactly the wanted size.
static void make_request(void) {
    char *body = allocate(options.body_bytes + 1, 1);
    static const char opening[] = "{\"model\": \"fraud\", \"inputs\": [";
    static const char closing[] = "]}";
    size_t length = 0;
    if (options.body_bytes > 0) {
        if (options.body_bytes < 64) die("--body-bytes: at least 64, or 0 for none");
        length = (size_t)snprintf(body, options.body_bytes, "%s", opening);
        size_t end = options.body_bytes - strlen(closing);
        for (unsigned i = 0; length + 8 <= end - 1; i++)
            length += (size_t)sprintf(body + length, "0.%04u, ", (i * 7919u) % 10000u);
        body[length++] = '1';
        while (length < end) body[length++] = ' ';
        memcpy(body + length, closing, strlen(closing));
    }
    request = allocate(options.body_bytes + strlen(options.path) + strlen(options.host) + 512, 1);
    int head = sprintf(request, "%s %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: lapwing-load\r\nAccept: */*\r\n",
        options.method, options.path, options.host);
    if (options.body_bytes > 0)
        head += sprintf(request + head, "Content-Type: application/json\r\nContent-Length: %llu\r\n",
            (unsigned long long)options.body_bytes);
    head += sprintf(request + head, "\r\n");
    memcpy(request + head, body, options.body_bytes);
    request_length = (size_t)head + options.body_bytes;
    free(body);
}

static void make_context(void) {
    context = SSL_CTX_new(TLS_client_method());
    if (!context) die("no TLS context");
    SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION);
    // The same work for every proxy, whatever it would prefer.
    if (SSL_CTX_set_ciphersuites(context, "TLS_AES_128_GCM_SHA256") != 1 || SSL_CTX_set1_groups_list(context, "X25519") != 1)
        die("no AES-128-GCM or no X25519");
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_read_ahead(context, 1);
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
    if (SSL_CTX_load_verify_locations(context, options.authorities, NULL) != 1) {
        ERR_print_errors_fp(stderr);
        die("cannot read --ca %s", options.authorities);
    }
    if (options.certificate
        && (SSL_CTX_use_certificate_chain_file(context, options.certificate) != 1
            || SSL_CTX_use_PrivateKey_file(context, options.key, SSL_FILETYPE_PEM) != 1)) {
        ERR_print_errors_fp(stderr);
        die("cannot use --cert %s with --key %s", options.certificate, options.key);
    }
}

static void read_options(int count, char **arguments) {
    const char *address = NULL;
    uint64_t port = 0;
    for (int i = 1; i < count; i++) {
        const char *option = arguments[i];
#define is(name) (strcmp(option, name) == 0)
        if (is("--now")) {
            options.now = true;
            continue;
        }
        if (is("--help")) {
            printf("load --mode closed|open|handshake|sse --connect ADDRESS:PORT --ca FILE [--cert FILE --key FILE]\n"
                   "     [--connections N] [--seconds S] [--rate R] [--method M] [--path P] [--host H]\n"
                   "     [--body-bytes N] [--expect STATUS] [--now]\n");
            exit(0);
        }
        const char *value = argument(count, arguments, &i);
        if (is("--mode")) {
            unsigned mode = 0;
            while (mode < 4 && strcmp(mode_names[mode], value) != 0) mode++;
            if (mode == 4) die("--mode: `%s` is none of closed, open, handshake, sse", value);
            options.mode = (enum mode)mode;
        } else if (is("--connect")) {
            address = value;
        } else if (is("--ca")) {
            options.authorities = value;
        } else if (is("--cert")) {
            options.certificate = value;
        } else if (is("--key")) {
            options.key = value;
        } else if (is("--connections")) {
            options.connections = whole_number(option, value, 1, 50000);
        } else if (is("--seconds")) {
            options.seconds = positive_number(option, value);
        } else if (is("--rate")) {
            options.rate = positive_number(option, value);
        } else if (is("--method")) {
            options.method = value;
        } else if (is("--path")) {
            options.path = value;
        } else if (is("--host")) {
            options.host = value;
        } else if (is("--body-bytes")) {
            options.body_bytes = whole_number(option, value, 0, 1u << 20);
        } else if (is("--expect")) {
            options.expected_status = whole_number(option, value, 100, 599);
        } else {
            die("`%s` is no option; see --help", option);
        }
#undef is
    }
    if (!address || !options.authorities) die("--connect and --ca are needed; see --help");
    if (!options.certificate != !options.key) die("--cert and --key go together");
    if (options.mode == mode_open && options.rate <= 0) die("--mode open needs --rate");
    if (options.mode == mode_closed && options.rate > 0) die("--mode closed has no --rate; use --mode open");

    const char *colon = strrchr(address, ':');
    if (!colon) die("--connect: `%s` is not ADDRESS:PORT", address);
    char host[64] = {0};
    if ((size_t)(colon - address) >= sizeof host) die("--connect: `%s` is too long", address);
    memcpy(host, address, (size_t)(colon - address));
    port = whole_number("--connect", colon + 1, 1, 65535);
    options.address.sin_family = AF_INET;
    options.address.sin_port = htons((uint16_t)port);
    if (inet_pton(AF_INET, host, &options.address.sin_addr) != 1) die("--connect: `%s` is no IPv4 address", host);
}

int main(int count, char **arguments) {
    signal(SIGPIPE, SIG_IGN);
    read_options(count, arguments);
    make_context();
    make_request();
    poller = epoll_create1(EPOLL_CLOEXEC);
    connections = allocate(options.connections, sizeof *connections);
    idle.ring = allocate(options.connections, sizeof *idle.ring);
    for (uint64_t i = 0; i < options.connections; i++) connections[i].descriptor = -1;

    if (options.mode != mode_handshake) {
        uint64_t limit = now_ns() + 30000000000u, opened = 0;
        // A few at a time: the proxies' listen queues are not what is measured.
        for (uint64_t i = 0; i < options.connections || results.handshakes < options.connections;) {
            while (i < options.connections && i < results.handshakes + 32) open_connection(&connections[i++]);
            opened = i;
            poll_until(now_ns() + 100000000u);
            if (now_ns() > limit) die("only %llu of %llu connections opened", (unsigned long long)results.handshakes,
                (unsigned long long)opened);
        }
    }
    if (!options.now) {
        printf("ready\n");
        fflush(stdout);
        char line[16];
        if (!fgets(line, sizeof line, stdin)) return 0;
    }

    results.handshakes = 0;
    running = asking = true;
    double cpu = cpu_seconds();
    uint64_t begin = now_ns();
    if (options.rate > 0) run_at_rate(begin);
    else run_in_a_loop(begin);
    drain();
    print_results(begin, cpu_seconds() - cpu);

    while (!options.now && getchar() != EOF) {}
    for (uint64_t i = 0; i < options.connections; i++)
        if (connections[i].state != state_closed) close_connection(&connections[i], connections[i].state == state_idle);
    return 0;
}
