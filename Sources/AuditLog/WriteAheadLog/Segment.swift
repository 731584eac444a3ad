import CLinux
import Crypto

/// The form of a segment of the write-ahead log: a header, then batches, each written and synchronised as one.
///
/// ```
/// header   magic 16 · first index 8 · nonce 16 · SHA-256 of these, first 24       = 64 bytes
/// batch    magic 4 · count 4 · length 4 · first index 8
///          · digest 32 · SHA-256 of nonce and these, first 12                     = 64 bytes
///          payload: entries in the form of a bundle
/// ```
///
/// The digest is SHA-256 of the entries' leaf hashes (RFC 6962 §2.1), which the tree needs anyway, one after the other.
/// In segments whose magic says version 1 it is SHA-256 of the payload; they are read, and no longer written.
///
/// Integers have their highest byte first. The file is reserved ahead, so what follows the last batch is zeros, what an
/// earlier segment left in it, or a batch whose writing was cut short. The nonce keeps the batches of an earlier segment,
/// and the content of entries, from posing as batches of this one.
package enum Segment {
    package static let headerLength = 64
    package static let batchHeaderLength = 64
    static let suffix = ".wal"
    private static let magic = Array("lapwing-wal-v2\n\0".utf8)
    private static let magicOfVersion1 = Array("lapwing-wal-v1\n\0".utf8)
    private static let batchMagic: [UInt8] = [0x4c, 0x57, 0x42, 0x31]

    /// The name of the segment whose first entry has an index; names sort as indices do.
    package static func name(first: UInt64) -> String {
        let digits = String(first)
        return String(repeating: "0", count: 20 - digits.count) + digits + suffix
    }

    package static func header(first: UInt64, nonce: [UInt8]) -> [UInt8] {
        precondition(nonce.count == 16)
        let fields = magic + bigEndian(first) + nonce
        return fields + SHA256.hash(data: fields).prefix(24)
    }

    /// The batch of entries that begins at an index; their leaf hashes are best known already.
    static func batch(_ run: EntryRun, first: UInt64, nonce: [UInt8]) -> [UInt8] {
        var fields = batchMagic + bigEndian(UInt32(run.count)) + bigEndian(UInt32(run.bytes.count))
        fields += bigEndian(first) + digest(run.leaves)
        fields += SHA256.hash(data: nonce + fields).prefix(12)
        return fields + run.bytes
    }

    /// What a segment holds.
    package struct Contents {
        /// The index of the first entry.
        package let first: UInt64
        /// The entries of all whole batches, in order.
        package var entries: [ArraySlice<UInt8>]
        /// Where the last whole batch ends.
        package var end: Int
        /// Whether a whole batch stands beyond one that is not whole: then bytes that were synchronised have changed.
        package var isBroken: Bool
    }

    /// Reads a segment; nil where its header is not whole.
    package static func read(_ bytes: [UInt8]) -> Contents? {
        let isVersion1 = bytes.starts(with: magicOfVersion1)
        guard bytes.count >= headerLength, isVersion1 || bytes.starts(with: magic) else { return nil }
        let fields = bytes[..<40]
        guard bytes[40..<headerLength].elementsEqual(SHA256.hash(data: fields).prefix(24)) else { return nil }
        let nonce = Array(bytes[24..<40])
        var contents = Contents(first: integer(bytes[16..<24]), entries: [], end: headerLength, isBroken: false)
        while let batch = batch(bytes, at: contents.end, nonce: nonce),
            batch.first == contents.first + UInt64(contents.entries.count),
            let entries = batch.entries(isVersion1: isVersion1)
        {
            contents.entries += entries
            contents.end += batchHeaderLength + batch.payload.count
        }
        contents.isBroken = hasBatch(bytes, after: contents.end, nonce: nonce, contents: contents)
        return contents
    }

    private struct Batch {
        let first: UInt64
        let count: Int
        let digest: ArraySlice<UInt8>
        let payload: ArraySlice<UInt8>

        /// The entries, where they have their digest.
        func entries(isVersion1: Bool) -> [ArraySlice<UInt8>]? {
            var entries: [ArraySlice<UInt8>] = []
            var rest = payload
            while rest.count >= 2 {
                let length = Int(rest[rest.startIndex]) << 8 | Int(rest[rest.startIndex + 1])
                guard rest.count >= 2 + length else { return nil }
                entries.append(rest.dropFirst(2).prefix(length))
                rest = rest.dropFirst(2 + length)
            }
            guard rest.isEmpty, entries.count == count else { return nil }
            let actual =
                isVersion1
                ? Array(SHA256.hash(data: payload))
                : Segment.digest(MerkleHash.leaves(payload, at: entries.map(\.indices)))
            return digest.elementsEqual(actual) ? entries : nil
        }
    }

    private static func digest(_ leaves: [MerkleHash]) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(32 * leaves.count)
        for leaf in leaves { leaf.append(to: &bytes) }
        return Array(SHA256.hash(data: bytes))
    }

    /// The batch at an offset, where its header is whole.
    private static func batch(_ bytes: [UInt8], at offset: Int, nonce: [UInt8]) -> Batch? {
        guard offset + batchHeaderLength <= bytes.count, bytes[offset...].starts(with: batchMagic) else { return nil }
        let fields = bytes[offset..<(offset + 52)]
        let check = bytes[(offset + 52)..<(offset + batchHeaderLength)]
        guard check.elementsEqual(SHA256.hash(data: nonce + fields).prefix(12)) else { return nil }
        let length = Int(integer(bytes[(offset + 8)..<(offset + 12)]))
        let start = offset + batchHeaderLength
        guard length <= bytes.count - start else { return nil }
        return Batch(
            first: integer(bytes[(offset + 12)..<(offset + 20)]),
            count: Int(integer(bytes[(offset + 4)..<(offset + 8)])),
            digest: bytes[(offset + 20)..<(offset + 52)],
            payload: bytes[start..<(start + length)]
        )
    }

    /// Whether a batch of later entries begins anywhere beyond an offset.
    ///
    /// It was written only after all before it had been synchronised, so those cannot be a write cut short.
    private static func hasBatch(_ bytes: [UInt8], after offset: Int, nonce: [UInt8], contents: Contents) -> Bool {
        let next = contents.first + UInt64(contents.entries.count)
        var position = offset + 1
        while position < bytes.count {
            // The search stays within the bytes, and passes over zeros quickly.
            let found = unsafe bytes.withUnsafeBytes { buffer in
                unsafe lapwing_find(
                    buffer.baseAddress.map { unsafe $0 + position },
                    buffer.count - position,
                    batchMagic,
                    batchMagic.count
                )
            }
            guard found >= 0 else { return false }
            position += found
            if let batch = batch(bytes, at: position, nonce: nonce), batch.first > next { return true }
            position += 1
        }
        return false
    }

    private static func bigEndian(_ value: some FixedWidthInteger) -> [UInt8] {
        stride(from: value.bitWidth - 8, through: 0, by: -8).map { UInt8(truncatingIfNeeded: value >> $0) }
    }

    private static func integer(_ bytes: ArraySlice<UInt8>) -> UInt64 {
        bytes.reduce(0) { $0 << 8 | UInt64($1) }
    }
}
