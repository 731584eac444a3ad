#include "response.h"

void response_begin(struct response *response) {
    // The head's buffer keeps its bytes: clearing 16 KiB for each request would be most of the work.
    response->part = part_head;
    response->status = 0;
    response->keep_alive = true;
    response->body_bytes = 0;
    response->events = 0;
    response->remaining = 0;
    response->line_length = 0;
    response->last_body_byte_was_newline = false;
    response->in_chunk_extension = false;
    response->head_length = 0;
}

/// Reads the head that is now whole. False if it is none.
static bool read_head(struct response *response) {
    const char *head = response->head;
    size_t length = response->head_length;
    // "HTTP/1.1 200"
    if (length < 13 || memcmp(head, "HTTP/1.1 ", 9) != 0) return false;
    int64_t status = decimal(head + 9, 3);
    if (status < 100) return false;
    response->status = (int)status;

    size_t value_length = 0;
    const char *value = header_field(head, length, "connection", &value_length);
    if (value && value_length == 5 && strncasecmp(value, "close", 5) == 0) response->keep_alive = false;

    value = header_field(head, length, "transfer-encoding", &value_length);
    if (value) {
        if (value_length != 7 || strncasecmp(value, "chunked", 7) != 0) return false;
        response->part = part_chunk_size;
        return true;
    }
    value = header_field(head, length, "content-length", &value_length);
    // A response of unknown length would end with the connection; no proxy here may send one.
    if (!value) return false;
    int64_t size = decimal(value, value_length);
    if (size < 0) return false;
    response->remaining = (uint64_t)size;
    response->part = size == 0 ? part_done : part_sized_body;
    return true;
}

/// Counts body bytes, and the empty lines that end server-sent events.
static void count_body(struct response *response, const char *bytes, size_t count) {
    response->body_bytes += count;
    bool newline = response->last_body_byte_was_newline;
    for (size_t i = 0; i < count; i++) {
        if (bytes[i] == '\n') {
            if (newline) response->events++;
            // A third newline would not end another event.
            newline = !newline;
        } else {
            newline = false;
        }
    }
    response->last_body_byte_was_newline = newline;
}

static int hexadecimal(char digit) {
    if (digit >= '0' && digit <= '9') return digit - '0';
    if (digit >= 'a' && digit <= 'f') return digit - 'a' + 10;
    if (digit >= 'A' && digit <= 'F') return digit - 'A' + 10;
    return -1;
}

int64_t response_take(struct response *response, const char *bytes, size_t count) {
    size_t taken = 0;
    while (taken < count && response->part != part_done) {
        char byte = bytes[taken];
        switch (response->part) {
        case part_head:
            if (response->head_length == response_head_limit) return -1;
            response->head[response->head_length++] = byte;
            taken++;
            if (byte == '\n' && response->head_length >= 4
                && memcmp(response->head + response->head_length - 4, "\r\n\r\n", 4) == 0 && !read_head(response))
                return -1;
            break;
        case part_sized_body:
        case part_chunk_data: {
            size_t piece = count - taken;
            if (piece > response->remaining) piece = (size_t)response->remaining;
            count_body(response, bytes + taken, piece);
            taken += piece;
            response->remaining -= piece;
            if (response->remaining == 0)
                response->part = response->part == part_sized_body ? part_done : part_chunk_end;
            break;
        }
        case part_chunk_size:
            taken++;
            if (byte == '\n') {
                response->part = response->remaining == 0 ? part_trailers : part_chunk_data;
                response->line_length = 0;
                response->in_chunk_extension = false;
            } else if (byte == ';') {
                response->in_chunk_extension = true;
            } else if (byte != '\r' && !response->in_chunk_extension) {
                int digit = hexadecimal(byte);
                if (digit < 0 || response->line_length++ >= 8) return -1;
                response->remaining = response->remaining * 16 + (uint64_t)digit;
            }
            break;
        case part_chunk_end:
            taken++;
            if (byte == '\n') response->part = part_chunk_size;
            else if (byte != '\r') return -1;
            break;
        case part_trailers:
            taken++;
            if (byte == '\n') {
                if (response->line_length == 0) response->part = part_done;
                response->line_length = 0;
            } else if (byte != '\r') {
                response->line_length++;
            }
            break;
        case part_done:
            break;
        }
    }
    return (int64_t)taken;
}
