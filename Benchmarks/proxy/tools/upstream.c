// upstream: the inference service behind the proxies, without the inference.
//
// It listens on a Unix socket and on loopback, reads a whole request, waits (5 ms by default, as a small model would),
// and answers:
//   POST /v1/predict   1 KiB of JSON
//   POST /v1/stream    server-sent events, one write and one HTTP chunk each, at a fixed interval
//   GET  /counts       how many of each were answered, as JSON (at once)
//   GET  /last         the head of the last predict or stream request as it arrived (at once)
// A delay is the same for every request of a kind, so requests fall due in the order in which they came and a queue is
// all the timer that it needs. One thread, one epoll.
//
// It prints its TCP port as one line once it listens, and ends when standard input does.

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "common.h"

enum { request_limit = 65536, answer_size = 1024, event_size = 75 };

struct connection {
    int descriptor;
    bool is_tcp;
    /// Grows when the connection closes: what waits for it then knows.
    uint32_t generation;
    /// Whether a request waits for its answer.
    bool busy;
    bool is_stream;
    uint64_t events_left, events_sent;
    size_t received;
    char *input;
    /// What the socket did not take.
    char *output;
    size_t output_length, output_capacity;
};

struct due {
    uint64_t time;
    uint32_t connection, generation;
};

/// What falls due in the order in which it was put in.
struct queue {
    struct due *ring;
    size_t head, count, capacity;
};

static struct {
    const char *socket_path;
    uint64_t delay_us, event_interval_us, events;
} options = {.delay_us = 5000, .event_interval_us = 5000, .events = 100};

static int poller;
static struct connection *connections;
static uint32_t connection_capacity = 20000;
static struct queue answers, events;
static char answer[answer_size + 256];
static size_t answer_length;
static char last_head[8192];
static size_t last_head_length;
static uint64_t predictions, streams;

static void queue_add(struct queue *queue, struct due due) {
    if (queue->count == queue->capacity) {
        size_t capacity = queue->capacity ? queue->capacity * 2 : 1024;
        struct due *ring = allocate(capacity, sizeof *ring);
        for (size_t i = 0; i < queue->count; i++) ring[i] = queue->ring[(queue->head + i) % queue->capacity];
        free(queue->ring);
        *queue = (struct queue){.ring = ring, .count = queue->count, .capacity = capacity};
    }
    queue->ring[(queue->head + queue->count++) % queue->capacity] = due;
}

/// The connection that falls due by now, or NULL; one that closed meanwhile is passed over.
static struct connection *queue_take(struct queue *queue, uint64_t now) {
    while (queue->count && queue->ring[queue->head].time <= now) {
        struct due due = queue->ring[queue->head];
        queue->head = (queue->head + 1) % queue->capacity;
        queue->count--;
        struct connection *connection = &connections[due.connection];
        if (connection->generation == due.generation) return connection;
    }
    return NULL;
}

static void wait_for(struct queue *queue, struct connection *connection, uint64_t microseconds) {
    queue_add(queue, (struct due){
        .time = now_ns() + microseconds * 1000,
        .connection = (uint32_t)(connection - connections),
        .generation = connection->generation,
    });
}

static void close_connection(struct connection *connection) {
    close(connection->descriptor);
    free(connection->input);
    free(connection->output);
    uint32_t generation = connection->generation + 1;
    *connection = (struct connection){.descriptor = -1, .generation = generation};
}

static void flush_output(struct connection *connection) {
    size_t sent = 0;
    while (sent < connection->output_length) {
        ssize_t count = send(connection->descriptor, connection->output + sent, connection->output_length - sent,
            MSG_NOSIGNAL);
        if (count <= 0) break;
        sent += (size_t)count;
    }
    memmove(connection->output, connection->output + sent, connection->output_length - sent);
    connection->output_length -= sent;
}

/// Sends bytes, or keeps what the socket does not take.
static void send_bytes(struct connection *connection, const char *bytes, size_t count) {
    size_t sent = 0;
    if (connection->output_length == 0) {
        ssize_t result = send(connection->descriptor, bytes, count, MSG_NOSIGNAL);
        // A connection that is gone says so to epoll.
        if (result > 0) sent = (size_t)result;
    }
    if (sent == count) return;
    size_t needed = connection->output_length + count - sent;
    if (needed > connection->output_capacity) {
        connection->output_capacity = needed * 2;
        connection->output = realloc(connection->output, connection->output_capacity);
        if (!connection->output) die("out of memory");
    }
    memcpy(connection->output + connection->output_length, bytes + sent, count - sent);
    connection->output_length = needed;
}

static void send_json(struct connection *connection, const char *status, const char *body, size_t length) {
    char text[9000];
    int count = snprintf(text, sizeof text,
        "HTTP/1.1 %s\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n%.*s", status, length, (int)length,
        body);
    send_bytes(connection, text, (size_t)count);
}

