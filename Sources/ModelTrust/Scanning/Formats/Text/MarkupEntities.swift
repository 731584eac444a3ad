/// What XML and HTML can hold that makes a reader fetch or run something: PMML and OpenVINO's models are XML.
enum MarkupEntities {
    private static let hostile = [
        "<!entity", "<!doctype", "<script", ":script", "<?php", "<?xml-stylesheet", "xi:include", "2001/xinclude",
        "javascript:", "<iframe", "<embed", "<foreignobject",
    ].map { (text: $0, bytes: Array($0.utf8)) }
    /// A document type that names no file.
    private static let plain = Array("<!doctype html>".utf8)

    private static func isSpace(_ byte: UInt8) -> Bool {
        byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0C || byte == 0x0D
    }

    /// Whether a byte may stand before an attribute.
    private static func isGap(_ byte: UInt8) -> Bool {
        isSpace(byte) || byte == UInt8(ascii: "/") || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'")
    }

    /// Whether a text begins as markup does; YAML's `<<` is none.
    static func isMarkup(_ bytes: [UInt8]) -> Bool {
        let bytes = begin(bytes)
        guard bytes.first == UInt8(ascii: "<"), let next = bytes.dropFirst().first else { return false }
        return (0x41...0x5A).contains(next) || (0x61...0x7A).contains(next) || Array("!?/_".utf8).contains(next)
    }

    /// A text behind its byte order mark, which is none of it, and the first blanks.
    private static func begin(_ bytes: [UInt8]) -> ArraySlice<UInt8> {
        bytes.dropFirst(bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0).drop(while: isSpace)
    }

    /// The first of them, where a text is markup.
    static func first(in text: PlainText) -> String? {
        let bytes = begin(text.bytes)
        guard bytes.first == UInt8(ascii: "<") else { return nil }
        let lower = text.bytes.allSatisfy({ $0 < 0x80 }) ? lowercased(text.bytes) : Array(text.text.lowercased().utf8)
        return word(in: lower) ?? (hasHandler(lower) ? "on…=" : nil) ?? MarkupElements.first(in: Array(bytes))
    }

    private static func lowercased(_ bytes: [UInt8]) -> [UInt8] {
        bytes.map { (0x41...0x5A).contains($0) ? $0 | 0x20 : $0 }
    }

    /// The first of the hostile words, wherever it stands but in a plain document type.
    private static func word(in lower: [UInt8]) -> String? {
        let words = hostile
        var (firsts, seconds) = ([Bool](repeating: false, count: 256), [Bool](repeating: false, count: 256))
        for word in words { (firsts[Int(word.bytes[0])], seconds[Int(word.bytes[1])]) = (true, true) }
        for index in lower.indices.dropLast() where firsts[Int(lower[index])] && seconds[Int(lower[index + 1])] {
            if lower[index] == UInt8(ascii: "<"), lower.holds(plain, at: index) { continue }
            for word in words where lower.holds(word.bytes, at: index) { return word.text }
        }
        return nil
    }

    /// How the names of browsers' events begin: their handlers count wherever they stand, since what looks like the end of
    /// an element may be in a comment or a value.
    private static let events = [
        "abort", "after", "animation", "auxclick", "before", "begin", "blur", "cancel", "canplay", "change", "click",
        "close", "contextmenu", "copy", "cut", "dblclick", "drag", "drop", "end", "error", "focus", "formdata",
        "fullscreen", "gotpointer", "hashchange", "input", "invalid", "key", "load", "lostpointer", "message", "mouse",
        "page", "paste", "pause", "play", "pointer", "popstate", "progress", "readystate", "repeat", "reset", "resize",
        "scroll", "search", "select", "show", "slotchange", "storage", "submit", "toggle", "touch", "transition",
        "unload", "webkit", "wheel", "zoom",
    ].map { Array($0.utf8) }

    /// Whether an element has an attribute whose value is run: `onload="…"`.
    private static func hasHandler(_ bytes: [UInt8]) -> Bool {
        func isLetter(_ byte: UInt8) -> Bool { (0x61...0x7A).contains(byte) }
        var isInTag = false
        for index in bytes.indices.dropLast(3) {
            switch bytes[index] {
            case UInt8(ascii: "<"): isInTag = isLetter(bytes[index + 1])
            case UInt8(ascii: ">"): isInTag = false
            case let byte where bytes[index + 1] == UInt8(ascii: "o") && isGap(byte):
                let name = bytes[(index + 1)...].prefix { isLetter($0) }
                guard name.count > 2, name.starts(with: "on".utf8),
                    isInTag || events.contains(where: name.dropFirst(2).starts),
                    let next = bytes[name.endIndex...].first(where: { !isSpace($0) })
                else {
                    continue
                }
                if next == UInt8(ascii: "=") { return true }
            default: continue
            }
        }
        return false
    }
}
