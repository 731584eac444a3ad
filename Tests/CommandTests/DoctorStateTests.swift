import Foundation
import Testing

/// What `lapwing doctor` says of a state that this program, or this clock, does not go on with.
@Suite(.timeLimit(.minutes(5))) struct `The doctor, of the state` {
    private func doctor(_ write: (_ state: String) throws -> Void) throws -> Program.Result {
        let directory = try TemporaryDirectory()
        _ = try Program.run("init", directory.path + "/c")
        for folder in ["authority", "monitor"] {
            try FileManager.default.createDirectory(
                atPath: directory.path + "/s/" + folder,
                withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o700]
            )
        }
        try write(directory.path + "/s")
        return try Program.run(
            ["doctor", "--config", directory.path + "/c"]
                + ["--state", directory.path + "/s", "--run", directory.path + "/r"]
        )
    }

    /// A file that is its owner's alone.
    private func make(_ path: String, _ text: String) {
        let isMade = FileManager.default.createFile(
            atPath: path,
            contents: Data(text.utf8),
            attributes: [.posixPermissions: 0o600]
        )
        #expect(isMade)
    }

    @Test func `a database that cannot be read is a fault, and one that is not there is none`() throws {
        let damaged = try doctor {
            make($0 + "/authority/authority.sqlite", String(repeating: "no database ", count: 400))
        }
        #expect(damaged.status == 1)
        #expect(
            damaged.output.contains("fault  database authority.sqlite: cannot open the database"),
            "\(damaged.output)"
        )
        #expect(damaged.output.contains("`lapwing restore` for what is the authority's"))
        #expect(!damaged.output.contains("registry.sqlite"))
        #expect(!(try doctor { _ in }).output.contains("database"))
    }

    @Test func `a clock behind what was seen is a fault, with the files to remove once it is right`() throws {
        let now = Int(Date().timeIntervalSince1970)
        let behind = try doctor { make($0 + "/monitor/clock.floor", "\(now + 7200)\n") }
        #expect(behind.status == 1)
        #expect(behind.output.contains("fault  clock: it says "), "\(behind.output)")
        #expect(
            behind.output.contains("/s/authority/clock.floor ")
                && behind.output.contains("/s/monitor/clock.floor`, and start it")
        )
        let damaged = try doctor { make($0 + "/authority/clock.floor", "soon\n") }
        #expect(
            damaged.output.contains("fault  clock: ") && damaged.output.contains("holds no time"),
            "\(damaged.output)"
        )
        let fine = try doctor { make($0 + "/authority/clock.floor", "\(now - 60)\n") }
        #expect(fine.output.contains("fine   clock: "), "\(fine.output)")
    }
}
