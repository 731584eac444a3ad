import CVectorscan

/// Looks through text with a ``PatternDatabase``: the working memory that one thread at a time may use.
///
/// It is not `Sendable`. Make one for each thread and keep it.
@safe
public final class PatternScanner {
    /// Where a pattern's match ended.
    public struct End: Sendable, Equatable, Hashable {
        /// The pattern's id.
        public let pattern: UInt32
        /// The offset after the match's last byte: of the text, or of all that was written to the stream.
        public let offset: Int

        /// Makes one.
        public init(pattern: UInt32, offset: Int) {
            self.pattern = pattern
            self.offset = offset
        }
    }

    /// The database that it works with.
    public let database: PatternDatabase
    /// The most matches that one call reports; what comes after is an error, since nothing may be overlooked.
    public let maximumMatches: Int
    private var scratch: OpaquePointer

    /// Makes working memory for a database.
    public init(_ database: PatternDatabase, maximumMatches: Int = 1 << 16) throws {
        var scratch: OpaquePointer?
        guard unsafe hs_alloc_scratch(database.handle, &scratch) == HS_SUCCESS, let scratch = unsafe scratch else {
            throw PatternError(.unavailable, "no working memory for patterns")
        }
        self.database = database
        self.maximumMatches = maximumMatches
        unsafe self.scratch = scratch
    }

    deinit { unsafe hs_free_scratch(scratch) }

    /// Where matches end in a text, in the order of Vectorscan's reports.
    ///
    /// Throws ``PatternError`` when there are more than ``maximumMatches``.
    public func matches(in text: [UInt8]) throws -> [End] {
        precondition(database.mode == .block, "the database was compiled for streams")
        return unsafe try collect { handler, context in
            // Sound: the buffer lives through the call, and its length is told.
            unsafe text.withUnsafeBytes { bytes in
                unsafe hs_scan(
                    database.handle,
                    bytes.baseAddress?.assumingMemoryBound(to: CChar.self) ?? emptyText,
                    UInt32(bytes.count),
                    0,
                    scratch,
                    handler,
                    context
                )
            }
        }
    }

    fileprivate func write(_ text: [UInt8], to stream: OpaquePointer) throws -> [End] {
        unsafe try collect { handler, context in
            // Sound: as above.
            unsafe text.withUnsafeBytes { bytes in
                unsafe hs_scan_stream(
                    stream,
                    bytes.baseAddress?.assumingMemoryBound(to: CChar.self) ?? emptyText,
                    UInt32(bytes.count),
                    0,
                    scratch,
                    handler,
                    context
                )
            }
        }
    }

    fileprivate func close(_ stream: OpaquePointer) throws -> [End] {
        unsafe try collect { handler, context in
            unsafe hs_close_stream(stream, scratch, handler, context)
        }
    }

    private var emptyText: UnsafePointer<CChar> { unsafe UnsafePointer(bitPattern: 1).unsafelyUnwrapped }

    private struct Found {
        var ends: [End] = []
        let limit: Int
    }

    private func collect(
        _ scan: (_ handler: match_event_handler, _ context: UnsafeMutableRawPointer) -> Int32
    ) throws -> [End] {
        var found = Found(limit: maximumMatches)
        // Sound: the handler is called only during `scan`, while `found` is ours alone.
        let outcome = unsafe withUnsafeMutablePointer(to: &found) { pointer in
            unsafe scan(
                { id, _, end, _, context in
                    guard let context = unsafe context else { return 1 }
                    let found = unsafe context.assumingMemoryBound(to: Found.self)
                    guard unsafe found.pointee.ends.count < found.pointee.limit else { return 1 }
                    unsafe found.pointee.ends.append(End(pattern: id, offset: Int(end)))
                    return 0
                },
                UnsafeMutableRawPointer(pointer)
            )
        }
        guard outcome == HS_SUCCESS else {
            throw outcome == HS_SCAN_TERMINATED
                ? PatternError(.tooLarge, "more than \(maximumMatches) matches in one text")
                : PatternError(.unavailable, "Vectorscan could not look through a text: error \(outcome)")
        }
        return found.ends
    }
}

/// A text that comes in pieces, looked through as one: a match may span any number of them.
@safe
public final class PatternStream {
    private let scanner: PatternScanner
    private var handle: OpaquePointer?

    /// Opens a stream over a database that was compiled for streams.
    public init(_ scanner: PatternScanner) throws {
        precondition(scanner.database.mode == .streaming, "the database was compiled for blocks")
        var handle: OpaquePointer?
        guard unsafe hs_open_stream(scanner.database.handle, 0, &handle) == HS_SUCCESS, unsafe handle != nil else {
            throw PatternError(.unavailable, "no memory for a stream of patterns")
        }
        self.scanner = scanner
        unsafe self.handle = handle
    }

    deinit {
        if let handle = unsafe handle { unsafe hs_close_stream(handle, nil, nil, nil) }
    }

    /// The matches that end in a piece, with offsets of the whole stream.
    public func write(_ piece: [UInt8]) throws -> [PatternScanner.End] {
        guard let handle = unsafe handle else { return [] }
        return unsafe try scanner.write(piece, to: handle)
    }

    /// Ends the stream: matches that only an end of text makes.
    public func finish() throws -> [PatternScanner.End] {
        guard let open = unsafe handle else { return [] }
        unsafe handle = nil
        return unsafe try scanner.close(open)
    }
}
