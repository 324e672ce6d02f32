//! Lists of keys and of versions, by page.

use std::collections::BTreeSet;
use std::ops::Bound;
use std::sync::Arc;

use crate::index::Keys;
use crate::version::Version;

/// S3 never returns more in one page.
pub(crate) const PAGE: usize = 1000;

/// What is asked for.
#[derive(Debug, Default)]
pub(crate) struct Query {
    pub(crate) prefix: String,
    pub(crate) delimiter: Option<String>,
    /// Keys up to and including this one were on earlier pages.
    pub(crate) after: Option<String>,
    pub(crate) limit: usize,
}

/// One page.
#[derive(Debug, Default)]
pub(crate) struct Page {
    /// Per key: what is listed of it, newest version last.
    pub(crate) keys: Vec<Vec<Arc<Version>>>,
    pub(crate) common_prefixes: BTreeSet<String>,
    /// Where the next page starts; none on the last page.
    pub(crate) next: Option<String>,
}

/// Walks the keys in order. `pick` says what of a key is listed: nothing leaves the key out.
pub(crate) fn list(
    keys: &Keys,
    query: &Query,
    pick: impl Fn(&[Arc<Version>]) -> Vec<Arc<Version>>,
) -> Page {
    let mut page = Page::default();
    if query.limit == 0 {
        return page;
    }
    let start = match &query.after {
        Some(after) if *after >= query.prefix => Bound::Excluded(after.as_str()),
        _ => Bound::Included(query.prefix.as_str()),
    };
    let mut last = None;
    for (key, versions) in keys.range::<str, _>((start, Bound::Unbounded)) {
        let Some(rest) = key.strip_prefix(&query.prefix) else {
            break;
        };
        let picked = pick(versions);
        if picked.is_empty() {
            continue;
        }
        let common = query
            .delimiter
            .as_ref()
            .filter(|d| !d.is_empty())
            .and_then(|delimiter| {
                let (folder, _) = rest.split_once(delimiter.as_str())?;
                Some(format!("{}{folder}{delimiter}", query.prefix))
            });
        if let Some(common) = &common
            && (page.common_prefixes.contains(common)
                || query
                    .after
                    .as_ref()
                    .is_some_and(|after| after.starts_with(common)))
        {
            // On this page or an earlier one already; the next page must not begin inside it.
            if page.common_prefixes.contains(common) {
                last = Some(key.clone());
            }
            continue;
        }
        if page.keys.len() + page.common_prefixes.len() == query.limit {
            page.next = last;
            break;
        }
        match common {
            Some(common) => {
                page.common_prefixes.insert(common);
            }
            None => page.keys.push(picked),
        }
        last = Some(key.clone());
    }
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(names: &[&str]) -> Keys {
        let version = |key: &str| Version {
            key: key.to_owned(),
            version_id: String::new(),
            sequence: 1,
            modified: jiff::Timestamp::UNIX_EPOCH,
            delete_marker: false,
            content: crate::version::Content::default(),
        };
        names
            .iter()
            .map(|n| ((*n).to_owned(), vec![Arc::new(version(n))]))
            .collect()
    }

    fn walk(keys: &Keys, prefix: &str, delimiter: Option<&str>, limit: usize) -> Vec<String> {
        let mut found = Vec::new();
        let mut after = None;
        loop {
            let query = Query {
                prefix: prefix.into(),
                delimiter: delimiter.map(str::to_owned),
                after,
                limit,
            };
            let page = list(keys, &query, <[_]>::to_vec);
            assert!(page.keys.len() + page.common_prefixes.len() <= limit);
            found.extend(page.keys.iter().map(|v| v[0].key.clone()));
            found.extend(page.common_prefixes);
            after = page.next;
            if after.is_none() {
                return found;
            }
        }
    }

    #[test]
    fn every_key_under_a_prefix_is_on_exactly_one_page() {
        let keys = keys(&["a", "a/1", "a/2", "a/3", "b"]);
        for limit in 1..5 {
            assert_eq!(
                walk(&keys, "a/", None, limit),
                ["a/1", "a/2", "a/3"],
                "limit {limit}"
            );
        }
    }

    #[test]
    fn folders_are_listed_once() {
        let keys = keys(&["a", "d/1", "d/2", "d/3", "e/1", "f"]);
        for limit in 1..6 {
            let mut found = walk(&keys, "", Some("/"), limit);
            found.sort();
            assert_eq!(found, ["a", "d/", "e/", "f"], "limit {limit}");
        }
    }
}
