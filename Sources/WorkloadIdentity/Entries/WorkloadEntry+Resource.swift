import FoundationEssentials
public import Resources
import ZeroTrust

extension WorkloadEntry {
    /// The API group and version of the resource.
    public static let apiVersion = "lapwing.dev/v1alpha1"
    /// The kind of the resource.
    public static let kind = "WorkloadEntry"

    /// Reads the resource.
    ///
    /// - Throws: `ResourceError` with the place of every field that is unknown, of the wrong type, or impossible.
    public init(_ document: Document) throws {
        guard document.apiVersion == Self.apiVersion else {
            throw ResourceError(
                at: document.location,
                "expected `apiVersion: \(Self.apiVersion)` for a `\(Self.kind)`"
            )
        }
        guard let spec = document.spec else {
            throw ResourceError(at: document.location, "a `\(Self.kind)` needs a `spec`")
        }
        var fields = try FieldReader(spec, of: "\(Self.kind) spec")
        let id = try fields.required("spiffeID") { value in
            try value.checked {
                let id = try SPIFFEID(try value.string())
                try Self.check(id: id)
                return id
            }
        }
        let selectors = try fields.required("selectors") { value in
            let list = try value.list { item in try item.checked { try Selector(try item.string()) } }
            let set = Set(list)
            guard set.count == list.count else { throw value.error("a selector stands there twice") }
            try value.checked { try Self.check(selectors: set) }
            return set
        }
        let lifetime = try fields.optional("ttl") { value in
            let duration = try value.duration()
            let seconds = TimeInterval(duration.components.seconds)
            try value.checked { try Self.check(lifetime: seconds) }
            return seconds
        }
        let dnsNames = try fields.optional("dnsNames") { value in
            try value.list { item in
                let name = try item.string()
                try item.checked { try Self.check(dnsName: name) }
                return name
            }
        }
        let subject = try fields.optional("subject") { value in
            try value.checked { try CertificateSubject(try value.string()) }
        }
        let hint = try fields.optional("hint") { value in
            let hint = try value.string()
            try value.checked { try Self.check(hint: hint) }
            return hint
        }
        let federatesWith = try fields.optional("federatesWith") { value in
            let list = try value.list { item in try item.checked { try TrustDomain(try item.string()) } }
            guard Set(list).count == list.count else { throw value.error("a trust domain stands there twice") }
            return Set(list)
        }
        let modelLoader = try fields.optional("modelLoader") { value in
            ModelLoader(rawValue: try value.oneOf(ModelLoader.allCases.map(\.rawValue)))
        }
        let outlivesProcess = try fields.optional("outlivesProcess") { try $0.bool() }
        try fields.finish()
        self = try spec.checked {
            try WorkloadEntry(
                name: document.metadata.name,
                id: id,
                selectors: selectors,
                lifetime: lifetime,
                dnsNames: dnsNames ?? [],
                subject: subject,
                hint: hint,
                federatesWith: federatesWith ?? [],
                modelLoader: modelLoader ?? nil,
                outlivesProcess: outlivesProcess ?? false
            )
        }
    }
}

extension Value {
    /// Runs a check of this value; what it throws gets this value's place.
    func checked<Result>(_ body: () throws -> Result) throws -> Result {
        do {
            return try body()
        } catch let error as ResourceError {
            throw error
        } catch let error as IdentityError {
            throw self.error(error.message)
        } catch {
            throw self.error("\(error)")
        }
    }
}
