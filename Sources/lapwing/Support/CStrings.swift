import Glibc

/// A null-terminated list of C strings, for as long as this object lives.
///
/// It owns the memory, and nobody writes to it after it was made.
@safe final class CStrings {
    let pointers: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>
    private let count: Int

    init(_ strings: [String]) {
        count = strings.count
        unsafe pointers = .allocate(capacity: strings.count + 1)
        for (index, string) in strings.enumerated() { unsafe pointers[index] = strdup(string) }
        unsafe pointers[strings.count] = nil
    }

    /// The list as C reads it.
    var list: UnsafePointer<UnsafePointer<CChar>?> {
        // A pointer to what may be written can be read as one to what may not.
        unsafe UnsafeRawPointer(pointers).assumingMemoryBound(to: UnsafePointer<CChar>?.self)
    }

    deinit {
        for index in 0..<count { unsafe free(pointers[index]) }
        unsafe pointers.deallocate()
    }
}
