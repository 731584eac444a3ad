import Foundation
import Glibc
import Logging
import RPC
import SPIFFE
import WorkloadIdentity

/// The Workload API as a command reaches it: at the socket of `--run`, or the one that SPIFFE_ENDPOINT_SOCKET names.
struct WorkloadAPIAccess: Sendable {
    let endpoint: WorkloadEndpoint
    let client: WorkloadAPIClient

    /// Finds the socket; it is asked for nothing yet.
    ///
    /// - Throws: ``CommandError`` for an address that is none.
    init(_ options: SettingsOptions) throws {
        let environment = ProcessInfo.processInfo.environment[WorkloadEndpoint.environmentVariable]
        let text = options.runtime == nil ? environment : nil
        endpoint = try WorkloadEndpoint(given: text ?? Settings.asking(options).workloadSocket)
        client = WorkloadAPIClient(
            endpoint: endpoint,
            logger: Logger(label: "lapwing.identity") { _ in SwiftLogNoOpLogHandler() }
        )
    }

    /// Why a call failed, and what mends it.
    func reason(_ error: any Error) -> CommandError {
        switch (error as? RPCStatus)?.code {
        case .permissionDenied:
            return CommandError(
                .refused,
                "no entry fits this process (uid \(geteuid())): \(error); see `lapwing identity entry list`"
            )
        case .invalidArgument: return CommandError(.usage, "\((error as? RPCStatus)?.message ?? "\(error)")")
        default: break
        }
        return Self.unavailable("\(endpoint)", error)
    }

    /// That the Workload API gave nothing: because nobody is there, or for the reason that it said.
    static func unavailable(_ endpoint: String, _ error: any Error) -> CommandError {
        if let status = error as? RPCStatus, status.code == .unavailable, !RPCClient.isUnconnected(status) {
            return CommandError(.unreachable, "the Workload API at `\(endpoint)` gives nothing: \(status.message)")
        }
        // It answered, and its answer was looked at.
        if error is IdentityError {
            return CommandError(.unreachable, "`\(endpoint)`: \(error); `lapwing doctor` says more")
        }
        return CommandError(
            .unreachable,
            "the Workload API at `\(endpoint)` does not answer: \(error); is `lapwing serve` running?"
        )
    }
}

extension WorkloadEndpoint {
    /// The endpoint that a user names, by its address or by the path of its socket.
    ///
    /// - Throws: ``CommandError`` for an address that is none.
    init(given text: String) throws {
        let isPath = text.hasPrefix("/") || !text.contains(":")
        do { try self.init(isPath ? "unix://" + URL(fileURLWithPath: text).path : text) } catch {
            throw CommandError(.usage, "the Workload API's address is wrong: \(error)")
        }
    }
}
