import AsyncHTTPClient
import AuditLog
import Logging
import NIOCore
import NIOHTTP1
import NIOPosix

/// Reaches witnesses over HTTP.
struct HTTPWitnessTransport: WitnessTransport {
    private let client: HTTPClient

    /// An answer has at most so many bytes: signature lines, or a reason.
    private static let maximumLength = SignedNote.maximumLength
    private static let timeout = TimeAmount.seconds(10)

    init() {
        var configuration = HTTPClient.Configuration(redirectConfiguration: .disallow, decompression: .disabled)
        configuration.httpVersion = .http1Only
        configuration.timeout = .init(connect: Self.timeout, read: Self.timeout)
        client = HTTPClient(
            eventLoopGroupProvider: .shared(MultiThreadedEventLoopGroup.singleton),
            configuration: configuration
        )
    }

    func post(_ url: String, body: [UInt8]) async throws -> (status: Int, body: [UInt8]) {
        var request = HTTPClientRequest(url: url)
        request.method = .POST
        request.headers.add(name: "user-agent", value: "lapwing")
        request.body = .bytes(body)
        let message = request
        // The whole answer, and not only its head, has to be here by then.
        return try await Deadline.run(within: Self.timeout) {
            let response = try await client.execute(message, timeout: Self.timeout)
            let answer = try await response.body.collect(upTo: Self.maximumLength)
            return (Int(response.status.code), Array(buffer: answer))
        }
    }

    func shutdown() async { try? await client.shutdown() }
}

/// Has the node's log cosigned for as long as it runs, and says what has changed about its witnesses.
struct WitnessRounds {
    let log: LogWriter
    let logger: Logger
    /// The policy in force; it changes with the configuration.
    let policy: @Sendable () -> AuditPolicyResource

    func run() async {
        let transport = HTTPWitnessTransport()
        var followed: AuditPolicyResource?
        var follower: WitnessFollower?
        var known: [String: WitnessFollower.Fault] = [:]
        while !Task.isCancelled {
            let policy = policy()
            if policy != followed {
                followed = policy
                known = [:]
                follower = policy.witnesses.map { self.follower(of: $0, transport) } ?? nil
                if follower == nil { unwitnessed() }
            }
            if let follower {
                do {
                    let status = try await follower.round()
                    log.report(witnesses: .init(size: status.witnessedSize, faults: status.faults.count))
                    tell(status.faults, known: &known)
                } catch {
                    logger.error("the log could not be witnessed", metadata: ["error": "\(error)"])
                }
            }
            do { try await Task.sleep(for: policy.interval) } catch { break }
        }
        await transport.shutdown()
    }

    private func follower(of policy: LogPolicy, _ transport: HTTPWitnessTransport) -> WitnessFollower? {
        guard !policy.isUnwitnessed else { return nil }
        return WitnessFollower(directory: log.directory, policy: policy, transport: transport)
    }

    private func unwitnessed() {
        log.report(witnesses: nil)
        logger.warning(
            "the audit log has no witness: whoever takes over this machine could rewrite its past unseen",
            metadata: ["mend": "name witnesses in an AuditPolicy; see `lapwing audit witness --help`"]
        )
    }

    /// Says what is wrong with a witness once, and once that it is well again.
    private func tell(_ faults: [String: WitnessFollower.Fault], known: inout [String: WitnessFollower.Fault]) {
        for (name, fault) in faults.sorted(by: { $0.key < $1.key }) where known[name] != fault {
            let metadata: Logger.Metadata = ["witness": "\(name)", "error": "\(fault)"]
            if case .contradicted = fault {
                logger.critical("a witness has seen another past of this log", metadata: metadata)
            } else {
                logger.warning("a witness does not cosign", metadata: metadata)
            }
        }
        for name in known.keys.sorted() where faults[name] == nil {
            logger.notice("a witness cosigns again", metadata: ["witness": "\(name)"])
        }
        known = faults
    }
}
