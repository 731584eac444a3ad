import Synchronization

/// The short files of a push, which several connections take from.
final class PushQueue: Sendable {
    private struct State {
        var files: [ModelPack.File]
        var workers: Int
    }

    /// Guards which files are left, and who works on them.
    private let state: Mutex<State>

    init(_ files: [ModelPack.File], workers: Int) { state = Mutex(State(files: files.reversed(), workers: workers)) }

    /// The next file; nil where none is left, and whoever asked works no more.
    func nextOrEnd() -> ModelPack.File? {
        state.withLock { state in
            let file = state.files.popLast()
            if file == nil { state.workers -= 1 }
            return file
        }
    }

    /// The next file; nil where none is left.
    func next() -> ModelPack.File? { state.withLock { $0.files.popLast() } }

    /// Leaves a file to the others.
    func putBack(_ file: ModelPack.File) { state.withLock { $0.files.append(file) } }

    /// Leaves a file to the others and works no more; false where there are no others.
    func leave(_ file: ModelPack.File) -> Bool {
        state.withLock { state in
            guard state.workers > 1 else { return false }
            state.workers -= 1
            state.files.append(file)
            return true
        }
    }
}
