import Crypto
import FoundationEssentials
import Synchronization

/// The leaves that a verifier has verified, by their SHA-256, with the time in which their whole path is valid.
///
/// Only a verified certificate is remembered, so that nobody fills it but with certificates that an authority issued;
/// past its limit the oldest goes.
final class VerifiedLeaves: Sendable {
    private static let limit = 4096

    private struct Entry {
        let peer: Peer
        let validity: PathValidation.Validity
    }

    private struct State {
        var entries: [SHA256.Digest: Entry] = [:]
        /// The keys of the entries, in a ring: the slot at `next` is the oldest once the ring is full.
        var ring: [SHA256.Digest] = []
        var next = 0
    }

    /// Guards the entries and their order of arrival.
    private let state = Mutex(State())

    /// The peer of a leaf that is known and whose path is valid now.
    func peer(of digest: SHA256.Digest, at date: Date) -> Peer? {
        state.withLock { state in
            guard let entry = state.entries[digest], entry.validity.contains(date) else { return nil }
            return entry.peer
        }
    }

    /// Remembers a verified leaf.
    func insert(_ peer: Peer, of digest: SHA256.Digest, validity: PathValidation.Validity) {
        state.withLock { state in
            guard state.entries.updateValue(Entry(peer: peer, validity: validity), forKey: digest) == nil else {
                return
            }
            if state.ring.count < Self.limit {
                state.ring.append(digest)
            } else {
                state.entries[state.ring[state.next]] = nil
                state.ring[state.next] = digest
                state.next = (state.next + 1) % Self.limit
            }
        }
    }
}
