import Guardrails
import Synchronization

/// The examination of one body, which may go on beside the event loop.
final class BodyExamination: Sendable {
    /// What came of it.
    struct Outcome: Sendable {
        let result: Result<ExaminedRequest, DialectRefusal>
        /// What the request says as it came, where it was refused and could be read.
        let heard: ModelRequest?
    }

    private let stage: GuardrailStage
    private let caller: RequestCaller
    /// Guards the body, which is let go of where nobody waits any more.
    private let body: Mutex<RequestBody?>

    init(_ stage: GuardrailStage, _ body: RequestBody, by caller: RequestCaller) {
        self.stage = stage
        self.caller = caller
        self.body = Mutex(body)
    }

    /// Examines the body; nil where nobody waits for it.
    func run() -> Outcome? {
        guard let body = body.withLock({ $0.take() }) else { return nil }
        var heard: ModelRequest?
        do throws(DialectRefusal) {
            return Outcome(result: .success(try stage.examine(body, by: caller, heard: &heard)), heard: nil)
        } catch {
            return Outcome(result: .failure(error), heard: heard)
        }
    }

    /// Who sent it.
    var identity: String { caller.identity }

    /// Nobody waits any more: what has not begun will not.
    func abandon() { body.withLock { $0 = nil } }

    /// Whether it takes too long for an event loop, whose other connections wait meanwhile.
    ///
    /// Looking for injection takes about a millisecond for four thousand bytes, reading a body alone for a hundred thousand.
    var isLong: Bool {
        let bytes = body.withLock { $0?.bytes.count ?? 0 }
        return bytes > (stage.inspectors.isEmpty ? 128 * 1024 : 4 * 1024)
    }
}
