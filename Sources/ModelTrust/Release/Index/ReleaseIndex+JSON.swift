internal import SPIFFE
internal import ZeroTrust

extension ReleaseIndex {
    /// The URI that names the form of an index as a statement's predicate.
    static let predicateType = "https://lapwing.dev/release-index/v1"
    /// The most releases that an index may hold.
    static let maximumReleases = 100_000

    /// Reads the payload of a verified envelope: a statement whose subject is the index itself, by the SHA-256 of its
    /// predicate.
    init(payload: [UInt8]) throws(PredicateError) {
        let statement = try Statement(payload)
        guard statement.predicateType == Self.predicateType else {
            throw PredicateError(description: "`\(statement.predicateType)` is not an index of releases")
        }
        var fields = try PredicateFields(statement.predicate, at: "predicate")
        environment = try fields.text("environment")
        version = try fields.count("version")
        issuedAt = try fields.moment("issuedAt")
        expiresAt = try fields.moment("expiresAt")
        releases = try fields.list("releases") { value, path throws(PredicateError) in try Release(value, path) }
        revokedDigests = Set(
            try fields.list("revokedDigests") { value, path throws(PredicateError) in
                guard let digest = value.string.flatMap({ ArtifactDigest($0) }) else {
                    throw PredicateError(description: "`\(path)` is not a digest")
                }
                return digest
            }
        )
        revokedSigners = Set(
            try fields.list("revokedSigners") { value, path throws(PredicateError) in
                guard let signer = value.string, !signer.isEmpty else {
                    throw PredicateError(description: "`\(path)` is not an identity")
                }
                return signer
            }
        )
        try fields.finish()
        guard statement.subject == subject else {
            throw PredicateError(description: "the statement's subject is not the index that it carries")
        }
        guard version >= 1 else { throw fields.wrong("version", "a number from 1") }
        guard releases.count <= Self.maximumReleases else { throw fields.wrong("releases", "a list of at most 100000") }
        if let release = releases.first(where: { $0.sequence > version }) {
            // Each release has an index of its own.
            throw PredicateError(description: "`\(release.model)` has a later place than the index has a number")
        }
        var places: Set<String> = []
        for release in releases {
            guard places.insert("\(release.model)\n\(release.sequence)").inserted else {
                throw PredicateError(
                    description: "`\(release.model)` has two releases of the sequence \(release.sequence)"
                )
            }
        }
        guard Set(releases.map { "\($0.model)\n\($0.digest)" }).count == releases.count else {
            throw PredicateError(description: "a digest is released twice under one name")
        }
    }

    /// The payload to sign.
    var payload: [UInt8] { Statement(about: subject, Self.predicateType, predicate).payload }

    private var subject: NamedArtifact {
        NamedArtifact(name: "releases/" + environment, digest: ArtifactDigest(of: Array(predicate.text.utf8)))
    }

    private var predicate: StrictJSON {
        var members: [String: StrictJSON] = [
            "environment": .string(environment), "version": .integer(Int64(clamping: version)),
            "issuedAt": .string(issuedAt.description), "expiresAt": .string(expiresAt.description),
            "releases": .array(releases.map(\.json)),
        ]
        if !revokedDigests.isEmpty {
            members["revokedDigests"] = .array(revokedDigests.sorted().map { .string($0.description) })
        }
        if !revokedSigners.isEmpty {
            members["revokedSigners"] = .array(revokedSigners.sorted().map { .string($0) })
        }
        return .object(members)
    }
}

extension ReleaseIndex.Release {
    init(_ value: StrictJSON, _ path: String) throws(PredicateError) {
        var fields = try PredicateFields(value, at: path)
        model = try fields.text("model")
        guard let digest = ArtifactDigest(try fields.text("digest")) else { throw fields.wrong("digest", "a digest") }
        self.digest = digest
        sequence = try fields.count("sequence")
        releasedAt = try fields.moment("releasedAt")
        switch fields.optional("rollback") {
        case nil: allowsRollback = false
        case .string("allowed")?: allowsRollback = true
        default: throw fields.wrong("rollback", "`allowed`")
        }
        try fields.finish()
        guard sequence >= 1 else { throw fields.wrong("sequence", "a number from 1") }
    }

    var json: StrictJSON {
        var members: [String: StrictJSON] = [
            "model": .string(model), "digest": .string(digest.description),
            "sequence": .integer(Int64(clamping: sequence)), "releasedAt": .string(releasedAt.description),
        ]
        if allowsRollback { members["rollback"] = .string("allowed") }
        return .object(members)
    }
}
