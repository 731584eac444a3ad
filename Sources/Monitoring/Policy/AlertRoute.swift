import Foundation
public import Resources

/// The `AlertRoute` resource: which findings go to whom.
///
/// ```yaml
/// apiVersion: lapwing.dev/v1alpha1
/// kind: AlertRoute
/// metadata: {name: on-call}
/// spec:
///   severity: medium
///   webhook: {url: https://alerts.example/lapwing, secretFile: /etc/lapwing/alert.key}
/// ```
public struct AlertRoute: Hashable, Sendable {
    /// The route's name.
    public let name: String
    /// The least severity that goes out.
    public let severity: Severity
    /// The types that go out; empty for all.
    public let types: Set<FindingType>
    /// Whom it goes to.
    public let receiver: Receiver

    /// Whom alerts go to.
    public enum Receiver: Hashable, Sendable {
        /// An Alertmanager; the URL is its base, such as `http://127.0.0.1:9093`.
        case alertmanager(url: String)
        /// Anybody who takes a POST, signed with the secret in a file.
        case webhook(url: String, secretFile: String)
        /// Slack; the file holds the URL of the incoming webhook, which is a secret itself.
        case slack(urlFile: String)
    }

    /// The resource's kind.
    public static let kind = "AlertRoute"

    /// The routes of a configuration.
    ///
    /// - Throws: `ResourceError` for each that cannot be used.
    public static func load(_ documents: [Document]) throws -> [AlertRoute] {
        try collectingDiagnostics(documents.filter { $0.kind == kind && $0.group == "lapwing.dev" }) {
            try AlertRoute($0)
        }
    }

    private init(_ document: Document) throws {
        guard let spec = document.spec else {
            throw ResourceError(at: document.location, "the AlertRoute has no `spec`")
        }
        var fields = try FieldReader(spec, of: "the AlertRoute's spec")
        name = document.metadata.name
        let severities = Severity.allCases.map(\.name)
        severity = try fields.optional("severity") { Severity(name: try $0.oneOf(severities)) }.flatMap(\.self) ?? .low
        let names = FindingType.allCases.map(\.name)
        let types = try fields.optional("types") { try $0.list { try $0.oneOf(names) } } ?? []
        self.types = Set(types.compactMap { FindingType(name: $0) })
        let alertmanager = try fields.optional("alertmanager") { value in
            var fields = try FieldReader(value, of: "alertmanager")
            let url = try fields.required("url") { try Self.url($0) }
            try fields.finish()
            return Receiver.alertmanager(url: url)
        }
        let webhook = try fields.optional("webhook") { value in
            var fields = try FieldReader(value, of: "webhook")
            let url = try fields.required("url") { try Self.url($0) }
            let file = try fields.required("secretFile") { try Self.path($0) }
            try fields.finish()
            return Receiver.webhook(url: url, secretFile: file)
        }
        let slack = try fields.optional("slack") { value in
            var fields = try FieldReader(value, of: "slack")
            let file = try fields.required("urlFile") { try Self.path($0) }
            try fields.finish()
            return Receiver.slack(urlFile: file)
        }
        try fields.finish()
        let receivers = [alertmanager, webhook, slack].compactMap(\.self)
        guard let receiver = receivers.first, receivers.count == 1 else {
            throw spec.error("an AlertRoute has one receiver: `alertmanager`, `webhook` or `slack`")
        }
        self.receiver = receiver
    }

    /// Whether a finding goes out by this route.
    public func takes(_ finding: Finding) -> Bool {
        finding.severity >= severity && (types.isEmpty || types.contains(finding.type))
    }

    /// The body for a finding.
    public func body(_ finding: Finding, node: String) -> String {
        switch receiver {
        case .alertmanager: AlertPayload.alertmanager(finding, node: node)
        case .webhook: AlertPayload.webhook(finding, node: node)
        case .slack: AlertPayload.slack(finding, node: node)
        }
    }

    private static func path(_ value: Value) throws -> String {
        let path = try value.string()
        guard path.hasPrefix("/") else { throw value.error("expected an absolute path, found `\(path)`") }
        return path
    }

    /// A URL over TLS, or on loopback.
    private static func url(_ value: Value) throws -> String {
        let text = try value.string()
        if let problem = problem(with: text) { throw value.error(problem) }
        return text
    }

    /// Why alerts are not sent to a URL; nil where they are.
    public static func problem(with url: String) -> String? {
        guard let separator = url.range(of: "://") else { return "`\(url.prefix(200))` is no URL" }
        let scheme = url[..<separator.lowerBound]
        let authority = url[separator.upperBound...].prefix { $0 != "/" && $0 != "?" && $0 != "#" }
        guard !authority.isEmpty, !authority.contains("@") else {
            return "`\(url.prefix(200))` names no host, or a user"
        }
        let host =
            authority.hasPrefix("[") ? authority.dropFirst().prefix { $0 != "]" } : authority.prefix { $0 != ":" }
        if scheme == "https" { return nil }
        guard scheme == "http", ["127.0.0.1", "::1", "localhost"].contains(String(host)) else {
            return "`\(url.prefix(200))` is not reached over TLS; expected `https`, or `http` on loopback"
        }
        return nil
    }
}
