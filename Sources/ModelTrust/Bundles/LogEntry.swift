/// An entry of a Rekor transparency log with the proofs that come with it (sigstore_rekor.proto).
struct LogEntry: Sendable {
    /// A path in the log's Merkle tree, to a root that the log has signed.
    struct InclusionProof: Sendable {
        let index: UInt64
        let size: UInt64
        let root: [UInt8]
        let hashes: [[UInt8]]
        /// The signed note.
        let checkpoint: String
    }

    /// The entry's index over all of the log's shards.
    let index: Int64
    /// The SHA-256 of the log's key.
    let logID: [UInt8]
    /// When the log says that it took the entry, in seconds since 1970; 0 where it does not say.
    let integratedTime: Int64
    /// The log's signature over the entry and that time.
    let promise: [UInt8]?
    let proof: InclusionProof?
    /// The entry.
    let body: [UInt8]
    let kind: String
    let version: String
}
