import ArgumentParser
import CLinux
import Foundation
import ModelTrust

/// What the process that reads hostile bytes says to the one that started it: a line of JSON for each.
enum ScanMessage: Codable {
    /// It is confined; whether Landlock is part of that.
    case confined(landlock: Bool)
    /// It begins with the file of this place in the list.
    case begins(Int)
    case report(Int, FileScanReport)
    /// It cannot be confined, and so does nothing.
    case refuses(String)
}

/// What the process is to do, on its standard input.
struct ScanOrder: Codable {
    var entries: [ScanTree.Entry]
    /// Bytes of address space, and seconds of processor time.
    var memory: UInt64
    var seconds: UInt64
}

/// `lapwing model scan-worker`: scans what it is told on standard input, after it has given up everything else.
struct ScanWorkerCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "scan-worker",
        abstract: "Scan files for the program that started this one.",
        shouldDisplay: false
    )

    func run() throws {
        let order = try JSONDecoder().decode(ScanOrder.self, from: FileHandle.standardInput.readToEnd() ?? Data())
        // What the runtime loads when it is first used is loaded before nothing can be loaded any more.
        _ = try JSONEncoder().encode(ScanMessage.report(0, ModelScanner().scan(path: "/")))
        switch Confinement.apply(order) {
        case .success(let landlock): say(.confined(landlock: landlock))
        case .failure(let error): return say(.refuses(error.message))
        }
        for (index, entry) in order.entries.enumerated() {
            say(.begins(index))
            say(.report(index, ModelScanner().scan(entry.name, in: entry.root, as: entry.shown)))
        }
    }

    private func say(_ message: ScanMessage) {
        guard let line = try? JSONEncoder().encode(message) else { return }
        FileHandle.standardOutput.write(line + Data("\n".utf8))
    }
}

/// Confines this process to reading the files that it is to scan.
private enum Confinement {
    static func apply(_ order: ScanOrder) -> Result<Bool, CommandError> {
        let readable = CStrings(Set(order.entries.map(\.root)).sorted())
        var landlock: Int32 = 0
        // Sound: the list outlives the call, which keeps no pointer.
        let step = withExtendedLifetime(readable) {
            var confinement = unsafe lapwing_confinement(
                readable: readable.list,
                memory: order.memory,
                seconds: order.seconds,
                files: 256
            )
            return unsafe lapwing_confine(&confinement, &landlock)
        }
        guard step != 0 else { return .success(landlock == 1) }
        let reason = unsafe String(cString: strerror(errno))
        let what =
            switch lapwing_confinement_step(UInt32(step)) {
            case LAPWING_CONFINEMENT_LIMITS: "resource limits cannot be set"
            case LAPWING_CONFINEMENT_PRIVILEGES: "privileges cannot be given up"
            case LAPWING_CONFINEMENT_FILES: "files cannot be put out of reach"
            default: "the kernel takes no system call filter"
            }
        return .failure(CommandError(.unreachable, "\(what): \(reason)"))
    }
}
