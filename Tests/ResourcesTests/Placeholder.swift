import Testing

@Test func `the house stands`() { #expect(1 + 1 == 2) }
