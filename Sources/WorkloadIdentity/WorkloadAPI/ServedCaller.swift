import FoundationEssentials

/// Who is served: a process, and what it was entitled to when it was last looked at.
struct ServedCaller {
    let attested: AttestedProcess
    /// The process's state before it was looked at.
    let revision: UInt64
    /// The state of what others say of processes, before that too.
    let attestorRevision: UInt64
    let grants: [EntryGrant]
}

/// What a stream's caller has once it was sent what there is.
struct Pushed {
    /// When it needs something new at the latest; nil where nothing of it ends.
    var deadline: Date?
    /// The serial numbers of its certificates, in the form of `RevocationSet`.
    var serialNumbers: [String] = []
}
