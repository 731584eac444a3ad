/// Which logs are trusted, and how many witnesses have to have cosigned a checkpoint (C2SP tlog-policy).
///
/// ```
/// log lapwing.example/node-1+33d7b496+AeHT…
/// witness w1 witness.example/w1+0cdd2e3b+BGj8… https://witness.example/w1
/// witness w2 witness.example/w2+5b1a0f77+BDa9… https://witness.example/w2
/// witness w3 witness.example/w3+90f1c2aa+BKq0… https://witness.example/w3
/// group all 2 w1 w2 w3
/// quorum all
/// ```
public struct LogPolicy: Hashable, Sendable {
    /// A log that is trusted.
    public struct Log: Hashable, Sendable {
        /// The key that signs its checkpoints; its name is the log's origin.
        public let key: NoteVerifier
        /// How to reach it, where that is stated.
        public let url: String?
    }

    /// A witness whose cosignatures count.
    public struct WitnessEntry: Hashable, Sendable {
        /// The name that groups and the quorum know it by.
        public let name: String
        /// The key that verifies its cosignatures.
        public let key: CosignatureVerifier
        /// Where checkpoints are submitted to it (its submission prefix), where that is stated.
        public let url: String?
    }

    /// What has to hold for a group: that so many of its members have cosigned.
    indirect enum Quorum: Hashable, Sendable {
        case none
        case witness(Int)
        case group(Int, of: [Quorum])

        func holds(_ cosigned: Set<Int>) -> Bool {
            switch self {
            case .none: true
            case .witness(let index): cosigned.contains(index)
            case .group(let count, let members): members.count { $0.holds(cosigned) } >= count
            }
        }
    }

    /// The logs; empty where they are known from elsewhere.
    public let logs: [Log]
    /// The witnesses, in the order of the file.
    public let witnesses: [WitnessEntry]
    let quorum: Quorum

    /// Whether the policy asks for no cosignature at all.
    public var isUnwitnessed: Bool { quorum == .none }

    /// Whether the cosignatures of witnesses of these names would be enough.
    public func isReached(by names: Set<String>) -> Bool {
        quorum.holds(Set(witnesses.indices.filter { names.contains(witnesses[$0].name) }))
    }

    init(logs: [Log], witnesses: [WitnessEntry], quorum: Quorum) {
        self.logs = logs
        self.witnesses = witnesses
        self.quorum = quorum
    }

    /// Who cosigned a note and when, by the index of the witness; nil where a witness's signature does not verify,
    /// which spoils the note.
    ///
    /// Lines by unknown keys are passed over.
    func cosignatures(_ note: SignedNote) -> [Int: UInt64]? {
        var times: [Int: UInt64] = [:]
        for signature in note.signatures {
            guard let index = witnesses.firstIndex(where: { $0.key.made(signature) }) else { continue }
            guard let time = witnesses[index].key.time(of: signature.bytes[4...], over: note.text) else { return nil }
            times[index] = max(times[index] ?? 0, time)
        }
        return times
    }

    /// The answer to whether a checkpoint is to be believed.
    public enum Verdict: Hashable, Sendable {
        /// It is signed by a log of the policy and cosigned by its quorum.
        case accepted(Checkpoint, cosigners: [String])
        /// It is not, for the reason given.
        case refused(String)
    }

    /// Judges a signed checkpoint.
    ///
    /// - Parameters:
    ///   - note: the checkpoint with its signatures.
    ///   - keys: the keys of logs that are trusted beside those of the policy.
    /// - Returns: what the checkpoint states and who cosigned it, or why it is not believed.
    public func judge(_ note: SignedNote, keys: [NoteVerifier] = []) -> Verdict {
        guard let checkpoint = try? Checkpoint(text: note.text) else {
            return .refused("the checkpoint is not well formed")
        }
        let known = (logs.map(\.key) + keys).filter { $0.text.isNamed(checkpoint.origin) }
        guard !known.isEmpty else { return .refused("no key of the log `\(checkpoint.origin)` is trusted") }
        guard note.verify(with: known) else {
            return .refused("the checkpoint is not signed by the key of the log `\(checkpoint.origin)`")
        }
        guard let cosignatures = cosignatures(note) else {
            return .refused("the checkpoint bears a witness's name over a signature that is not the witness's")
        }
        let names = cosignatures.keys.sorted().map { witnesses[$0].name }
        guard quorum.holds(Set(cosignatures.keys)) else {
            let who = names.isEmpty ? "no witness" : "only " + names.joined(separator: ", ")
            return .refused("the policy's quorum is not reached: \(who) cosigned the checkpoint")
        }
        return .accepted(checkpoint, cosigners: names)
    }
}
