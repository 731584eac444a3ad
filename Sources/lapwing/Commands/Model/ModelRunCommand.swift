import ArgumentParser
import Foundation
import Glibc
import ModelTrust

/// `lapwing model run -- COMMAND`: runs a command that can read a model's verified bytes and no others.
struct ModelRunCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Run a command that can read a model's verified bytes and no others.",
        discussion: """
            The model is verified as `lapwing model verify` does. The command then sees it through a read-only file \
            system that hashes every chunk again before a byte of it is read: a chunk that was changed is an I/O error. \
            LAPWING_MODEL_PATH is where it finds the model, in a folder of its own. With --sealed the model is copied into memory that nobody can change \
            instead, and nothing is mounted.

            The exit code is the command's; 128 and the signal's number where a signal ended it; 4 where the model is \
            refused; 3 where it cannot be mounted; 127 where there is no such command.
            """
    )

    @Option(help: "The model.")
    var model: String

    @OptionGroup var verification: ModelVerificationOptions

    @Flag(help: "Copy the model into sealed memory instead of mounting it.")
    var sealed = false

    @OptionGroup var chatter: ModelChatter

    @Argument(parsing: .postTerminator, help: "The command and its arguments, after `--`.")
    var command: [String] = []

    func run() throws {
        guard let name = command.first else {
            throw CommandError(
                .usage,
                "there is no command; write it after `--`: lapwing model run … -- python3 serve.py"
            )
        }
        let program = try ProgramSearch.find(name)
        let model = ModelPathArgument(model)
        // The model itself, wherever links lead.
        let place = URL(fileURLWithPath: model.path).resolvingSymlinksInPath().path
        let bar = chatter.bar("verifying")
        let verifier = try verification.verifier(of: model, chatter, bar)
        let signature = verification.signature ?? model.path + ".sig"
        let status: Int32
        do {
            if sealed {
                let copy = try verifier.seal(model: place, signature: signature)
                bar?.finish()
                status = try run(program, copy)
            } else {
                let loaded = try verifier.load(model: place, signature: signature) { failure in
                    StandardError.write("lapwing: refused: \(failure)")
                }
                bar?.finish()
                status = try run(program, loaded)
            }
        } catch let refusal as ModelRefusal {
            bar?.finish()
            StandardError.write("lapwing: refused: \(refusal.message) (\(refusal.code.rawValue))")
            throw ExitCode(ExitStatus.unverified.rawValue)
        } catch let failure as LoadFailure {
            throw CommandError(.unreachable, "\(failure.message); try --sealed, which mounts nothing")
        }
        Foundation.exit(status)
    }

    private func run(_ program: String, _ model: LoadedModel) throws -> Int32 {
        let place = try ModelRunPlace(for: model)
        defer { place.remove() }
        return try MountedCommand(
            program,
            arguments: command,
            environment: environment(place.path),
            model: model,
            at: place.path
        ).wait()
    }

    private func run(_ program: String, _ copy: SealedModel) throws -> Int32 {
        let folder = try SealedFolder(copy)
        defer { folder.remove() }
        return try MountedCommand(
            program,
            arguments: command,
            environment: environment(folder.path),
            sealed: copy
        ).wait()
    }

    private func environment(_ path: String) -> [String] {
        var environment = ProcessInfo.processInfo.environment
        environment["LAPWING_MODEL_PATH"] = path
        return environment.map { "\($0.key)=\($0.value)" }
    }
}
