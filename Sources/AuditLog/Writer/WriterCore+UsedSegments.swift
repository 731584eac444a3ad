/// The files of segments that a checkpoint covers, kept for later segments.
extension WriterCore {
    /// Keeps the file of a segment for a later one; returns false where enough are kept, or where the file system writes
    /// in another place what is written again, so that such a file would have no room of its own.
    ///
    /// Called by the thread that publishes.
    func keepUsed(_ path: String) -> Bool {
        guard files.rewritesInPlace(layout.segments) else { return false }
        let used = shared.withLock { $0.used }
        let paths = SegmentFile.usedNames.map { "\(layout.segments)/\($0)" }
        guard let free = paths.first(where: { !used.contains($0) }), (try? files.rename(path, to: free)) != nil else {
            return false
        }
        shared.withLock { $0.used.append(free) }
        return true
    }

    /// The file that was kept first, for whoever takes it.
    func takeUsed() -> String? {
        shared.withLock { $0.used.isEmpty ? nil : $0.used.removeFirst() }
    }

    /// Removes the files that are kept, since something else needs their room; returns whether there was any.
    func giveBackUsed() -> Bool {
        var hasRemoved = false
        while let path = takeUsed() {
            if (try? files.remove(path)) != nil { hasRemoved = true }
        }
        return hasRemoved
    }
}
