import Foundation
import RPC
import SwiftProtobuf
import WireProtos

/// Calls the admin service of the authority, or of the gateway, over its socket; the kernel says who is calling.
struct AdminClient {
    let socket: String
    let service: String

    /// A service at a socket.
    init(socket: String, service: String) {
        self.socket = socket
        self.service = service
    }

    /// The authority's.
    init(_ options: SettingsOptions) throws {
        self.init(authority: try Settings.asking(options))
    }

    /// The authority's.
    init(authority settings: Settings) {
        self.socket = settings.adminSocket
        self.service = ServiceName.admin
    }

    /// The gateway's.
    init(gateway settings: Settings) {
        self.socket = settings.gatewaySocket
        self.service = ServiceName.gatewayAdmin
    }

    /// A call with many answers.
    ///
    /// - Throws: ``CommandError`` with what was said, or that nobody answers.
    func stream<Request: Message, Response: Message>(
        _ method: String,
        _ request: Request,
        _ take: (Response) throws -> Void
    ) async throws {
        let client = try await connect()
        do {
            let responses: RPCMessages<Response> = try await client.serverStreaming("/\(service)/\(method)", request)
            for try await response in responses { try take(response) }
            await client.close()
        } catch let status as RPCStatus {
            await client.close()
            throw CommandError(Self.exit(for: status.code), status.message)
        }
    }

    private func connect() async throws -> RPCClient {
        do { return try await RPCClient.connect(unixSocket: socket, timeout: .seconds(5)) } catch {
            throw CommandError(
                .unreachable,
                "nobody answers on `\(socket)`; start `lapwing serve`, or name its --run directory"
            )
        }
    }

    /// One call.
    ///
    /// - Throws: ``CommandError`` with what the authority said, or that nobody answers.
    func call<Request: Message, Response: Message>(_ method: String, _ request: Request) async throws -> Response {
        let client = try await connect()
        do {
            let response: Response = try await client.unary(
                "/\(service)/\(method)",
                request,
                timeout: .seconds(30)
            )
            await client.close()
            return response
        } catch let status as RPCStatus {
            await client.close()
            throw CommandError(Self.exit(for: status.code), status.message)
        }
    }

    private static func exit(for code: RPCStatus.Code) -> ExitStatus {
        switch code {
        case .invalidArgument: .usage
        case .unavailable, .deadlineExceeded, .unimplemented, .internalError: .unreachable
        default: .refused
        }
    }
}
