internal import CLinux
internal import Glibc

/// Where a verifier keeps what it remembers of an environment's indexes.
///
/// The file is locked while it is read, judged by and replaced, so that of two verifiers at once none undoes what the
/// other has learnt; it is replaced whole and reaches the disk before it counts.
public struct ReleaseMemoryFile: Sendable {
    /// The largest file that is read, in bytes.
    static let maximumSize = 16 << 20

    /// The file.
    public let path: String

    /// A file, which need not be there yet; its folder has to be.
    public init(path: String) {
        self.path = path
    }

    /// Runs a judgement by what is remembered, and remembers what it says.
    ///
    /// - Throws: ``ModelRefusal`` where the file cannot be read or written: without memory nobody is safe from being
    ///   taken back to an old index, so that nothing is admitted then. What `body` throws.
    public func remembering<Result>(
        _ body: (_ memory: ReleaseMemory?) throws -> (result: Result, memory: ReleaseMemory?)
    ) throws -> Result {
        // Sound, here and below: a path lives through the call that it is given to.
        let lock = unsafe open(path + ".lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard lock >= 0 else { throw failure("cannot be locked", errno) }
        defer { close(lock) }
        while flock(lock, LOCK_EX) != 0 {
            guard errno == EINTR else { throw failure("cannot be locked", errno) }
        }
        let before = try read()
        let (result, after) = try body(before)
        if let after, after != before { try write(after) }
        return result
    }

    private func read() throws(ModelRefusal) -> ReleaseMemory? {
        let file = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
        if file < 0, errno == ENOENT { return nil }
        guard file >= 0 else { throw failure("cannot be read", errno) }
        defer { close(file) }
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            // Sound: the buffer is as long as is said.
            let count = unsafe piece.withUnsafeMutableBytes { unsafe Glibc.read(file, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw failure("cannot be read", errno) }
            if count == 0 { break }
            bytes += piece[..<count]
            guard bytes.count <= Self.maximumSize else { throw failure("is too large", EFBIG) }
        }
        do throws(PredicateError) { return try ReleaseMemory(text: bytes) } catch {
            throw ModelRefusal(
                .unreadable,
                "`\(path)` is not what was remembered of the index of releases: \(error). It holds the highest number "
                    + "that was seen; restore it from a backup, or remove it if you can vouch for the present index"
            )
        }
    }

    private func write(_ memory: ReleaseMemory) throws(ModelRefusal) {
        let temporary = path + ".new"
        let file = unsafe open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard file >= 0 else { throw failure("cannot be written", errno) }
        var number: Int32 = 0
        var rest = Array(memory.text.utf8)[...]
        while !rest.isEmpty, number == 0 {
            // Sound: the buffer is as long as is said.
            let count = unsafe rest.withUnsafeBytes { unsafe Glibc.write(file, $0.baseAddress, $0.count) }
            if count > 0 { rest = rest.dropFirst(count) } else if errno != EINTR { number = errno }
        }
        if number == 0, fsync(file) != 0 { number = errno }
        close(file)
        if number == 0, unsafe rename(temporary, path) != 0 { number = errno }
        guard number == 0 else {
            unsafe unlink(temporary)
            throw failure("cannot be written", number)
        }
        let folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? "."
        let directory = unsafe open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard directory >= 0 else { throw failure("cannot be written", errno) }
        defer { close(directory) }
        guard fsync(directory) == 0 else { throw failure("cannot be written", errno) }
    }

    private func failure(_ what: String, _ number: Int32) -> ModelRefusal {
        // Sound: the text lives at least until the next call on this thread.
        let reason = unsafe String(cString: strerror(number))
        return ModelRefusal(.unreadable, "what was remembered of the index of releases, `\(path)`, \(what): \(reason)")
    }
}
