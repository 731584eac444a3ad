import CBLAKE2
import CBLAKE3
import CSHA256
import Crypto

/// Hashes bytes as they come, by any of the algorithms.
struct StreamHasher: ~Copyable {
    private enum State {
        case sha256(SHA256)
        case pairedSHA256(lapwing_sha256)
        case blake2b(blake2b_state)
        case blake3(lapwing_blake3)
    }
    private var state: State

    /// A hasher; for BLAKE3, `firstChunk` is the number of the chunk with which the bytes begin.
    init(_ algorithm: HashAlgorithm, firstChunk: UInt64 = 0) {
        switch algorithm {
        case .sha256 where lapwing_sha256_pairs(): state = .pairedSHA256(Self.begun())
        case .sha256: state = .sha256(SHA256())
        case .blake2b:
            var hasher = blake2b_state()
            // Sound: the pointer is to a local variable and does not outlive the call.
            unsafe blake2b_init(&hasher, 64)
            state = .blake2b(hasher)
        case .blake3:
            var hasher = lapwing_blake3()
            // Sound: as above.
            unsafe lapwing_blake3_begin(&hasher, firstChunk)
            state = .blake3(hasher)
        }
    }

    /// Whether two messages at once cost less than one after the other.
    static func pairs(_ algorithm: HashAlgorithm) -> Bool { algorithm == .sha256 && lapwing_sha256_pairs() }

    /// Adds bytes.
    mutating func add(_ bytes: UnsafeRawBufferPointer) {
        // Sound: each call reads `count` bytes of a buffer that is valid while it runs, and keeps no pointer.
        switch state {
        case .sha256(var hasher):
            unsafe hasher.update(bufferPointer: bytes)
            state = .sha256(hasher)
        case .pairedSHA256(var hasher):
            unsafe lapwing_sha256_add(&hasher, bytes.baseAddress, bytes.count)
            state = .pairedSHA256(hasher)
        case .blake2b(var hasher):
            unsafe blake2b_update(&hasher, bytes.baseAddress, bytes.count)
            state = .blake2b(hasher)
        case .blake3(var hasher):
            unsafe lapwing_blake3_add(&hasher, bytes.baseAddress?.assumingMemoryBound(to: UInt8.self), bytes.count)
            state = .blake3(hasher)
        }
    }

    /// Adds as many bytes to another message.
    mutating func add(
        _ bytes: UnsafeRawBufferPointer,
        and other: inout StreamHasher,
        _ otherBytes: UnsafeRawBufferPointer
    ) {
        precondition(bytes.count == otherBytes.count)
        guard case .pairedSHA256(var first) = state, case .pairedSHA256(var second) = other.state else {
            unsafe add(bytes)
            return unsafe other.add(otherBytes)
        }
        // Sound: the call reads `count` bytes of both buffers, which are valid while it runs, and keeps no pointer.
        unsafe lapwing_sha256_add_pair(&first, bytes.baseAddress, &second, otherBytes.baseAddress, bytes.count)
        state = .pairedSHA256(first)
        other.state = .pairedSHA256(second)
    }

    /// The digest.
    consuming func digest() -> [UInt8] { result(isWhole: true) }

    /// BLAKE3's chaining value of the bytes, which are a subtree of a longer message.
    consuming func chainingValue() -> [UInt8] { result(isWhole: false) }

    /// The digests of two messages, as far as both go made at once.
    static func digests(_ algorithm: HashAlgorithm, _ first: [UInt8], _ second: [UInt8]) -> [[UInt8]] {
        var hasher = StreamHasher(algorithm)
        var other = StreamHasher(algorithm)
        let both = min(first.count, second.count)
        // Sound: the hashers read only the arrays, which live through the calls.
        unsafe first.withUnsafeBytes { first in
            unsafe second.withUnsafeBytes { second in
                let heads = unsafe (first[..<both], second[..<both])
                unsafe hasher.add(.init(rebasing: heads.0), and: &other, .init(rebasing: heads.1))
                unsafe hasher.add(UnsafeRawBufferPointer(rebasing: first[both...]))
                unsafe other.add(UnsafeRawBufferPointer(rebasing: second[both...]))
            }
        }
        return [hasher.digest(), other.digest()]
    }

    private consuming func result(isWhole: Bool) -> [UInt8] {
        // Sound: the output buffers have the length that each function writes.
        switch state {
        case .sha256(let hasher): return Array(hasher.finalize())
        case .pairedSHA256(var hasher):
            var digest = [UInt8](repeating: 0, count: 32)
            unsafe lapwing_sha256_digest(&hasher, &digest)
            return digest
        case .blake2b(var hasher):
            var digest = [UInt8](repeating: 0, count: 64)
            unsafe blake2b_final(&hasher, &digest, 64)
            return digest
        case .blake3(var hasher):
            var digest = [UInt8](repeating: 0, count: Int(LAPWING_BLAKE3_LENGTH))
            if isWhole {
                unsafe lapwing_blake3_digest(&hasher, &digest)
            } else {
                unsafe lapwing_blake3_chaining_value(&hasher, &digest)
            }
            return digest
        }
    }

    // MARK: Two at once

    private static func begun() -> lapwing_sha256 {
        var hasher = lapwing_sha256()
        // Sound: the pointer is to a local variable and does not outlive the call.
        unsafe lapwing_sha256_begin(&hasher)
        return hasher
    }
}
