//! What was found column after column, row after row.

use crate::cells::Pending;
use crate::parse::ROWS;

/// Which findings are whose.
pub(crate) struct RowOrder {
    /// Their numbers, row after row.
    numbers: Vec<u32>,
    /// For each row where its numbers end.
    ends: [u32; ROWS],
}

impl RowOrder {
    /// That of no findings.
    pub(crate) fn new() -> Self {
        Self {
            numbers: Vec::new(),
            ends: [0; ROWS],
        }
    }

    /// Takes findings, of which those of each row stay in their order. It is counted out, since nobody can guess how one row
    /// compares with another.
    pub(crate) fn take(&mut self, found: &[Pending]) {
        self.ends = [0; ROWS];
        for pending in found {
            self.ends[usize::from(pending.index) % ROWS] += 1;
        }
        let mut before = 0;
        for end in &mut self.ends {
            before += std::mem::replace(end, before);
        }
        self.numbers.clear();
        self.numbers.resize(found.len(), 0);
        for (number, pending) in (0..).zip(found) {
            let end = &mut self.ends[usize::from(pending.index) % ROWS];
            self.numbers[*end as usize] = number;
            *end += 1;
        }
    }

    /// Numbers of a row's findings.
    pub(crate) fn of_row(&self, index: usize) -> &[u32] {
        let begin = index.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.numbers[begin as usize..self.ends[index] as usize]
    }
}
