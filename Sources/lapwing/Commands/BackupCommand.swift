import ArgumentParser
import Foundation
import Resources

/// `lapwing backup`: a copy of what the authority cannot be made again without.
struct BackupCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backup",
        abstract: "Copy the authority's keys, certificates, entries and revocations to a new directory.",
        discussion: """
            It may run meanwhile. Whoever has the copy is the authority: keep it as its keys are kept. The record is \
            not in it; see `lapwing audit export`.
            """
    )

    @OptionGroup var options: SettingsOptions

    @Argument(help: "A directory that does not exist yet.", completion: .directory)
    var directory: String

    func run() async throws {
        let settings = try options.installation("which says where the keys are: run this on the machine that has them")
        let count = try AuthorityBackup(directory: directory).make(of: settings)
        StandardError.write(
            "copied \(counted(count, "file")) to \(directory); keep them as the keys themselves are kept"
        )
    }
}

/// `lapwing restore`: an authority as a copy has it.
struct RestoreCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "restore",
        abstract: "Put a copy that `lapwing backup` made in the place of the authority.",
        discussion: """
            Lapwing must not run. The copy is checked first, whole; what is there is moved aside and not deleted. What \
            was issued since the copy was made stays good until it expires. What was revoked since stays revoked where \
            the database that was there can be read; entries and join tokens made since have to be made again, and no \
            join token of the copy counts: it may have been used.
            """
    )

    @OptionGroup var options: SettingsOptions

    @Argument(help: "A directory that `lapwing backup` made.", completion: .directory)
    var directory: String

    @Flag(help: "Check the copy, and change nothing.")
    var check = false

    func run() async throws {
        let backup = AuthorityBackup(directory: directory)
        try backup.requireManifest()
        let settings = try options.installation(
            "which is not in the copy and says whose authority it is and where it goes: put it back first"
        )
        let (files, made) = try backup.check(for: settings)
        guard !check else {
            StandardError.write("\(counted(files.count, "file")), copied at \(made.formatted(.iso8601)): whole")
            return
        }
        guard !Self.answers(settings.adminSocket) else {
            throw CommandError(.refused, "Lapwing runs (`\(settings.adminSocket)` answers); stop it first")
        }
        try settings.makeDirectories()
        let (aside, hasCarried) = try backup.restore(to: settings)
        StandardError.write("restored what was copied at \(made.formatted(.iso8601)) to \(settings.authorityDirectory)")
        StandardError.write("what was there lies in \(aside)")
        if !hasCarried {
            StandardError.write(
                "its database could not be read: what was revoked since the copy was made has to be revoked again"
            )
        }
    }

    /// Whether somebody listens on a socket.
    private static func answers(_ socket: String) -> Bool {
        FileManager.default.fileExists(atPath: socket) && LocalSocket.answers(socket)
    }
}

extension SettingsOptions {
    /// The settings of an installation, which is not to be made anew where it is not found.
    ///
    /// - Throws: ``CommandError`` with what the configuration is needed for, where there is none.
    fileprivate func installation(_ need: String) throws -> Settings {
        let config = try Settings(self, documents: []).config.value
        guard FileManager.default.fileExists(atPath: config) else {
            throw CommandError(
                .usage,
                "there is no configuration at `\(config)`, \(need), or name its directory with --config"
            )
        }
        return try Settings(self, documents: try ResourceLoader.load(path: config).documents)
    }
}