/// Takes one whole request from the input, if there is one. False when the connection has to close.
static bool take_request(struct connection *connection) {
    while (!connection->busy && connection->received) {
        char *input = connection->input;
        char *end = memmem(input, connection->received, "\r\n\r\n", 4);
        if (!end) return connection->received < request_limit;
        size_t head = (size_t)(end - input) + 4, value_length = 0, body = 0;
        if (header_field(input, head, "transfer-encoding", &value_length)) {
            // Every client here knows the length of what it sends, and so should the proxy.
            send_json(connection, "411 Length Required", "{}", 2);
            return false;
        }
        const char *value = header_field(input, head, "content-length", &value_length);
        if (value) {
            int64_t length = decimal(value, value_length);
            if (length < 0 || length > request_limit - (int64_t)head) return false;
            body = (size_t)length;
        }
        if (connection->received < head + body) return true;

        bool predict = head > 17 && memcmp(input, "POST /v1/predict ", 17) == 0;
        bool stream = head > 16 && memcmp(input, "POST /v1/stream ", 16) == 0;
        if (predict || stream) {
            last_head_length = head < sizeof last_head ? head : sizeof last_head;
            memcpy(last_head, input, last_head_length);
            connection->busy = true;
            connection->is_stream = stream;
            wait_for(&answers, connection, options.delay_us);
        } else if (memcmp(input, "GET /counts ", 12) == 0) {
            char text[128];
            int count = snprintf(text, sizeof text, "{\"predictions\": %llu, \"streams\": %llu}",
                (unsigned long long)predictions, (unsigned long long)streams);
            send_json(connection, "200 OK", text, (size_t)count);
        } else if (memcmp(input, "GET /last ", 10) == 0) {
            char text[9000];
            int count = snprintf(text, sizeof text,
                "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %zu\r\n\r\n", last_head_length);
            memcpy(text + count, last_head, last_head_length);
            send_bytes(connection, text, (size_t)count + last_head_length);
        } else {
            send_json(connection, "404 Not Found", "{}", 2);
        }
        connection->received -= head + body;
        memmove(input, input + head + body, connection->received);
    }
    return true;
}

static void read_input(struct connection *connection) {
    for (;;) {
        if (connection->received == request_limit) return close_connection(connection);
        ssize_t count = recv(connection->descriptor, connection->input + connection->received,
            request_limit - connection->received, 0);
        if (count < 0 && errno == EAGAIN) break;
        if (count <= 0) return close_connection(connection);
        connection->received += (size_t)count;
    }
    if (!take_request(connection)) close_connection(connection);
}

static void finish(struct connection *connection) {
    connection->busy = false;
    if (!take_request(connection)) close_connection(connection);
}

/// The delay of a request is over.
static void answer_request(struct connection *connection) {
    if (!connection->is_stream) {
        predictions++;
        send_bytes(connection, answer, answer_length);
        return finish(connection);
    }
    streams++;
    static const char head[] = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-store\r\n"
                               "Transfer-Encoding: chunked\r\n\r\n";
    send_bytes(connection, head, sizeof head - 1);
    connection->events_left = options.events;
    connection->events_sent = 0;
    wait_for(&events, connection, options.event_interval_us);
}

static void send_event(struct connection *connection) {
    char body[128], text[192];
    // "data: …\n\n", 75 bytes, the size of one token of a chat answer.
    int length = snprintf(body, sizeof body, "data: {\"index\": %6llu, \"token\": \"",
        (unsigned long long)connection->events_sent++);
    while (length < event_size - 4) body[length++] = 'a';
    memcpy(body + length, "\"}\n\n", 4);
    length += 4;
    connection->events_left--;
    int count = sprintf(text, "%x\r\n%.*s\r\n%s", (unsigned)length, length, body,
        connection->events_left == 0 ? "0\r\n\r\n" : "");
    send_bytes(connection, text, (size_t)count);
    if (connection->events_left == 0) finish(connection);
    else wait_for(&events, connection, options.event_interval_us);
}

static void accept_from(int listener, bool is_tcp) {
    for (;;) {
        int descriptor = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (descriptor < 0) return;
        if ((uint32_t)descriptor >= connection_capacity) {
            close(descriptor);
            continue;
        }
        int one = 1;
        if (is_tcp) setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        struct connection *connection = &connections[descriptor];
        connection->descriptor = descriptor;
        connection->is_tcp = is_tcp;
        connection->input = allocate(request_limit, 1);
        // Edge-triggered: bytes that come while a request waits stay until it is answered.
        struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, .data.ptr = connection};
        if (epoll_ctl(poller, EPOLL_CTL_ADD, descriptor, &event) != 0) die("epoll_ctl: %s", strerror(errno));
    }
}

