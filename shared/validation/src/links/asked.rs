//! What is remembered of the records an upload brings, and of no others.

/// A value for each of some keys.
///
/// Two columns in order of the keys instead of a map: segments stand in that order too, so one is walked along the other,
/// and two million keys take a third of the memory.
#[derive(Debug)]
pub(super) struct Asked<K, V> {
    keys: Vec<K>,
    /// Empty until the first is found: most uploads are the first of their records.
    values: Vec<Option<V>>,
}

impl<K: Copy + Ord, V> Asked<K, V> {
    /// These keys, without values.
    pub(super) fn of(keys: impl Iterator<Item = K>) -> Self {
        let mut keys: Vec<K> = keys.collect();
        keys.sort_unstable();
        keys.dedup();
        let values = Vec::new();
        Self { keys, values }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// The value of a key; `None` also where it is not asked for.
    pub(super) fn get(&self, key: K) -> Option<&V> {
        let place = self.keys.binary_search(&key).ok()?;
        self.values.get(place)?.as_ref()
    }

    /// Where the value of a key stands, if it is asked for.
    pub(super) fn find(&mut self, key: K) -> Option<&mut Option<V>> {
        let place = self.keys.binary_search(&key).ok()?;
        self.value(place)
    }

    fn value(&mut self, place: usize) -> Option<&mut Option<V>> {
        if self.values.is_empty() {
            self.values.resize_with(self.keys.len(), || None);
        }
        self.values.get_mut(place)
    }

    /// For keys that come in their order.
    pub(super) fn walk(&mut self) -> Walk<'_, K, V> {
        Walk {
            asked: self,
            place: 0,
        }
    }
}

/// Goes along the keys.
pub(super) struct Walk<'a, K, V> {
    asked: &'a mut Asked<K, V>,
    place: usize,
}

impl<K: Copy + Ord, V> Walk<'_, K, V> {
    /// Where the value of a key stands, if it is asked for. No key may be lower than the one before it.
    pub(super) fn find(&mut self, key: K) -> Option<&mut Option<V>> {
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
        self.asked.value(self.place)
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
            own in prop::collection::vec(0_u16..300, 0..200),
            mut met in prop::collection::vec(0_u16..300, 0..200),
        ) {
            met.sort_unstable();
            let mut map: BTreeMap<u16, Option<usize>> = own.iter().map(|key| (*key, None)).collect();
            let mut asked = Asked::of(own.iter().copied());
            prop_assert_eq!(asked.is_empty(), map.is_empty());
            let mut walk = asked.walk();
            for (number, key) in met.iter().enumerate() {
                let known = map.get_mut(key);
                let found = walk.find(*key);
                prop_assert_eq!(&known, &found);
                if let (Some(known), Some(found)) = (known, found) {
                    *known = Some(number);
                    *found = Some(number);
                }
            }
            for key in own.iter().chain(&met) {
                let known = map.get(key).copied();
                prop_assert_eq!(asked.find(*key).copied(), known);
                prop_assert_eq!(asked.get(*key).copied(), known.flatten());
            }
        }
    }
}
