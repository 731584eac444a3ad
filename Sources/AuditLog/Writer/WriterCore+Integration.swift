/// The thread that takes into the tree what is in the write-ahead log, and that reserves segments ahead.
extension WriterCore {
    func integrationLoop() {
        var next = monotonicNow()
        var isLast = false
        while !isLast {
            let step = shared.wait(on: Thread.integration.rawValue) {
                shared -> Monitor<Shared>.Step<(entries: [EntryRun], spare: Bool, last: Bool)> in
                if shared.failure != nil { return .go(([], false, true)) }
                // What is being taken in has left `durableBytes` by the time this is asked.
                let isFull = shared.durableBytes >= Self.treeBatch && shared.treeRetry == nil
                guard shared.isCommitted || isFull || monotonicNow() >= next else { return .wait(until: next) }
                let entries = Self.takeBatch(&shared.durable)
                let isLast = shared.isCommitted && shared.durable.isEmpty
                return .go((entries, shared.needsSpare && shared.spare == nil, isLast))
            }
            isLast = step.last
            next = monotonicNow() + interval
            do {
                do { try integrate(step.entries) } catch  where Self.lacksRoom(error) && giveBackUsed() {
                    try integrate(step.entries)
                }
            } catch  where waitsForRoom(error) {
                // They are in the write-ahead log, and are taken in once there is room: now, or by the next writer.
                let isOver = shared.withLock { shared in
                    shared.durable.insert(contentsOf: step.entries, at: 0)
                    shared.treeRetry = next
                    return shared.isCommitted
                }
                if isOver { break }
                isLast = false
            } catch {
                fail(error)
                break
            }
            if step.spare, !isLast, let spare = try? reserveSpareAhead() {
                let isAwaited = shared.withLock { shared in
                    shared.spare = spare
                    shared.needsSpare = false
                    // One that was left by the writer before is due from the start.
                    if shared.stats.isInGap { shared.isGapDue = true }
                    return shared.isGapDue
                }
                if isAwaited { signal(.commit) }
            }
        }
        shared.withLock { $0.isIntegrated = true }
        signal(.publication)
    }

    /// The first of the entries that wait for the tree, as many as it takes in at a time.
    private static func takeBatch(_ waiting: inout [EntryRun]) -> [EntryRun] {
        var bytes = 0
        let end = waiting.firstIndex { run in
            bytes += run.bytes.count
            return bytes > 2 * treeBatch
        }
        guard let end else {
            defer { waiting = [] }
            return waiting
        }
        defer { waiting.removeFirst(end) }
        return Array(waiting[..<end])
    }

    /// A spare of its own name, so that it cannot meet one that the committing thread reserves for itself.
    private func reserveSpareAhead() throws(FileError) -> SegmentFile.Spare {
        try SegmentFile.reserve(
            in: layout.segments,
            length: max(options.segmentSize, 1 << 20),
            files: files,
            name: "spare-ahead",
            reusing: takeUsed()
        )
    }

    private func integrate(_ entries: [EntryRun]) throws {
        guard !entries.isEmpty else { return }
        let tree = try integration.withLock { state -> (size: UInt64, root: MerkleHash) in
            let before = state.edge
            let written = state.edge.append(entries)
            let root = state.edge.root
            do {
                try install(written)
                try files.install(Array("\(state.edge.size)\n\(root)\n".utf8), at: layout.treeState)
                try files.synchronizeDirectory(layout.state)
            } catch {
                state.edge = before
                throw error
            }
            // The index is an aid for readers and can be made again: its loss is no failure of the log.
            state.index.append(entries)
            return (state.edge.size, root)
        }
        shared.withLock { shared in
            shared.tree = tree
            shared.treeRetry = nil
            shared.durableBytes -= entries.reduce(0) { $0 + $1.bytes.count }
            shared.stats.integrated = tree.size
        }
        signal(.publication)
    }

    /// From how many new files on the whole file system is synchronised, once, and not each file.
    private static let manyFiles = 8

    /// Puts the files of a grown tree in place, and brings them to the disk with their names.
    ///
    /// They are written where they belong: nobody looks for a file of a tree before the tree's state, or its checkpoint,
    /// is there. A crash before that leaves files that may be cut short, so what is found is written again, except what a
    /// checkpoint has covered: that never changes.
    private func install(_ written: [TreeEdge.File]) throws {
        var directories: [String] = []
        let isMany = written.count >= Self.manyFiles
        // Errors of writing are reported to files that were open before.
        let anchor = isMany ? try files.open(layout.lock, create: false) : nil
        defer { if let anchor { files.close(anchor) } }
        let covered = shared.withLock { $0.published?.size ?? 0 }
        for file in written {
            let path = layout.file(file.path)
            let directory = SystemFiles.parent(path)
            if directories.last != directory, !directories.contains(directory) {
                try files.makeDirectories(directory)
                directories.append(directory)
            }
            guard let new = try files.create(path) else {
                try replace(path, with: file, covered: covered)
                continue
            }
            defer { files.close(new) }
            try files.writeAll(file.bytes, to: new, at: 0, path: path)
            if !isMany { try files.synchronize(new, path: path) }
        }
        if let anchor { return try files.synchronizeFileSystem(anchor, path: layout.directory) }
        for directory in directories { try files.synchronizeDirectory(directory) }
    }

    /// Writes a file again that a crash may have left cut short.
    private func replace(_ path: String, with file: TreeEdge.File, covered: UInt64) throws {
        if try files.contents(path) == file.bytes {
            // Who wrote it may have been killed before it was on the disk.
            let present = try files.open(path, create: false)
            defer { files.close(present) }
            return try files.synchronize(present, path: path)
        }
        guard !file.path.isCovered(by: covered) else {
            throw AuditLogError(.corrupt, "`\(path)` exists and holds other bytes")
        }
        try files.write(file.bytes, whole: path)
    }
}
