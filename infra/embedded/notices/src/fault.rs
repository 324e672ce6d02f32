/// How a provider fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Too many requests; nothing was taken.
    Throttled,
    /// The provider is ill (500); nothing was taken.
    Broken,
    /// The message is taken, then the connection is cut before the answer.
    CutAfterTaking,
    /// The connection is cut before anything was taken, which a client can't tell from the former.
    CutBeforeTaking,
}
