import Resources
import ZeroTrust

/// Reads components, what they offer, and whom they call.
struct ComponentDecoder {
    let trustDomain: TrustDomain

    func component(_ name: String, _ entry: Value.Entry) throws -> Estate.Component {
        var fields = try FieldReader(entry.value, of: "the component `\(name)`")
        _ = try fields.optional("description") { try $0.string() }
        let identity = try fields.required("identity") { try self.identity($0) }
        let purpose = try fields.required("purpose") { try $0.string() }
        let maximum = try fields.optional("maxClassification") { try $0.string() }
        let exposes = try fields.optional("exposes") { value in
            let apis = try value.list(Self.api)
            guard Set(apis.map(\.name)).count == apis.count else { throw value.error("two APIs have the same name") }
            return apis
        }
        let egress = try fields.optional("egress") { try $0.list(Self.destination) }
        try fields.finish()
        return Estate.Component(
            name: name,
            identity: identity,
            purpose: purpose,
            maxClassification: maximum,
            exposes: exposes ?? [],
            egress: egress ?? [],
            location: entry.keyLocation
        )
    }

    private func identity(_ value: Value) throws -> Estate.Identity {
        var fields = try FieldReader(value, of: "an identity")
        let kubernetes = try fields.optional("k8s") { try Self.serviceAccount($0) }
        let aws = try fields.optional("aws") { try Self.role($0) }
        let written = try fields.optional("spiffe") { value in
            do { return try SPIFFEID(normalizing: value.string()) } catch let error as SPIFFEIDError {
                throw value.error("no SPIFFE ID: \(error)")
            }
        }
        try fields.finish()
        if let written {
            guard written.trustDomain == trustDomain else {
                throw value.error("`\(written)` is not in the estate's trust domain `\(trustDomain)`")
            }
            return Estate.Identity(spiffeID: written, kubernetes: kubernetes, aws: aws)
        }
        guard let kubernetes else {
            throw value.error(
                "an identity needs `k8s: NAMESPACE/SERVICE-ACCOUNT`, or `spiffe: spiffe://\(trustDomain)/…`"
            )
        }
        do {
            let id = try SPIFFEID(
                trustDomain: trustDomain,
                segments: ["ns", kubernetes.namespace, "sa", kubernetes.name]
            )
            return Estate.Identity(spiffeID: id, kubernetes: kubernetes, aws: aws)
        } catch {
            throw value.error("no SPIFFE ID can be made of it: \(error)")
        }
    }

    private static func serviceAccount(_ value: Value) throws -> Estate.ServiceAccount {
        let text = try value.string()
        let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 2, isLabel(parts[0]), parts[1].split(separator: ".").allSatisfy({ isLabel(String($0)) }),
            !parts[1].isEmpty
        else { throw value.error("expected `NAMESPACE/SERVICE-ACCOUNT`, found `\(text.prefix(120))`") }
        return Estate.ServiceAccount(namespace: parts[0], name: parts[1])
    }

    /// An RFC 1123 label.
    static func isLabel(_ text: String) -> Bool {
        let isAlphanumeric = { (byte: UInt8) in
            (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
                || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
        }
        guard let first = text.utf8.first, let last = text.utf8.last, text.utf8.count <= 63 else { return false }
        return isAlphanumeric(first) && isAlphanumeric(last)
            && text.utf8.allSatisfy { isAlphanumeric($0) || $0 == UInt8(ascii: "-") }
    }

    private static func role(_ value: Value) throws -> Estate.AWSRole {
        var fields = try FieldReader(value, of: "an AWS identity")
        let name = try fields.required("role") { value in
            let name = try value.string()
            // IAM's own rule for role names.
            guard (1...64).contains(name.utf8.count), name.utf8.allSatisfy(isRoleByte) else {
                throw value.error("expected the name of a role: 1 to 64 letters, digits and `+=,.@_-`")
            }
            return name
        }
        let account = try fields.optional("account") { try EnforcementDecoder.account($0) }
        try fields.finish()
        return Estate.AWSRole(name: name, account: account)
    }

    private static func isRoleByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: "+=,.@_-".utf8.contains(byte)
        }
    }

    private static func api(_ value: Value) throws -> Estate.API {
        var fields = try FieldReader(value, of: "an exposed API")
        let name = try fields.required("name") { value in
            let name = try value.string()
            try EstateDecoder.check(name: name, of: "an API", at: value.location)
            return name
        }
        let port = try fields.required("port") { try $0.integer(in: 1...65535) }
        let http = try fields.optional("http") { try $0.list(operation) }
        try fields.finish()
        return Estate.API(name: name, port: port, http: http ?? [])
    }

    private static func operation(_ value: Value) throws -> Estate.Operation {
        var fields = try FieldReader(value, of: "an HTTP operation")
        let methods = try fields.required("methods") { value in
            try nonEmpty(value) { element in
                let method = try element.string()
                guard (1...32).contains(method.utf8.count),
                    method.utf8.allSatisfy({ (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0) || $0 == 0x2D })
                else { throw element.error("expected a method in upper case, found `\(method.prefix(40))`") }
                return method
            }
        }
        let paths = try fields.required("paths") { value in
            try nonEmpty(value) { element in
                let path = try element.string()
                let star = path.utf8.firstIndex(of: UInt8(ascii: "*"))
                guard path.hasPrefix("/"), path.utf8.count <= 1024,
                    star.map({ path.utf8.index(after: $0) == path.utf8.endIndex }) ?? true
                else {
                    throw element.error("expected a path from `/`, in which a `*` may stand at the end only")
                }
                return path
            }
        }
        try fields.finish()
        return Estate.Operation(methods: methods, paths: paths)
    }

    private static func nonEmpty(_ value: Value, _ read: (Value) throws -> String) throws -> [String] {
        let elements = try value.list(read)
        guard !elements.isEmpty else { throw value.error("must not be empty") }
        return elements
    }

    private static func destination(_ value: Value) throws -> Estate.Destination {
        var fields = try FieldReader(value, of: "a host outside")
        let host = try fields.required("host") { value in
            let host = try value.string()
            let labels = host.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
            guard labels.count >= 2, host.utf8.count <= 253, labels.allSatisfy(isLabel) else {
                throw value.error("expected the full name of a host, without wildcards, found `\(host.prefix(120))`")
            }
            return host
        }
        let port = try fields.optional("port") { try $0.integer(in: 1...65535) }
        try fields.finish()
        return Estate.Destination(host: host, port: port ?? 443)
    }

    static func call(_ value: Value) throws -> Estate.Call {
        var fields = try FieldReader(value, of: "a call")
        let from = try fields.required("from") { try $0.string() }
        let to = try fields.required("to") { try $0.string() }
        let api = try fields.required("api") { try $0.string() }
        try fields.finish()
        return Estate.Call(caller: from, callee: to, api: api, location: value.location)
    }
}
