import NIOCore

/// How far the record of a decision is on its way to the disk.
struct RecordState {
    enum Stage {
        case none
        /// Added to the log under this index.
        case pending(UInt64)
        case durable
        case failed
    }

    var stage = Stage.none
    /// When the request is refused because its record is still not durable.
    var deadline = NIODeadline.distantFuture
    /// Whether the request is called once its record is durable.
    var isWaitedFor = false

    var isFailed: Bool { if case .failed = stage { true } else { false } }
    var isDurable: Bool { if case .durable = stage { true } else { false } }
}
