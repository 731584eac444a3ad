internal import CLinux
import Dispatch
import Foundation
import Glibc
import Synchronization

/// Answers the kernel's requests to a mounted model: names and sizes from the manifest, bytes from verified chunks alone.
///
/// A read that touches a chunk which is not what was signed is answered with `EIO`, and the model's own callback is told.
/// Nothing can be written.
///
/// Who reads a large file for the first time reads past the kernel's cache, which saves a copy of every byte and the memory
/// that it would take; maps of such a file, files that were read before, and files that two have open, are cached.
final class FUSEServer: Sendable {
    private static let requestSize = 1 << 17
    /// Pages of one read: up to 1 MiB, a chunk.
    private static let pages: UInt16 = 256
    /// Bytes of a file that is worth reading past the kernel's cache: smaller ones are read in small pieces.
    private static let large: UInt64 = 8 << 20

    private let descriptor: Int32
    private let model: LoadedModel
    private let tree: FUSETree
    private let group = DispatchGroup()

    /// What was done with a file so far.
    private struct Use {
        var handles = 0
        var bytesRead: UInt64 = 0
    }

    private struct State {
        /// Whether the kernel maps files that are read past its cache.
        var mapsUncached = false
        var uses: [UInt64: Use] = [:]
    }

    /// Guards how files are used.
    private let state = Mutex(State())

    /// Takes over the descriptor of a mount.
    init(_ descriptor: Int32, model: LoadedModel) {
        self.descriptor = descriptor
        self.model = model
        tree = FUSETree(model)
    }

    deinit { close(descriptor) }

    /// Serves until the file system is no longer mounted.
    func start(workers: Int = 4) {
        for _ in 0..<workers {
            group.enter()
            // Threads of their own: they wait for the kernel, and of those that others share none would be left.
            Thread.detachNewThread {
                self.serve()
                self.group.leave()
            }
        }
    }

    /// Waits until nothing is served any more.
    func wait() { group.wait() }

