import FoundationEssentials
import Logging
import RPC
import SPIFFE
import Synchronization
import ZeroTrust

/// What stands for processes outlives the authority that issued it: the next one goes on looking at them.
extension ContinuousAttestation {
    /// How long the loader of a model has to offer its proof anew before what stands on one is withdrawn.
    static let proofGrace: TimeInterval = 15

    /// What is kept beside the authority of some that were noted for a process.
    func kept(_ issued: [IssuedNumber], of attested: AttestedProcess) -> [StandingSVID] {
        let credentials = attested.process.credentials
        let holder = StandingSVID.Holder(
            pid: credentials.pid,
            startTime: attested.process.startTime,
            uid: credentials.uid,
            gid: credentials.gid,
            groups: credentials.groups,
            place: place
        )
        return issued.map {
            StandingSVID(number: $0.number, notAfter: $0.notAfter, entry: $0.entry, id: $0.id, holder: holder)
        }
    }

    /// Looks again at the processes that have SVIDs of an authority before this one, and withdraws those of processes that
    /// are gone.
    ///
    /// Each that still runs is attested anew at the next look. To be called before anybody is served.
    ///
    /// - Throws: the store's error, where what was kept cannot be read.
    public func resume() async throws {
        guard let store else { return }
        let now = clock()
        let all = try await store.standing()
        let (withdrawn, standing) = (all.filter(\.isWithdrawn), all.filter { !$0.isWithdrawn && $0.notAfter >= now })
        state.withLock { state in
            for svid in withdrawn { state.recall(svid, countsForUser: countsForUser(svid.holder)) }
        }
        var gone = 0
        for (holder, svids) in Dictionary(grouping: standing, by: \.holder) {
            let issued = svids.map {
                IssuedNumber(number: $0.number, notAfter: $0.notAfter, entry: $0.entry, id: $0.id)
            }
            guard let process = process(of: holder) else {
                gone += issued.count
                state.withLock { state in
                    let countsForUser = countsForUser(holder)
                    state.count(issued.count, countsForUser ? holder.uid : nil)
                    state.withdraw(
                        issued,
                        of: holder.pid,
                        holder.uid,
                        at: now,
                        countsForUser: countsForUser,
                        "has ended while the authority was away"
                    )
                }
                continue
            }
            resume(process, issued, at: now)
        }
        guard !standing.isEmpty else { return }
        logger.notice(
            "went on with the SVIDs of an authority before this one",
            metadata: ["standing": "\(standing.count - gone)", "withdrawn": "\(gone)"]
        )
        await withdraw()
    }

    private func countsForUser(_ holder: StandingSVID.Holder) -> Bool {
        !ProcessPlace.areOfDifferentRuns(holder.place, place)
    }

    /// The very process that connected then; nil where it is gone, or runs as another user.
    private func process(of holder: StandingSVID.Holder) -> WorkloadProcess? {
        guard holder.place == place else { return nil }
        let credentials = PeerCredentials(
            pid: holder.pid,
            uid: holder.uid,
            gid: holder.gid,
            groups: holder.groups,
            process: ProcessHandle(pid: holder.pid)
        )
        guard let process = try? WorkloadProcess(credentials), process.startTime == holder.startTime else { return nil }
        return process
    }
}
