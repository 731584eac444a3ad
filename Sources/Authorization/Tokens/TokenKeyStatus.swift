public import FoundationEssentials

/// How the keys of one URL stand.
public struct TokenKeyStatus: Sendable, Hashable {
    /// Where they are fetched.
    public let url: String
    /// How often they were fetched.
    public internal(set) var fetches: UInt64 = 0
    /// How often fetching them failed.
    public internal(set) var failures: UInt64 = 0
    /// Until when the last ones are believed; nil where there never were any.
    public internal(set) var until: Date?
    /// What was wrong the last time, until the next fetch that does not fail.
    public internal(set) var problem: String?

    init(url: String) { self.url = url }
}
