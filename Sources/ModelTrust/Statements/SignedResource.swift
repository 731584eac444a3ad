/// One entry of a manifest: a file, or a range of its bytes, and the digest of that.
struct SignedResource: Hashable, Sendable {
    let path: ModelPath
    /// Nil for the whole file.
    let range: Range<UInt64>?
    let digest: [UInt8]

    /// The name as the statement has it: for a shard, with the range (OMS 1.0 §6.3.2).
    var name: ModelPath {
        guard let range else { return path }
        return ModelPath(unchecked: path.bytes + Array(":\(range.lowerBound):\(range.upperBound)".utf8))
    }
}
