import ArgumentParser
import Foundation
import UnixSignals
import WorkloadIdentity

/// `lapwing identity watch`: keeps token files fresh for whoever reads them.
struct IdentityWatchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "watch",
        abstract: "Keep token files fresh in a directory, for a process that runs beside this one.",
        discussion: """
            Writes NAME.token for each cloud (mode 0600, replaced whole when half of a token's life is over), what its \
            SDK reads beside it, and `environment`, lines of NAME=VALUE for the process that uses them. Runs until it \
            is asked to stop, and takes the tokens away then. Started by systemd, it says when the first tokens are \
            there.
            """
    )

    @OptionGroup var options: SettingsOptions
    @OptionGroup var clouds: CloudOptions

    @Option(help: "The directory, which is ours alone.", completion: .directory)
    var directory: String

    func run() async throws {
        let access = try WorkloadAPIAccess(options)
        let place =
            directory.hasPrefix("/") ? directory : FileManager.default.currentDirectoryPath + "/" + directory
        try KeptTokens.makeDirectory(place)
        let tokens = try await KeptTokens(clouds, access: access, directory: place)
        let lines = tokens.environment.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)\n" }.joined()
        do { try PrivateFile.write(lines, to: place + "/environment") } catch {
            throw CommandError(.unreachable, error.message)
        }
        ServiceNotifier.notify("READY=1\nSTATUS=keeping tokens")
        StandardError.write("keeping tokens in \(place)")
        let signals = await UnixSignalsSequence(trapping: .sigterm, .sigint)
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await tokens.keepFresh() }
            group.addTask { for await _ in signals { return } }
            _ = await group.next()
            group.cancelAll()
        }
        ServiceNotifier.notify("STOPPING=1")
        tokens.remove()
    }
}
