import Foundation
import Glibc

/// Passwords: from a file or from the terminal, never from the command line.
enum Password {
    /// The first line of a file, or what is typed.
    ///
    /// - Throws: ``CommandError`` where there is neither a file nor a terminal.
    static func read(from file: String?) throws -> String {
        if let file {
            let text = try InputFile.text(file)
            return String(text.prefix { !$0.isNewline })
        }
        guard isatty(STDIN_FILENO) == 1 else {
            throw CommandError(.usage, "the private key is encrypted: give --password-file, or run on a terminal")
        }
        // Sound: getpass returns a buffer of its own, which is copied and wiped.
        guard let typed = unsafe getpass("Password of the private key: ") else {
            throw CommandError(.usage, "no password was given")
        }
        defer { unsafe memset(typed, 0, strlen(typed)) }
        return unsafe String(cString: typed)
    }
}
