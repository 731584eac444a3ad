import ArgumentParser
import Foundation
import Glibc
import ModelTrust
import SPIFFE
import Synchronization

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

            With --prove the authority hears which model the command has loaded, before it begins: an entry with a \
            selector model:digest, model:signer or model:verified then gives the command, and what it starts, an \
            identity for as long as this process lives and every chunk is what was signed. An entry with `modelLoader` \
            has to fit this process; start it as root and name the command's user with --user.

            The exit code is the command's; 128 and the signal's number where a signal ended it; 4 where the model is \
            refused; 3 where it cannot be mounted; 127 where there is no such command.
            """
    )

    @Option(help: "The model.", completion: .file())
    var model: String

    @OptionGroup var options: ModelVerificationOptions

    @Flag(help: "Copy the model into sealed memory instead of mounting it.")
    var sealed = false

    @Flag(help: "Prove to the authority that the command has loaded the model; its identity may then depend on it.")
    var prove = false

    @Option(help: "The Workload API's address, for --prove; SPIFFE_ENDPOINT_SOCKET unless said.", completion: .file())
    var socket: String?

    @Option(help: "The user that the command runs as, with an environment of that user's own; needs root.")
    var user: String?

    @Option(
        help: """
            A variable that the command has from this process, with --user; `CUDA_*` are all that begin so. May be \
            repeated.
            """
    )
    var env: [String] = []

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
        guard user == nil || !sealed else {
            throw CommandError(.usage, "--user does not go with --sealed: another user cannot open what is sealed here")
        }
        guard user != nil || env.isEmpty else {
            throw CommandError(.usage, "--env goes with --user; without it the command has this process's environment")
        }
        let account = try user.map { try SystemUser(named: $0) }
        let program = try ProgramSearch.find(name)
        let model = ModelPathArgument(model)
        // The model itself, wherever links lead.
        let place = URL(fileURLWithPath: model.path).resolvingSymlinksInPath().path
        let bar = chatter.bar("verifying")
        let verification = options.verification
        let verifier = try verification.verifier(of: model, chatter.chatter, bar)
        let signature = verification.signature ?? model.path + ".sig"
        let status: Int32
        do {
            if sealed {
                let copy = try verifier.seal(model: place, signature: signature)
                bar?.finish()
                status = try run(program, copy, try proof(of: copy.provenance, isWatched: false))
            } else {
                let watched = Watched()
                // Made first, so that what changes while the model is loaded is noticed.
                let watch = prove ? try verifier.watch(model: place, signature: signature) : nil
                let loaded = try verifier.load(model: place, signature: signature) { failure in
                    watched.proof.withLock { $0 }?.fail("\(failure)")
                    StandardError.write("lapwing: refused: \(failure)")
                }
                bar?.finish()
                let proof = try proof(of: loaded.provenance, isWatched: true)
                watched.proof.withLock { $0 = proof }
                if let watch, let proof { try follow(watch, proof, loaded) }
                status = try run(program, loaded, proof, account)
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

    /// What the callback of a model that is being loaded will tell of failures.
    private final class Watched: Sendable {
        let proof = Mutex<LoadProof?>(nil)
    }

    /// Looks at the model's files four times a second for as long as the command runs, whether or not it reads them.
    private func follow(_ watch: ModelWatch, _ proof: LoadProof, _ model: LoadedModel) throws {
        guard watch.digest == model.provenance?.digest else {
            throw CommandError(.unverified, "the model's signature was replaced while it was loaded")
        }
        Thread.detachNewThread {
            while true {
                let started = ContinuousClock.now
                if let failure = watch.look(onProgress: proof.looked) {
                    proof.fail("\(failure)")
                    StandardError.write("lapwing: the model was changed: \(failure)")
                    return
                }
                // A look at very many files must not be all that this process does; the proof's lease waits for the next.
                let rest = min(max(.milliseconds(250), (ContinuousClock.now - started) * 10), .seconds(5))
                Thread.sleep(forTimeInterval: rest / .seconds(1))
            }
        }
    }

    /// The proof to offer; nil where none was asked for.
    private func proof(of provenance: ModelProvenance?, isWatched: Bool) throws -> LoadProof? {
        guard prove else { return nil }
        guard let provenance else { throw CommandError(.unverified, "nothing was proven of the model") }
        return try LoadProof(try endpoint(), provenance, isWatched: isWatched)
    }

    private func endpoint() throws -> WorkloadEndpoint {
        let text = socket ?? ProcessInfo.processInfo.environment[WorkloadEndpoint.environmentVariable]
        guard let text else {
            throw CommandError(
                .usage,
                "set SPIFFE_ENDPOINT_SOCKET or give --socket, to reach the authority for --prove"
            )
        }
        return try WorkloadEndpoint(given: text)
    }

    /// Starts a command once the authority holds the proof for it.
    private func start(
        _ proof: LoadProof?,
        _ body: (_ prepare: (Int32) -> Bool) throws -> MountedCommand
    ) throws -> MountedCommand {
        var refusal: (any Error)?
        do {
            return try body { pid in
                do { try proof?.hold(command: pid) } catch {
                    refusal = error
                    return false
                }
                return true
            }
        } catch { throw refusal ?? error }
    }

    private func run(
        _ program: String,
        _ model: LoadedModel,
        _ proof: LoadProof?,
        _ account: SystemUser?
    ) throws -> Int32 {
        let place = try ModelRunPlace(for: model, isShared: account != nil)
        defer { place.remove() }
        return try start(proof) { prepare in
            try MountedCommand(
                program,
                arguments: command,
                environment: try environment(place.path, account),
                model: model,
                at: place.path,
                as: account?.commandUser,
                prepare: prepare
            )
        }.wait()
    }

    private func run(_ program: String, _ copy: SealedModel, _ proof: LoadProof?) throws -> Int32 {
        let folder = try SealedFolder(copy)
        defer { folder.remove() }
        return try start(proof) { prepare in
            try MountedCommand(
                program,
                arguments: command,
                environment: try environment(folder.path, nil),
                sealed: copy,
                prepare: prepare
            )
        }.wait()
    }

    private func environment(_ path: String, _ account: SystemUser?) throws -> [String] {
        let own = ProcessInfo.processInfo.environment
        var environment = try account.map { try CommandEnvironment.of($0, keeping: env, from: own) } ?? own
        // Where the Workload API listens is no secret.
        environment[WorkloadEndpoint.environmentVariable] = own[WorkloadEndpoint.environmentVariable]
        environment["LAPWING_MODEL_PATH"] = path
        if let socket {
            environment[WorkloadEndpoint.environmentVariable] = socket.hasPrefix("/") ? "unix://" + socket : socket
        }
        return environment.map { "\($0.key)=\($0.value)" }
    }
}
