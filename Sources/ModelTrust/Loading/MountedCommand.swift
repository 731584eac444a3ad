internal import CLinux
import Glibc

/// A command that finds a model's verified bytes.
///
/// With a ``LoadedModel`` it runs in a mount namespace of its own, in which the verified file system is mounted at a
/// place that nobody else can rename. The mount goes with the last process that sees it. With a ``SealedModel`` nothing is mounted. The command is killed when this process is.
public final class MountedCommand: Sendable {
    /// The command's process.
    public let pid: Int32
    private let server: FUSEServer?
    /// Kept until the command has ended.
    private let sealed: SealedModel?

    /// Starts a command that finds a model mounted.
    ///
    /// - Parameters:
    ///   - program: The program's file.
    ///   - arguments: Its arguments, its own name first.
    ///   - environment: `NAME=value`, each.
    ///   - model: The model.
    ///   - place: Where it is mounted: an empty folder, or a file where the model is one, in a folder that nobody else
    ///     may write to. Over the model itself, whoever may rename a folder above it could put another in its place.
    ///   - user: Who it runs as, where not as this process.
    ///   - prepare: Hears the command's process before the command begins in it, and says whether it may.
    /// - Throws: ``LoadFailure`` with the code `unsupported` where the system lets it not be mounted or started.
    public convenience init(
        _ program: String,
        arguments: [String],
        environment: [String],
        model: LoadedModel,
        at place: String,
        as user: CommandUser? = nil,
        prepare: (Int32) -> Bool = { _ in true }
    ) throws(LoadFailure) {
        try self.init(program, arguments, environment, (model, place), nil, user, prepare)
    }

    /// Starts a command that opens a sealed model's files by their paths.
    ///
    /// - Parameters:
    ///   - program: The program's file.
    ///   - arguments: Its arguments, its own name first.
    ///   - environment: `NAME=value`, each.
    ///   - model: The model, which is kept until the command has ended.
    ///   - prepare: Hears the command's process before the command begins in it, and says whether it may.
    /// - Throws: ``LoadFailure`` with the code `unsupported` where it cannot be started.
    public convenience init(
        _ program: String,
        arguments: [String],
        environment: [String],
        sealed model: SealedModel,
        prepare: (Int32) -> Bool = { _ in true }
    ) throws(LoadFailure) {
        try self.init(program, arguments, environment, nil, model, nil, prepare)
    }

    private init(
        _ program: String,
        _ arguments: [String],
        _ environment: [String],
        _ mounted: (model: LoadedModel, place: String)?,
        _ sealed: SealedModel?,
        _ user: CommandUser?,
        _ prepare: (Int32) -> Bool
    ) throws(LoadFailure) {
        let model = mounted?.model
        let groups = user?.groups ?? []
        var descriptor: Int32 = -1
        var channel: Int32 = -1
        var failure: LoadFailure?
        var pid: Int32 = -1
        // Sound: the C strings live through the call, and the process that is made has its own copy of them.
        unsafe Self.withStrings([program]) { program in
            unsafe Self.withStrings(arguments) { arguments in
                unsafe Self.withStrings(environment) { environment in
                    unsafe Self.withStrings(mounted.map { [$0.place] } ?? []) { path in
                        unsafe groups.withUnsafeBufferPointer { groups in
                            guard let program = unsafe program[0] else { return }
                            var command = unsafe lapwing_mounted(
                                program: program,
                                arguments: arguments,
                                environment: environment,
                                path: path[0],
                                is_file: model?.size(of: "") == nil ? 0 : 1,
                                has_user: user == nil ? 0 : 1,
                                uid: user?.uid ?? 0,
                                gid: user?.gid ?? 0,
                                groups: groups.baseAddress,
                                group_count: groups.count
                            )
                            var step: UnsafePointer<CChar>?
                            pid = unsafe lapwing_mounted_start(&command, &descriptor, &channel, &step)
                            if pid < 0 { failure = unsafe Self.failure(step) }
                        }
                    }
                }
            }
        }
        if let failure { throw failure }
        server = model.map { FUSEServer(descriptor, model: $0) }
        self.sealed = sealed
        server?.start()
        self.pid = pid
        guard prepare(pid) else {
            lapwing_mounted_stop(channel)
            _ = lapwing_wait_passing_signals(pid)
            throw LoadFailure(.unsupported, "", "the command was not let begin")
        }
        var step: UnsafePointer<CChar>?
        guard unsafe lapwing_mounted_go(channel, &step) == 0 else {
            let failure = unsafe Self.failure(step)
            _ = lapwing_wait_passing_signals(pid)
            throw failure
        }
    }

    /// Waits for the command's end and passes on to it the signals that other processes send to this one.
    ///
    /// Gives its exit status, or 128 and the number of the signal that ended it.
    public func wait() -> Int32 {
        withExtendedLifetime(self) { lapwing_wait_passing_signals(pid) }
    }

    private static func failure(_ step: UnsafePointer<CChar>?) -> LoadFailure {
        let reason = LoadFailure.reason(errno)
        // Sound: the step is one of the constants in loading.c.
        let step = unsafe step.map { unsafe String(cString: $0) } ?? "starting"
        return LoadFailure(.unsupported, "", "\(step) failed: \(reason)\(advice(step))")
    }

    /// What an administrator can do about a step that the system does not let an ordinary user take.
    private static func advice(_ step: String) -> String {
        switch step {
        case LAPWING_STEP_DEVICE:
            " (to mount as an ordinary user, the user has to be let open it, as by `chmod 0666 /dev/fuse`)"
        case LAPWING_STEP_NAMESPACE:
            " (to mount as an ordinary user, the system has to let users make namespaces: the settings are called "
                + "`user.max_user_namespaces` and, on some systems, `kernel.apparmor_restrict_unprivileged_userns`)"
        default: ""
        }
    }

    /// Strings as C has them, with a null behind the last.
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
