import AuditLog
import Glibc
import Synchronization

/// The machine's file system, with faults where a test wants them, and a list of what was done.
final class FaultyFiles: FileSystem {
    enum Operation: String, Sendable {
        case open, allocate, truncate, write, sync, syncFileSystem, syncDirectory, rename, remove
    }

    enum Effect: Sendable {
        case error(Int32)
        /// Only so many bytes are written; the call succeeds.
        case short(Int)
        /// So many bytes are written, and then the call fails.
        case torn(Int, Int32)
    }

    struct Fault: Sendable {
        let operation: Operation
        let path: String
        var skip = 0
        var effect: Effect
        var isLasting = true
    }

    struct Done: Sendable, Equatable {
        let operation: Operation
        let path: String
    }

    private let system = SystemFiles()
    private let faults = Mutex<[Fault]>([])
    private let log = Mutex<[Done]>([])
    private let reads = Mutex<[String]>([])
    private let hook = Mutex<(@Sendable (Done) -> Void)?>(nil)

    var done: [Done] { log.withLock { $0 } }

    /// The files that were read whole.
    var contentsRead: [String] { reads.withLock { $0 } }

    func inject(_ fault: Fault) { faults.withLock { $0.append(fault) } }

    /// Has a closure called before each operation.
    func before(_ body: @escaping @Sendable (Done) -> Void) { hook.withLock { $0 = body } }

    func clear() { faults.withLock { $0.removeAll() } }

    private func effect(_ operation: Operation, _ path: String) -> Effect? {
        log.withLock { $0.append(Done(operation: operation, path: path)) }
        if let hook = hook.withLock({ $0 }) { hook(Done(operation: operation, path: path)) }
        return faults.withLock { faults in
            for index in faults.indices where faults[index].operation == operation && path.contains(faults[index].path)
            {
                if faults[index].skip > 0 {
                    faults[index].skip -= 1
                    continue
                }
                let effect = faults[index].effect
                if !faults[index].isLasting { faults.remove(at: index) }
                return effect
            }
            return nil
        }
    }

    private func check(_ operation: Operation, _ path: String) throws(FileError) {
        if case .error(let number) = effect(operation, path) {
            throw FileError(number: number, operation: operation.rawValue, path: path)
        }
    }

    func open(_ path: String, create: Bool) throws(FileError) -> Int32 {
        try check(.open, path)
        return try system.open(path, create: create)
    }

    func create(_ path: String) throws(FileError) -> Int32? {
        try check(.open, path)
        return try system.create(path)
    }

    func openPrivate(_ path: String) throws(FileError) -> Int32 {
        try check(.open, path)
        return try system.openPrivate(path)
    }

    func length(of file: Int32, path: String) throws(FileError) -> Int { try system.length(of: file, path: path) }

    func read(_ file: Int32, from offset: Int, count: Int, path: String) throws(FileError) -> [UInt8] {
        try system.read(file, from: offset, count: count, path: path)
    }

    func close(_ file: Int32) { system.close(file) }

    func preallocate(_ file: Int32, length: Int, path: String) throws(FileError) {
        try check(.allocate, path)
        try system.preallocate(file, length: length, path: path)
    }

    func truncate(_ file: Int32, length: Int, path: String) throws(FileError) {
        try check(.truncate, path)
        try system.truncate(file, length: length, path: path)
    }

    func write(_ bytes: ArraySlice<UInt8>, to file: Int32, at offset: Int, path: String) throws(FileError) -> Int {
        switch effect(.write, path) {
        case nil: return try system.write(bytes, to: file, at: offset, path: path)
        case .error(let number): throw FileError(number: number, operation: "write", path: path)
        case .short(let count): return try system.write(bytes.prefix(count), to: file, at: offset, path: path)
        case .torn(let count, let number):
            _ = try system.write(bytes.prefix(count), to: file, at: offset, path: path)
            throw FileError(number: number, operation: "write", path: path)
        }
    }

    func synchronize(_ file: Int32, path: String) throws(FileError) {
        try check(.sync, path)
        try system.synchronize(file, path: path)
    }

    func synchronizeFileSystem(_ file: Int32, path: String) throws(FileError) {
        try check(.syncFileSystem, path)
        try system.synchronizeFileSystem(file, path: path)
    }

    func synchronizeDirectory(_ path: String) throws(FileError) {
        try check(.syncDirectory, path)
        try system.synchronizeDirectory(path)
    }

    func rename(_ path: String, to newPath: String) throws(FileError) {
        try check(.rename, newPath)
        try system.rename(path, to: newPath)
    }

    func remove(_ path: String) throws(FileError) {
        try check(.remove, path)
        try system.remove(path)
    }

    func removeDirectory(_ path: String) throws(FileError) { try system.removeDirectory(path) }
    func makeDirectory(_ path: String) throws(FileError) -> Bool { try system.makeDirectory(path) }
    func contents(_ path: String) throws(FileError) -> [UInt8]? {
        reads.withLock { $0.append(path) }
        return try system.contents(path)
    }

    func names(_ path: String) throws(FileError) -> [String]? { try system.names(path) }
}
