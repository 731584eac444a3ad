/// What has to be hashed to hold a model's files against a manifest, and what is known of them without that.
struct ComparisonPlan {
    /// What was found so far.
    var verdicts: [FileVerdict]
    /// One for each resource of each file that is to be hashed, in their order.
    private(set) var jobs: [HashingJob] = []
    private var files: [(path: ModelPath, size: UInt64, resources: [SignedResource])] = []

    /// A plan for at most so many resources.
    init(verdicts: [FileVerdict], capacity: Int) {
        self.verdicts = verdicts
        jobs.reserveCapacity(capacity)
    }

    /// Adds a signed file as it was found.
    mutating func add(_ file: (path: ModelPath, resources: [SignedResource]), _ facts: FileFacts) {
        let end = file.resources.compactMap(\.range?.upperBound).max()
        guard end == nil || end == facts.size else {
            let detail = "`\(file.path)` has \(facts.size) bytes, and was signed with \(end ?? 0)"
            verdicts.append(FileVerdict(file.path, .mismatch, detail))
            return
        }
        for resource in file.resources {
            jobs.append(HashingJob(path: file.path, facts: facts, range: resource.range ?? 0..<facts.size))
        }
        files.append((file.path, facts.size, file.resources))
    }

    /// Says of each file what became of its jobs.
    mutating func hash(_ outcomes: [HashingOutcome]) {
        var outcomes = outcomes[...]
        for file in files {
            let own = outcomes.prefix(file.resources.count)
            outcomes = outcomes.dropFirst(file.resources.count)
            verdicts.append(Self.verdict(file.path, file.size, own, file.resources))
        }
    }

    private static func verdict(
        _ path: ModelPath,
        _ size: UInt64,
        _ outcomes: ArraySlice<HashingOutcome>,
        _ resources: [SignedResource]
    ) -> FileVerdict {
        // Nothing is verified of which not every part was hashed.
        guard !resources.isEmpty, outcomes.count == resources.count else {
            return FileVerdict(path, .unreadable, "`\(path)` was not hashed whole", size: size)
        }
        // By numbers: the type of two sequences side by side has to be made when it is first wanted, which a short run notices.
        for (index, resource) in resources.enumerated() {
            switch outcomes[outcomes.startIndex + index] {
            case .failure(let refusal): return verdict(path, refusal)
            case .success(let found) where found != resource.digest:
                return FileVerdict(path, .mismatch, "`\(path)` has other bytes than were signed", size: size)
            case .success: continue
            }
        }
        return FileVerdict(path, .verified, size: size)
    }

    /// What to say of a file that cannot be read.
    static func verdict(_ path: ModelPath, _ refusal: ModelRefusal) -> FileVerdict {
        FileVerdict(path, refusal.code == .files ? .missing : .unreadable, refusal.message)
    }
}
