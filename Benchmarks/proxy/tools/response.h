// An HTTP/1.1 response, read piece by piece as it comes off the wire.
#ifndef RESPONSE_H
#define RESPONSE_H

#include "common.h"

enum { response_head_limit = 16384 };

/// Where in the response the next byte belongs.
enum response_part {
    part_head,
    part_sized_body,
    part_chunk_size,
    part_chunk_data,
    part_chunk_end,
    part_trailers,
    part_done,
};

/// One response; it keeps no body, only what the benchmark counts.
struct response {
    enum response_part part;
    int status;
    /// Whether the connection may carry another request.
    bool keep_alive;
    /// Body bytes so far, without chunk framing.
    uint64_t body_bytes;
    /// Server-sent events so far: empty lines in the body.
    uint64_t events;
    /// Bytes that remain of the sized body or of this chunk.
    uint64_t remaining;
    /// The length of the chunk-size or trailer line so far.
    size_t line_length;
    bool last_body_byte_was_newline;
    bool in_chunk_extension;
    size_t head_length;
    char head[response_head_limit];
};

/// Makes it ready for the next response.
void response_begin(struct response *response);

/// Takes bytes. Returns how many belong to this response, or -1 if they are not a response.
///
/// Done is `response->part == part_done`.
int64_t response_take(struct response *response, const char *bytes, size_t count);

#endif
