//! Which upload brought a record last, in four bytes: two million records are asked about at once.

/// The newest version of something among earlier uploads, or none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Version(u32);

/// What it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    /// It was withdrawn: what came before it is hidden, and there is nothing.
    Withdrawn,
    /// It is there, and it is another one than that which asks.
    Other,
    /// It is there, and it is the same.
    Same,
}

impl Version {
    /// What it is; `None`: there has never been one.
    pub(super) fn state(self) -> Option<State> {
        match (self.0, self.0 & 3) {
            (0, _) => None,
            (_, 0) => Some(State::Withdrawn),
            (_, 1) => Some(State::Other),
            _ => Some(State::Same),
        }
    }

    /// Whether there is one that was not withdrawn.
    pub(super) fn counts(self) -> bool {
        self.state().is_some_and(|state| state != State::Withdrawn)
    }

    /// Sequence number of its upload; `None`: there is none.
    pub(super) fn sequence(self, uploads: &Uploads) -> Option<u64> {
        let number = (self.0 >> 2).checked_sub(1)?;
        uploads.0.get(number as usize).copied()
    }
}

/// Sequence numbers of the uploads that versions are of.
#[derive(Debug, Default)]
pub(super) struct Uploads(Vec<u64>);

impl Uploads {
    /// What its versions are written by.
    pub(super) fn entry(&mut self, sequence: u64) -> Upload<'_> {
        let known = self.0.iter().rposition(|known| *known == sequence);
        let place = known.unwrap_or_else(|| {
            self.0.push(sequence);
            self.0.len() - 1
        });
        Upload {
            // A thousand million uploads of one account are more than there will be.
            number: place as u32 + 1,
            sequence,
            uploads: self,
        }
    }
}

/// One of the uploads.
#[derive(Clone, Copy)]
pub(super) struct Upload<'u> {
    number: u32,
    sequence: u64,
    uploads: &'u Uploads,
}

impl Upload<'_> {
    /// Puts its version in the place of another one, unless that is newer; whether it did. Of one upload the later counts.
    pub(super) fn replace(self, version: &mut Version, state: State) -> bool {
        let known = version.sequence(self.uploads);
        let is_newest = known.is_none_or(|known| known <= self.sequence);
        if is_newest {
            *version = Version(self.number << 2 | state as u32);
        }
        is_newest
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_stays_whatever_the_order() {
        let mut uploads = Uploads::default();
        let mut version = Version::default();
        assert_eq!((version.state(), version.counts()), (None, false));
        assert_eq!(version.sequence(&uploads), None);
        for (sequence, state, newest, stays) in [
            (7, State::Other, 7, State::Other),
            (3, State::Same, 7, State::Other),
            (7, State::Same, 7, State::Same),
            (u64::MAX, State::Withdrawn, u64::MAX, State::Withdrawn),
            (8, State::Same, u64::MAX, State::Withdrawn),
        ] {
            let replaced = uploads.entry(sequence).replace(&mut version, state);
            assert_eq!(replaced, sequence == newest);
            assert_eq!(version.sequence(&uploads), Some(newest));
            assert_eq!(version.state(), Some(stays));
            assert_eq!(version.counts(), stays != State::Withdrawn);
        }
    }
}
