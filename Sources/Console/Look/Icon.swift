/// The lapwing, as a mark: a crest above a head.
package enum Icon {
    /// The drawing in a page.
    static let mark: HTML = """
        <svg viewBox="0 0 24 24" aria-hidden="true"><path d="M4 3c4 0 7 2 8.500 5.200C16.500 8 20 10.600 20 15v1h-3.500c-1.500 3-4.200 5-8 5 2-1.600 3-3.600 3-6 0-3-1.300-4.800-3.200-6.200C6.600 7.500 5 5.800 4 3z" fill="currentColor"/></svg>
        """

    /// The file.
    package static let file = """
        <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24"><path d="M4 3c4 0 7 2 8.500 5.200C16.500 8 20 10.600 20 15v1h-3.500c-1.500 3-4.200 5-8 5 2-1.600 3-3.600 3-6 0-3-1.300-4.800-3.200-6.200C6.600 7.500 5 5.800 4 3z" fill="#2f6fb0"/></svg>
        """
}
