/// Names by which programs take a text for code, whatever is in it.
///
/// No list of what code looks like is complete: `del x` is Python and English. So the name, which proves nothing, can
/// still make a text be not proven.
enum ScriptNames {
    private static let endings: Set<String> = [
        "py", "pyw", "pyi", "pyx", "pxd", "pth", "ipy", "ipynb", "sh", "bash", "zsh", "fish", "csh", "ksh", "command",
        "bat", "cmd", "ps1", "psm1", "psd1", "vbs", "vbe", "js", "mjs", "cjs", "jse", "ts", "wsf", "wsh", "hta", "rb",
        "pl", "pm", "lua", "php", "r", "jl", "tcl", "groovy", "scala", "kts", "java", "c", "cc", "cpp", "cu", "go",
        "rs",
        "cs", "swift", "desktop", "service", "reg", "scr", "applescript", "html", "htm", "xhtml", "mhtml", "svg", "xsl",
        "xslt",
    ]

    /// Whether a file's name is that of code or of what a browser runs.
    static func isScript(_ name: String) -> Bool {
        guard let dot = name.lastIndex(of: "."), dot > name.startIndex || name.count > 1 else { return false }
        return endings.contains(name[name.index(after: dot)...].lowercased())
    }
}
