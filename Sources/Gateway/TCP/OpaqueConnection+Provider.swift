import Authorization
import Logging
import NIOCore
import ZeroTrust

/// A connection that waits for a provider's answer.
final class OpaqueAsking {
    let provider: ExternalProvider
    let question: ExternalQuestion
    let connection: TCPConnection
    let caller: ClientConnection.Caller
    /// What is in force for the connection.
    let snapshot: GatewaySnapshot
    private let startedAt = NIODeadline.now()
    fileprivate var timer: Scheduled<Void>?
    fileprivate var task: Task<Void, Never>?
    private(set) var isOpen = true
    private var answer = DecisionRecord.Provider.Answer.none
    fileprivate private(set) var latency: UInt64 = 0

    init(
        _ provider: ExternalProvider,
        _ question: ExternalQuestion,
        _ connection: TCPConnection,
        _ caller: ClientConnection.Caller,
        _ snapshot: GatewaySnapshot
    ) {
        self.provider = provider
        self.question = question
        self.connection = connection
        self.caller = caller
        self.snapshot = snapshot
    }

    /// No answer is awaited any more.
    func close(_ answer: DecisionRecord.Provider.Answer) {
        guard isOpen else { return }
        isOpen = false
        self.answer = answer
        latency = startedAt.nanoseconds(until: .now())
        timer?.cancel()
        task?.cancel()
    }

    /// What the record says of it.
    var recorded: DecisionRecord.Provider { .init(name: provider.name, answer: answer, latency: latency) }
}

/// The provider of a CUSTOM policy that matches a connection: it is asked before anything is recorded, with the addresses, the
/// caller and the server name, which is all that there is to know.
extension OpaqueConnection {
    /// The provider that can be asked about connections; one that speaks HTTP cannot.
    func provider(of question: ExternalQuestion, in snapshot: GatewaySnapshot) -> ExternalProvider? {
        let provider = snapshot.configuration.providers.first { $0.name == question.provider }
        guard let provider, case .grpc = provider.service else { return nil }
        return provider
    }

    func ask(_ asking: OpaqueAsking) {
        phase = .asking(asking)
        let connection = asking.connection
        let request = ExternalRequest(
            exchange: Exchange(
                id: connection.id,
                method: "",
                path: "",
                authority: "",
                source: connection.source,
                destination: connection.destination,
                serverName: connection.serverName
            ),
            peer: asking.caller.peer,
            transport: .tcp
        )
        let authorizer = worker.context.authorizers.authorizer(for: asking.provider)
        let eventLoop = worker.eventLoop
        let bound = NIOLoopBound((self, asking), eventLoop: eventLoop)
        asking.timer = eventLoop.scheduleTask(in: TimeAmount(asking.provider.timeout)) {
            let (connection, asking) = bound.value
            connection.answered(asking, .failed(ExternalFailure(.timedOut, "the provider did not answer in time")))
        }
        let question = asking.question
        asking.task = Task {
            let verdict = await authorizer.decide(question, request)
            eventLoop.execute {
                let (connection, asking) = bound.value
                connection.answered(asking, verdict)
            }
        }
    }

    /// Goes on with the provider's answer; what it would change in a request is of no meaning here.
    private func answered(_ asking: OpaqueAsking, _ said: ExternalVerdict) {
        guard asking.isOpen, case .asking(let current) = phase, current === asking else { return }
        var verdict = said
        var outcome: DecisionRecord.Provider.Answer
        switch said {
        case .allow: outcome = .allow
        case .deny: outcome = .deny
        case .failed(let failure):
            let goesOn = asking.provider.failsOpen(asking.snapshot.configuration.compatibility)
            worker.context.logger.warning(
                "provider failed",
                metadata: [
                    "request.id": "\(asking.connection.id)", "provider": "\(asking.provider.name)",
                    "reason": "\(failure.code.rawValue)", "error": "\(failure.message)", "fail-open": "\(goesOn)",
                ]
            )
            outcome = .failed
            if goesOn {
                verdict = .allow(ExternalVerdict.Changes())
                outcome = .failedOpen
            }
        }
        asking.close(outcome)
        worker.metrics.countCheck(
            provider: asking.provider.name,
            answer: outcome.rawValue,
            latency: asking.latency
        )
        judge(
            asking.connection,
            of: asking.caller,
            by: asking.snapshot,
            answer: asking.question.answered(verdict),
            asking: asking
        )
    }

    /// A connection ends whose provider has not answered: its decision is recorded as what it is, a refusal.
    func giveUpAsking(_ asking: OpaqueAsking) {
        guard asking.isOpen else { return }
        asking.close(.none)
        decided(asking.question.decision, asking.connection, asking.caller, asking.snapshot, 0, asking)
    }
}
