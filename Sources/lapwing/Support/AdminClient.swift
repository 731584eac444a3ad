import Foundation
import RPC
import SwiftProtobuf
import WireProtos

/// Calls the authority's admin service over its socket; the kernel says who is calling.
struct AdminClient {
    let socket: String

    init(_ options: SettingsOptions) throws {
        self.socket = try Settings(options).adminSocket
    }

    /// One call.
    ///
    /// - Throws: ``CommandError`` with what the authority said, or that nobody answers.
    func call<Request: Message, Response: Message>(_ method: String, _ request: Request) async throws -> Response {
        let client: RPCClient
        do { client = try await RPCClient.connect(unixSocket: socket, timeout: .seconds(5)) } catch {
            throw CommandError(
                .unreachable,
                "nobody answers on `\(socket)`; start `lapwing serve`, or name its --run directory"
            )
        }
        do {
            let response: Response = try await client.unary(
                "/\(ServiceName.admin)/\(method)",
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
