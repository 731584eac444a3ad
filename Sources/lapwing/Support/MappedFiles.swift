import Glibc

/// Files of which a command looks at the system's own copy.
enum MappedFiles {
    /// Has the command say why, and exit with ``ExitStatus/unverified``, should bytes of such a file go away under it.
    static func endWithoutThem() {
        signal(SIGBUS) { _ in
            // Only what a signal's handler may do: nothing is allocated, and nothing else is closed or written.
            let message: StaticString =
                "\nlapwing: a file was changed while it was being read, or its disk failed; nothing was verified or signed\n"
            // Sound: the text is a constant of the program's.
            unsafe write(STDERR_FILENO, message.utf8Start, message.utf8CodeUnitCount)
            _exit(ExitStatus.unverified.rawValue)
        }
    }
}
