import Authorization
import Gateway
import Resources

/// What a listener asks of its connections, and who says so.
struct ListenerMode: Sendable {
    let gateway: String
    let listener: Listener
    /// What is asked.
    let mode: MutualTLSMode
    /// Where it is written; nil where nobody says anything and the default holds.
    let location: SourceLocation?
    /// Where the gateway is declared.
    private let declaredAt: SourceLocation?

    init(
        gateway: GatewayConfiguration,
        listener: Listener,
        required: MutualTLSRequirement,
        declaredAt: SourceLocation?
    ) {
        self.gateway = gateway.name
        self.listener = listener
        self.declaredAt = declaredAt
        let port = UInt16(truncatingIfNeeded: listener.port)
        self.mode = required.mode(onPort: port)
        let ofPort = required.portsDecidedBy?.ports.first { $0.number == port }
        let general = required.decidedBy.map { $0.modeLocation ?? $0.location }
        self.location = ofPort?.mode == nil ? general : ofPort?.modeLocation ?? ofPort?.location
    }

    /// What the mode means for callers, where it is less than mutual TLS.
    var warning: Diagnostic? {
        guard mode != .strict else { return nil }
        let what =
            mode == .permissive
            ? "lets plaintext in beside mutual TLS: a caller without a certificate is nobody to the policies"
            : "speaks plaintext alone: every caller is nobody to the policies, and what passes can be read on the way"
        let why =
            location == nil
            ? "no PeerAuthentication sets a mode, and compatibility `istio` then asks for none"
            : "\(mode.rawValue) is asked for here"
        guard let place = location ?? declaredAt else { return nil }
        return Diagnostic(
            .warning,
            at: place,
            "the listener `\(listener.name)` (port \(listener.port)) of the gateway `\(gateway)` \(what); \(why)"
        )
    }
}
