import AuditLog
import Glibc
import Synchronization

/// The machine's file system, of which some operations fail for as long as a test wants.
final class FailingFiles: FileSystem {
    private let system = SystemFiles()
    private let failing = Mutex<Set<String>>([])

    /// Lets these operations fail from now on, and no other.
    func fail(_ operations: String?...) { failing.withLock { $0 = Set(operations.compactMap(\.self)) } }

    private func check(_ operation: String, _ path: String) throws(FileError) {
        guard failing.withLock({ $0.contains(operation) }) else { return }
        throw FileError(number: EIO, operation: operation, path: path)
    }

    func open(_ path: String, create: Bool) throws(FileError) -> Int32 { try system.open(path, create: create) }
    func openPrivate(_ path: String) throws(FileError) -> Int32 { try system.openPrivate(path) }
    func create(_ path: String) throws(FileError) -> Int32? { try system.create(path) }
    func length(of file: Int32, path: String) throws(FileError) -> Int { try system.length(of: file, path: path) }
    func close(_ file: Int32) { system.close(file) }

    func read(_ file: Int32, from offset: Int, count: Int, path: String) throws(FileError) -> [UInt8] {
        try system.read(file, from: offset, count: count, path: path)
    }

    func preallocate(_ file: Int32, length: Int, path: String) throws(FileError) {
        try system.preallocate(file, length: length, path: path)
    }

    func truncate(_ file: Int32, length: Int, path: String) throws(FileError) {
        try check("truncate", path)
        try system.truncate(file, length: length, path: path)
    }

    /// A write that fails has written the first half.
    func write(_ bytes: ArraySlice<UInt8>, to file: Int32, at offset: Int, path: String) throws(FileError) -> Int {
        do throws(FileError) { try check("write", path) } catch {
            _ = try system.write(bytes.prefix(bytes.count / 2), to: file, at: offset, path: path)
            throw error
        }
        return try system.write(bytes, to: file, at: offset, path: path)
    }

    func synchronize(_ file: Int32, path: String) throws(FileError) {
        try check("sync", path)
        try system.synchronize(file, path: path)
    }

    func synchronizeFileSystem(_ file: Int32, path: String) throws(FileError) {
        try system.synchronizeFileSystem(file, path: path)
    }

    func synchronizeDirectory(_ path: String) throws(FileError) {
        try check("sync directory", path)
        try system.synchronizeDirectory(path)
    }

    func rename(_ path: String, to newPath: String) throws(FileError) { try system.rename(path, to: newPath) }
    func remove(_ path: String) throws(FileError) { try system.remove(path) }
    func removeDirectory(_ path: String) throws(FileError) { try system.removeDirectory(path) }
    func makeDirectory(_ path: String) throws(FileError) -> Bool { try system.makeDirectory(path) }
    func contents(_ path: String) throws(FileError) -> [UInt8]? { try system.contents(path) }
    func names(_ path: String) throws(FileError) -> [String]? { try system.names(path) }
}
