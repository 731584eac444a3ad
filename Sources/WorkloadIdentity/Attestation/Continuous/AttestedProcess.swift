import RPC
import Synchronization

/// A process that has asked for an identity, from its first call until it ends.
///
/// Every stream of the process is woken by ``changes`` when it has ended or may be something else than it was.
final class AttestedProcess: Sendable {
    /// A process by its number and start, and by the ids that it connected with: one that has changed its user or its group,
    /// and connects anew, is not taken for what it was.
    struct Member: Hashable, Sendable {
        let pid: Int32
        private let startTime: UInt64
        private let uid: UInt32
        private let gid: UInt32
        private let groups: [UInt32]

        init(_ process: WorkloadProcess) {
            let credentials = process.credentials
            pid = credentials.pid
            startTime = process.startTime
            (uid, gid, groups) = (credentials.uid, credentials.gid, credentials.groups)
        }
    }

    /// The process, held.
    let process: WorkloadProcess
    /// Announces that the process has ended, or was attested anew because something about it is not as it was.
    let changes = ChangeFeed()
    /// Which life of which number it is, and as whom it connected.
    let member: Member

    private let changeCount = Atomic<UInt64>(0)

    init(_ process: WorkloadProcess) {
        self.process = process
        self.member = Member(process)
    }

    /// Grows with every such change.
    var revision: UInt64 { changeCount.load(ordering: .acquiring) }

    /// Notes a change; announcing it is for whoever holds no lock.
    func advance() { changeCount.add(1, ordering: .releasing) }
}
