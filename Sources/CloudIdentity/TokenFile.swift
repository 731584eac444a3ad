public import FoundationEssentials
import Glibc
import RPC
public import SPIFFE
import WorkloadIdentity
public import ZeroTrust

/// A file with a JWT-SVID in it, which is always fresh: what AWS calls a projected token.
///
/// It is replaced whole, with mode 0600, when half of the token's life is over, so that whoever opens it reads one token
/// or the next and never a part. Where no new one is to be had, the old one stays until it expires; where the identity is
/// gone, so is the file.
///
/// ```swift
/// let file = TokenFile(path: "/run/app/aws.token") { try await client.fetchJWTSVIDs(audiences: ["sts.amazonaws.com"])[0] }
/// let first = try await file.renew()
/// await file.keepFresh(after: first) { event in … }
/// ```
public struct TokenFile: Sendable {
    /// What happens to a file while it is kept.
    public enum Event: Sendable {
        /// It holds a new token, which lives until then.
        case renewed(SPIFFEID, until: Date)
        /// A new token was not to be had; the one that is there lives until then.
        case failed(any Error, until: Date)
        /// There is no identity for this process any more: the file was taken away.
        case withdrawn(any Error)
    }

    /// Where the token lies.
    public let path: String
    private let fetch: @Sendable () async throws -> JWTSVID
    private let clock: @Sendable () -> Date
    private let sleep: @Sendable (Duration) async throws -> Void

    /// The longest that a failed renewal waits for its next try, in seconds.
    static let longestDelay: TimeInterval = 15

    /// A file that is not written yet.
    ///
    /// - Parameters:
    ///   - path: where it is to lie; its directory is there.
    ///   - clock: the time of day.
    ///   - sleep: waits.
    ///   - fetch: gives a token that has just been issued and verified.
    public init(
        path: String,
        clock: @escaping @Sendable () -> Date = { Date() },
        sleep: @escaping @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) },
        fetch: @escaping @Sendable () async throws -> JWTSVID
    ) {
        self.path = path
        self.clock = clock
        self.sleep = sleep
        self.fetch = fetch
    }

    /// Fetches a token and puts it in the file.
    ///
    /// - Throws: what fetching throws, or `IdentityError` where the file cannot be written; it is unchanged then.
    public func renew() async throws -> JWTSVID {
        let svid = try await fetch()
        try PrivateFile.write(svid.token.value, to: path)
        return svid
    }

    /// When a token is to be replaced: at half of its life.
    public static func renewal(of svid: JWTSVID, at now: Date) -> Date {
        let start = svid.issuedAt ?? now
        return start + max(1, svid.expiresAt.timeIntervalSince(start) / 2)
    }

    /// Renews the token for as long as the task runs.
    public func keepFresh(after first: JWTSVID, _ report: @Sendable (Event) -> Void) async {
        var (svid, delay) = (first, TimeInterval(1))
        var next = Self.renewal(of: svid, at: clock())
        while true {
            // A machine may have slept, or its clock may have been set: it is looked at again within ten seconds.
            let wait = next.timeIntervalSince(clock())
            if wait > 0 {
                do { try await sleep(.seconds(min(wait, 10))) } catch { return }
                continue
            }
            do {
                svid = try await renew()
                delay = 1
                // One that the server still holds is a little older than asked for.
                next = max(Self.renewal(of: svid, at: clock()), clock() + 1)
                report(.renewed(svid.id, until: svid.expiresAt))
            } catch is CancellationError {
                return
            } catch {
                if Self.isDenied(error) {
                    unsafe unlink(path)
                    report(.withdrawn(error))
                } else {
                    report(.failed(error, until: svid.expiresAt))
                }
                next = clock() + delay
                delay = min(delay * 2, Self.longestDelay)
            }
        }
    }
}

extension TokenFile {
    /// Whether the authority says that there is no such identity for this process.
    private static func isDenied(_ error: any Error) -> Bool {
        (error as? RPCStatus)?.code == .permissionDenied
    }
}
