public import ZeroTrust

/// What an external provider says of a request.
public enum ExternalVerdict: Sendable, Hashable {
    /// The request may go on to the DENY and ALLOW policies.
    case allow(Changes)
    /// The request is refused.
    case deny(Refusal)
    /// The provider gave no answer: it was not reached, was too slow, or was not understood. The request is refused.
    case failed(ExternalFailure)

    /// What the provider wants changed in a request that it allows.
    public struct Changes: Sendable, Hashable {
        /// Headers to set in place of what the client sent, in the order given.
        public var setHeaders: [Exchange.Header]
        /// Headers to add beside what the client sent, in the order given.
        public var addedHeaders: [Exchange.Header]
        /// The names of headers to take out, in lower case.
        public var removedHeaders: [String]
        /// Headers to set in the response, in the order given.
        public var responseHeaders: [Exchange.Header]

        /// Changes; none unless said.
        public init(
            setHeaders: [Exchange.Header] = [],
            addedHeaders: [Exchange.Header] = [],
            removedHeaders: [String] = [],
            responseHeaders: [Exchange.Header] = []
        ) {
            self.setHeaders = setHeaders
            self.addedHeaders = addedHeaders
            self.removedHeaders = removedHeaders
            self.responseHeaders = responseHeaders
        }
    }

    /// What the provider wants the client to be told.
    public struct Refusal: Sendable, Hashable {
        /// The status; a status that is no refusal counts as 403.
        public let status: Int
        /// Headers of the response.
        public let headers: [Exchange.Header]
        /// The body of the response.
        public let body: [UInt8]

        /// A refusal; 403 without a body unless said.
        public init(status: Int = 403, headers: [Exchange.Header] = [], body: [UInt8] = []) {
            self.status = (300...599).contains(status) ? status : 403
            self.headers = headers
            self.body = body
        }
    }
}
