import Foundation
import Glibc

/// One change to a model before it is verified, as the corpus describes it.
struct ModelChange: Decodable {
    let op: String
    let path: String?
    let text: String?
    let hexpath: String?
    let size: UInt64?
    let hex: String?
    let offset: UInt64?
    let to: String?
    let mode: String?
    let target: String?
    let name: String?

    struct Unknown: Error { let op: String }

    /// Applies the change to the model at `model`; may move the model's root, and may move the bundle into it.
    func apply(to model: inout String, bundle: inout String) throws {
        let files = FileManager.default
        let place = model + "/" + (path ?? "")
        switch op {
        case "rm": try files.removeItem(atPath: place)
        case "write":
            try makeFolder(of: place)
            try Data((text ?? "").utf8).write(to: URL(fileURLWithPath: place))
        case "writeraw":
            let raw = (model + "/").utf8CString.dropLast() + bytes(hexpath).map(CChar.init(bitPattern:)) + [0]
            let file = unsafe Glibc.open(Array(raw), O_WRONLY | O_CREAT | O_TRUNC, 0o644)
            try FileHandle(fileDescriptor: file, closeOnDealloc: true).write(contentsOf: Data((text ?? "").utf8))
        case "truncate": try edit(place) { try $0.truncate(atOffset: size ?? 0) }
        case "append":
            try edit(place) {
                try $0.seekToEnd()
                try $0.write(contentsOf: Data(bytes(hex)))
            }
        case "flip":
            try edit(place) {
                try $0.seek(toOffset: offset ?? 0)
                let byte = try $0.read(upToCount: 1)?.first ?? 0
                try $0.seek(toOffset: offset ?? 0)
                try $0.write(contentsOf: Data([byte ^ 1]))
            }
        case "rename":
            let other = model + "/" + (to ?? "")
            try makeFolder(of: other)
            guard unsafe Glibc.rename(place, other) == 0 else { throw Unknown(op: op) }
        case "exchange":
            let other = model + "/" + (to ?? "")
            let (mine, theirs) = (files.contents(atPath: place), files.contents(atPath: other))
            try mine?.write(to: URL(fileURLWithPath: other))
            try theirs?.write(to: URL(fileURLWithPath: place))
        case "mkdir": try files.createDirectory(atPath: place, withIntermediateDirectories: true)
        case "chmod": unsafe Glibc.chmod(place, mode_t(mode ?? "", radix: 8) ?? 0o644)
        case "fifo":
            try makeFolder(of: place)
            unsafe Glibc.mkfifo(place, 0o644)
        case "hardlink": unsafe Glibc.link(place, model + "/" + (to ?? ""))
        case "symlink":
            try makeFolder(of: place)
            unsafe Glibc.symlink(target ?? "", place)
        case "swaplink":
            let away = model + "-moved-" + UUID().uuidString
            try files.moveItem(atPath: place, toPath: away)
            unsafe Glibc.symlink(away, place)
        case "rootlink":
            let link = model + "-link"
            unsafe Glibc.symlink(model, link)
            model = link
        case "outside":
            let folder = URL(fileURLWithPath: model).deletingLastPathComponent()
            try Data((text ?? "").utf8).write(to: folder.appendingPathComponent(name ?? path ?? ""))
        case "siginside":
            try files.copyItem(atPath: bundle, toPath: place)
            bundle = place
        default: throw Unknown(op: op)
        }
    }

    private func makeFolder(of place: String) throws {
        let folder = URL(fileURLWithPath: place).deletingLastPathComponent()
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    private func edit(_ place: String, _ change: (FileHandle) throws -> Void) throws {
        let file = try FileHandle(forUpdating: URL(fileURLWithPath: place))
        defer { try? file.close() }
        try change(file)
    }

    private func bytes(_ hex: String?) -> [UInt8] {
        let digits = (hex ?? "").compactMap(\.hexDigitValue)
        return stride(from: 0, to: digits.count - 1, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
    }
}
