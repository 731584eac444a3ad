internal import Resources

/// Reads the `release` of a `ModelTrustPolicy`, strictly: each mistake with its place, all of them at once.
struct ReleasePolicyDecoder {
    /// Reads one authority: a key, or whoever vouches for certificates.
    let authority: (Value) throws -> SignerTrust
    private(set) var diagnostics: [Diagnostic] = []

    init(authority: @escaping (Value) throws -> SignerTrust) {
        self.authority = authority
    }

    /// The policy, or nil where there is a mistake.
    mutating func decode(_ value: Value) -> ReleasePolicy? {
        guard var fields = open(value, "the release of a ModelTrustPolicy") else { return nil }
        let authorities = authorities(fields.value("authorities"), at: fields.location)
        let environments = names(fields.value("environments"), "environments", at: fields.location)
        let releasers = identities(fields.value("releasers"), "releasers", at: fields.location)
        let lifetime = collect { try fields.optional("indexLifetime") { try $0.duration() } } ?? nil
        let evaluations = elements(fields.value("evaluations")).compactMap { evaluation($0) }
        let scan = fields.value("scan").flatMap { $0.isNull ? nil : self.scan($0) }
        let provenance = fields.value("provenance").flatMap { $0.isNull ? nil : self.provenance($0) }
        let approvals = fields.value("approvals").flatMap { $0.isNull ? nil : self.approvals($0) }
        var revokedSigners: [IdentityPattern] = []
        var revokedDigests: [ArtifactDigest] = []
        if let value = fields.value("revoked"), !value.isNull, var revoked = open(value, "what is revoked") {
            if let value = revoked.value("signers"), !value.isNull { revokedSigners = patterns(value) }
            revokedDigests = elements(revoked.value("digests")).compactMap { digest($0) }
            finish(revoked)
        }
        finish(fields)
        guard diagnostics.isEmpty else { return nil }
        return ReleasePolicy(
            authorities: authorities,
            environments: environments,
            releasers: releasers,
            indexLifetime: lifetime ?? .seconds(7 * 86_400),
            evaluations: evaluations,
            scan: scan,
            provenance: provenance,
            approvals: approvals,
            revokedSigners: revokedSigners,
            revokedDigests: Set(revokedDigests),
            location: value.location
        )
    }

    // MARK: - Parts

    private mutating func authorities(_ value: Value?, at location: SourceLocation) -> [SignerTrust] {
        guard let value, !value.isNull else {
            report(location, "`authorities` is missing: say by which keys or bundles signers are known")
            return []
        }
        let authority = authority
        let authorities = elements(value).compactMap { element in collect { try authority(element) } }
        if authorities.isEmpty { report(value.location, "`authorities` must not be empty") }
        return authorities
    }

    private mutating func evaluation(_ value: Value) -> ReleasePolicy.Evaluation? {
        guard var fields = open(value, "an evaluation") else { return nil }
        let suite = text(fields.value("suite"), "suite", at: fields.location)
        let signers = identities(fields.value("signers"), "signers", at: fields.location)
        let metrics = fields.value("metrics")
        let bounds = elements(metrics).compactMap { bound($0) }
        if bounds.isEmpty {
            report(metrics?.location ?? fields.location, "an evaluation needs at least one bound in `metrics`")
        }
        var dataset: (name: String?, digest: ArtifactDigest?) = (nil, nil)
        if let value = fields.value("dataset"), !value.isNull, var parts = open(value, "a dataset") {
            dataset.name = text(parts.value("name"), "name", at: parts.location)
            dataset.digest = parts.value("digest").flatMap { $0.isNull ? nil : digest($0) }
            finish(parts)
        } else {
            report(fields.location, "`dataset` is missing: an evaluation says little without what it was run on")
        }
        let age = age(fields.value("maxAge"), at: fields.location)
        finish(fields)
        guard let suite, let name = dataset.name, let age else { return nil }
        return .init(
            suite: suite,
            signers: signers,
            metrics: bounds,
            dataset: name,
            datasetDigest: dataset.digest,
            maximumAge: age
        )
    }

    private mutating func bound(_ value: Value) -> ReleasePolicy.Evaluation.Bound? {
        guard var fields = open(value, "a bound of a metric") else { return nil }
        let name = text(fields.value("name"), "name", at: fields.location)
        let least = number(fields.value("atLeast"))
        let most = number(fields.value("atMost"))
        finish(fields)
        if least == nil, most == nil { report(fields.location, "a bound needs `atLeast` or `atMost`") }
        if let least, let most, least > most {
            report(fields.location, "nothing is at least \(least) and at most \(most)")
        }
        guard let name else { return nil }
        return .init(metric: name, atLeast: least, atMost: most)
    }

    private mutating func scan(_ value: Value) -> ReleasePolicy.Scan? {
        guard var fields = open(value, "the scan") else { return nil }
        let signers = identities(fields.value("signers"), "signers", at: fields.location)
        let age = age(fields.value("maxAge"), at: fields.location)
        finish(fields)
        return age.map { .init(signers: signers, maximumAge: $0) }
    }

