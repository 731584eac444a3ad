import Foundation
import Logging
import Monitoring
import RPC
import Testing

@testable import lapwing

/// What logs and commands say of failures: the words of the system, the place, and what to do, and no names of types.
@Suite struct `The words of a failure` {
    @Test func `an error of a command is its message`() {
        #expect("\(CommandError(.unreachable, "there is no room"))" == "there is no room")
    }

    @Test func `a state that cannot be written names its file and the system's reason`() throws {
        let directory = try TemporaryDirectory()
        let file = try directory.write("", to: "file")
        let states: [(file: String, write: () throws -> Void)] = [
            ("deliveries.state", { try MonitorStore(directory: file).save(DeliveryQueue()) }),
            ("admission.json", { try AdmissionMemory(path: file + "/admission.json").remember("a", "b") }),
        ]
        for state in states {
            let message = #expect(throws: CommandError.self) { try state.write() }?.message ?? ""
            #expect(message.hasPrefix("`\(file)/\(state.file)` cannot be written: "), "\(message)")
            #expect(!message.contains("Domain="), "\(message)")
        }
    }

    @Test func `a Workload API that says why it gives nothing is not taken for one that is not there`() async throws {
        let said = WorkloadAPIAccess.unavailable("unix:///w", RPCStatus(.unavailable, "it is not handed out"))
        #expect(said.message == "the Workload API at `unix:///w` gives nothing: it is not handed out")
        let directory = try TemporaryDirectory()
        let none = directory.path + "/none"
        let failure = await #expect(throws: RPCStatus.self) { _ = try await RPCClient.connect(unixSocket: none) }
        let absent = WorkloadAPIAccess.unavailable("unix://\(none)", try #require(failure))
        #expect(absent.message.contains("cannot connect to `\(none)`: No such file or directory"))
        #expect(absent.message.hasSuffix("is `lapwing serve` running?"))
    }
}
