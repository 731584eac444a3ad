import Synchronization

/// Holds a model's files against a manifest, and says of each what it is.
struct ManifestComparison {
    let manifest: SignedManifest
    let tree: ModelTree
    let options: VerificationOptions
    let progress: @Sendable (_ hashed: UInt64, _ total: UInt64) -> Void

    var links: LinkRule { manifest.followsLinks && options.followsSignedLinks ? .followWithin : .refuse }

    func run(signature: SignatureFile) throws(ModelRefusal) -> [FileVerdict] {
        var plan = try plan(signature: signature)
        plan.hash(outcomes(of: plan.jobs))
        return plan.verdicts
    }

    /// What is to be hashed, and what is known of the rest; nothing else is kept of the tree while files are hashed.
    private func plan(signature: SignatureFile) throws(ModelRefusal) -> ComparisonPlan {
        let entries = try entries(signature: signature)
        var present: [ModelPath: FileFacts] = [:]
        for entry in entries where entry.kind == .file { present[entry.path] = entry.facts }
        var plan = ComparisonPlan(verdicts: unsigned(entries), capacity: manifest.resources.count)
        for file in manifest.files {
            do throws(ModelRefusal) {
                let facts =
                    if let facts = present[file.path] { facts } else {
                        try tree.open(file.path, links: links).facts
                    }
                plan.add(file, facts)
            } catch { plan.verdicts.append(ComparisonPlan.verdict(file.path, error)) }
        }
        return plan
    }

    /// What is to be said of everything that is not signed.
    func unsigned(signature: SignatureFile) throws(ModelRefusal) -> [FileVerdict] {
        unsigned(try entries(signature: signature))
    }

    private func unsigned(_ entries: [TreeEntry]) -> [FileVerdict] {
        let known = Set(manifest.resources.map(\.path))
        let others = entries.filter { !known.contains($0.path) }
        guard !others.isEmpty else { return [] }
        // Strings are equal where they are written alike, whatever their bytes.
        let written = Set(known.map(\.text))
        return others.compactMap { unsigned($0, looksSigned: written.contains($0.path.text)) }
    }

    /// The code for what is wrong: that of the files, unless all of them fail for another reason.
    func code(of bad: [FileVerdict]) -> ModelRefusal.Code {
        bad.allSatisfy { $0.finding == .unreadable } ? .unreadable : .files
    }

    /// Everything that lies in the model outside of what may hold anything.
    private func entries(signature: SignatureFile) throws(ModelRefusal) -> [TreeEntry] {
        var ignored = manifest.ignoredPaths
        if options.ignoresGitPaths { ignored += IgnoreRules.defaults }
        for path in options.ignoredPaths { ignored.append(try ModelPath(path)) }
        var rules = IgnoreRules(ignored)
        rules.signature = (signature.name, signature.facts)
        if !options.acceptsSignedIgnoredPaths {
            let allowed = Set(IgnoreRules.defaults + [ModelPath(unchecked: signature.name)])
            if let more = manifest.ignoredPaths.first(where: { !allowed.contains($0) }) {
                throw ModelRefusal(.policy, "the signer left out `\(more)`, and the policy lets nothing be left out")
            }
        }
        let entries = try TreeWalk.entries(of: tree, ignoring: rules, links: links)
        guard tree.isFile else { return entries }
        // A single file is called `.` by some signers and by its name by others (OMS 1.0 §6.1.2).
        return entries.map { TreeEntry(path: manifest.resources[0].path, kind: $0.kind, facts: $0.facts) }
    }

    /// What to say of something that is not signed; nil for nothing.
    private func unsigned(_ entry: TreeEntry, looksSigned: Bool) -> FileVerdict? {
        let isTolerated = options.toleratesUnsignedFiles
        func verdict(_ why: String) -> FileVerdict {
            FileVerdict(entry.path, isTolerated ? .tolerated : .unsigned, "`\(entry.path)` \(why)")
        }
        switch entry.kind {
        case .file:
            if case .shards = manifest.method, entry.facts.size == 0 {
                return verdict("is empty and not signed: shards cannot vouch for empty files")
            }
            return verdict(
                looksSigned
                    ? "is not signed: one is that looks the same and has other bytes, since a letter and its accent may be "
                        + "one character or two" : "is not signed"
            )
        case .emptyFolder:
            // Where files are signed one by one, a directory is nothing. Shards leave out empty files, one of which may
            // be missing here.
            if case .shards = manifest.method {
                return verdict(
                    "is an empty directory: shards cannot vouch for the empty files that may have been in it"
                )
            }
            return nil
        case .folderLink: return nil
        case .badLink(let why): return isTolerated ? verdict(why) : FileVerdict(entry.path, .unsigned, why)
        case .irregular(let kind):
            return FileVerdict(entry.path, .unreadable, "`\(entry.path)` is \(kind)")
        }
    }

    private func outcomes(of jobs: [HashingJob]) -> [HashingOutcome] {
        let total = jobs.reduce(UInt64(0)) { $0 + ($1.range.upperBound - $1.range.lowerBound) }
        let counter = ByteCounter(total: total, report: progress)
        var crew = HashingCrew(algorithm: manifest.algorithm, workers: options.workers, progress: counter.add)
        crew.mapsFiles = options.mapsFiles
        return crew.digests(of: jobs, in: tree, links: links)
    }
}
