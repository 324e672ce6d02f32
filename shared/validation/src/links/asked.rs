//! What is remembered of the records an upload brings, and of no others.

use std::borrow::Cow;

/// A value for each of some keys.
///
/// Two columns in order of the keys instead of a map: segments stand in that order too, so one is walked along the other,
/// and their keys need not be held again. Of several equal keys the first stands for all.
#[derive(Debug)]
pub(super) struct Asked<'k, K: Clone, V> {
    keys: Cow<'k, [K]>,
    /// Empty until the first is found: most uploads are the first of their records.
    values: Vec<V>,
}

impl<K: Copy + Ord, V: Copy + Default> Asked<'static, K, V> {
    /// These keys, in any order.
    pub(super) fn of(keys: impl Iterator<Item = K>) -> Self {
        let mut keys: Vec<K> = keys.collect();
        keys.sort_unstable();
        keys.dedup();
        Self {
            keys: Cow::Owned(keys),
            values: Vec::new(),
        }
    }
}

impl<'k, K: Copy + Ord, V: Copy + Default> Asked<'k, K, V> {
    /// These keys, which stand in their order.
    pub(super) fn of_sorted(keys: &'k [K]) -> Self {
        Self {
            keys: Cow::Borrowed(keys),
            values: Vec::new(),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// The value of a key; that of nothing where it was not found, or is not asked for.
    pub(super) fn get(&self, key: K) -> V {
        let place = self.place(key).and_then(|place| self.values.get(place));
        place.copied().unwrap_or_default()
    }

    /// Where the value of a key stands, if it is asked for.
    pub(super) fn find(&mut self, key: K) -> Option<&mut V> {
        let place = self.place(key)?;
        self.value(place)
    }

    fn place(&self, key: K) -> Option<usize> {
        let place = self.keys.partition_point(|known| *known < key);
        (self.keys.get(place) == Some(&key)).then_some(place)
    }

    fn value(&mut self, place: usize) -> Option<&mut V> {
        if self.values.is_empty() {
            self.values.resize(self.keys.len(), V::default());
        }
        self.values.get_mut(place)
    }

    /// For keys that come in their order.
    pub(super) fn walk(&mut self) -> Walk<'_, 'k, K, V> {
        Walk {
            asked: self,
            place: 0,
        }
    }
}

/// Goes along the keys.
pub(super) struct Walk<'a, 'k, K: Clone, V> {
    asked: &'a mut Asked<'k, K, V>,
    place: usize,
}

impl<K: Copy + Ord, V: Copy + Default> Walk<'_, '_, K, V> {
    /// Which of the keys this is, and where its value stands, if it is asked for. No key may be lower than the one before it.
    pub(super) fn find(&mut self, key: K) -> Option<(usize, &mut V)> {
        let rest = self.asked.keys.get(self.place..)?;
        // Ever longer steps, then back: quick where nearly every key is met, and where hardly any is.
        let mut end = 1;
        while rest.get(end).is_some_and(|met| *met < key) {
            end *= 2;
        }
        let near = rest.get(..=end).unwrap_or(rest);
        self.place += near.partition_point(|met| *met < key);
        if self.asked.keys.get(self.place) != Some(&key) {
            return None;
        }
        let place = self.place;
        Some((place, self.asked.value(place)?))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn as_a_map_would_have_it(
            mut own in prop::collection::vec(0_u16..300, 0..200),
            mut met in prop::collection::vec(0_u16..300, 0..200),
            is_held: bool,
        ) {
            met.sort_unstable();
            own.sort_unstable();
            let mut map: BTreeMap<u16, usize> = own.iter().map(|key| (*key, 0)).collect();
            let mut asked = if is_held {
                Asked::of_sorted(&own)
            } else {
                Asked::of(own.iter().rev().copied())
            };
            prop_assert_eq!(asked.is_empty(), map.is_empty());
            let mut walk = asked.walk();
            for (number, key) in (1..).zip(&met) {
                let known = map.get_mut(key);
                let found = walk.find(*key);
                prop_assert_eq!(&known.as_deref(), &found.as_ref().map(|(_, value)| &**value));
                if let (Some(known), Some((place, found))) = (known, found) {
                    if is_held {
                        prop_assert_eq!(place, own.partition_point(|one| one < key));
                    }
                    *known = number;
                    *found = number;
                }
            }
            for key in own.iter().chain(&met) {
                let known = map.get(key).copied();
                prop_assert_eq!(asked.find(*key).copied(), known);
                prop_assert_eq!(asked.get(*key), known.unwrap_or_default());
            }
        }
    }
}
