import ArgumentParser
import Foundation
import UnixSignals

/// `lapwing identity exec`: a command that reaches clouds without a key.
struct IdentityExecCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "exec",
        abstract: "Run a command that reaches AWS, Google Cloud or Azure by its identity, without a key.",
        discussion: """
            A token of this process lies in a file that is replaced when half of its life is over, and the environment \
            tells the cloud's SDK where: the command is started once, and its SDK reads the next token by itself. Keys \
            that last are taken out of its environment, since an SDK would use them first.

                lapwing identity exec --aws-role arn:aws:iam::123456789012:role/training -- python3 train.py

            The exit code is the command's; 128 and the signal's number where a signal ended it.
            """
    )

    @OptionGroup var options: SettingsOptions
    @OptionGroup var clouds: CloudOptions

    @Option(
        help: "The directory of the token files; one of its own, gone after the command, unless said.",
        completion: .directory
    )
    var directory: String?

    @Argument(parsing: .postTerminator, help: "The command and its arguments, after `--`.")
    var command: [String] = []

    func run() async throws {
        guard !command.isEmpty else {
            throw CommandError(
                .usage,
                "there is no command; write it after `--`: lapwing identity exec … -- python3 train.py"
            )
        }
        let access = try WorkloadAPIAccess(options)
        let place = directory ?? NSTemporaryDirectory() + "lapwing-\(UUID().uuidString.lowercased())"
        try KeptTokens.makeDirectory(place)
        let status: Int32
        do {
            status = try await run(access, in: place)
        } catch {
            if directory == nil { try? FileManager.default.removeItem(atPath: place) }
            throw error
        }
        if directory == nil { try? FileManager.default.removeItem(atPath: place) }
        throw ExitCode(status)
    }

    private func run(_ access: WorkloadAPIAccess, in place: String) async throws -> Int32 {
        let tokens = try await KeptTokens(clouds, access: access, directory: place)
        var environment = ProcessInfo.processInfo.environment
        for name in tokens.displaced where environment.removeValue(forKey: name) != nil {
            StandardError.write(
                "lapwing: warning: \(name) is not passed on; the command has an identity instead of a key"
            )
        }
        environment.merge(tokens.environment) { $1 }
        environment["SPIFFE_ENDPOINT_SOCKET"] = "\(access.endpoint)"
        let signals = await UnixSignalsSequence(trapping: .sigterm, .sigint, .sighup, .sigquit, .sigusr1, .sigusr2)
        let child = try ForegroundChild(command, environment: environment)
        return await withTaskGroup(of: Int32?.self) { group in
            group.addTask {
                await tokens.keepFresh()
                return nil
            }
            group.addTask {
                for await signal in signals { child.signal(signal.rawValue) }
                return nil
            }
            group.addTask { await child.ended() }
            defer { group.cancelAll() }
            for await status in group {
                if let status { return status }
            }
            return 1
        }
    }
}
