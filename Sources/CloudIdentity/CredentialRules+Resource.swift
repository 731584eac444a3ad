import FoundationEssentials
public import Resources
import SPIFFE
import ZeroTrust

extension CredentialRules {
    /// The longest session policy that AWS takes, in characters.
    private static let maximumPolicyLength = 2048

    /// The one resource of the kind among some documents; nil where there is none.
    ///
    /// - Throws: `ResourceError` with the place of what is unknown, of the wrong type, or impossible.
    public static func load(_ documents: [Document]) throws -> CredentialRules? {
        let all = documents.filter { $0.kind == kind && $0.group == "lapwing.dev" }
        guard let document = all.first else { return nil }
        if all.count > 1 {
            throw ResourceError(at: all[1].location, "there is a `\(kind)` already, at \(document.location)")
        }
        return try CredentialRules(document)
    }

    private init(_ document: Document) throws {
        guard document.apiVersion == Self.apiVersion else {
            throw ResourceError(at: document.location, "expected `apiVersion: \(Self.apiVersion)` for a `\(Self.kind)`")
        }
        guard let spec = document.spec else {
            throw ResourceError(at: document.location, "a `\(Self.kind)` needs a `spec`")
        }
        var fields = try FieldReader(spec, of: "\(Self.kind) spec")
        self.name = document.metadata.name
        self.port = try fields.required("port") { try $0.integer(in: 0...65535) }
        let aws = try fields.required("aws") { $0 }
        try fields.finish()
        var section = try FieldReader(aws, of: "aws")
        let plaintext = try section.optional("plaintext") { try $0.bool() } ?? false
        self.endpoint = try section.required("endpoint") { try Self.endpoint($0, plaintext: plaintext) }
        self.authoritiesFile = try section.optional("caFile") { try $0.string() }
        self.audience =
            try section.optional("audience") { value in
                let text = try value.string()
                guard (1...255).contains(text.utf8.count) else {
                    throw value.error("`audience`: an audience has 1 to 255 bytes")
                }
                return text
            } ?? "sts.amazonaws.com"
        var roles: [SPIFFEID: Role] = [:]
        _ = try section.required("roles") { value in
            try value.list { element in
                let (id, role) = try Self.role(element)
                guard roles.updateValue(role, forKey: id) == nil else {
                    throw element.error("`\(id)` has a role already; a workload has one")
                }
            }
        }
        try section.finish()
        self.roles = roles
    }

    private static func role(_ value: Value) throws -> (SPIFFEID, Role) {
        var fields = try FieldReader(value, of: "an element of `roles`")
        let id = try fields.required("spiffeID") { value in
            let text = try value.string()
            guard let id = try? SPIFFEID(text), !id.path.isEmpty else {
                throw value.error("`spiffeID`: `\(text.prefix(100))` is no SPIFFE ID of a workload")
            }
            return id
        }
        let arn = try fields.required("roleARN") { value in
            let text = try value.string()
            guard CloudTarget.isRoleARN(text) else {
                throw value.error(
                    "`roleARN`: `\(text.prefix(100))` is no role; expected `arn:aws:iam::123456789012:role/NAME`"
                )
            }
            return text
        }
        let duration =
            try fields.optional("duration") { value in
                let seconds = Int(try value.duration() / .seconds(1))
                // AWS: AssumeRoleWithWebIdentity, DurationSeconds.
                guard (900...43200).contains(seconds) else { throw value.error("`duration`: AWS takes 15m to 12h") }
                return seconds
            } ?? 3600
        let policy = try fields.optional("sessionPolicy") { value in
            let text = try value.string()
            guard text.count <= maximumPolicyLength, (try? StrictJSON(Array(text.utf8)))?.object != nil else {
                throw value.error(
                    "`sessionPolicy`: expected a JSON object of at most \(maximumPolicyLength) characters"
                )
            }
            return text
        }
        try fields.finish()
        return (id, Role(arn: arn, duration: duration, sessionPolicy: policy))
    }

    /// The token is sent there: over TLS, or over loopback where that is asked for.
    private static func endpoint(_ value: Value, plaintext: Bool) throws -> String {
        let text = try value.string()
        guard let url = URL(string: text), let host = url.host(), !host.isEmpty, url.user() == nil, url.query() == nil,
            url.fragment() == nil
        else { throw value.error("`endpoint`: `\(text.prefix(100))` is no URL of STS") }
        if url.scheme == "https" { return text }
        guard url.scheme == "http", plaintext, ["127.0.0.1", "localhost", "[::1]", "::1"].contains(host) else {
            throw value.error(
                "`endpoint`: a token goes there, so that it has to be `https://`; `http://` is for 127.0.0.1 alone, "
                    + "with `plaintext: true`"
            )
        }
        return text
    }
}
