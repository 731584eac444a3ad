import NIOHPACK

/// The metadata of a call: names and values, in order, names in lower case and possibly repeated.
///
/// ```swift
/// let metadata: RPCMetadata = ["workload.spiffe.io": "true"]
/// guard context.metadata["workload.spiffe.io"] == ["true"] else { … }
/// ```
public struct RPCMetadata: Sendable, ExpressibleByDictionaryLiteral {
    var headers: HPACKHeaders

    init(headers: HPACKHeaders) {
        self.headers = headers
    }

    /// Makes empty metadata.
    public init() {
        self.headers = HPACKHeaders()
    }

    /// Makes metadata of names and values.
    public init(dictionaryLiteral elements: (String, String)...) {
        self.init()
        for (name, value) in elements {
            self.add(value, for: name)
        }
    }

    /// Adds a value, after those that the name has already.
    ///
    /// Names of the protocol itself (those that begin with `:` or `grpc-`, and the like) are left out when
    /// metadata is sent.
    public mutating func add(_ value: String, for name: String) {
        self.headers.add(name: name.lowercased(), value: value)
    }

    /// All values of a name, in the order in which they came.
    ///
    /// Values that a sender joined by commas stay joined.
    public subscript(name: String) -> [String] {
        guard !Self.isReserved(name) else { return [] }
        return self.headers.filter { $0.name == name }.map(\.value)
    }

    /// The first value of a name.
    public func first(_ name: String) -> String? {
        Self.isReserved(name) ? nil : self.headers.first { $0.name == name }?.value
    }

    /// The names and values that are the application's.
    public var entries: [(name: String, value: String)] {
        self.headers.lazy.filter { !Self.isReserved($0.name) }.map { ($0.name, $0.value) }
    }

    /// Whether a name belongs to HTTP/2 or gRPC rather than to the application.
    static func isReserved(_ name: String) -> Bool {
        name.hasPrefix(":") || name.hasPrefix("grpc-") || ["te", "content-type", "content-length"].contains(name)
    }

    /// Adds the application's entries to the headers of a frame.
    func write(to headers: inout HPACKHeaders) {
        for (name, value, indexing) in self.headers where !Self.isReserved(name) {
            headers.add(name: name, value: value, indexing: indexing)
        }
    }
}

extension RPCMetadata: Hashable {
    /// Whether both hold the same names and values in the same order.
    public static func == (left: RPCMetadata, right: RPCMetadata) -> Bool {
        left.entries.elementsEqual(right.entries) { $0 == $1 }
    }

    /// Hashes the names and values.
    public func hash(into hasher: inout Hasher) {
        for (name, value) in self.entries {
            hasher.combine(name)
            hasher.combine(value)
        }
    }
}
