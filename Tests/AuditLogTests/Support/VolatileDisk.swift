import AuditLog
import Glibc
import Synchronization

/// A disk in memory that forgets, when its power fails, what was not synchronised.
///
/// It is as unkind as POSIX allows. Of what was written since the last synchronisation any part may have reached the disk,
/// the last of it torn; a name that is not synchronised with its directory may be there or not, in the order of the
/// changes; and after a synchronisation that failed, the next one succeeds although what was written before is lost.
final class VolatileDisk: FileSystem {
    private enum Change {
        case write(Int, [UInt8])
        case resize(Int)
    }

    private struct Inode {
        /// What readers see.
        var bytes: [UInt8] = []
        /// What is on the disk.
        var durable: [UInt8] = []
        var changes: [Change] = []
        /// Whether a synchronisation failed: what was written until then never reaches the disk.
        var lost = false
    }

    private enum NameChange {
        case put(String, Int)
        case take(String)
    }

    private struct State {
        var inodes: [Int: Inode] = [:]
        var names: [String: Int] = [:]
        var durableNames: [String: Int] = [:]
        var nameChanges: [String: [NameChange]] = [:]
        var directories: Set<String> = []
        var handles: [Int32: Int] = [:]
        var nextInode = 1
        var nextHandle: Int32 = 10_000
        var generator: SeededGenerator
        /// After how many changes the power fails; nil for never.
        var fuse: Int?
        var isDown = false
        /// One change in so many fails; nil for none.
        var faults: Int?
        /// The most bytes of all files.
        var capacity = Int.max
        var operations = 0
    }

    private let state: Mutex<State>

    init(seed: UInt64) {
        state = Mutex(State(generator: SeededGenerator(state: seed)))
    }

    /// Lets the power fail after so many more changes.
    func failPower(after changes: Int) { state.withLock { $0.fuse = changes } }

    /// Lets one change in so many fail.
    func fail(oneIn count: Int?) { state.withLock { $0.faults = count } }

    /// Gives the disk so many bytes.
    func resize(to bytes: Int) { state.withLock { $0.capacity = bytes } }

    var isDown: Bool { state.withLock { $0.isDown } }

    /// Cuts the power, and switches it on again: what is left is what reached the disk.
    func restart() {
        state.withLock { state in
            for (number, inode) in state.inodes {
                var bytes = inode.durable
                if !inode.lost {
                    for (index, change) in inode.changes.enumerated() {
                        guard Bool.random(using: &state.generator) else { continue }
                        var change = change
                        if index == inode.changes.count - 1, case .write(let offset, let written) = change {
                            // The last write is torn somewhere.
                            let part = Int.random(in: 0...written.count, using: &state.generator)
                            change = .write(offset, Array(written.prefix(part)))
                        }
                        Self.apply(change, to: &bytes)
                    }
                }
                state.inodes[number] = Inode(bytes: bytes, durable: bytes)
            }
            for (_, changes) in state.nameChanges {
                for change in changes.prefix(Int.random(in: 0...changes.count, using: &state.generator)) {
                    Self.apply(change, to: &state.durableNames)
                }
            }
            state.names = state.durableNames
            state.nameChanges = [:]
            state.handles = [:]
            state.fuse = nil
            state.faults = nil
            state.isDown = false
            state.capacity = .max
        }
    }

    private static func apply(_ change: Change, to bytes: inout [UInt8]) {
        switch change {
        case .resize(let length):
            if length < bytes.count {
                bytes.removeLast(bytes.count - length)
            } else {
                bytes += [UInt8](repeating: 0, count: length - bytes.count)
            }
        case .write(let offset, let written):
            if bytes.count < offset + written.count {
                bytes += [UInt8](repeating: 0, count: offset + written.count - bytes.count)
            }
            bytes.replaceSubrange(offset..<(offset + written.count), with: written)
        }
    }

