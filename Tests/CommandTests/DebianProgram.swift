import Foundation

/// Programs of Debian that tests talk to; `scripts/setup --tests` installs them.
enum DebianProgram {
    /// Whether a program is here; in CI it counts as here in any case, so that a test fails and is not left out.
    static func isHere(_ name: String) -> Bool {
        FileManager.default.isExecutableFile(atPath: "/usr/bin/\(name)")
            || ProcessInfo.processInfo.environment["CI"] == "true"
    }
}
