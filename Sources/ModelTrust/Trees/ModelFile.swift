import CLinux
import Glibc

/// A descriptor that is closed when nobody needs it any more.
final class ModelFile: Sendable {
    let descriptor: Int32
    let facts: FileFacts

    /// Takes over a descriptor.
    init(_ descriptor: Int32) throws(ModelRefusal) {
        self.descriptor = descriptor
        do throws(ModelRefusal) { self.facts = try Self.facts(of: descriptor) } catch {
            close(descriptor)
            throw error
        }
    }

    deinit { close(descriptor) }

    /// What the file system says of it now.
    func currentFacts() throws(ModelRefusal) -> FileFacts { try Self.facts(of: descriptor) }

    private static func facts(of descriptor: Int32) throws(ModelRefusal) -> FileFacts {
        var facts = lapwing_file_facts()
        // Sound: the pointer is to a local variable and does not outlive the call.
        guard unsafe lapwing_file_facts(descriptor, &facts) == 0 else { throw ModelTree.unreadable("it", errno) }
        return FileFacts(facts)
    }

    /// Reads at most so many bytes at an offset; 0 is the end.
    func read(into buffer: UnsafeMutableRawPointer?, count: Int, at offset: UInt64) throws(ModelRefusal) -> Int {
        while true {
            // Sound: the caller's buffer holds `count` bytes.
            let result = unsafe pread(descriptor, buffer, count, off_t(offset))
            if result >= 0 { return result }
            guard errno == EINTR else { throw ModelTree.unreadable("the file", errno) }
        }
    }

    /// All of it; the caller has looked at its size.
    func readAll() throws(ModelRefusal) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Int(clamping: min(facts.size, 64 << 20)))
        var part = [UInt8](repeating: 0, count: 64 << 10)
        while UInt64(bytes.count) < facts.size {
            // Sound: the array has as many bytes as are asked for.
            let count = try unsafe read(into: &part, count: part.count, at: UInt64(bytes.count))
            guard count > 0 else { throw ModelRefusal(.changed, "the file became shorter while it was read") }
            bytes += part.prefix(count)
        }
        return bytes
    }
}
