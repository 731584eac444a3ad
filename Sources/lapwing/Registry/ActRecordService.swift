import AuditLog
import RPC
import Registry
import SwiftProtobuf
import ZeroTrust

/// The gateway's half of recording acts: it keeps the node's one log, and other processes of this installation hand
/// their records to it.
///
/// Nothing but a record of an act is taken, and only from the users given.
struct ActRecordService: Sendable {
    /// The service's name in a call's path.
    static let name = "lapwing.record.v1.Record"

    let log: LogWriter
    /// The uids that a process of this installation may run as.
    let allowedUIDs: Set<UInt32>

    var service: RPCService {
        RPCService(
            Self.name,
            methods: [
                .unary("Append") { (entry: Google_Protobuf_BytesValue, _) in
                    let bytes = Array(entry.value)
                    guard bytes.count <= RecordEncoding.maximumLength, case .act? = try? AuditRecord(entry: bytes)
                    else { throw RPCStatus(.invalidArgument, "the entry is no record of an act") }
                    var index = Google_Protobuf_UInt64Value()
                    index.value = try await append(bytes)
                    return index
                }
            ],
            intercept: { context in
                guard let uid = context.credentials?.uid, allowedUIDs.contains(uid) else {
                    throw RPCStatus(.permissionDenied, "records are taken from this installation's user only")
                }
            }
        )
    }

    /// Returns the entry's index once it is durable.
    func append(_ entry: [UInt8]) async throws -> UInt64 {
        do {
            return try await withCheckedThrowingContinuation { continuation in
                log.append(entry, immediately: true) { continuation.resume(with: $0.mapError { $0 as any Error }) }
            }
        } catch {
            throw RPCStatus(.unavailable, "the log takes no record: \(error)")
        }
    }
}

/// The other processes' half: hands each act to the gateway's log and waits until it is on the disk.
struct RemoteActLog: ActLog {
    let socket: String

    func record(_ act: ActRecord) async throws {
        try await append([act.encoded()])
    }

    /// Hands over acts that are encoded already, in order; those before one that is not taken have been.
    func append(_ entries: [[UInt8]], onDurable: () -> Void = {}) async throws {
        let client = try await RPCClient.connect(unixSocket: socket, timeout: .seconds(3))
        do {
            for bytes in entries {
                var entry = Google_Protobuf_BytesValue()
                entry.value = .init(bytes)
                let _: Google_Protobuf_UInt64Value = try await client.unary(
                    "/\(ActRecordService.name)/Append",
                    entry,
                    timeout: .seconds(5)
                )
                onDurable()
            }
            await client.close()
        } catch {
            await client.close()
            throw error
        }
    }
}
