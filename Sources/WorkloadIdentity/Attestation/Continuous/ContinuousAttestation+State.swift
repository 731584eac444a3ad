import FoundationEssentials
import RPC
import SPIFFE

/// The processes that are looked at, what stands for them, and how much of that each user has.
extension ContinuousAttestation {
    /// How much may stand for processes.
    struct Limits: Sendable {
        /// SVIDs that have not expired, of all users together, withdrawn ones included.
        var issued = 65_536
        /// Those of one user: three for each stream that it may have.
        var issuedPerUser = 36_864
        /// Withdrawn SVIDs of one user that have not expired.
        ///
        /// A quarter of the list, which every gateway gets whole at each change. Where more are withdrawn, no other process of
        /// the user gets its first until enough of them have expired; those that have one get their next.
        var withdrawnPerUser = 16_384
    }

    struct Record {
        let attested: AttestedProcess
        /// What it was like before it was attested last; nil where this authority has not attested it.
        var traits: ProcessTraits?
        /// When what stands on proofs of load is withdrawn, unless they are offered anew; nil where nobody waits for that.
        var proofsBy: Date?
        /// The state of the proofs when it was attested last; nil for a process of which those are told otherwise.
        var proofsRevision: UInt64?
        /// The state of what others say of processes when it was attested last.
        var attestorRevision: UInt64
        /// How many calls look at it.
        var calls = 0
        /// Whether the gateway was told who it is.
        var isFollowed = false
        /// Whether it is being attested anew, which may take a while.
        var isAttested = false
        var issued = IssuedNumbers()
        /// Waits for its end.
        let exit: ExitWatch

        var uid: UInt32 { attested.process.credentials.uid }

        /// Whether there is no reason left to look at it.
        var isIdle: Bool { calls == 0 && !isFollowed && issued.list.isEmpty }
    }

    struct State {
        var records: [AttestedProcess.Member: Record] = [:]
        /// Those of them that could not be attested anew when that was tried last.
        var failing: Set<AttestedProcess.Member> = []
        /// What is to be revoked.
        var pending: [Withdrawal] = []
        /// The numbers of what is revoked and not noted as such beside the authority.
        var unnoted: [String] = []
        /// Whether that could not be noted when it was tried last.
        var isNotingFailing = false
        /// What is revoked and has not expired, with the user that it counts for.
        ///
        /// What was issued before a start of the machine counts for no user (nil), only for all together: nobody's processes
        /// did away with it, and all come for their first again at once.
        var withdrawn: [String: (notAfter: Date, uid: UInt32?)] = [:]
        /// How much stands for the processes of each user, withdrawn and not.
        var counts: [UInt32?: Int] = [:]
        /// How much of that is withdrawn.
        var withdrawnCounts: [UInt32?: Int] = [:]
        /// What was withdrawn and has expired, and stands on the list of revocations still.
        var lapsed: Set<String> = []
        /// When what has expired was looked for last.
        var sweptAt = Date.distantPast
    }
}

extension ContinuousAttestation.State {
    /// Keeps a record for as long as there is a reason to look at the process.
    mutating func put(_ record: ContinuousAttestation.Record, of member: AttestedProcess.Member) {
        records[member] = record.isIdle ? nil : record
        if record.isIdle { failing.remove(member) }
    }

    mutating func count(_ more: Int, _ uid: UInt32?) {
        let count = counts[uid, default: 0] + more
        counts[uid] = count > 0 ? count : nil
    }

    func hasRoom(
        for more: Int,
        isFirst: Bool,
        _ uid: UInt32,
        _ limits: ContinuousAttestation.Limits
    ) -> Bool {
        counts[uid, default: 0] + more <= limits.issuedPerUser
            && (!isFirst || withdrawnCounts[uid, default: 0] < limits.withdrawnPerUser)
            && counts.values.reduce(0, +) + more <= limits.issued
    }

    /// Puts what stood for a process on the list of what is to be revoked; what has expired needs no revocation.
    ///
    /// It counts for the user whose process it was, unless `countsForUser` is false.
    mutating func withdraw(
        _ issued: [IssuedNumber],
        of pid: Int32,
        _ uid: UInt32,
        at now: Date,
        countsForUser: Bool = true,
        _ reason: String
    ) {
        let living = issued.filter { $0.notAfter >= now }
        let counted = countsForUser ? uid : nil
        count(living.count - issued.count, counted)
        for number in living {
            let name = RevocationSet.serialNumber(number.number) ?? number.number
            withdrawn[name] = (number.notAfter, counted)
        }
        if !living.isEmpty { withdrawnCounts[counted, default: 0] += living.count }
        for (id, numbers) in Dictionary(grouping: living, by: \.id) {
            pending.append(
                Withdrawal(
                    id: id,
                    numbers: numbers.map(\.number),
                    pid: pid,
                    uid: uid,
                    reason: "the process \(pid) of uid \(uid) \(reason)"
                )
            )
        }
    }

    /// Counts what an authority before this one has withdrawn, as that one did.
    mutating func recall(_ svid: StandingSVID, countsForUser: Bool) {
        let name = RevocationSet.serialNumber(svid.number) ?? svid.number
        let counted = countsForUser ? svid.holder.uid : nil
        guard withdrawn.updateValue((svid.notAfter, counted), forKey: name) == nil else { return }
        count(1, counted)
        withdrawnCounts[counted, default: 0] += 1
    }

    /// Lets go of what has expired; what of it was withdrawn is left to whoever takes it off the list.
    mutating func removeExpired(at now: Date, slack: TimeInterval) {
        sweptAt = now
        for (member, record) in records {
            var record = record
            let expired = record.issued.removeExpired(at: now)
            guard expired > 0 else { continue }
            count(-expired, record.uid)
            put(record, of: member)
        }
        let expired = withdrawn.filter { $0.value.notAfter + slack < now }
        for (name, value) in expired {
            withdrawn[name] = nil
            count(-1, value.uid)
            let left = withdrawnCounts[value.uid, default: 0] - 1
            withdrawnCounts[value.uid] = left > 0 ? left : nil
        }
        lapsed.formUnion(expired.keys)
    }
}