    private static func apply(_ change: NameChange, to names: inout [String: Int]) {
        switch change {
        case .put(let path, let inode): names[path] = inode
        case .take(let path): names[path] = nil
        }
    }

    /// Runs a change of the disk, which may fail or find the power gone.
    private func change<Value>(
        _ operation: String,
        _ path: String,
        canFail: Bool = true,
        _ body: (inout State) throws(FileError) -> Value
    ) throws(FileError) -> Value {
        let result: Result<Value, FileError> = state.withLock { state in
            func failure(_ number: Int32) -> Result<Value, FileError> {
                .failure(FileError(number: number, operation: operation, path: path))
            }
            state.operations += 1
            if let fuse = state.fuse {
                state.fuse = fuse - 1
                if fuse <= 0 { state.isDown = true }
            }
            if state.isDown { return failure(EIO) }
            if canFail, let faults = state.faults, Int.random(in: 0..<faults, using: &state.generator) == 0 {
                if operation == "sync" {
                    for (number, inode) in state.inodes where state.names[path] == number && !inode.changes.isEmpty {
                        state.inodes[number]?.lost = true
                    }
                }
                return failure([EIO, ENOSPC].randomElement(using: &state.generator) ?? EIO)
            }
            do throws(FileError) { return .success(try body(&state)) } catch { return .failure(error) }
        }
        return try result.get()
    }

    private static func missing(_ operation: String, _ path: String) -> FileError {
        FileError(number: ENOENT, operation: operation, path: path)
    }

    private static func open(_ inode: Int, _ state: inout State) -> Int32 {
        state.nextHandle += 1
        state.handles[state.nextHandle] = inode
        return state.nextHandle
    }

    private static func make(_ path: String, _ state: inout State) -> Int {
        let inode = state.nextInode
        state.nextInode += 1
        state.inodes[inode] = Inode()
        state.names[path] = inode
        state.nameChanges[Self.parent(path), default: []].append(.put(path, inode))
        return inode
    }

    func open(_ path: String, create: Bool) throws(FileError) -> Int32 {
        try change("open", path) { state throws(FileError) in
            if let inode = state.names[path] { return Self.open(inode, &state) }
            guard create else { throw Self.missing("open", path) }
            return Self.open(Self.make(path, &state), &state)
        }
    }

    func create(_ path: String) throws(FileError) -> Int32? {
        try change("create", path) { state throws(FileError) in
            guard state.names[path] == nil else { return nil }
            return Self.open(Self.make(path, &state), &state)
        }
    }

    func openPrivate(_ path: String) throws(FileError) -> Int32 { try open(path, create: true) }

    func length(of file: Int32, path: String) throws(FileError) -> Int {
        state.withLock { state in state.handles[file].flatMap { state.inodes[$0]?.bytes.count } ?? 0 }
    }

    func read(_ file: Int32, from offset: Int, count: Int, path: String) throws(FileError) -> [UInt8] {
        let bytes = state.withLock { state in state.handles[file].flatMap { state.inodes[$0]?.bytes } ?? [] }
        guard offset + count <= bytes.count else { throw FileError(number: EIO, operation: "read", path: path) }
        return Array(bytes[offset..<(offset + count)])
    }

    func close(_ file: Int32) { state.withLock { $0.handles[file] = nil } }

    private static func used(_ state: State) -> Int {
        state.names.values.reduce(0) { $0 + (state.inodes[$1]?.bytes.count ?? 0) }
    }

    private static func update(_ file: Int32, _ change: Change, _ state: inout State, _ path: String) throws(FileError)
    {
        guard let number = state.handles[file], var inode = state.inodes.removeValue(forKey: number) else {
            throw FileError(number: EBADF, operation: "write", path: path)
        }
        apply(change, to: &inode.bytes)
        inode.changes.append(change)
        state.inodes[number] = inode
    }

    func preallocate(_ file: Int32, length: Int, path: String) throws(FileError) {
        try change("allocate", path) { state throws(FileError) in
            guard Self.used(state) + length <= state.capacity else {
                throw FileError(number: ENOSPC, operation: "allocate", path: path)
            }
            try Self.update(file, .resize(length), &state, path)
        }
    }

