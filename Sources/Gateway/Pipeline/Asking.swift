import Authorization
import NIOCore
import ZeroTrust

/// A request that waits for a provider's answer, and what the answer changes in it.
///
/// There is one only where a CUSTOM rule matches, so that other requests pay nothing for it.
final class Asking {
    let provider: ExternalProvider
    let question: ExternalQuestion
    let scanner: RequestScanner
    let head: ByteBuffer
    let subject: Pipeline.Subject
    /// The request as it is recorded.
    let exchange: Exchange
    let startedAt = NIODeadline.now()

    /// Whether the answer is still awaited.
    private(set) var isOpen = true
    /// Whether the provider was asked, and not only the body awaited that it is to see.
    var isAsked = false
    var timer: Scheduled<Void>?
    var task: Task<Void, Never>?
    /// What came of it, for the record.
    private(set) var outcome = DecisionRecord.Provider.Answer.none
    private(set) var latency: UInt64 = 0
    /// What the provider wants the client to be told.
    var refusal: ExternalVerdict.Refusal?
    /// The lines that say who the user is, which only a provider may send.
    var userHeaders: [Exchange.Header] = []
    /// Headers to set in the response.
    var responseHeaders: [Exchange.Header] = []

    init(
        _ provider: ExternalProvider,
        _ question: ExternalQuestion,
        _ scanner: borrowing RequestScanner,
        _ head: ByteBuffer,
        _ subject: Pipeline.Subject,
        _ exchange: Exchange
    ) {
        self.provider = provider
        self.question = question
        self.scanner = copy scanner
        self.head = head
        self.subject = subject
        self.exchange = exchange
    }

    /// No answer is awaited any more.
    func close(_ outcome: DecisionRecord.Provider.Answer) {
        isOpen = false
        self.outcome = outcome
        latency = startedAt.nanoseconds(until: .now())
        timer?.cancel()
        task?.cancel()
    }

    /// What the record says of it.
    var recorded: DecisionRecord.Provider { .init(name: provider.name, answer: outcome, latency: latency) }
}
