import AsyncHTTPClient
import FoundationEssentials
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
public import ZeroTrust

/// Exchanges a JWT-SVID for credentials of AWS: `AssumeRoleWithWebIdentity`, the one call of STS that is made without a
/// key.
///
/// Nothing is retried here: the SDK that asked does so in its own time.
public struct STSClient: Sendable {
    /// What is asked for.
    public struct Request: Sendable {
        /// The role.
        public var roleARN: String
        /// The session's name in AWS's own log.
        public var sessionName: String
        /// How long the credentials are to live, in seconds: 900 to 43,200.
        public var duration: Int
        /// What the session may do at most, as JSON; nil for all that the role may.
        public var sessionPolicy: String?

        /// A request.
        public init(roleARN: String, sessionName: String, duration: Int, sessionPolicy: String? = nil) {
            self.roleARN = roleARN
            self.sessionName = sessionName
            self.duration = duration
            self.sessionPolicy = sessionPolicy
        }
    }

    /// The URL that is asked.
    public let endpoint: String
    /// A file of certificate authorities, in PEM, that vouch for it; nil for those of the system.
    public let authoritiesFile: String?

    private static let timeout = TimeAmount.seconds(10)

    /// A client of an endpoint.
    public init(endpoint: String, authoritiesFile: String? = nil) {
        self.endpoint = endpoint
        self.authoritiesFile = authoritiesFile
    }

    /// The form that is sent.
    static func form(_ request: Request, token: Redacted<String>) -> String {
        var fields = [
            ("Action", "AssumeRoleWithWebIdentity"), ("Version", "2011-06-15"), ("RoleArn", request.roleARN),
            ("RoleSessionName", request.sessionName), ("DurationSeconds", String(request.duration)),
            ("WebIdentityToken", token.value),
        ]
        if let policy = request.sessionPolicy { fields.append(("Policy", policy)) }
        return fields.map { "\($0.0)=\(escaped($0.1))" }.joined(separator: "&")
    }

    private static func escaped(_ text: String) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        var output: [UInt8] = []
        for byte in text.utf8 {
            switch byte {
            case 0x30...0x39, 0x41...0x5a, 0x61...0x7a, UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"):
                output.append(byte)
            default: output += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: output, as: UTF8.self)
    }

    /// Credentials for a role.
    ///
    /// - Throws: ``CloudIdentityError``: `refused` with STS's reason, `unreachable`, `badAnswer`.
    public func assumeRole(_ request: Request, token: Redacted<String>) async throws -> TemporaryCredentials {
        var tls = TLSConfiguration.makeClientConfiguration()
        tls.minimumTLSVersion = .tlsv12
        if let authoritiesFile {
            do { tls.trustRoots = .certificates(try NIOSSLCertificate.fromPEMFile(authoritiesFile)) } catch {
                throw CloudIdentityError(
                    .unreachable,
                    "the authorities in `\(authoritiesFile)` cannot be read: \(error)"
                )
            }
        }
        var configuration = HTTPClient.Configuration(
            tlsConfiguration: tls,
            redirectConfiguration: .disallow,
            decompression: .disabled
        )
        configuration.httpVersion = .http1Only
        let client = HTTPClient(
            eventLoopGroupProvider: .shared(MultiThreadedEventLoopGroup.singleton),
            configuration: configuration
        )
        let result: Result<(status: UInt, bytes: [UInt8]), any Error>
        do {
            var message = HTTPClientRequest(url: endpoint)
            message.method = .POST
            message.headers.add(name: "content-type", value: "application/x-www-form-urlencoded; charset=utf-8")
            message.headers.add(name: "user-agent", value: "lapwing")
            message.body = .bytes(ByteBuffer(string: Self.form(request, token: token)))
            let sent = message
            // The whole answer, and not only its head, has to be here by then.
            let answer = try await withThrowingTaskGroup(of: (status: UInt, bytes: [UInt8]).self) { group in
                group.addTask {
                    let response = try await client.execute(sent, timeout: Self.timeout)
                    let body = try await response.body.collect(upTo: STSAnswer.maximumLength)
                    return (response.status.code, Array(buffer: body))
                }
                group.addTask {
                    try await Task.sleep(nanoseconds: UInt64(Self.timeout.nanoseconds))
                    throw CloudIdentityError(.unreachable, "there is no whole answer in time")
                }
                defer { group.cancelAll() }
                guard let answer = try await group.next() else { throw CancellationError() }
                return answer
            }
            result = .success(answer)
        } catch {
            result = .failure(error)
        }
        try? await client.shutdown()
        let response: (status: UInt, bytes: [UInt8])
        do { response = try result.get() } catch {
            throw CloudIdentityError(.unreachable, "STS at `\(endpoint)` does not answer: \(error)")
        }
        let answer = try STSAnswer(response.bytes)
        guard response.status == 200 else {
            let reason = answer.refusal ?? "status \(response.status)"
            throw CloudIdentityError(response.status >= 500 ? .unreachable : .refused, "STS refused: \(reason)")
        }
        return try answer.credentials(roleARN: request.roleARN, at: Date())
    }
}