    private mutating func provenance(_ value: Value) -> ReleasePolicy.Provenance? {
        guard var fields = open(value, "the provenance") else { return nil }
        let signers = identities(fields.value("signers"), "signers", at: fields.location)
        let datasets = elements(fields.value("datasets")).compactMap { dataset($0) }
        finish(fields)
        var names: Set<String> = []
        for dataset in datasets where !names.insert(dataset.name).inserted {
            report(value.location, "`datasets` names `\(dataset.name)` twice")
        }
        return .init(signers: signers, datasets: datasets)
    }

    private mutating func dataset(_ value: Value) -> ReleasePolicy.Provenance.Dataset? {
        guard var fields = open(value, "a dataset") else { return nil }
        let name = text(fields.value("name"), "name", at: fields.location)
        let producers = identities(fields.value("producers"), "producers", at: fields.location)
        let isRequired = collect { try fields.optional("required") { try $0.bool() } } ?? false
        finish(fields)
        return name.map { .init(name: $0, producers: producers, isRequired: isRequired ?? false) }
    }

    private mutating func approvals(_ value: Value) -> ReleasePolicy.Approvals? {
        guard var fields = open(value, "the approvals") else { return nil }
        let count = collect { try fields.required("count") { try $0.integer(in: 1...100) } }
        let signers = identities(fields.value("signers"), "signers", at: fields.location)
        let age = age(fields.value("maxAge"), at: fields.location)
        finish(fields)
        guard let count, let age else { return nil }
        let names = signers.filter { !$0.text.hasSuffix("*") }
        if names.count == signers.count, !signers.isEmpty, Set(names).count < count {
            report(value.location, "\(count) have to approve, and `signers` names only \(Set(names).count)")
        }
        return .init(count: count, signers: signers, maximumAge: age)
    }

    // MARK: - Values

    private mutating func names(_ value: Value?, _ name: String, at location: SourceLocation) -> [String] {
        guard let value, !value.isNull else {
            report(location, "`\(name)` is missing")
            return []
        }
        let names = elements(value).compactMap { text($0, name, at: $0.location) }
        if names.isEmpty { report(value.location, "`\(name)` must not be empty") }
        return names
    }

    private mutating func identities(_ value: Value?, _ name: String, at location: SourceLocation) -> [IdentityPattern]
    {
        guard let value, !value.isNull else {
            report(location, "`\(name)` is missing: nobody's word counts without it")
            return []
        }
        let found = patterns(value)
        if found.isEmpty { report(value.location, "`\(name)` must not be empty") }
        return found
    }

    private mutating func patterns(_ value: Value) -> [IdentityPattern] {
        elements(value).compactMap { element in
            guard let text = collect({ try element.string() }) else { return nil }
            guard Principal.isName(text), let pattern = IdentityPattern(text) else {
                report(
                    element.location,
                    "`\(text)` is not an identity: a SPIFFE ID (whose path may end in `/*`), `key:FINGERPRINT`, "
                        + "`certificate:NAME` or `sigstore:ISSUER#NAME`"
                )
                return nil
            }
            return pattern
        }
    }

    private mutating func digest(_ value: Value) -> ArtifactDigest? {
        guard let text = collect({ try value.string() }) else { return nil }
        guard let digest = ArtifactDigest(text) else {
            report(value.location, "`\(text)` is not a digest: `sha256:` and 64 lower-case hexadecimal digits")
            return nil
        }
        return digest
    }

    private mutating func text(_ value: Value?, _ name: String, at location: SourceLocation) -> String? {
        guard let value, !value.isNull else {
            report(location, "`\(name)` is missing")
            return nil
        }
        guard let text = collect({ try value.string() }) else { return nil }
        guard !text.isEmpty else {
            report(value.location, "`\(name)` must not be empty")
            return nil
        }
        return text
    }

    private mutating func number(_ value: Value?) -> Double? {
        guard let value, !value.isNull else { return nil }
        guard case .number(let text) = value.content, let number = Double(text), number.isFinite else {
            report(value.location, "a number is expected")
            return nil
        }
        return number
    }

    private mutating func age(_ value: Value?, at location: SourceLocation) -> Duration? {
        guard let value, !value.isNull else {
            report(location, "`maxAge` is missing: say how old it may be, for example `720h`")
            return nil
        }
        return collect { try value.duration() }
    }

    private mutating func elements(_ value: Value?) -> [Value] {
        guard let value, !value.isNull else { return [] }
        return collect { try value.list { $0 } } ?? []
    }

    // MARK: - Mistakes

    private mutating func open(_ value: Value, _ owner: String) -> FieldReader? {
        collect { try FieldReader(value, of: owner) }
    }

    private mutating func finish(_ fields: FieldReader) {
        _ = collect { try fields.finish() }
    }

    private mutating func report(_ location: SourceLocation, _ message: String) {
        diagnostics.append(Diagnostic(.error, at: location, message))
    }

    private mutating func collect<Result>(_ read: () throws -> Result) -> Result? {
        do {
            return try read()
        } catch let error as ResourceError {
            diagnostics += error.diagnostics
        } catch {
            diagnostics.append(Diagnostic(at: SourceLocation(file: "", line: 0, column: 0), "\(error)"))
        }
        return nil
    }
}