    private func serve() {
        var buffer = [UInt8](repeating: 0, count: Self.requestSize)
        while true {
            // Sound: read fills at most the array, which lives through the call.
            let count = unsafe buffer.withUnsafeMutableBytes { unsafe read(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR || errno == EAGAIN || errno == ENOENT { continue }
            // ENODEV: the file system was unmounted.
            guard count > 0, let request = FUSERequest(buffer[..<count]) else { return }
            if request.operation == .read {
                if let file = send(request) { file.readAhead() }
                continue
            }
            guard let answer = answer(to: request) else { continue }
            // Sound: write reads only the array, which lives through the call. A request that was given up has no taker.
            _ = unsafe answer.withUnsafeBytes { unsafe write(descriptor, $0.baseAddress, $0.count) }
        }
    }

    /// Answers a read, and gives the file that it was of.
    ///
    /// Where another thread is verifying what it asks for, that one answers, out of the memory that it has just had in its
    /// hands: nobody waits.
    @discardableResult
    private func send(_ request: FUSERequest) -> VerifiedFile? {
        let pieces = pieces(for: request) { self.sendKnown(request) }
        guard let pieces else { return nil }
        guard case .success = pieces, let file = file(of: request) else {
            send(pieces, to: request.identifier)
            return nil
        }
        // Asked before the reader has its answer and goes on.
        let spent = spent(request, file)
        send(pieces, to: request.identifier)
        file.forget(spent)
        return file
    }

    /// Answers a read whose bytes another thread has verified.
    private func sendKnown(_ request: FUSERequest) {
        guard let file = file(of: request),
            let pieces = file.knownPieces(at: request.offset, count: request.count)
        else {
            // There is more to load, or it could not be loaded. The thread that calls has other things to do.
            model.later { self.send(request) }
            return
        }
        let spent = spent(request, file)
        send(.success(pieces), to: request.identifier)
        file.forget(spent)
    }

    private func file(of request: FUSERequest) -> VerifiedFile? {
        guard case .file(let name) = tree.node(request.node)?.kind else { return nil }
        return model.file(name)
    }

    /// Notes what is read, and says of which of it the memory can be used again once it was given out: the kernel keeps
    /// what it gets whole, and who reads a file alone and past the kernel's cache will not ask again.
    private func spent(_ request: FUSERequest, _ file: VerifiedFile) -> [VerifiedCache.Key] {
        let isAlone = state.withLock { state in
            state.uses[request.node]?.bytesRead += UInt64(request.count)
            return state.uses[request.node]?.handles == 1
        }
        let isDirect = request.number(at: 0, size: 8) == UInt64(Passage.direct.rawValue)
        guard isAlone || !isDirect else { return [] }
        return file.spent(at: request.offset, count: request.count, onlyWhole: !isDirect)
    }

    /// The verified bytes that a read asks for, or an errno; nil where `later` will be called.
    private func pieces(
        for request: FUSERequest,
        later: @escaping @Sendable () -> Void
    ) -> Result<[ArraySlice<UInt8>], FUSEError>? {
        guard case .file(let name) = tree.node(request.node)?.kind else { return .failure(FUSEError(number: EISDIR)) }
        do throws(LoadFailure) {
            return try model.pieces(name, at: request.offset, count: request.count, later: later).map { .success($0) }
        } catch { return .failure(FUSEError(number: EIO)) }
    }

    /// Answers a read from where the bytes lie.
    private func send(_ pieces: Result<[ArraySlice<UInt8>], FUSEError>, to identifier: UInt64) {
        var error: Int32 = 0
        var first: ArraySlice<UInt8> = []
        var second: ArraySlice<UInt8> = []
        switch pieces {
        case .failure(let failure): error = failure.number
        case .success(let pieces) where pieces.count <= 2:
            first = pieces.first ?? []
            second = pieces.count == 2 ? pieces[1] : []
        case .success(let pieces): first = Array(pieces.joined())[...]
        }
        let header = FUSEReply.header(to: identifier, error: error, count: first.count + second.count)
        // Sound: writev reads only the three arrays, which live through the call.
        unsafe header.withUnsafeBytes { header in
            unsafe first.withUnsafeBytes { first in
                unsafe second.withUnsafeBytes { second in
                    var parts = unsafe [header, first, second].map {
                        unsafe iovec(iov_base: UnsafeMutableRawPointer(mutating: $0.baseAddress), iov_len: $0.count)
                    }
                    _ = unsafe writev(descriptor, &parts, 3)
                }
            }
        }
    }

    /// The answer to a request; nil where the kernel expects none.
    func answer(to request: FUSERequest) -> [UInt8]? {
        func reply(_ body: [UInt8] = []) -> [UInt8] { FUSEReply.message(to: request.identifier, error: 0, body: body) }
        func refuse(_ error: Int32) -> [UInt8] { FUSEReply.message(to: request.identifier, error: error) }
        switch request.operation {
        case nil: return refuse(ENOSYS)
        case .forget, .forgetMany: return nil
        case .initialize: return reply(initialization(request))
        case .destroy, .releaseFolder, .flush, .access: return reply()
        case .release:
            state.withLock { $0.uses[request.node]?.handles -= 1 }
            return reply()
        case .lookup:
            guard let node = tree.lookup(request.name, in: request.node) else { return refuse(ENOENT) }
            return reply(entry(node))
        case .attributes:
            guard let attributes = attributes(request.node) else { return refuse(ENOENT) }
            var body = FUSEReply()
            body.add(Self.validity)
            body.skip(8)
            return reply(body.body + attributes)
        case .open, .openFolder:
            guard let node = tree.node(request.node) else { return refuse(ENOENT) }
            guard request.number(at: 0, size: 4) & UInt64(O_ACCMODE) == UInt64(O_RDONLY) else { return refuse(EROFS) }
            let passage = request.operation == .open ? open(node, request.node).rawValue : 0
            var body = FUSEReply()
            // What the kernel calls the open file: it says so with each read.
            body.add(UInt64(passage))
            body.add(passage)
            body.skip(4)
            return reply(body.body)
        case .read:
            switch pieces(for: request, later: {}) {
            case .success(let pieces): return reply(Array(pieces.joined()))
            case .failure(let error): return refuse(error.number)
            case nil: return nil
            }
        case .readFolder:
            guard case .folder(let entries) = tree.node(request.node)?.kind else { return refuse(ENOTDIR) }
            return reply(listing(entries, request))
        case .statistics:
            var body = FUSEReply()
            body.skip(40)
            for value: UInt32 in [4_096, 255, 4_096] { body.add(value) }
            body.skip(28)
            return reply(body.body)
        }
    }

    /// How the kernel reads an open file (linux/fuse.h, FOPEN_).
    private enum Passage: UInt32 {
        /// Past its cache, into the reader's memory.
        case direct = 1
        /// What was verified once stays in its cache, which nobody can write to.
        case cached = 2
    }

    private func open(_ node: FUSETree.Node, _ number: UInt64) -> Passage {
        state.withLock { state in
            var use = state.uses[number] ?? Use()
            defer {
                use.handles += 1
                state.uses[number] = use
            }
            let isNew = use.handles == 0 && use.bytesRead < node.size
            return state.mapsUncached && node.size >= Self.large && isNew ? .direct : .cached
        }
    }

    /// Seconds for which names and sizes hold: they never change.
    private static let validity: UInt64 = 3_600

    private func initialization(_ request: FUSERequest) -> [UInt8] {
        let offered = UInt32(truncatingIfNeeded: request.number(at: 12, size: 4))
        let asynchronousReads: UInt32 = 1 << 0
        let maximumPages: UInt32 = 1 << 22
        let extended: UInt32 = 1 << 30
        // FUSE_DIRECT_IO_ALLOW_MMAP (Linux 6.6): without it a file that is read past the cache could not be mapped.
        let mapsUncached: UInt32 = 1 << (36 - 32)
        let further = offered & extended == 0 ? 0 : UInt32(truncatingIfNeeded: request.number(at: 16, size: 4))
        state.withLock { $0.mapsUncached = further & mapsUncached != 0 }
        var body = FUSEReply()
        body.add(UInt32(7))
        body.add(UInt32(36))
        body.add(UInt32(truncatingIfNeeded: request.number(at: 8, size: 4)))
        body.add(offered & (asynchronousReads | maximumPages | extended))
        body.add(UInt16(16))
        body.add(UInt16(12))
        body.add(UInt32(4_096))
        body.add(UInt32(1))
        body.add(Self.pages)
        body.skip(2)
        body.add(further & mapsUncached)
        body.skip(64 - body.body.count)
        return body.body
    }

    private func entry(_ node: UInt64) -> [UInt8] {
        var body = FUSEReply()
        body.add(node)
        body.add(UInt64(0))
        body.add(Self.validity)
        body.add(Self.validity)
        body.skip(8)
        return body.body + (attributes(node) ?? [])
    }

    private func attributes(_ number: UInt64) -> [UInt8]? {
        guard let node = tree.node(number) else { return nil }
        var isFolder = false
        if case .folder = node.kind { isFolder = true }
        var body = FUSEReply()
        body.add(number)
        body.add(node.size)
        body.add((node.size + 511) / 512)
        body.skip(24 + 12)
        body.add(UInt32(isFolder ? 0o040_555 : 0o100_444))
        body.add(UInt32(isFolder ? 2 : 1))
        body.add(UInt32(getuid()))
        body.add(UInt32(getgid()))
        body.add(UInt32(0))
        body.add(UInt32(4_096))
        body.add(UInt32(0))
        return body.body
    }

    private func listing(_ entries: [(name: [UInt8], node: UInt64)], _ request: FUSERequest) -> [UInt8] {
        let most = Int(request.number(at: 16, size: 4))
        let all = [(name: Array(".".utf8), node: request.node), (name: Array("..".utf8), node: 1)] + entries
        var body = FUSEReply()
        for index in Int(min(request.number(at: 8, size: 8), UInt64(all.count)))..<all.count {
            let entry = all[index]
            guard body.body.count + 24 + (entry.name.count + 7) / 8 * 8 <= most else { break }
            var isFolder = true
            if case .file = tree.node(entry.node)?.kind { isFolder = false }
            body.add(entry.node)
            body.add(UInt64(index + 1))
            body.add(UInt32(entry.name.count))
            body.add(UInt32(isFolder ? 4 : 8))
            body.add(bytes: entry.name)
            body.skip((8 - entry.name.count % 8) % 8)
        }
        return body.body
    }
}

/// An errno as an error.
private struct FUSEError: Error {
    let number: Int32
}
