internal import CLinux
import Glibc

/// A loaded model mounted read-only, so that programs which know nothing of Lapwing read verified bytes.
///
/// Needs `/dev/fuse` and the right to mount. What is mounted over is hidden while it lasts.
public final class VerifiedMount: Sendable {
    private let server: FUSEServer
    /// Where the model is mounted.
    public let path: String

    /// Mounts a model over a folder, or over a file where the model is one.
    ///
    /// - Throws: ``LoadFailure`` with the code `unsupported` where it cannot be mounted.
    public init(_ model: LoadedModel, at path: String) throws(LoadFailure) {
        let descriptor = unsafe lapwing_fuse_mount(path, model.size(of: "") == nil ? 0 : 1, getuid() == 0 ? 1 : 0)
        guard descriptor >= 0 else {
            throw LoadFailure(
                .unsupported,
                "",
                "the model cannot be mounted at `\(path)`: \(LoadFailure.reason(errno))"
            )
        }
        self.path = path
        server = FUSEServer(descriptor, model: model)
        server.start()
    }

    /// Unmounts, and waits until nothing is served any more.
    public func unmount() {
        if unsafe lapwing_unmount(path) == 0 { server.wait() }
    }
}
