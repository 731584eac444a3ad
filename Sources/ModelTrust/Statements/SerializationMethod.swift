/// How the files of a model become the resources of a manifest (OMS 1.0 §6.3).
public enum SerializationMethod: Hashable, Sendable {
    /// One for each file.
    case files
    /// One for each so many bytes of a file; empty files have none.
    case shards(size: UInt64)

    /// The size of a shard where nobody says otherwise, in bytes (OMS 1.0 §6.3.2).
    public static let defaultShardSize: UInt64 = 1_000_000_000
}
