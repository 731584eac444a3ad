import ArgumentParser
import Foundation

/// How the program ends.
enum ExitStatus: Int32 {
    /// Refused by policy, or something was found.
    case refused = 1
    /// The command line is wrong.
    case usage = 2
    /// What was asked for cannot be reached.
    case unreachable = 3
    /// The bytes or a signature do not verify.
    case unverified = 4
}

/// A command that exits with ``ExitStatus/refused`` for what it finds in something else than the files that it is given: files
/// that cannot be used are ``ExitStatus/usage``, so that a pipeline does not take a slip of the pen for a finding.
protocol FindingCommand: ParsableCommand {}

/// Work that a command could not do: what was wrong, and what to do next.
struct CommandError: Error {
    let message: String
    let status: ExitStatus

    init(_ status: ExitStatus, _ message: String) {
        self.status = status
        self.message = message
    }

    /// A file that could not be written, in the words of the system.
    static func unwritable(_ file: String, _ error: any Error) -> CommandError {
        CommandError(.unreachable, "`\(file)` cannot be written: \(SystemReason.of(error))")
    }

    /// A file that was named and could not be opened: it is not there, or is not ours to read.
    static func unreadable(_ file: String) -> CommandError {
        FileManager.default.fileExists(atPath: file)
            ? CommandError(.usage, "`\(file)` cannot be read: run this as a user that may")
            : CommandError(.usage, "there is no file `\(file)`")
    }
}

extension CommandError: CustomStringConvertible {
    /// What a log says of it.
    var description: String { message }
}
