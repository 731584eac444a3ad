import Glibc

extension ModelFile {
    /// How many bytes are lent at once at most: what one entry of the processor's tables covers, where the system keeps a file
    /// in pieces of that size.
    static let lentSize: UInt64 = 2 << 20

    /// Lends `body` bytes of the file where they lie in the system's cache, without a copy of them; false where that
    /// cannot be done, and then nothing was lent.
    ///
    /// All of them are there before `body` looks at one. Where the file is made shorter after that, or the system has to
    /// fetch them once more and its disk fails, the process gets `SIGBUS`.
    func lend(_ range: Range<UInt64>, to body: (UnsafeRawBufferPointer) -> Void) -> Bool {
        let skipped = range.lowerBound % UInt64(Self.pageSize)
        let length = Int(range.upperBound - range.lowerBound + skipped)
        let mapping = unsafe mmap(nil, length, PROT_READ, MAP_SHARED, descriptor, off_t(range.lowerBound - skipped))
        guard let start = unsafe mapping, unsafe start != MAP_FAILED else { return false }
        // Sound: the mapping is made here, is as long as is said, and nothing keeps a pointer into it beyond the block.
        defer { unsafe munmap(start, length) }
        unsafe madvise(start, length, MADV_SEQUENTIAL)
        guard unsafe madvise(start, length, Self.populate) == 0 else { return false }
        unsafe body(UnsafeRawBufferPointer(start: start, count: length)[Int(skipped)...].rebased)
        return true
    }

    private static let pageSize = getpagesize()

    /// `MADV_POPULATE_READ` (Linux 5.14), which tells of bytes that are not there where a look at them ends the process.
    private static let populate: Int32 = 22
}

extension Slice<UnsafeRawBufferPointer> {
    fileprivate var rebased: UnsafeRawBufferPointer { unsafe UnsafeRawBufferPointer(rebasing: self) }
}
