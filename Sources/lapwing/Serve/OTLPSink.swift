import AsyncHTTPClient
import AuditLog
import Foundation
import NIOCore
import NIOHTTP1
import NIOPosix
import ZeroTrust

/// Sends records to a receiver of OTLP/HTTP, in its binary form.
struct OTLPSink: RecordSink {
    private let client: HTTPClient
    private let endpoint: String
    private let headers: [(name: String, value: String)]
    private let exporter: OTLPExporter
    /// Told what the receiver took in part only.
    private let onPartial: @Sendable (OTLPAnswer) -> Void

    private static let timeout = TimeAmount.seconds(15)
    private static let maximumAnswer = 65_536

    /// A sink.
    ///
    /// - Parameters:
    ///   - endpoint: the URL without `/v1/logs`.
    ///   - headersFile: a file of lines `NAME: VALUE`, such as what a receiver knows its senders by.
    ///   - exporter: makes the messages.
    ///   - onPartial: told what the receiver took in part only.
    /// - Throws: ``CommandError`` where the file cannot be used.
    init(
        endpoint: String,
        headersFile: String? = nil,
        exporter: OTLPExporter,
        onPartial: @escaping @Sendable (OTLPAnswer) -> Void = { _ in }
    ) throws {
        self.endpoint = endpoint
        self.exporter = exporter
        self.onPartial = onPartial
        self.headers = try headersFile.map(Self.read) ?? []
        var configuration = HTTPClient.Configuration(redirectConfiguration: .disallow, decompression: .disabled)
        configuration.httpVersion = .http1Only
        configuration.timeout = .init(connect: .seconds(5), read: Self.timeout)
        client = HTTPClient(
            eventLoopGroupProvider: .shared(MultiThreadedEventLoopGroup.singleton),
            configuration: configuration
        )
    }

    func take(_ records: [ExportedRecord], after mark: UInt64) async throws -> UInt64 {
        try await post("/v1/logs", exporter.logs(records, at: .now()))
        if let traces = exporter.traces(records) { try await post("/v1/traces", traces) }
        return 0
    }

    func shutdown() async { try? await client.shutdown() }

    private func post(_ path: String, _ body: [UInt8]) async throws {
        var request = HTTPClientRequest(url: endpoint + path)
        request.method = .POST
        request.headers.add(name: "content-type", value: "application/x-protobuf")
        request.headers.add(name: "user-agent", value: "lapwing/\(Version.current)")
        for header in headers { request.headers.replaceOrAdd(name: header.name, value: header.value) }
        request.body = .bytes(body)
        let response = try await client.execute(request, timeout: Self.timeout)
        let answer = try await response.body.collect(upTo: Self.maximumAnswer)
        switch response.status.code {
        case 200..<300:
            let said = OTLPAnswer(Array(buffer: answer))
            if said.rejected > 0 { onPartial(said) }
        // OTLP/HTTP, "Failures": what is bad stays bad; too much at once is offered in smaller parts.
        case 400, 413, 422: throw SinkRefusal("\(path) answers \(response.status.code)")
        default: throw CommandError(.unreachable, "\(endpoint)\(path) answers \(response.status.code)")
        }
    }

    private static func read(_ path: String) throws -> [(name: String, value: String)] {
        guard let text = try? String(contentsOfFile: path, encoding: .utf8), text.utf8.count <= 65_536 else {
            throw CommandError(.usage, "the headers in `\(path)` cannot be read")
        }
        return try text.split(separator: "\n").enumerated().map { number, line in
            guard let colon = line.firstIndex(of: ":"), colon > line.startIndex else {
                throw CommandError(.usage, "`\(path)`:\(number + 1): expected NAME: VALUE")
            }
            return (
                line[..<colon].trimmingCharacters(in: .whitespaces),
                line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces)
            )
        }
    }
}
