import ZeroTrust

/// The thread that has the tree signed and publishes its checkpoint.
extension WriterCore {
    func publicationLoop() {
        var next: UInt64 = 0
        while true {
            let step = shared.wait(on: Thread.publication.rawValue) {
                shared -> Monitor<Shared>.Step<(size: UInt64, root: MerkleHash, last: Bool)?> in
                if shared.failure != nil { return .go(nil) }
                let isDone = shared.published?.size == shared.tree.size
                if shared.isIntegrated {
                    return .go(isDone ? nil : (shared.tree.size, shared.tree.root, true))
                }
                if isDone { return .wait(until: nil) }
                guard monotonicNow() >= next else { return .wait(until: next) }
                return .go((shared.tree.size, shared.tree.root, false))
            }
            guard let step else { return }
            let start = monotonicNow()
            let oldSize = shared.withLock { $0.published?.size ?? 0 }
            do {
                if try publishWithRoom(size: step.size, root: step.root) {
                    // A tree that grows in many batches has one checkpoint for several of them.
                    next = start + interval / 5
                    tidy(from: oldSize, to: step.size)
                } else {
                    next = start + interval
                }
            } catch  where waitsForRoom(error) {
                next = start + interval
            } catch {
                fail(error)
                return
            }
            if step.last { return }
        }
    }

    /// Publishes, a second time where the files that are kept took the room for it.
    private func publishWithRoom(size: UInt64, root: MerkleHash) throws -> Bool {
        do { return try publish(size: size, root: root) } catch  where Self.lacksRoom(error) && giveBackUsed() {
            return try publish(size: size, root: root)
        }
    }

    /// Has a checkpoint signed and puts it in place; returns false where the signer could not be asked.
    private func publish(size: UInt64, root: MerkleHash) throws -> Bool {
        let reader = TileReader(directory: layout.directory, size: size, files: files)
        var oldSize = shared.withLock { $0.published?.size ?? 0 }
        for _ in 0..<2 {
            let proof = try MerkleTree.consistencyProof(oldSize: oldSize, size: size, from: reader)
            let request = CheckpointRequest(
                origin: origin,
                size: size,
                root: root,
                oldSize: oldSize,
                consistencyProof: proof
            )
            do {
                try install(note: signer.sign(request), for: Checkpoint(origin: origin, size: size, root: root))
                return true
            } catch CheckpointRefusal.conflict(let lastSize) where lastSize <= size && lastSize != oldSize {
                // A crash came between a signature and its publication, or the state is an older copy.
                oldSize = lastSize
            } catch let refusal as CheckpointRefusal {
                throw AuditLogError(.rolledBack, "the log's authority refuses its checkpoint", cause: refusal)
            } catch let error as FileError {
                throw error
            } catch {
                shared.withLock { shared in
                    shared.stats.signerFailures += 1
                    shared.stats.signerError = "\(error)"
                }
                return false
            }
        }
        throw AuditLogError(.rolledBack, "the log's authority names another size each time it is asked")
    }

    private func install(note bytes: [UInt8], for checkpoint: Checkpoint) throws {
        guard let note = try? SignedNote(bytes), note.text == checkpoint.text,
            options.verifier.map({ note.verify(with: [$0]) }) ?? true
        else { throw AuditLogError(.unverified, "the log's authority returned another note than the one asked for") }
        try files.install(bytes, at: layout.checkpoint)
        try files.synchronizeDirectory(layout.directory)
        shared.withLock { shared in
            let now = monotonicNow()
            shared.published = checkpoint
            shared.publishedAt = now
            shared.stats.checkpointSize = checkpoint.size
            shared.stats.signerError = nil
            // What became durable since the tree was taken waits from then on; the moment is a lower bound.
            shared.uncoveredSince = shared.stats.acknowledged > checkpoint.size ? now : nil
        }
    }

    /// Removes what a published checkpoint has made superfluous: segments that it covers, but for the files that the next
    /// segments are to have, and partial forms of tiles that are full.
    ///
    /// What cannot be removed stays until the next time.
    private func tidy(from oldSize: UInt64, to size: UInt64) {
        let covered = shared.withLock { shared -> [(path: String, end: UInt64)] in
            let covered = shared.segments.filter { $0.end <= size }
            shared.segments.removeAll { $0.end <= size }
            return covered
        }
        for segment in covered where !keepUsed(segment.path) { try? files.remove(segment.path) }
        var level: Int?
        while true {
            let shift = UInt64(8 * (level ?? 0) + 8)
            for index in (oldSize >> shift)..<(size >> shift) {
                let directory = layout.directory + "/" + TilePath(level: level, index: index).partialDirectory
                guard let names = try? files.names(directory) else { continue }
                for name in names { try? files.remove("\(directory)/\(name)") }
                try? files.removeDirectory(directory)
            }
            guard size >> shift > 0 else { return }
            level = level.map { $0 + 1 } ?? 0
        }
    }
}
