import Synchronization

/// The files of a push or a pull, which several connections take from.
final class TransferQueue<File: Sendable>: Sendable {
    private struct State {
        var files: [File]
        var workers: Int
    }

    /// Guards which files are left, and who works on them.
    private let state: Mutex<State>

    init(_ files: [File], workers: Int) { state = Mutex(State(files: files.reversed(), workers: workers)) }

    /// The next file; nil where none is left, and whoever asked works no more.
    func nextOrEnd() -> File? {
        state.withLock { state in
            let file = state.files.popLast()
            if file == nil { state.workers -= 1 }
            return file
        }
    }

    /// The next file; nil where none is left.
    func next() -> File? { state.withLock { $0.files.popLast() } }

    /// Leaves a file to the others.
    func putBack(_ file: File) { state.withLock { $0.files.append(file) } }

    /// Leaves a file to the others and works no more; false where there are no others.
    func leave(_ file: File) -> Bool {
        state.withLock { state in
            guard state.workers > 1 else { return false }
            state.workers -= 1
            state.files.append(file)
            return true
        }
    }
}
