import CLinux
import Glibc

// Confines itself as the scanner of models does, to the folder that it is given, then tries what it may and may not do.
// Prints a line for each: the attempt, and `done` or the error's number.

let folder = CommandLine.arguments[1]
if CommandLine.arguments.count > 2, let user = uid_t(CommandLine.arguments[2]) {
    _ = setgroups(0, nil)
    guard setgid(user) == 0, setuid(user) == 0 else { fatalError("cannot become \(user)") }
}
let other = OtherThread()
// Threads that are only beginning when the process is confined do not end it.
OtherThread.begin(16)
var landlock: Int32 = 0
let step = unsafe folder.withCString { path -> Int32 in
    var list: [UnsafePointer<CChar>?] = unsafe [path, nil]
    return unsafe list.withUnsafeMutableBufferPointer { list in
        guard let start = list.baseAddress else { return -1 }
        var confinement = unsafe lapwing_confinement(readable: start, memory: 1 << 30, seconds: 10, files: 32)
        return unsafe lapwing_confine(&confinement, &landlock)
    }
}
guard step == 0 else {
    print("confine \(step) \(errno)")
    exit(1)
}

func attempt(_ what: String, _ result: Int) {
    print("\(what) \(result >= 0 ? "done" : String(errno))")
}

print("landlock \(landlock)")
attempt("read-inside", Int(unsafe open(folder + "/inside", O_RDONLY)))
attempt("write-inside", Int(unsafe open(folder + "/inside", O_RDWR)))
attempt("create-inside", Int(unsafe open(folder + "/new", O_WRONLY | O_CREAT, 0o600)))
attempt("read-outside", Int(unsafe open("/etc/passwd", O_RDONLY)))
attempt("socket", Int(socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)))
attempt("unix-socket", Int(socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)))
let made = other.makeSocket()
print("other-thread-socket \(made == 0 ? "done" : String(made))")
attempt("fork", Int(spawn()))
attempt("unlink", Int(unsafe unlink(folder + "/inside")))
let memory = unsafe mmap(nil, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
attempt("executable-memory", unsafe memory == MAP_FAILED ? -1 : 0)

/// Swift does not show fork; a child that came to be would end at once.
func spawn() -> Int32 {
    var child: pid_t = 0
    var arguments: [UnsafeMutablePointer<CChar>?] = unsafe [nil]
    let result = unsafe posix_spawn(&child, "/bin/true", nil, nil, &arguments, nil)
    errno = result
    return result == 0 ? 0 : -1
}