    func truncate(_ file: Int32, length: Int, path: String) throws(FileError) {
        try change("truncate", path) { state throws(FileError) in
            try Self.update(file, .resize(length), &state, path)
        }
    }

    func write(_ bytes: ArraySlice<UInt8>, to file: Int32, at offset: Int, path: String) throws(FileError) -> Int {
        try change("write", path) { state throws(FileError) in
            var part = bytes.count
            if state.faults != nil, part > 1, Int.random(in: 0..<8, using: &state.generator) == 0 {
                part = Int.random(in: 1..<part, using: &state.generator)
            }
            let growth = max(0, offset + part - (state.handles[file].flatMap { state.inodes[$0]?.bytes.count } ?? 0))
            guard growth == 0 || state.capacity == .max || Self.used(state) + growth <= state.capacity else {
                throw FileError(number: ENOSPC, operation: "write", path: path)
            }
            try Self.update(file, .write(offset, Array(bytes.prefix(part))), &state, path)
            return part
        }
    }

    private static func synchronize(_ number: Int, _ state: inout State) {
        guard let inode = state.inodes[number] else { return }
        // What a failed synchronisation lost stays lost, and this one says that all is well.
        if !inode.lost { state.inodes[number]?.durable = inode.bytes }
        state.inodes[number]?.changes = []
    }

    func synchronize(_ file: Int32, path: String) throws(FileError) {
        try change("sync", path) { state throws(FileError) in
            if let number = state.handles[file] { Self.synchronize(number, &state) }
        }
    }

    func synchronizeFileSystem(_ file: Int32, path: String) throws(FileError) {
        try change("sync", path) { state throws(FileError) in
            for number in state.inodes.keys { Self.synchronize(number, &state) }
            state.durableNames = state.names
            state.nameChanges = [:]
        }
    }

    func synchronizeDirectory(_ path: String) throws(FileError) {
        try change("sync directory", path) { state throws(FileError) in
            for change in state.nameChanges.removeValue(forKey: path) ?? [] {
                Self.apply(change, to: &state.durableNames)
            }
        }
    }

    func rename(_ path: String, to newPath: String) throws(FileError) {
        try change("rename", path) { state throws(FileError) in
            guard let inode = state.names.removeValue(forKey: path) else { throw Self.missing("rename", path) }
            state.names[newPath] = inode
            // Both names are in one directory, and change at once.
            state.nameChanges[Self.parent(path), default: []] += [.put(newPath, inode), .take(path)]
        }
    }

    func remove(_ path: String) throws(FileError) {
        try change("remove", path) { state throws(FileError) in
            guard state.names.removeValue(forKey: path) != nil else { throw Self.missing("remove", path) }
            state.nameChanges[Self.parent(path), default: []].append(.take(path))
        }
    }

    func removeDirectory(_ path: String) throws(FileError) {}

    func makeDirectory(_ path: String) throws(FileError) -> Bool {
        // Directories are there as soon as they are made: what is tested is what stands in them.
        try change("make directory", path, canFail: false) { state throws(FileError) in
            state.directories.insert(path).inserted
        }
    }

    func contents(_ path: String) throws(FileError) -> [UInt8]? {
        state.withLock { state in state.names[path].flatMap { state.inodes[$0]?.bytes } }
    }

    func names(_ path: String) throws(FileError) -> [String]? {
        state.withLock { state in
            state.names.keys.filter { Self.parent($0) == path }.map { String($0.dropFirst(path.count + 1)) }.sorted()
        }
    }

    /// The directory of a file.
    static func parent(_ path: String) -> String {
        path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
    }

    /// Every file, by its path.
    var files: [String: [UInt8]] {
        state.withLock { state in state.names.mapValues { state.inodes[$0]?.bytes ?? [] } }
    }
}
