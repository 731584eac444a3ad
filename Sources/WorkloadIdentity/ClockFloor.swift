public import FoundationEssentials
public import Logging
import Synchronization

/// The time of day, which never goes back: not while the process runs, and not over a restart.
///
/// What has expired must not come to life again because a clock was set back, by whoever can do that, by a battery that
/// died or by a virtual machine that was resumed. The latest time that was seen is the floor; it is kept in a file. Where
/// the clock shows less, the time is the floor and what has passed since, by a clock that nobody sets: what is to expire
/// expires meanwhile. That the clock is behind is said.
///
/// A clock that was wrong in the other direction leaves a floor in the future, by which everything has expired and which
/// stays ahead. Whoever knows better removes the file.
///
/// ```swift
/// let floor = try ClockFloor(path: "/var/lib/lapwing/authority/clock.floor", logger: logger)
/// let authority = Authority(options, store: store, keys: keys, clock: { floor.now }, logger: logger)
/// async let running: Void = floor.run()
/// ```
public final class ClockFloor: Sendable {
    /// How far a clock may be set back without anybody being told: that of a machine is set right in small steps.
    static let tolerance: TimeInterval = 5

    private struct State {
        var floor: Date
        /// When the floor was seen.
        var seen: ContinuousClock.Instant
        var isTold = false
    }

    private let path: String
    private let clock: @Sendable () -> Date
    private let ticks: @Sendable () -> ContinuousClock.Instant
    private let logger: Logger
    /// Guards the latest time that was seen.
    private let state: Mutex<State>

    /// A floor that is kept in a file.
    ///
    /// - Throws: ``IdentityError`` with `badFile` where the file is there and cannot be read.
    public init(
        path: String,
        clock: @escaping @Sendable () -> Date = { Date() },
        ticks: @escaping @Sendable () -> ContinuousClock.Instant = { .now },
        logger: Logger
    ) throws(IdentityError) {
        self.path = path
        self.clock = clock
        self.ticks = ticks
        self.logger = logger
        self.state = Mutex(State(floor: try Self.kept(path), seen: ticks()))
        if clock() < state.withLock({ $0.floor }) - Self.tolerance { _ = now }
    }

    /// The latest time that was kept in a file; the distant past where there is none.
    ///
    /// - Throws: ``IdentityError`` with `badFile` where the file is there and cannot be read.
    public static func kept(_ path: String) throws(IdentityError) -> Date {
        guard PrivateFile.exists(path) else { return .distantPast }
        let text = try PrivateFile.read(path, maximum: 64)
        guard let line = text.split(separator: "\n").first, let seconds = Int64(line), seconds > 0, seconds < 1 << 40
        else {
            throw IdentityError(
                .badFile,
                "`\(path)` holds no time; where the clock of this machine is right, remove it"
            )
        }
        return Date(timeIntervalSince1970: TimeInterval(seconds))
    }

    /// The time: the clock's, or the latest that was seen and what has passed since where that is later.
    public var now: Date {
        let shown = clock()
        let (floor, isNews) = state.withLock { state -> (Date, Bool) in
            let tick = ticks()
            let passed: TimeInterval = (tick - state.seen) / Duration.seconds(1)
            let floor = state.floor + max(passed, 0)
            if shown >= floor {
                state.floor = shown
                state.seen = tick
                state.isTold = false
                return (shown, false)
            }
            let isNews = !state.isTold && shown < floor - Self.tolerance
            if isNews { state.isTold = true }
            return (floor, isNews)
        }
        if isNews {
            logger.error(
                "the clock is behind what was seen before; nothing that has expired comes back",
                metadata: [
                    "clock": "\(shown)", "floor": "\(floor)",
                    "mend": "set the clock right; where it is right, remove \(path) and restart",
                ]
            )
        }
        return floor
    }

    /// Keeps the floor over a restart.
    ///
    /// - Throws: ``IdentityError`` with `badFile` where the file cannot be written.
    public func keep() throws(IdentityError) {
        let floor = now
        try PrivateFile.write("\(Int64(floor.timeIntervalSince1970))\n", to: path)
    }

    /// Keeps the floor every half minute until the task is cancelled.
    public func run() async {
        while !Task.isCancelled {
            do throws(IdentityError) { try keep() } catch {
                logger.error("the floor of the clock cannot be kept", metadata: ["error": "\(error)"])
            }
            try? await Task.sleep(for: .seconds(30))
        }
    }
}
