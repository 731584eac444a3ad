import CBLAKE2
import CBLAKE3
import Crypto

/// Hashes bytes as they come, by any of the algorithms.
struct StreamHasher: ~Copyable {
    private enum State {
        case sha256(SHA256)
        case blake2b(blake2b_state)
        case blake3(lapwing_blake3)
    }
    private var state: State

    /// A hasher; for BLAKE3, `firstChunk` is the number of the chunk with which the bytes begin.
    init(_ algorithm: HashAlgorithm, firstChunk: UInt64 = 0) {
        switch algorithm {
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

    /// Adds bytes.
    mutating func add(_ bytes: UnsafeRawBufferPointer) {
        // Sound: each call reads `count` bytes of a buffer that is valid while it runs, and keeps no pointer.
        switch state {
        case .sha256(var hasher):
            unsafe hasher.update(bufferPointer: bytes)
            state = .sha256(hasher)
        case .blake2b(var hasher):
            unsafe blake2b_update(&hasher, bytes.baseAddress, bytes.count)
            state = .blake2b(hasher)
        case .blake3(var hasher):
            unsafe lapwing_blake3_add(&hasher, bytes.baseAddress?.assumingMemoryBound(to: UInt8.self), bytes.count)
            state = .blake3(hasher)
        }
    }

    /// The digest.
    consuming func digest() -> [UInt8] { result(isWhole: true) }

    /// BLAKE3's chaining value of the bytes, which are a subtree of a longer message.
    consuming func chainingValue() -> [UInt8] { result(isWhole: false) }

    private consuming func result(isWhole: Bool) -> [UInt8] {
        // Sound: the output buffers have the length that each function writes.
        switch state {
        case .sha256(let hasher): return Array(hasher.finalize())
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
}
