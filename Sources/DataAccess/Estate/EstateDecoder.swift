import Resources
import ZeroTrust

/// Reads one `Estate`, strictly: each mistake with its place.
///
/// What the names mean together is checked by ``EstateCheck``.
struct EstateDecoder {
    let document: Document

    /// The most components, and the most datasets, of one estate.
    static let maximumCount = 20_000
    private static let defaultLifetime = Duration.seconds(15 * 60)

    func decode() throws -> Estate {
        guard let spec = document.spec, !spec.isNull else {
            throw ResourceError(at: document.location, "an \(Estate.kind) needs components and datasets")
        }
        var fields = try FieldReader(spec, of: "an \(Estate.kind)")
        var findings: [Diagnostic] = []
        // Every part is read before the first mistake is reported.
        func gather<Part>(_ read: () throws -> Part) throws -> Part? {
            do { return try read() } catch let error as ResourceError {
                findings += error.diagnostics
                return nil
            }
        }
        let trustDomain = try gather { try self.trustDomain() }
        let lifetime = try gather { try fields.optional("defaults") { try Self.defaults($0) } }
        let purposes = try gather { try fields.required("purposes") { try Self.purposes($0) } }
        let classifications = try gather {
            try fields.required("classifications") { try Self.names($0, of: "a classification") }
        }
        let components = try gather {
            try fields.required("components") { value in
                guard let trustDomain else { return [Estate.Component]() }
                return try Self.named(value, of: "a component", ComponentDecoder(trustDomain: trustDomain).component)
            }
        }
        let datasets = try gather {
            try fields.optional("datasets") { try Self.named($0, of: "a dataset", DatasetDecoder.dataset) } ?? []
        }
        let models = try gather {
            try fields.optional("models") { try Self.named($0, of: "a model", DatasetDecoder.model) } ?? []
        }
        let calls = try gather { try fields.optional("calls") { try $0.list(ComponentDecoder.call) } ?? [] }
        let invariants = try gather {
            try fields.optional("invariants") { try $0.list(InvariantDecoder.invariant) } ?? []
        }
        let enforcement = try gather { try fields.optional("enforcement") { try EnforcementDecoder.enforcement($0) } }
        _ = try gather { try fields.finish() }
        guard findings.isEmpty, let trustDomain, let purposes, let classifications, let components, let datasets,
            let models, let calls, let invariants
        else { throw ResourceError(findings.sorted { $0.location < $1.location }) }
        return Estate(
            name: document.metadata.name,
            trustDomain: trustDomain,
            credentialLifetime: (lifetime ?? nil) ?? Self.defaultLifetime,
            purposes: purposes,
            classifications: classifications,
            components: components,
            datasets: datasets,
            models: models,
            calls: calls,
            invariants: invariants,
            enforcement: (enforcement ?? nil) ?? Estate.Enforcement(),
            location: document.location
        )
    }

    private func trustDomain() throws -> TrustDomain {
        guard let value = document.metadata.trustDomain, !value.isNull else {
            throw ResourceError(
                at: document.metadata.nameLocation,
                "an \(Estate.kind) needs `trustDomain` in its metadata, such as `trustDomain: cluster.local`"
            )
        }
        do { return try TrustDomain(normalizing: value.string()) } catch let error as SPIFFEIDError {
            throw value.error("no trust domain: \(error)")
        }
    }

    /// The defaults: all of them are `deny`, and writing so is allowed.
    private static func defaults(_ value: Value) throws -> Duration {
        var fields = try FieldReader(value, of: "defaults")
        for name in ["ingress", "egress", "data", "internet"] {
            _ = try fields.optional(name) { value in
                guard try value.string() == "deny" else {
                    throw value.error(
                        "`\(name)` is always `deny`: what an estate does not declare is denied; "
                            + "declare what is needed instead"
                    )
                }
            }
        }
        let lifetime = try fields.optional("credentialTTL") { value in
            let lifetime = try value.duration()
            guard lifetime <= .seconds(12 * 3600) else { throw value.error("credentials live for 12h at the most") }
            return lifetime
        }
        try fields.finish()
        return lifetime ?? defaultLifetime
    }

    private static func purposes(_ value: Value) throws -> PurposeLattice {
        let entries = try value.mapping()
        let names = entries.map(\.key)
        let below = try collectingDiagnostics(entries) { entry -> (String, [String]) in
            try check(name: entry.key, of: "a purpose", at: entry.keyLocation)
            guard !entry.value.isNull else { return (entry.key, []) }
            var fields = try FieldReader(entry.value, of: "the purpose `\(entry.key)`")
            _ = try fields.optional("description") { try $0.string() }
            let below = try fields.optional("below") { value in
                try value.list { element in
                    let name = try element.string()
                    guard names.contains(name) else {
                        throw element.error("unknown purpose `\(name)`; \(suggestion(for: name, among: names))")
                    }
                    return name
                }
            }
            try fields.finish()
            return (entry.key, below ?? [])
        }
        guard !names.isEmpty else { throw value.error("an estate needs at least one purpose") }
        guard let lattice = PurposeLattice(names: names, below: Dictionary(uniqueKeysWithValues: below)) else {
            throw value.error("a purpose stands below itself; `below` must not go in a circle")
        }
        return lattice
    }

    // MARK: - What the other decoders use

    /// The entries of a mapping from names to things.
    static func named<Thing>(
        _ value: Value,
        of what: String,
        _ read: (_ name: String, _ entry: Value.Entry) throws -> Thing
    ) throws -> [Thing] {
        let entries = try value.mapping()
        guard entries.count <= maximumCount else {
            throw value.error("an estate has at most \(maximumCount) of these, found \(entries.count)")
        }
        return try collectingDiagnostics(entries) { entry in
            try check(name: entry.key, of: what, at: entry.keyLocation)
            return try read(entry.key, entry)
        }
    }

    /// A list of names, each once, and at least one.
    static func names(_ value: Value, of what: String) throws -> [String] {
        let names = try value.list { element in
            let name = try element.string()
            try check(name: name, of: what, at: element.location)
            return name
        }
        guard !names.isEmpty else { throw value.error("expected at least one name of \(what)") }
        guard Set(names).count == names.count else { throw value.error("a name of \(what) is written twice") }
        return names
    }

    /// A name of the estate: 1 to 63 lower-case letters, digits, `-` and `_`, beginning with a letter.
    static func check(name: String, of what: String, at location: SourceLocation) throws {
        let isLetter = { (byte: UInt8) in (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) }
        let isAllowed = { (byte: UInt8) in
            isLetter(byte) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || byte == UInt8(ascii: "-")
                || byte == UInt8(ascii: "_")
        }
        guard let first = name.utf8.first, isLetter(first), name.utf8.count <= 63, name.utf8.allSatisfy(isAllowed)
        else {
            throw ResourceError(
                at: location,
                "`\(name.prefix(80))` is no name of \(what); use 1 to 63 lower-case letters, digits, `-` and `_`, "
                    + "beginning with a letter"
            )
        }
    }
}
