import AuditLog
import Glibc

// audit-crash-writer DIRECTORY ORIGIN SEED
//
// Adds entries to the log below a directory as fast as they become durable, and writes a line `INDEX SEED NUMBER` to
// standard output for each that was acknowledged, until it is killed. Its length and bytes follow from seed and number.

let arguments = CommandLine.arguments
guard arguments.count == 4, let seed = UInt64(arguments[3]) else { exit(2) }
var options = LogWriter.Options()
options.window = .microseconds(300)
options.checkpointInterval = .milliseconds(3)
options.segmentSize = 1 << 20

/// The entry with a number.
@Sendable func entry(_ number: UInt64) -> [UInt8] {
    let text = Array("\(seed) \(number) ".utf8)
    return text + [UInt8](repeating: UInt8(truncatingIfNeeded: number), count: Int((number &* 2_654_435_761 >> 7) % 3000))
}

let authority = try CheckpointAuthority(directory: arguments[1] + "/authority", origin: arguments[2])
let log = try LogWriter(
    directory: arguments[1] + "/log",
    origin: arguments[2],
    signer: authority,
    options: options
)

@Sendable func add(_ number: UInt64) {
    log.append(entry(number)) { result in
        guard case .success(let index) = result else { exit(3) }
        let line = Array("\(index) \(seed) \(number)\n".utf8)
        // One write, so that a line is on the pipe whole or not at all; the buffer is only read.
        guard unsafe write(1, line, line.count) == line.count else { exit(4) }
        add(number + 64)
    }
}
for number in 0..<64 { add(UInt64(number)) }
while true { pause() }
