internal import CLinux
internal import Crypto
import Glibc

/// fs-verity digests (Linux, Documentation/filesystems/fsverity.rst): SHA-256, blocks of 4,096 bytes, no salt.
///
/// The digest is computed here, so that a manifest can carry it whatever kernel signs; a kernel that has fs-verity then
/// enforces it at every read, and ``measure(_:)`` says what it enforces.
public enum FSVerity {
    private static let block = 4_096

    /// The digest of a file of which a function gives the bytes, in order, until it gives none.
    public static func digest(size: UInt64, next: () throws -> [UInt8]) rethrows -> [UInt8] {
        var level: [UInt8] = []
        var rest: [UInt8] = []
        while true {
            let bytes = try next()
            if bytes.isEmpty { break }
            rest += bytes
            let whole = rest.count / block * block
            for start in stride(from: 0, to: whole, by: block) { level += hash(rest[start..<(start + block)]) }
            rest.removeFirst(whole)
        }
        if !rest.isEmpty { level += hash(rest[...]) }
        // The tree is built up until one hash is left; a file without a byte has none.
        while level.count > 32 {
            var above: [UInt8] = []
            for start in stride(from: 0, to: level.count, by: block) {
                above += hash(level[start..<min(start + block, level.count)])
            }
            level = above
        }
        var descriptor = [UInt8](repeating: 0, count: 256)
        descriptor[0] = 1  // version
        descriptor[1] = 1  // SHA-256
        descriptor[2] = 12  // blocks of 2^12 bytes
        for index in 0..<8 { descriptor[8 + index] = UInt8(truncatingIfNeeded: size >> (8 * index)) }
        for (index, byte) in level.enumerated() { descriptor[16 + index] = byte }
        return Array(SHA256.hash(data: descriptor))
    }

    /// The digest of bytes in memory.
    public static func digest(of bytes: [UInt8]) -> [UInt8] {
        var rest: [UInt8]? = bytes
        return digest(size: UInt64(bytes.count)) {
            defer { rest = nil }
            return rest ?? []
        }
    }

    private static func hash(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
        var hasher = SHA256()
        hasher.update(data: bytes)
        if bytes.count < block { hasher.update(data: [UInt8](repeating: 0, count: block - bytes.count)) }
        return Array(hasher.finalize())
    }

    /// The digest that the kernel enforces for a file; nil where it enforces none, or cannot.
    public static func measure(_ path: String) -> [UInt8]? {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var digest = [UInt8](repeating: 0, count: 32)
        return unsafe lapwing_verity_measure(descriptor, &digest) == 0 ? digest : nil
    }

    /// Asks the kernel to enforce a file's digest from now on, for ever.
    ///
    /// - Throws: ``LoadFailure`` with the code `unsupported` where the kernel or the file system has no fs-verity.
    public static func enable(_ path: String) throws(LoadFailure) {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard descriptor >= 0 else {
            throw LoadFailure(.missing, path, "it cannot be opened: \(LoadFailure.reason(errno))")
        }
        defer { close(descriptor) }
        guard lapwing_verity_enable(descriptor) == 0 else {
            throw LoadFailure(
                .unsupported,
                path,
                "the kernel does not enforce digests of files here: \(LoadFailure.reason(errno))"
            )
        }
    }
}
