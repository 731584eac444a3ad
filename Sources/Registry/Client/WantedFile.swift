/// A file that is pulled: where it goes, and what blob it is.
struct WantedFile: Sendable {
    let path: String
    let descriptor: Descriptor
}
