import Foundation

/// The environment of a command that runs as another user: what belongs to that user, and what was asked for by name.
///
/// Root's own environment may hold credentials that are none of the command's business.
enum CommandEnvironment {
    /// What every user's programs may know: where programs lie, the language, the clock, the terminal.
    private static let common: Set<String> = ["LANG", "LANGUAGE", "TZ", "TERM", "COLORTERM", "NO_COLOR"]

    /// The environment.
    ///
    /// - Parameters:
    ///   - account: the user.
    ///   - kept: names of further variables that are passed on; `X*` are all that begin with `X`.
    ///   - own: the environment of this process.
    /// - Returns: the variables and their values.
    /// - Throws: ``CommandError`` for a name that no variable can have, or that is not set.
    static func of(
        _ account: SystemUser,
        keeping kept: [String],
        from own: [String: String] = ProcessInfo.processInfo.environment
    ) throws -> [String: String] {
        var environment = own.filter { common.contains($0.key) || $0.key.hasPrefix("LC_") }
        environment["PATH"] = "/usr/local/bin:/usr/bin:/bin"
        environment["HOME"] = account.home
        environment["SHELL"] = account.shell
        environment["USER"] = account.name
        environment["LOGNAME"] = account.name
        for name in kept {
            guard !name.isEmpty, !name.contains("=") else {
                throw CommandError(
                    .usage,
                    "--env takes the name of a variable, whose value is that of this process; found `\(name)`"
                )
            }
            if name.hasSuffix("*") {
                environment.merge(own.filter { $0.key.hasPrefix(name.dropLast()) }) { $1 }
            } else if let value = own[name] {
                environment[name] = value
            } else {
                throw CommandError(.usage, "--env \(name): there is no such variable; set it before this command")
            }
        }
        return environment
    }
}
