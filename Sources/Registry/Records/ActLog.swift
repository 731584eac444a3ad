public import ZeroTrust

/// Where the registry's acts are recorded, before they are done.
public protocol ActLog: Sendable {
    /// Returns once the record is durable.
    ///
    /// - Throws: where it is not; then the act is not done.
    func record(_ act: ActRecord) async throws
}
