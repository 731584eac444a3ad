import NIOCore
import ZeroTrust

extension Pipeline {
    /// What the client gets.
    enum Answer {
        case none
        /// Our own, to be sent as soon as the record is durable.
        case local(status: Int, ending: CompletionRecord.Ending)
        /// The upstream's, which waits for the record.
        case held(ByteBuffer, isWhole: Bool)
        /// The upstream's, which is being sent.
        case streaming
    }
}
