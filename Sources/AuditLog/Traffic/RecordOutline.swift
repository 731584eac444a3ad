/// Where the parts of a decision record stand in its text, that say what the policies saw.
///
/// A string's range lies between its quotation marks; an empty range stands for what is absent.
struct RecordOutline {
    private(set) var id = 0..<0
    private(set) var caller = 0..<0
    private(set) var modelDigest = 0..<0
    private(set) var modelSigner = 0..<0
    private(set) var method = 0..<0
    private(set) var path = 0..<0
    private(set) var authority = 0..<0
    private(set) var headers = 0..<0
    private(set) var destinationAddress = 0..<0
    private(set) var destinationPort = 0..<0
    private(set) var source = 0..<0
    private(set) var serverName = 0..<0
    private(set) var outcome = 0..<0
    private(set) var reason = 0..<0
    /// All of what the token said.
    private(set) var token = 0..<0
    private(set) var provider = 0..<0
    private(set) var providerAnswer = 0..<0
    /// Whether something was cut when the record was written.
    private(set) var isCut = false

    /// What an entry of the log is.
    enum Kind {
        /// A decision, with where its parts stand.
        case decision(RecordOutline)
        /// Another record.
        case other
        /// No record.
        case malformed
    }

    private init() {}

    /// Walks over an entry once.
    static func kind(of text: Span<UInt8>) -> Kind {
        var outline = RecordOutline()
        var offset = 0
        // A line without `kind` is a request that somebody wrote down.
        var isDecision = true
        let isObject = JSONScan.object(text, &offset) { name, offset in
            if JSONScan.equals(text, name, "kind") {
                guard let kind = JSONScan.string(text, &offset) else { return false }
                isDecision = JSONScan.equals(text, kind, "decision")
                return true
            }
            // Members of other records may have the names of these, and other values.
            guard isDecision else { return JSONScan.value(text, &offset, depth: 1) != nil }
            return outline.readMember(text, name, &offset)
        }
        JSONScan.space(text, &offset)
        guard isObject, offset == text.count else { return .malformed }
        guard isDecision else { return .other }
        return outline.method.isEmpty || outline.path.isEmpty ? .malformed : .decision(outline)
    }

    private mutating func readMember(_ text: Span<UInt8>, _ name: Range<Int>, _ offset: inout Int) -> Bool {
        if JSONScan.equals(text, name, "request") { return readRequest(text, &offset) }
        if JSONScan.equals(text, name, "caller") {
            return Self.strings(text, &offset) { name, value in
                if JSONScan.equals(text, name, "spiffe_id") { caller = value }
                if JSONScan.equals(text, name, "model") { modelDigest = value }
                if JSONScan.equals(text, name, "model_signer") { modelSigner = value }
            }
        }
        if JSONScan.equals(text, name, "decision") {
            return readDecision(text, &offset)
        }
        if JSONScan.equals(text, name, "source") {
            return Self.strings(text, &offset) { name, value in
                if JSONScan.equals(text, name, "address") { source = value }
            }
        }
        if JSONScan.equals(text, name, "tls") {
            return Self.strings(text, &offset) { name, value in
                if JSONScan.equals(text, name, "server_name") { serverName = value }
            }
        }
        if JSONScan.equals(text, name, "id") {
            guard let value = JSONScan.string(text, &offset) else { return false }
            id = value
            return true
        }
        if JSONScan.equals(text, name, "token") {
            guard let value = JSONScan.value(text, &offset, depth: 1) else { return false }
            token = value
            return true
        }
        if JSONScan.equals(text, name, "truncated") { isCut = true }
        return JSONScan.value(text, &offset, depth: 1) != nil
    }

    private mutating func readDecision(_ text: Span<UInt8>, _ offset: inout Int) -> Bool {
        JSONScan.object(text, &offset) { name, offset in
            if JSONScan.equals(text, name, "provider") {
                return Self.strings(text, &offset) { name, value in
                    if JSONScan.equals(text, name, "name") { provider = value }
                    if JSONScan.equals(text, name, "answer") { providerAnswer = value }
                }
            }
            guard let value = JSONScan.value(text, &offset, depth: 1) else { return false }
            guard text[value.lowerBound] == UInt8(ascii: "\"") else { return true }
            let inner = (value.lowerBound + 1)..<(value.upperBound - 1)
            if JSONScan.equals(text, name, "outcome") { outcome = inner }
            if JSONScan.equals(text, name, "reason") { reason = inner }
            return true
        }
    }

    private mutating func readRequest(_ text: Span<UInt8>, _ offset: inout Int) -> Bool {
        JSONScan.object(text, &offset) { name, offset in
            if JSONScan.equals(text, name, "destination") {
                return JSONScan.object(text, &offset) { name, offset in
                    guard let value = JSONScan.value(text, &offset, depth: 2) else { return false }
                    if JSONScan.equals(text, name, "address"), value.count > 2 {
                        destinationAddress = (value.lowerBound + 1)..<(value.upperBound - 1)
                    }
                    if JSONScan.equals(text, name, "port") { destinationPort = value }
                    return true
                }
            }
            if JSONScan.equals(text, name, "headers_omitted") { isCut = true }
            let isHeaders = JSONScan.equals(text, name, "headers")
            guard let value = JSONScan.value(text, &offset, depth: 2) else { return false }
            if isHeaders { headers = value }
            guard text[value.lowerBound] == UInt8(ascii: "\"") else { return true }
            let inner = (value.lowerBound + 1)..<(value.upperBound - 1)
            if JSONScan.equals(text, name, "method") { method = inner }
            if JSONScan.equals(text, name, "path") { path = inner }
            if JSONScan.equals(text, name, "authority") { authority = inner }
            return true
        }
    }

    /// Walks over an object and gives out its members that are strings.
    private static func strings(
        _ text: Span<UInt8>,
        _ offset: inout Int,
        _ member: (_ name: Range<Int>, _ value: Range<Int>) -> Void
    ) -> Bool {
        JSONScan.object(text, &offset) { name, offset in
            guard let value = JSONScan.value(text, &offset, depth: 1) else { return false }
            if text[value.lowerBound] == UInt8(ascii: "\"") {
                member(name, (value.lowerBound + 1)..<(value.upperBound - 1))
            }
            return true
        }
    }
}
