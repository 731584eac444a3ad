/// Who a command runs as, where not as the process that starts it.
public struct CommandUser: Hashable, Sendable {
    /// The user.
    public let uid: UInt32
    /// The group.
    public let gid: UInt32
    /// The supplementary groups.
    public let groups: [UInt32]

    /// A user with its groups.
    public init(uid: UInt32, gid: UInt32, groups: [UInt32]) {
        (self.uid, self.gid, self.groups) = (uid, gid, groups)
    }
}
