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

    /// A memory.
    public init(version: UInt64, digest: ArtifactDigest, sequences: [String: UInt64]) {
        self.version = version
        self.digest = digest
        self.sequences = sequences
    }

    /// The memory after an index was believed.
    func remembering(_ index: ReleaseIndex, digest: ArtifactDigest) -> ReleaseMemory {
        var sequences = sequences
        for release in index.releases {
            sequences[release.model] = max(sequences[release.model] ?? 0, release.sequence)
        }
        return ReleaseMemory(version: index.version, digest: digest, sequences: sequences)
    }
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
        try fields.finish()
    }

    /// The memory as JSON.
    var text: String {
        StrictJSON.object([
            "version": .integer(Int64(clamping: version)), "index": .string(digest.description),
            "sequences": .object(sequences.mapValues { .integer(Int64(clamping: $0)) }),
        ]).text + "\n"
    }
}
