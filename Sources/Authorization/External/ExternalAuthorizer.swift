/// A service that decides for CUSTOM policies: Open Policy Agent, an OAuth proxy, a service of one's own.
///
/// There is one for each provider that policies may name. It never throws: whatever keeps it from answering is
/// ``ExternalVerdict/failed(_:)``, which refuses the request.
///
/// ```swift
/// struct Closed: ExternalAuthorizer {
///     func decide(_ question: ExternalQuestion, _ request: ExternalRequest) async -> ExternalVerdict {
///         .deny(.init())
///     }
/// }
/// ```
public protocol ExternalAuthorizer: Sendable {
    /// Decides a request.
    ///
    /// - Parameters:
    ///   - question: what the policy asks; its provider is this one.
    ///   - request: the request.
    /// - Returns: what the provider says.
    func decide(_ question: ExternalQuestion, _ request: ExternalRequest) async -> ExternalVerdict
}