static int listen_on(int family, const struct sockaddr *address, socklen_t length) {
    int descriptor = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (descriptor < 0 || bind(descriptor, address, length) != 0 || listen(descriptor, 4096) != 0)
        die("cannot listen: %s", strerror(errno));
    return descriptor;
}

static void make_answer(void) {
    char body[answer_size + 64];
    int length = sprintf(body, "{\"model\": \"fraud\", \"version\": \"7\", \"predictions\": [");
    for (unsigned i = 0; length + 8 <= answer_size - 3; i++)
        length += sprintf(body + length, "0.%04u, ", (i * 6151u) % 10000u);
    body[length++] = '1';
    while (length < answer_size - 2) body[length++] = ' ';
    memcpy(body + length, "]}", 3);
    answer_length = (size_t)snprintf(answer, sizeof answer,
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", answer_size, body);
}

static void read_options(int count, char **arguments) {
    for (int i = 1; i < count; i++) {
        const char *option = arguments[i];
        if (strcmp(option, "--help") == 0) {
            printf("upstream --socket PATH [--delay-us N] [--events N] [--event-interval-us N]\n");
            exit(0);
        }
        const char *value = argument(count, arguments, &i);
        if (strcmp(option, "--socket") == 0) options.socket_path = value;
        else if (strcmp(option, "--delay-us") == 0) options.delay_us = whole_number(option, value, 0, 60000000);
        else if (strcmp(option, "--events") == 0) options.events = whole_number(option, value, 1, 1000000);
        else if (strcmp(option, "--event-interval-us") == 0)
            options.event_interval_us = whole_number(option, value, 0, 60000000);
        else die("`%s` is no option; see --help", option);
    }
    if (!options.socket_path) die("--socket is needed; see --help");
}

int main(int count, char **arguments) {
    signal(SIGPIPE, SIG_IGN);
    read_options(count, arguments);
    make_answer();
    connections = allocate(connection_capacity, sizeof *connections);
    poller = epoll_create1(EPOLL_CLOEXEC);

    struct sockaddr_un path = {.sun_family = AF_UNIX};
    if (strlen(options.socket_path) >= sizeof path.sun_path) die("--socket: `%s` is too long", options.socket_path);
    strcpy(path.sun_path, options.socket_path);
    unlink(options.socket_path);
    int unix_listener = listen_on(AF_UNIX, (struct sockaddr *)&path, sizeof path);
    chmod(options.socket_path, 0666);
    struct sockaddr_in loopback = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int tcp_listener = listen_on(AF_INET, (struct sockaddr *)&loopback, sizeof loopback);
    socklen_t size = sizeof loopback;
    getsockname(tcp_listener, (struct sockaddr *)&loopback, &size);

    // These three are told from connections by not being inside their array.
    static int input = STDIN_FILENO;
    int *listeners[] = {&unix_listener, &tcp_listener, &input};
    for (int i = 0; i < 3; i++) {
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = listeners[i]};
        if (epoll_ctl(poller, EPOLL_CTL_ADD, *listeners[i], &event) != 0) die("epoll_ctl: %s", strerror(errno));
    }
    printf("%u\n", ntohs(loopback.sin_port));
    fflush(stdout);

    for (;;) {
        uint64_t now = now_ns(), next = now + 1000000000u;
        if (answers.count && answers.ring[answers.head].time < next) next = answers.ring[answers.head].time;
        if (events.count && events.ring[events.head].time < next) next = events.ring[events.head].time;
        uint64_t wait = next > now ? next - now : 0;
        struct timespec timeout = {.tv_sec = (time_t)(wait / 1000000000u), .tv_nsec = (long)(wait % 1000000000u)};
        struct epoll_event ready[256];
        int ready_count = epoll_pwait2(poller, ready, 256, &timeout, NULL);
        if (ready_count < 0 && errno != EINTR) die("epoll_pwait2: %s", strerror(errno));
        for (int i = 0; i < ready_count; i++) {
            void *source = ready[i].data.ptr;
            if (source == &input) {
                char byte;
                if (read(STDIN_FILENO, &byte, 1) <= 0) {
                    unlink(options.socket_path);
                    return 0;
                }
            } else if (source == &unix_listener) {
                accept_from(unix_listener, false);
            } else if (source == &tcp_listener) {
                accept_from(tcp_listener, true);
            } else {
                struct connection *connection = source;
                if (connection->descriptor < 0) continue;
                if (connection->output_length) flush_output(connection);
                if (ready[i].events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) read_input(connection);
            }
        }
        now = now_ns();
        struct connection *connection;
        while ((connection = queue_take(&answers, now))) answer_request(connection);
        while ((connection = queue_take(&events, now))) send_event(connection);
    }
}
