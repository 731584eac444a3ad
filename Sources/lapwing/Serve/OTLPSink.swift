import AsyncHTTPClient
import AuditLog
import NIOCore
import NIOHTTP1
import NIOPosix
import ZeroTrust

/// Sends records to a receiver of OTLP/HTTP, in its binary form: each as a log record, and requests as traces too.
///
/// Whether it has taken them is what `/v1/logs` says. Traces are sent to whoever has them; a receiver that has no
/// `/v1/traces`, or refuses what comes there, gets logs alone.
struct OTLPSink: RecordSink {
    private let client: HTTPClient
    private let endpoint: String
    private let headers: HeaderFile?
    private let timeout: TimeAmount
    private let exporter: OTLPExporter
    /// Told what the receiver took in part only.
    private let onPartial: @Sendable (OTLPAnswer) -> Void
    /// Told once why traces are not taken.
    private let onTraces: @Sendable (String) -> Void
    private let traces = TraceSwitch()

    private static let maximumAnswer = 65_536

    /// A sink.
    ///
    /// - Parameters:
    ///   - endpoint: the URL without `/v1/logs`.
    ///   - headersFile: a file of lines `NAME: VALUE`, such as what a receiver knows its senders by.
    ///   - exporter: makes the messages.
    ///   - timeout: how long an answer may take, to its last byte.
    ///   - onPartial: told what the receiver took in part only.
    ///   - onTraces: told once why traces are not sent any more, or not for now.
    /// - Throws: ``CommandError`` where the file cannot be used.
    init(
        endpoint: String,
        headersFile: String? = nil,
        exporter: OTLPExporter,
        timeout: TimeAmount = .seconds(15),
        onPartial: @escaping @Sendable (OTLPAnswer) -> Void = { _ in },
        onTraces: @escaping @Sendable (String) -> Void = { _ in }
    ) throws {
        self.endpoint = endpoint
        self.exporter = exporter
        self.timeout = timeout
        self.onPartial = onPartial
        self.onTraces = onTraces
        self.headers = try headersFile.map(HeaderFile.init(path:))
        var configuration = HTTPClient.Configuration(redirectConfiguration: .disallow, decompression: .disabled)
        configuration.httpVersion = .http1Only
        configuration.timeout = .init(connect: .seconds(5), read: timeout)
        client = HTTPClient(
            eventLoopGroupProvider: .shared(MultiThreadedEventLoopGroup.singleton),
            configuration: configuration
        )
    }

    func take(_ records: [ExportedRecord], after mark: SinkMark) async throws -> SinkMark {
        switch try await post("/v1/logs", exporter.logs(records, at: .now())) {
        case 200..<300: break
        // OTLP/HTTP, "Failures": what is bad stays bad; too much at once is offered in smaller parts.
        case let status where Self.isRefusal(status): throw SinkRefusal("/v1/logs answers \(status)")
        case let status: throw CommandError(.unreachable, "\(endpoint)/v1/logs answers \(status)")
        }
        await sendTraces(of: records)
        return SinkMark()
    }

    /// Whether a status says that what was sent will never be taken.
    private static func isRefusal(_ status: UInt) -> Bool { [400, 413, 422].contains(status) }

    private func sendTraces(of records: [ExportedRecord]) async {
        guard traces.isOn(at: .now()), let message = exporter.traces(records) else { return }
        let problem: String
        var isForGood = false
        do {
            let status = try await post("/v1/traces", message)
            guard !(200..<300).contains(status) else { return traces.succeed() }
            problem = "/v1/traces answers \(status)"
            // No such path, no such method, nothing of the kind, or what is sent is refused.
            isForGood = [404, 405, 415, 501].contains(status) || Self.isRefusal(status)
        } catch { problem = "/v1/traces: \(error)" }
        if traces.fail(forGood: isForGood, at: .now()) { onTraces(problem) }
    }

    func shutdown() async { try? await client.shutdown() }

    /// The status of an answer; what it took in part only is told.
    private func post(_ path: String, _ body: [UInt8]) async throws -> UInt {
        var request = HTTPClientRequest(url: endpoint + path)
        request.method = .POST
        request.headers.add(name: "content-type", value: "application/x-protobuf")
        request.headers.add(name: "user-agent", value: "lapwing/\(Version.current)")
        for field in headers?.fields ?? [] { request.headers.replaceOrAdd(name: field.name, value: field.value.value) }
        request.body = .bytes(body)
        let message = request
        let (status, answer) = try await Deadline.run(within: timeout) {
            let response = try await client.execute(message, timeout: timeout)
            return (response.status.code, try await response.body.collect(upTo: Self.maximumAnswer))
        }
        if (200..<300).contains(status) {
            let said = OTLPAnswer(Array(buffer: answer))
            if said.rejected > 0 { onPartial(said) }
        }
        return status
    }
}
