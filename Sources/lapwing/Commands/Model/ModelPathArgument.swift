import Foundation

/// A model's path as it was given, without a slash at its end.
struct ModelPathArgument {
    let path: String

    init(_ text: String) {
        var text = text
        while text.count > 1, text.hasSuffix("/") { text.removeLast() }
        // `.` has a name, too.
        let isRelative = text == "." || text == ".." || text.hasSuffix("/.") || text.hasSuffix("/..")
        path = isRelative ? URL(fileURLWithPath: text).standardizedFileURL.path : text
    }

    /// A path within the model: as it is, or without the model's own in front of it.
    func relative(_ text: String) throws -> String {
        var text = text
        while text.count > 1, text.hasSuffix("/") { text.removeLast() }
        if text.hasPrefix(path + "/") { return String(text.dropFirst(path.count + 1)) }
        guard text.hasPrefix("/") else { return text }
        let folder = URL(fileURLWithPath: path).resolvingSymlinksInPath().path
        let place = URL(fileURLWithPath: text).resolvingSymlinksInPath().path
        guard place.hasPrefix(folder + "/") else {
            throw CommandError(.usage, "`\(text)` does not lie in the model `\(path)`")
        }
        return String(place.dropFirst(folder.count + 1))
    }
}
