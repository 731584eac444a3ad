/// Looks at what a request says, once it has been read and found to be within its guardrail.
public protocol RequestInspector: Sendable {
    /// Looks at a request.
    ///
    /// - Returns: why the request is refused, or nil where it is not.
    func refusal(of request: ModelRequest) -> DialectRefusal?
}
