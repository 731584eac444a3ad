import NIOHTTP2

/// Why an HTTP/2 connection is ended: the other end asks for more than it needs.
enum HTTP2Abuse: String, Error, Hashable, Sendable, CaseIterable {
    /// Requests that come to nothing, reset by either side (CVE-2023-44487, CVE-2025-8671).
    case resets = "http2_reset_flood"
    /// PING, SETTINGS, PRIORITY and the like.
    case controlFrames = "http2_control_flood"
    case windowUpdates = "http2_window_update_flood"
    /// DATA frames with nothing in them.
    case smallFrames = "http2_small_frame_flood"
    /// CONTINUATION frames without an end (CVE-2024-27316 and others).
    case continuations = "http2_continuation_flood"
    /// Header sections that are larger than any that is served, packed or unpacked.
    case headers = "http2_header_bomb"
    /// More streams at a time than were offered.
    case streams = "http2_too_many_streams"
    /// A frame, or the connection's beginning, that does not end.
    case stalled = "http2_frame_timeout"
    /// Answers to control frames pile up since they are not read.
    case unread = "http2_unread_answers"
    /// An upstream that is asked whether it is there, and does not say so.
    case silent = "http2_no_answer"
    /// Anything else that RFC 9113 calls an error of the connection.
    case protocolError = "http2_protocol_error"

    /// The name of an error that NIO ends a connection for.
    init(_ error: any Error) {
        switch error {
        case is NIOHTTP2Errors.ExcessiveRSTFrames, is NIOHTTP2Errors.ExcessiveStreamErrors,
            is NIOHTTP2Errors.ExcessiveNumberOfGlitches:
            self = .resets
        case is NIOHTTP2Errors.ExcessiveControlFrames: self = .controlFrames
        case is NIOHTTP2Errors.ExcessiveEmptyDataFrames: self = .smallFrames
        case is NIOHTTP2Errors.ExcessiveContinuationFrames: self = .continuations
        case is NIOHTTP2Errors.ExcessivelyLargeHeaderBlock: self = .headers
        case is NIOHTTP2Errors.MaxStreamsViolation: self = .streams
        case is NIOHTTP2Errors.ExcessiveOutboundFrameBuffering: self = .unread
        default: self = .protocolError
        }
    }
}
