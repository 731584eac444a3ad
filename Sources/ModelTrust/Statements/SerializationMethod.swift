/// How the files of a model become the resources of a manifest (OMS 1.0 §6.3).
public enum SerializationMethod: Hashable, Sendable {
    /// One for each file.
    case files
    /// One for each so many bytes of a file; empty files have none.
    case shards(size: UInt64)

    /// The size of a shard where nobody says otherwise, in bytes.
    ///
    /// The manifest states it (OMS 1.0 §6.3.2), so that any size verifies anywhere; with one this small a loader gives
    /// out the first bytes of any model within milliseconds.
    public static let defaultShardSize: UInt64 = 1 << 20
}
