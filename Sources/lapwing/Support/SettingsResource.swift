import Foundation
import Resources
import WorkloadIdentity

/// The `Settings` resource: process settings in the configuration directory.
struct SettingsResource {
    private(set) var strings: [String: (text: String, location: SourceLocation)] = [:]
    private(set) var authority = AuthoritySettings()
    /// Where the console listens over mutual TLS; nil for nowhere.
    private(set) var consoleListener: ConsoleListener?
    /// Every field that is written, by its name.
    private(set) var fields: [String: (text: String, location: SourceLocation)] = [:]

    init(_ documents: [Document]) throws {
        let all = documents.filter { $0.kind == "Settings" && $0.group == "lapwing.dev" }
        guard let document = all.first else { return }
        if all.count > 1 {
            throw ResourceError(at: all[1].location, "there is a `Settings` already, at \(document.location)")
        }
        guard document.apiVersion == WorkloadEntry.apiVersion else {
            throw ResourceError(
                at: document.location,
                "unknown version `\(document.apiVersion)` of Settings; expected `\(WorkloadEntry.apiVersion)`"
            )
        }
        guard let spec = document.spec, !spec.isNull else { return }
        var fields = try FieldReader(spec, of: "Settings")
        for (field, key) in [
            ("stateDirectory", "state"), ("runtimeDirectory", "run"), ("trustDomain", "trust-domain"), ("node", "node"),
            ("logFormat", "log-format"), ("logLevel", "log-level"), ("gatewayUser", "gateway-user"),
            ("endpointUser", "endpoint-user"),
            ("workloadAPI", "workload-api"),
        ] {
            strings[key] = try fields.optional(field) { (try $0.string(), $0.location) }
            self.fields[field] = strings[key]
        }
        strings["threads"] = try fields.optional("threads") { (String(try $0.integer(in: 1...1024)), $0.location) }
        self.fields["threads"] = strings["threads"]
        strings["console-port"] = try fields.optional("consolePort") {
            (String(try $0.integer(in: 0...65535)), $0.location)
        }
        self.fields["consolePort"] = strings["console-port"]
        consoleListener = try fields.optional("consoleListener") { value in
            self.fields["consoleListener"] = (value.flowText, value.location)
            return try ConsoleListener(value)
        }
        if let value = fields.value("authority"), !value.isNull {
            self.fields["authority"] = (value.flowText, value.location)
            var fields = try FieldReader(value, of: "authority")
            authority.keyStorage =
                try fields.optional("keyStorage") {
                    AuthoritySettings.KeyStorage(rawValue: try $0.oneOf(["disk", "memory"])) ?? .disk
                } ?? .disk
            authority.caLifetime = try fields.optional("caTTL") { try $0.duration() } ?? authority.caLifetime
            authority.svidLifetime = try fields.optional("svidTTL") { try $0.duration() } ?? authority.svidLifetime
            authority.tokens = try TokenOptions(authority: &fields)
            authority.upstream = try fields.optional("upstream") { value in
                var fields = try FieldReader(value, of: "upstream")
                let certificates = try fields.required("certificateFile") { try $0.string() }
                let key = try fields.required("keyFile") { try $0.string() }
                try fields.finish()
                return (certificates, key)
            }
            try fields.finish()
        }
        try fields.finish()
    }

    /// Refuses a resource that differs from this one: its fields take effect at a start.
    ///
    /// - Throws: ``NotLive`` that names every field that differs, and where it stands.
    func requireUnchanged(in next: SettingsResource) throws {
        let differing = Set(fields.keys).union(next.fields.keys).sorted()
            .filter { fields[$0]?.text != next.fields[$0]?.text }
        guard !differing.isEmpty else { return }
        throw NotLive(
            differing.map { name in
                let place = (next.fields[name] ?? fields[name]).map { "\($0.location): " } ?? ""
                let values = [fields[name], next.fields[name]].map { $0.map { "`\($0.text)`" } ?? "the default" }
                // What is in the section is long, and is named by its place.
                let change = name == "authority" ? "" : " (from \(values[0]) to \(values[1]))"
                return "\(place)`\(name)` of Settings cannot change while Lapwing runs\(change)"
            }
        )
    }
}

extension TokenOptions {
    /// Reads `jwtTTL`, `jwtAlgorithm` and `jwtIssuer` of the `authority` section.
    fileprivate init(authority fields: inout FieldReader) throws {
        self.init()
        if let found = try fields.optional("jwtTTL", { (try $0.duration(), $0.location) }) {
            guard (Duration.seconds(60)...Duration.seconds(3600)).contains(found.0) else {
                throw ResourceError(at: found.1, "`jwtTTL`: a JWT-SVID lives from 1m to 1h; 5m is usual")
            }
            lifetime = found.0 / .seconds(1)
        }
        algorithm =
            try fields.optional("jwtAlgorithm") {
                TokenKeySlot.Algorithm(rawValue: try $0.oneOf(TokenKeySlot.Algorithm.allCases.map(\.rawValue)))
                    ?? .es256
            } ?? .es256
        issuer = try fields.optional("jwtIssuer") { value in
            do { return try OIDCIssuer(try value.string()) } catch let error as IdentityError {
                throw ResourceError(at: value.location, "`jwtIssuer`: \(error.message)")
            }
        }
    }
}
