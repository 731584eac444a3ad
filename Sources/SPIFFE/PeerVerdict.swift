/// What came of verifying a peer.
public enum PeerVerdict: Hashable, Sendable {
    /// The peer is who it says it is.
    case verified(Peer)
    /// It is not, or could not be shown to be.
    case refused(PeerRefusal)
}
