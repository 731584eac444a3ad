import Crypto

/// Proofs that an entry is in a log's tree (RFC 9162 §2.1.3.2).
enum InclusionPath {
    /// The root that the path leads to, or nil where the path has not the length that it has to have.
    static func root(leaf entry: [UInt8], index: UInt64, size: UInt64, hashes: [[UInt8]]) -> [UInt8]? {
        guard index < size, hashes.allSatisfy({ $0.count == 32 }) else { return nil }
        var value = Array(SHA256.hash(data: [0x00] + entry))
        var (position, last) = (index, size - 1)
        for hash in hashes {
            guard last > 0 else { return nil }
            if position & 1 == 1 || position == last {
                value = node(hash, value)
                while position & 1 == 0, position != 0 {
                    position >>= 1
                    last >>= 1
                }
            } else {
                value = node(value, hash)
            }
            position >>= 1
            last >>= 1
        }
        return last == 0 ? value : nil
    }

    private static func node(_ left: [UInt8], _ right: [UInt8]) -> [UInt8] {
        Array(SHA256.hash(data: [0x01] + left + right))
    }
}
