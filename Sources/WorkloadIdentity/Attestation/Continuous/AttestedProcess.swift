import RPC
import Synchronization

/// A process that has asked for an identity, from its first call until it ends.
///
/// Every stream of the process is woken by ``changes`` when it has ended or may be something else than it was.
final class AttestedProcess: Sendable {
    /// The process, held.
    let process: WorkloadProcess
    /// Announces that the process has ended, or was attested anew because something about it is not as it was.
    let changes = ChangeFeed()
    /// Which life of which number it is.
    let member: ProcessTree.Member

    private let changeCount = Atomic<UInt64>(0)

    init(_ process: WorkloadProcess) {
        self.process = process
        self.member = ProcessTree.Member(pid: process.credentials.pid, startTime: process.startTime)
    }

    /// Grows with every such change.
    var revision: UInt64 { changeCount.load(ordering: .acquiring) }

    /// Notes a change; announcing it is for whoever holds no lock.
    func advance() { changeCount.add(1, ordering: .releasing) }
}
