internal import SPIFFE
internal import ZeroTrust

/// What a verifier remembers of an environment's indexes, so that it can be taken back to none of them.
public struct ReleaseMemory: Hashable, Sendable {
    /// The highest number that was seen.
    public var version: UInt64
    /// The SHA-256 of the index that had it: two indexes with one number are an attack.
    public var digest: ArtifactDigest
    /// The highest sequence that was seen of each model.
    public var sequences: [String: UInt64]

    /// The digests and signers that the index revoked.
    public var revokedDigests: Set<ArtifactDigest> = []
    /// The signers that the index revoked.
    public var revokedSigners: Set<String> = []
    /// The names of who signed the index.
    public var signer: Set<String> = []

    /// A memory.
    public init(version: UInt64, digest: ArtifactDigest, sequences: [String: UInt64]) {
        self.version = version
        self.digest = digest
        self.sequences = sequences
    }

    /// What is to be remembered of an index that is believed, beside what was remembered before.
    ///
    /// What it has forgotten is forgotten: ``IndexJudge`` has said that it may.
    init(_ signed: ReleaseEvidence.SignedIndex) {
        version = signed.index.version
        digest = signed.digest
        sequences = Dictionary(signed.index.releases.map { ($0.model, $0.sequence) }, uniquingKeysWith: max)
        revokedDigests = signed.index.revokedDigests
        revokedSigners = signed.index.revokedSigners
        signer = signed.signer.names
    }

    /// Whether the index was signed by one of these.
    func isBy(_ signers: [IdentityPattern]) -> Bool { signer.contains { signers.match($0) } }
}

extension ReleaseMemory {
    /// Reads what ``text`` wrote.
    init(text: [UInt8]) throws(PredicateError) {
        let value: StrictJSON
        do throws(StrictJSON.Failure) {
            value = try StrictJSON(text)
        } catch {
            throw PredicateError(description: "what was remembered is not JSON: \(error.message)")
        }
        var fields = try PredicateFields(value, at: "memory")
        version = try fields.count("version")
        guard let digest = ArtifactDigest(try fields.text("index")) else { throw fields.wrong("index", "a digest") }
        self.digest = digest
        var sequences = try fields.object("sequences")
        var found: [String: UInt64] = [:]
        for (name, value) in sequences.rest() {
            guard let number = value.integer, number >= 0 else { throw sequences.wrong(name, "a number from 0") }
            found[name] = UInt64(number)
        }
        self.sequences = found
        func texts(_ name: String) throws(PredicateError) -> Set<String> {
            Set(
                try fields.list(name) { value, path throws(PredicateError) in
                    guard let text = value.string else { throw PredicateError(description: "`\(path)` is not a text") }
                    return text
                }
            )
        }
        revokedSigners = try texts("revokedSigners")
        signer = try texts("signer")
        revokedDigests = Set(
            try texts("revokedDigests").map { text throws(PredicateError) in
                guard let digest = ArtifactDigest(text) else {
                    throw fields.wrong("revokedDigests", "a list of digests")
                }
                return digest
            }
        )
        try fields.finish()
    }

    /// The memory as JSON.
    var text: String {
        StrictJSON.object([
            "version": .integer(Int64(clamping: version)), "index": .string(digest.description),
            "sequences": .object(sequences.mapValues { .integer(Int64(clamping: $0)) }),
            "revokedDigests": .array(revokedDigests.sorted().map { .string($0.description) }),
            "revokedSigners": .array(revokedSigners.sorted().map { .string($0) }),
            "signer": .array(signer.sorted().map { .string($0) }),
        ]).text + "\n"
    }
}
