public import FoundationEssentials
public import ZeroTrust

/// A certificate or a token that stands for a process, as it is kept beside the authority: with what tells the process from
/// every other that has or had its number.
public struct StandingSVID: Hashable, Sendable {
    /// The process that it was issued to.
    public struct Holder: Hashable, Sendable {
        /// Its number.
        public let pid: Int32
        /// When it started, in the kernel's ticks since the machine was started.
        public let startTime: UInt64
        /// The user as whom it connected.
        public let uid: UInt32
        /// The group as which it connected.
        public let gid: UInt32
        /// Its further groups.
        public let groups: [UInt32]
        /// The run of the machine, and the process namespace, in which the number means it.
        public let place: String

        /// A process.
        public init(pid: Int32, startTime: UInt64, uid: UInt32, gid: UInt32, groups: [UInt32], place: String) {
            self.pid = pid
            self.startTime = startTime
            self.uid = uid
            self.gid = gid
            self.groups = groups
            self.place = place
        }
    }

    /// The serial number of a certificate or the `jti` of a token, in hexadecimal.
    public let number: String
    /// When it expires; whole seconds are kept.
    public let notAfter: Date
    /// The entry by which it was issued.
    public let entry: String
    /// Whose it is.
    public let id: SPIFFEID
    /// The process that it stands for.
    public let holder: Holder
    /// Whether it was withdrawn: it is kept for as long as it is on the list of revocations.
    public let isWithdrawn: Bool

    /// An SVID that stands for a process.
    public init(
        number: String,
        notAfter: Date,
        entry: String,
        id: SPIFFEID,
        holder: Holder,
        isWithdrawn: Bool = false
    ) {
        self.number = number
        self.notAfter = notAfter
        self.entry = entry
        self.id = id
        self.holder = holder
        self.isWithdrawn = isWithdrawn
    }
}

/// Keeps what stands for processes, so that an authority that is started again knows what it gave to whom.
///
/// It survives the authority's end, however that comes. What was kept in the last moments before the machine lost its power
/// may be lost: no process is left then.
public protocol StandingStore: Sendable {
    /// Everything that is kept.
    func standing() async throws -> [StandingSVID]

    /// Keeps some more, and forgets what has expired and was not withdrawn.
    func keep(_ svids: [StandingSVID], at now: Date) async throws

    /// Notes that these were withdrawn, by their numbers as they were kept.
    func withdraw(_ numbers: [String]) async throws

    /// Forgets what expired before a moment.
    func forget(expiredBefore moment: Date) async throws
}
