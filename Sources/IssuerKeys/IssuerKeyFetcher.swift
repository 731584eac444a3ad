import AsyncHTTPClient
public import Authorization
import FoundationEssentials
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import Resources
import SPIFFE

/// Fetches the keys of an issuer over HTTPS, once.
///
/// Every fetch makes its own connection, so that a changed file of certificate authorities counts from the next one on;
/// fetches are rare. The answer is bounded in time and size, and is believed only from whom the certificate authorities
/// vouch for.
///
/// ```swift
/// let keys = try await IssuerKeyFetcher().keys(of: IssuerKeySource(url: "https://issuer.example/jwks"))
/// ```
public struct IssuerKeyFetcher: Sendable {
    /// How many redirects one document may take.
    private static let maximumRedirects = 3

    /// What the client is given beyond the time of a fetch, so that it is the fetch that ends.
    private static let margin = TimeAmount.seconds(5)

    /// A fetcher.
    public init() {}

    /// The keys of a source.
    ///
    /// - Throws: ``KeyFetchFailure``.
    public func keys(of source: IssuerKeySource) async throws -> TokenKeySet {
        let client = HTTPClient(
            eventLoopGroupProvider: .shared(MultiThreadedEventLoopGroup.singleton),
            configuration: try configuration(for: source)
        )
        let result: Result<TokenKeySet, any Error>
        do {
            result = .success(
                try await within(source.timeout) { try await Fetch(source: source, client: client).keys() }
            )
        } catch {
            result = .failure(error)
        }
        try? await client.shutdown()
        do {
            return try result.get()
        } catch let failure as KeyFetchFailure {
            throw failure
        } catch {
            throw KeyFetchFailure(.unreachable, "`\(source.url)` cannot be fetched: \(error)")
        }
    }

    private func configuration(for source: IssuerKeySource) throws -> HTTPClient.Configuration {
        var tls = TLSConfiguration.makeClientConfiguration()
        tls.minimumTLSVersion = .tlsv12
        if let file = source.settings.authoritiesFile {
            do {
                tls.trustRoots = .certificates(try NIOSSLCertificate.fromPEMFile(file))
            } catch {
                throw KeyFetchFailure(
                    .badAuthorities,
                    "the certificate authorities in `\(file)` cannot be read: \(error)"
                )
            }
        }
        var configuration = HTTPClient.Configuration(
            tlsConfiguration: tls,
            redirectConfiguration: .disallow,
            decompression: .disabled
        )
        configuration.httpVersion = .http1Only
        configuration.connectionPool.retryConnectionEstablishment = false
        // Ours is over before.
        configuration.timeout = .init(connect: TimeAmount(source.timeout) + Self.margin)
        return configuration
    }

    private func within(
        _ timeout: Duration,
        _ work: @escaping @Sendable () async throws -> TokenKeySet
    ) async throws -> TokenKeySet {
        try await withThrowingTaskGroup(of: TokenKeySet.self) { group in
            group.addTask { try await work() }
            group.addTask {
                try await Task.sleep(for: timeout)
                throw KeyFetchFailure(.timedOut, "the keys did not come within \(timeout)")
            }
            defer { group.cancelAll() }
            guard let keys = try await group.next() else { throw CancellationError() }
            return keys
        }
    }

    /// One fetch, with the documents that it takes.
    private struct Fetch {
        let source: IssuerKeySource
        let client: HTTPClient

        func keys() async throws -> TokenKeySet {
            var url = source.url
            if let issuer = source.discoveredIssuer { url = try await discover(issuer) }
            let bytes = try await get(url)
            do {
                return try TokenKeySet(json: bytes, at: SourceLocation(file: url, line: 1, column: 1))
            } catch let error as ResourceError {
                throw KeyFetchFailure(.badDocument, error.description)
            }
        }

        /// The place of an issuer's keys, by its own description (OpenID Connect Discovery 1.0 §4.3).
        private func discover(_ issuer: String) async throws -> String {
            let bytes = try await get(source.url)
            guard let members = (try? StrictJSON(bytes))?.object else {
                throw KeyFetchFailure(.badDocument, "`\(source.url)` is no JSON object")
            }
            guard let named = members["issuer"]?.string, named == issuer else {
                throw KeyFetchFailure(
                    .badDocument,
                    "`\(source.url)` describes another issuer than `\(issuer)`: "
                        + "`\(members["issuer"]?.string?.prefix(200) ?? "none")`"
                )
            }
            guard let url = members["jwks_uri"]?.string else {
                throw KeyFetchFailure(.badDocument, "`\(source.url)` has no `jwks_uri`")
            }
            try check(url, .badDocument)
            return url
        }

        private func get(_ first: String) async throws -> [UInt8] {
            var url = first
            for _ in 0...IssuerKeyFetcher.maximumRedirects {
                var request = HTTPClientRequest(url: url)
                request.headers.add(name: "accept", value: "application/json")
                request.headers.add(name: "user-agent", value: "lapwing")
                let response = try await client.execute(request, timeout: TimeAmount(source.timeout) + margin)
                switch response.status.code {
                case 200:
                    do {
                        return Array(
                            buffer: try await response.body.collect(upTo: TokenKeySet.maximumLength)
                        )
                    } catch is NIOTooManyBytesError {
                        throw KeyFetchFailure(
                            .tooLarge,
                            "`\(url)` answers with more than \(TokenKeySet.maximumLength) bytes"
                        )
                    }
                case 301, 302, 303, 307, 308: url = try target(response.headers["location"], of: url)
                default: throw KeyFetchFailure(.badStatus, "`\(url)` answers \(response.status.code)")
                }
            }
            throw KeyFetchFailure(
                .badRedirect,
                "`\(first)` redirects more than \(IssuerKeyFetcher.maximumRedirects) times"
            )
        }

        /// Where a redirect leads: to the same scheme, and nowhere else.
        private func target(_ locations: [String], of url: String) throws -> String {
            guard locations.count == 1, let location = locations.first, let base = URL(string: url),
                let next = URL(string: location, relativeTo: base)?.absoluteURL
            else { throw KeyFetchFailure(.badRedirect, "`\(url)` redirects to nowhere") }
            guard next.scheme?.lowercased() == base.scheme?.lowercased() else {
                throw KeyFetchFailure(.badRedirect, "`\(url)` redirects to another scheme: `\(location.prefix(200))`")
            }
            try check(next.absoluteString, .badRedirect)
            return next.absoluteString
        }

        private func check(_ url: String, _ code: KeyFetchFailure.Code) throws {
            guard let problem = IssuerKeySource.problem(with: url, source.settings) else { return }
            throw KeyFetchFailure(code, problem)
        }
    }
}
