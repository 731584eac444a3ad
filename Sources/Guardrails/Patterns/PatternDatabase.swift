import CVectorscan

/// Many patterns, compiled to be looked for in one pass.
///
/// Vectorscan reports where matches *end*, all of them and in no order, and knows nothing of what comes before or
/// after. So it serves to find candidates fast; what a candidate is, a second and bounded step says.
///
/// Bytes are looked at, never code points: Vectorscan does not say what happens on text that is not UTF-8.
///
/// ```swift
/// let database = try PatternDatabase([.init(id: 0, expression: "ghp_[0-9A-Za-z]{36}")], mode: .block)
/// var scanner = try PatternScanner(database)
/// let ends = try scanner.matches(in: bytes)
/// ```
@safe
public final class PatternDatabase: Sendable {
    /// How text will come: whole, or in pieces of which a match may span many.
    public enum Mode: Sendable, Equatable {
        case block
        case streaming
    }

    /// One pattern.
    public struct Pattern: Sendable, Equatable {
        /// What a match is reported with.
        public var id: UInt32
        /// The expression, in the part of PCRE's language that Vectorscan has.
        public var expression: String
        /// Whether case does not matter (ASCII).
        public var ignoresCase: Bool
        /// Whether one report for a text is enough.
        public var reportsOnce: Bool
        /// Whether `.` takes line ends too.
        public var dotMatchesAll: Bool
        /// Whether `^` and `$` stand at lines as well.
        public var multiline: Bool

        /// Makes a pattern.
        public init(
            id: UInt32,
            expression: String,
            ignoresCase: Bool = false,
            reportsOnce: Bool = false,
            dotMatchesAll: Bool = false,
            multiline: Bool = false
        ) {
            self.id = id
            self.expression = expression
            self.ignoresCase = ignoresCase
            self.reportsOnce = reportsOnce
            self.dotMatchesAll = dotMatchesAll
            self.multiline = multiline
        }

        var flags: UInt32 {
            (ignoresCase ? UInt32(HS_FLAG_CASELESS) : 0) | (reportsOnce ? UInt32(HS_FLAG_SINGLEMATCH) : 0)
                | (dotMatchesAll ? UInt32(HS_FLAG_DOTALL) : 0) | (multiline ? UInt32(HS_FLAG_MULTILINE) : 0)
        }
    }

    /// The mode that it was compiled for.
    public let mode: Mode
    /// Immutable once compiled; Vectorscan lets any number of threads read it.
    nonisolated(unsafe) let handle: OpaquePointer

    /// Compiles patterns.
    ///
    /// With hundreds of them this takes seconds: do it at a start or a reload, not on traffic.
    ///
    /// Throws ``PatternError`` with the id and the expression that does not compile.
    public init(_ patterns: [Pattern], mode: Mode) throws {
        guard !patterns.isEmpty else { throw PatternError(.syntax, "a pattern database needs at least one pattern") }
        self.mode = mode
        // Each expression is copied to memory of ours that lives until the compiler has read it.
        let expressions = unsafe patterns.map { pattern in
            var bytes = Array(pattern.expression.utf8CString)
            let copy = UnsafeMutablePointer<CChar>.allocate(capacity: bytes.count)
            unsafe copy.initialize(from: &bytes, count: bytes.count)
            return unsafe UnsafePointer(copy)
        }
        defer { unsafe expressions.forEach { unsafe $0.deallocate() } }
        var pointers: [UnsafePointer<CChar>?] = unsafe expressions.map { unsafe $0 }
        let flags = patterns.map(\.flags)
        let ids = patterns.map(\.id)
        var database: OpaquePointer?
        var failure: UnsafeMutablePointer<hs_compile_error_t>?
        let outcome = unsafe hs_compile_multi(
            &pointers,
            flags,
            ids,
            UInt32(patterns.count),
            mode == .block ? UInt32(HS_MODE_BLOCK) : UInt32(HS_MODE_STREAM),
            nil,
            &database,
            &failure
        )
        guard outcome == HS_SUCCESS, let database = unsafe database else {
            defer { unsafe hs_free_compile_error(failure) }
            guard let failure = unsafe failure else {
                throw PatternError(.unavailable, "patterns did not compile: Vectorscan error \(outcome)")
            }
            let index = Int(unsafe failure.pointee.expression)
            let reason = unsafe String(cString: failure.pointee.message)
            let which =
                patterns.indices.contains(index)
                ? "pattern \(patterns[index].id) `\(patterns[index].expression)`" : "the set of patterns"
            throw PatternError(.syntax, "\(which) does not compile: \(reason)")
        }
        unsafe self.handle = database
    }

    deinit { unsafe hs_free_database(handle) }

    /// The bytes that a stream over it keeps; nil for a database of blocks.
    public var bytesPerStream: Int? {
        guard mode == .streaming else { return nil }
        var size = 0
        return unsafe hs_stream_size(handle, &size) == HS_SUCCESS ? size : nil
    }
}
