import Foundation
import Logging
import Monitoring
import RPC
import Testing
import WorkloadIdentity

@testable import lapwing

/// What logs and commands say of failures: the words of the system, the place, and what to do, and no names of types.
@Suite(.timeLimit(.minutes(5))) struct `The words of a failure` {
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
        let unusable = WorkloadAPIAccess.unavailable(
            "unix:///w",
            IdentityError(.unavailable, "it sent what is not valid yet")
        )
        #expect(unusable.message == "`unix:///w`: it sent what is not valid yet; `lapwing doctor` says more")
    }

    @Test func `alerts that wait and cannot be read are kept aside and told of`() throws {
        let directory = try TemporaryDirectory()
        let store = MonitorStore(directory: directory.path)
        #expect(try store.queue().encoded() == DeliveryQueue().encoded())
        try store.save(DeliveryQueue())
        #expect(try store.queue().encoded() == DeliveryQueue().encoded())
        let file = try directory.write("of another version", to: "deliveries.state")
        let message = #expect(throws: CommandError.self) { try store.queue() }?.message ?? ""
        #expect(message.hasPrefix("`\(file)`, which is `\(file).unread` now: "), "\(message)")
        #expect(try String(contentsOfFile: file + ".unread", encoding: .utf8) == "of another version")
        #expect(try store.queue().encoded() == DeliveryQueue().encoded())
    }

    @Test func `an authority that cannot go on signing says in which directory, and what to do`() throws {
        let directory = try TemporaryDirectory()
        _ = try Program.run("init", directory.path + "/c")
        let log = directory.path + "/s/authority/log"
        try FileManager.default.createDirectory(
            atPath: log,
            withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700]
        )
        try "\0".write(toFile: log + "/signing.key", atomically: true, encoding: .utf8)
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: log + "/signing.key")
        let result = try Program.run(
            ["authority", "--config", directory.path + "/c", "--state", directory.path + "/s"]
                + ["--run", directory.path + "/r"]
        )
        #expect(result.status == 3, "\(result.errors)")
        #expect(result.errors.contains("what is in `\(log)` cannot sign the log: "), "\(result.errors)")
        #expect(result.errors.contains("once `lapwing audit verify` says that the log is whole"), "\(result.errors)")
    }
}
