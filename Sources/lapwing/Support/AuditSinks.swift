import AuditLog
import Foundation
import Resources

/// A sink of an `AuditPolicy`: where records go beside the log.
struct AuditSink: Sendable, Hashable {
    /// Where to, and in which form.
    enum Target: Sendable, Hashable {
        case file(String, ExportFormat)
        /// The URL without `/v1/logs`, and the file of header lines where there is one.
        case otlp(String, headers: String?)
    }

    let name: String
    let target: Target
    /// Whether a new sink begins with what is recorded from now on, and not with the log's first entry.
    let startsNow: Bool

    /// Reads a sink.
    ///
    /// - Throws: `ResourceError` where it cannot be used.
    init(_ value: Value) throws {
        var fields = try FieldReader(value, of: "sink")
        name = try fields.required("name") { value in
            let name = try value.string()
            guard (1...63).contains(name.utf8.count), name.utf8.allSatisfy(Self.allowsInName) else {
                throw value.error("a sink's name is 1 to 63 lower-case letters, digits and `-`")
            }
            return name
        }
        let type = try fields.required("type") { try $0.oneOf(["jsonl", "ocsf", "otlp"]) }
        startsNow = try fields.optional("start") { try $0.oneOf(["beginning", "now"]) } == "now"
        if let format = ExportFormat(rawValue: type) {
            let path = try fields.required("path") { value in
                let path = try value.string()
                guard path.hasPrefix("/") else { throw value.error("a sink's path begins with `/`") }
                return path
            }
            target = .file(path, format)
        } else {
            let endpoint = try fields.required("endpoint") { value in
                let endpoint = try value.string()
                if let problem = Self.problem(with: endpoint) { throw value.error(problem) }
                return endpoint.hasSuffix("/") ? String(endpoint.dropLast()) : endpoint
            }
            target = .otlp(endpoint, headers: try fields.optional("headersFile") { try $0.string() })
        }
        try fields.finish()
    }

    private static func allowsInName(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
            || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || byte == UInt8(ascii: "-")
    }

    /// Why records are not sent to a URL; nil where they are.
    ///
    /// They tell who calls whom: over a network they go over TLS.
    static func problem(with endpoint: String) -> String? {
        guard let parts = URL(string: endpoint), let scheme = parts.scheme?.lowercased(), let host = parts.host(),
            !host.isEmpty, parts.user() == nil, parts.query() == nil, parts.fragment() == nil
        else { return "`\(endpoint.prefix(200))` is no URL; expected one such as https://collector.example:4318" }
        guard scheme == "https" || scheme == "http" && ["127.0.0.1", "::1", "localhost"].contains(host) else {
            return "`\(endpoint.prefix(200))` is not reached over TLS; expected `https`, or `http` on loopback"
        }
        return nil
    }
}
