import Dispatch

@testable import AuditLog

/// The machine's file system, whose writes wait until the test lets them go on.
final class StalledFiles: FileSystem {
    private let system = SystemFiles()
    /// Signalled once the disk works.
    private let gate = DispatchSemaphore(value: 0)

    /// Lets every write go on, those that come later too.
    func release() { gate.signal() }

    func open(_ path: String, create: Bool) throws(FileError) -> Int32 { try system.open(path, create: create) }
    func create(_ path: String) throws(FileError) -> Int32? { try system.create(path) }
    func openPrivate(_ path: String) throws(FileError) -> Int32 { try system.openPrivate(path) }
    func length(of file: Int32, path: String) throws(FileError) -> Int { try system.length(of: file, path: path) }

    func read(_ file: Int32, from offset: Int, count: Int, path: String) throws(FileError) -> [UInt8] {
        try system.read(file, from: offset, count: count, path: path)
    }

    func close(_ file: Int32) { system.close(file) }

    func preallocate(_ file: Int32, length: Int, path: String) throws(FileError) {
        try system.preallocate(file, length: length, path: path)
    }

    func truncate(_ file: Int32, length: Int, path: String) throws(FileError) {
        try system.truncate(file, length: length, path: path)
    }

    func write(_ bytes: ArraySlice<UInt8>, to file: Int32, at offset: Int, path: String) throws(FileError) -> Int {
        gate.wait()
        defer { gate.signal() }
        return try system.write(bytes, to: file, at: offset, path: path)
    }

    func synchronize(_ file: Int32, path: String) throws(FileError) { try system.synchronize(file, path: path) }

    func synchronizeFileSystem(_ file: Int32, path: String) throws(FileError) {
        try system.synchronizeFileSystem(file, path: path)
    }

    func synchronizeDirectory(_ path: String) throws(FileError) { try system.synchronizeDirectory(path) }
    func rename(_ path: String, to newPath: String) throws(FileError) { try system.rename(path, to: newPath) }
    func remove(_ path: String) throws(FileError) { try system.remove(path) }
    func removeDirectory(_ path: String) throws(FileError) { try system.removeDirectory(path) }
    func makeDirectory(_ path: String) throws(FileError) -> Bool { try system.makeDirectory(path) }
    func contents(_ path: String) throws(FileError) -> [UInt8]? { try system.contents(path) }
    func names(_ path: String) throws(FileError) -> [String]? { try system.names(path) }
}
