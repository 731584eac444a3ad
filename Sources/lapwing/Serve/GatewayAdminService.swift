import AuditLog
import Foundation
import Gateway
import RPC
import SwiftProtobuf
import Synchronization
import WireProtos
import WorkloadIdentity
import ZeroTrust

/// The gateway's half of the admin API, on a Unix socket of its own: its configuration and the reloading of it, and what
/// becomes of findings.
///
/// The kernel says who calls, and the `AdminPolicy` in force what they may.
final class GatewayAdminService: Sendable {
    private let process: GatewayProcess
    private let console: ConsoleService
    private let acts: AdminActLog

    init(_ process: GatewayProcess, console: ConsoleService, acts: AdminActLog) {
        self.process = process
        self.console = console
        self.acts = acts
    }

    /// The service, for an `RPCServer`.
    var service: RPCService {
        RPCService(
            ServiceName.gatewayAdmin,
            methods: [
                .unary("Reload", handler: reload), .unary("ShowConfiguration", handler: show),
                .serverStreaming("ListFiles", handler: listFiles), .unary("OpenConsole", handler: openConsole),
                .unary("ActOnFinding", handler: actOnFinding),
            ]
        )
    }

    private func reload(_ request: Gateway_ReloadRequest, _ context: RPCContext) async throws -> Gateway_ReloadAttempt {
        let caller = try permit(.reloadConfiguration, context)
        guard let attempt = await process.reload(by: caller.description) else {
            throw RPCStatus(.unavailable, "the gateway is stopping, or has too many reloads to do")
        }
        return Gateway_ReloadAttempt(attempt)
    }

    private func show(
        _ request: Gateway_ShowConfigurationRequest,
        _ context: RPCContext
    ) async throws -> Gateway_ConfigurationStatus {
        _ = try permit(.showConfiguration, context)
        let status = process.history.status
        var response = Gateway_ConfigurationStatus()
        response.digest = status.digest
        response.since = Google_Protobuf_Timestamp(status.since)
        response.applied = status.applied
        response.refused = status.refused.values.reduce(0, +)
        if let last = status.last { response.last = Gateway_ReloadAttempt(last) }
        return response
    }

    private func listFiles(
        _ request: Gateway_ListFilesRequest,
        _ context: RPCContext,
        _ writer: RPCWriter<Gateway_ConfigurationFile>
    ) async throws {
        _ = try permit(.showConfiguration, context)
        for source in process.running.withLock({ $0.configuration.sources }) {
            var file = Gateway_ConfigurationFile()
            file.name = source.file
            file.content = source.bytes
            try await writer.write(file)
        }
    }

    private func openConsole(_ request: Gateway_OpenConsoleRequest, _ context: RPCContext) async throws
        -> Gateway_ConsoleDoor
    {
        let caller = try permit(.openConsole, context)
        do {
            let opened = try await console.open(for: caller)
            var door = Gateway_ConsoleDoor()
            door.host = opened.host
            door.port = UInt32(opened.port)
            door.token = opened.token
            return door
        } catch let error as CommandError {
            throw RPCStatus(.unavailable, error.message)
        }
    }

    /// Puts into the log what somebody says of a finding, which takes effect from there; answers when it is on the disk.
    private func actOnFinding(
        _ request: Gateway_ActOnFindingRequest,
        _ context: RPCContext
    ) async throws -> Gateway_FindingAct {
        guard let action = AdminAction(rawValue: request.action), action.isOfFindings else {
            throw RPCStatus(.invalidArgument, "a finding is acknowledged, accepted or resolved")
        }
        guard (1...80).contains(request.finding.utf8.count), request.finding.utf8.allSatisfy(Self.isOfID) else {
            throw RPCStatus(.invalidArgument, "the id of a finding is such as `M1-4711`")
        }
        guard action == .acceptFinding ? (1...500).contains(request.reason.count) : request.reason.isEmpty else {
            throw RPCStatus(.invalidArgument, "`finding.accept` takes a reason of 1 to 500 characters, and others none")
        }
        let caller = try permit(action, context, on: request.finding)
        do {
            let recorded = try await acts.record(
                action.rawValue,
                on: request.finding,
                by: caller,
                reason: request.reason.isEmpty ? nil : request.reason
            )
            var answer = Gateway_FindingAct()
            answer.id = recorded.id.description
            answer.index = recorded.index
            return answer
        } catch {
            throw RPCStatus(.unavailable, "the log takes no record: \(error)")
        }
    }

    private static func isOfID(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: "-") || (0x30...0x39).contains(byte) || (0x61...0x7A).contains(byte | 0x20)
    }

    private func permit(
        _ action: AdminAction,
        _ context: RPCContext,
        on subject: String? = nil
    ) throws -> AdminCaller {
        guard let credentials = context.credentials else {
            throw RPCStatus(.unauthenticated, "only a Unix socket says who calls")
        }
        let caller = AdminCaller.user(credentials.uid)
        guard process.running.withLock({ $0.configuration.adminPolicy }).permits(caller, action) else {
            acts.record(refused: action, on: subject ?? process.settings.config.value, by: caller)
            throw RPCStatus(
                .permissionDenied,
                "\(caller) may not do `\(action.rawValue)`; an AdminPolicy gives roles to users and workloads"
            )
        }
        return caller
    }
}

extension Gateway_ReloadAttempt {
    init(_ record: ConfigurationAttempt) {
        self.init()
        id = record.id.description
        time = Google_Protobuf_Timestamp(record.time)
        trigger = record.trigger.rawValue
        applied = record.outcome == .applied
        old = record.old
        new = record.new ?? ""
        reason = record.reason ?? ""
        problem = record.problem ?? ""
    }
}

extension Google_Protobuf_Timestamp {
    fileprivate init(_ time: Timestamp) {
        self.init(seconds: time.nanoseconds / 1_000_000_000, nanos: Int32(time.nanoseconds % 1_000_000_000))
    }
}
