import Foundation
import Glibc

/// Finds programs as a shell does.
enum ProgramSearch {
    /// The file of a program; ends this process with 127 where there is none.
    static func find(_ name: String) throws -> String {
        if name.contains("/") { return name }
        let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/local/bin:/usr/bin:/bin"
        for directory in path.split(separator: ":") {
            let file = "\(directory)/\(name)"
            if unsafe access(file, X_OK) == 0 { return file }
        }
        StandardError.write("lapwing: error: there is no program `\(name)` on the PATH")
        Foundation.exit(127)
    }
}
