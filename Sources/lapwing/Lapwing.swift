import ArgumentParser
import Foundation
import Resources

/// The program: parse arguments, call, print.
@main
struct Lapwing: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lapwing",
        abstract: "Zero trust for the ML stack: identity, mTLS, policy, gateway and a provable record.",
        discussion: """
            Begin with `lapwing demo`, which shows the whole path of a request on this machine, or with \
            `lapwing init DIR`, which writes a commented configuration to start from.

            Exit codes: 0 fine; 1 refused by policy, or findings; 2 usage; 3 unreachable; 4 the bytes or a signature \
            do not verify.
            """,
        version: Version.current,
        subcommands: [
            InitCommand.self, ServeCommand.self, DemoCommand.self, DoctorCommand.self, AuthorityCommand.self,
            GatewayCommand.self, RegistryCommand.self, CredentialsCommand.self, FederationCommand.self,
            AttestationCommand.self, IdentityCommand.self,
            PolicyCommand.self, ModelCommand.self, DataCommand.self, BlastRadiusCommand.self, GuardCommand.self,
            BackupCommand.self, RestoreCommand.self, AuditCommand.self, AlertCommand.self, MonitorCommand.self,
            ConsoleCommand.self,
            ConfigCommand.self, RunCommand.self, VersionCommand.self, EgressRelayCommand.self,
            DemoWorkloadCommand.self, DemoCallCommand.self,
        ]
    )

    private static func command(_ words: [String]) throws -> any ParsableCommand {
        if let direct = DirectCommand.parse(words) { return direct }
        return try parseAsRoot(words)
    }

    static func main() async {
        var findsThings = false
        do {
            let words = Array(CommandLine.arguments.dropFirst())
            // A command that is known by its type is not asked what else it is, which takes the runtime longer than some commands.
            if let plain = DirectCommand.plain(words) { return try plain.run() }
            var command = try command(words)
            findsThings = command is any FindingCommand
            if var asynchronous = command as? any AsyncParsableCommand {
                try await asynchronous.run()
            } else {
                try command.run()
            }
        } catch let error as CommandError {
            StandardError.write("lapwing: error: \(error.message)")
            Foundation.exit(error.status.rawValue)
        } catch let error as ResourceError {
            StandardError.write(error.description)
            Foundation.exit((findsThings ? ExitStatus.usage : .refused).rawValue)
        } catch {
            let code = exitCode(for: error)
            if code == .validationFailure {
                StandardError.write(fullMessage(for: error))
                Foundation.exit(ExitStatus.usage.rawValue)
            }
            // What a library says of the system is for who wrote it.
            if SystemReason.isSystem(error) {
                StandardError.write("lapwing: error: \(SystemReason.of(error))")
                Foundation.exit(ExitStatus.unreachable.rawValue)
            }
            guard code == .failure, !(error is ExitCode) else { exit(withError: error) }
            let words = fullMessage(for: error)
            StandardError.write("lapwing: error: " + (words.hasPrefix("Error: ") ? String(words.dropFirst(7)) : words))
            Foundation.exit(code.rawValue)
        }
    }
}

/// The program's version.
enum Version {
    static let current = "0.1.0"
}
