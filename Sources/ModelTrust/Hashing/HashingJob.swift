/// One digest that is wanted: of a file, or of some of its bytes.
struct HashingJob: Sendable {
    /// The file.
    let path: ModelPath
    /// The file as it was when it was found.
    let facts: FileFacts
    /// Which of its bytes.
    let range: Range<UInt64>
}

/// What became of a job.
typealias HashingOutcome = Result<[UInt8], ModelRefusal>
