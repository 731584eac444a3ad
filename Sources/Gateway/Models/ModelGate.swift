import MutualTLS
import NIOCore
import SPIFFE
import ZeroTrust

/// Stands before a connection to an upstream that has to have loaded a certain model, and lets it be used once that is proved;
/// then it leaves.
///
/// Over mutual TLS the upstream's certificate says which model it has loaded. Over a Unix socket or loopback it is asked which
/// models the process at the other end is proved to have loaded. Nothing is sent, and nothing that comes is read, before that.
final class ModelGate: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let requirement: ModelRequirement
    /// Who is asked; nil where the certificate tells.
    private let attestor: (any LocalModelAttestor)?
    private let patience: Duration
    private let changes: UInt64
    private let onVerdict: (Result<UpstreamModel, UnprovenModel>) -> Void
    private var isReadWanted = false
    private var isOver = false
    private var asking: Task<Void, Never>?

    /// A gate.
    ///
    /// - Parameters:
    ///   - requirement: what the upstream has to have loaded.
    ///   - attestor: who knows that of local processes; nil for mutual TLS.
    ///   - patience: how long asking may take.
    ///   - changes: how many changes of proofs were told until now.
    ///   - onVerdict: hears once what came of it, before the connection is used or closed.
    init(
        _ requirement: ModelRequirement,
        asking attestor: (any LocalModelAttestor)?,
        for patience: Duration,
        after changes: UInt64,
        onVerdict: @escaping (Result<UpstreamModel, UnprovenModel>) -> Void
    ) {
        self.requirement = requirement
        self.attestor = attestor
        self.patience = patience
        self.changes = changes
        self.onVerdict = onVerdict
    }

    // MARK: Mutual TLS

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard attestor == nil, !isOver, let verified = event as? PeerVerified else {
            return context.fireUserInboundEventTriggered(event)
        }
        guard let model = verified.peer.model else { return refuse(.noProof, context) }
        guard requirement.first(of: [model]) != nil else { return refuse(.otherModel, context) }
        isOver = true
        onVerdict(.success(UpstreamModel(claim: model, changes: changes)))
        context.fireUserInboundEventTriggered(event)
        context.pipeline.syncOperations.removeHandler(context: context, promise: nil)
    }

    // MARK: Local sockets

    func channelActive(context: ChannelHandlerContext) {
        guard let attestor else { return context.fireChannelActive() }
        let place = try? context.pipeline.syncOperations.withUnsafeTransportIfAvailable(of: CInt.self) { descriptor in
            LocalModel.Place(descriptor, local: context.localAddress, remote: context.remoteAddress)
        }
        guard let place = place ?? nil else { return refuse(.unknown, context) }
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        let loop = context.eventLoop
        asking = Task { [requirement, end = ContinuousClock.now + patience] in
            let found = await LocalModel.find(requirement, of: place, asking: attestor, until: end)
            loop.execute {
                let (gate, context) = bound.value
                gate.found(found, context)
            }
        }
    }

    private func found(_ found: Result<LocalModel, UnprovenModel>, _ context: ChannelHandlerContext) {
        guard !isOver else { return }
        switch found {
        case .failure(let reason): refuse(reason, context)
        case .success(let local):
            isOver = true
            onVerdict(.success(UpstreamModel(claim: local.claim, local: local, changes: changes)))
            context.fireChannelActive()
            if isReadWanted { context.read() }
            context.pipeline.syncOperations.removeHandler(context: context, promise: nil)
        }
    }

    func read(context: ChannelHandlerContext) {
        if attestor == nil || isOver { context.read() } else { isReadWanted = true }
    }

    // MARK: The end

    private func refuse(_ reason: UnprovenModel, _ context: ChannelHandlerContext) {
        isOver = true
        onVerdict(.failure(reason))
        context.close(promise: nil)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        isOver = true
        asking?.cancel()
    }
}

/// The model that an upstream's connection was let be used for.
struct UpstreamModel {
    let claim: ModelClaim
    /// How it was found out of a process of this machine; nil where a certificate says it.
    var local: LocalModel?
    /// How many changes of proofs had been told before it was found out.
    let changes: UInt64
    /// When that was last so.
    var seen = NIODeadline.now()
}
