internal import CLinux
import Glibc

/// A command that finds a model's verified bytes where the model lies.
///
/// It runs in a mount namespace of its own, in which the verified file system lies over the model: under the same path
/// the command, and whatever it starts, cannot reach the bytes on disk. The mount goes with the last of them, also when
/// this process is killed, and then the command is killed too.
public final class MountedCommand: Sendable {
    /// The command's process.
    public let pid: Int32
    private let server: FUSEServer

    /// Starts a command.
    ///
    /// - Parameters:
    ///   - program: The program's file.
    ///   - arguments: Its arguments, its own name first.
    ///   - environment: `NAME=value`, each.
    ///   - model: The model, which lies at an absolute path.
    /// - Throws: ``LoadFailure`` with the code `unsupported` where the system lets it not be mounted or started.
    public init(
        _ program: String,
        arguments: [String],
        environment: [String],
        model: LoadedModel
    ) throws(LoadFailure) {
        var descriptor: Int32 = -1
        var channel: Int32 = -1
        var failure: LoadFailure?
        var pid: Int32 = -1
        // Sound: the C strings live through the call, and the process that is made has its own copy of them.
        unsafe Self.withStrings(arguments) { arguments in
            unsafe Self.withStrings(environment) { environment in
                unsafe program.withCString { program in
                    unsafe model.path.withCString { path in
                        var command = unsafe lapwing_mounted(
                            program: program,
                            arguments: arguments,
                            environment: environment,
                            path: path,
                            is_file: model.size(of: "") == nil ? 0 : 1
                        )
                        var step: UnsafePointer<CChar>?
                        pid = unsafe lapwing_mounted_start(&command, &descriptor, &channel, &step)
                        if pid < 0 { failure = unsafe Self.failure(step) }
                    }
                }
            }
        }
        if let failure { throw failure }
        server = FUSEServer(descriptor, model: model)
        server.start()
        self.pid = pid
        var step: UnsafePointer<CChar>?
        guard unsafe lapwing_mounted_go(channel, &step) == 0 else {
            let failure = unsafe Self.failure(step)
            _ = lapwing_wait_passing_signals(pid)
            throw failure
        }
    }

    /// Waits for the command's end and passes on to it the signals that other processes send to this one.
    ///
    /// Gives its exit
    /// status, or 128 and the number of the signal that ended it.
    public func wait() -> Int32 { lapwing_wait_passing_signals(pid) }

    private static func failure(_ step: UnsafePointer<CChar>?) -> LoadFailure {
        let reason = LoadFailure.reason(errno)
        // Sound: the step is one of the constants in loading.c.
        let step = unsafe step.map { unsafe String(cString: $0) } ?? "starting"
        return LoadFailure(.unsupported, "", "\(step) failed: \(reason)")
    }

    private static func withStrings(
        _ strings: [String],
        _ body: (UnsafePointer<UnsafePointer<CChar>?>) -> Void
    ) {
        var pointers = unsafe strings.map { unsafe UnsafePointer<CChar>(strdup($0)) }
        unsafe pointers.append(nil)
        unsafe pointers.withUnsafeBufferPointer { if let base = $0.baseAddress { unsafe body(base) } }
        for index in unsafe pointers.indices { unsafe free(UnsafeMutablePointer(mutating: pointers[index])) }
    }
}
