import ZeroTrust

/// Entries that follow one another in the form of a bundle, with what each of them tells.
///
/// They go from the thread that adds them to those that write, hash and watch them: in one piece, which is one object to be
/// handed over, and to be given back at the end, however many entries it holds.
struct EntryRun: Sendable {
    /// Each entry after its length in two bytes.
    private(set) var bytes: [UInt8] = []
    /// What each entry tells, where that is known.
    private(set) var gists: [RecordGist?] = []
    /// Where each entry ends.
    private var ends: [Int] = []
    /// The leaf hashes of the first entries.
    private var hashed: [MerkleHash] = []

    /// No entries, with room for some.
    init(bytes: Int = 0, count: Int = 0) {
        self.bytes.reserveCapacity(bytes)
        self.gists.reserveCapacity(count)
        self.ends.reserveCapacity(count)
    }

    /// How many entries there are.
    var count: Int { ends.count }
    var isEmpty: Bool { ends.isEmpty }

    /// Adds an entry of at most ``EntryBundle/maximumEntryLength`` bytes.
    mutating func append(_ entry: RecordEntry) {
        entry.append(to: &bytes)
        gists.append(entry.gist)
        ends.append(bytes.count)
    }

    /// Adds an entry of which only its bytes are known.
    mutating func append(_ entry: [UInt8]) { append(RecordEntry(bytes: entry)) }

    /// Adds other entries behind these.
    mutating func append(contentsOf other: EntryRun) {
        let start = bytes.count
        bytes += other.bytes
        gists += other.gists
        for end in other.ends { ends.append(start + end) }
    }

    /// An entry by its place.
    subscript(place: Int) -> ArraySlice<UInt8> { bytes[range(of: place)] }

    /// Where an entry lies.
    private func range(of place: Int) -> Range<Int> { ((place == 0 ? 0 : ends[place - 1]) + 2)..<ends[place] }

    /// Computes the entries' leaf hashes (RFC 6962 §2.1), so that whoever takes the run over need not.
    mutating func hash() {
        hashed += MerkleHash.leaves(bytes[...], at: (hashed.count..<count).map(range))
    }

    /// The leaf hash of an entry.
    func leaf(_ place: Int) -> MerkleHash { place < hashed.count ? hashed[place] : .leaf(self[place]) }

    /// The leaf hashes of all entries.
    var leaves: [MerkleHash] { hashed.count == count ? hashed : (0..<count).map(leaf) }

    /// The entries, in pieces of about so many bytes.
    static func pieces(_ entries: [[UInt8]], of size: Int) -> [EntryRun] {
        var runs: [EntryRun] = []
        for entry in entries {
            if runs.last.map({ $0.bytes.count >= size }) ?? true { runs.append(EntryRun()) }
            runs[runs.count - 1].append(entry)
        }
        return runs
    }
}
