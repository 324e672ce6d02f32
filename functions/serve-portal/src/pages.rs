//! The files under `pages/`, and the addresses at which a page is found.

/// Every file with its name below `pages/`.
pub(crate) const FILES: &[(&str, &[u8])] = include!(concat!(env!("OUT_DIR"), "/pages.rs"));

/// Addresses of pages, without the first slash; what begins with a colon stands for one part. The pages' own list is `assets/routes.js`.
const PAGES: &[&str] = &[
    "apply",
    "forgotten",
    "material",
    "videos",
    "uploads",
    "uploads/:id",
    "case-history",
    "withdrawals",
    "icd",
    "death-cases/new",
    "death-cases",
    "death-cases/:id",
    "overview",
    "overview/hospitals/:id",
    "overview/hospitals/:id/uploads/:upload",
    "review",
    "review/:id",
    "fleet",
    "outbox",
    "account",
];

/// Whether there is a page at this address (without its first slash).
pub(crate) fn is_page(path: &str) -> bool {
    let path = path.strip_suffix('/').unwrap_or(path);
    PAGES.iter().any(|page| {
        let (parts, wanted) = (path.split('/'), page.split('/'));
        parts.clone().count() == wanted.clone().count()
            && parts.zip(wanted).all(|(part, wanted)| {
                part == wanted || (wanted.starts_with(':') && !part.is_empty())
            })
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn text(name: &str) -> &'static str {
        let (_, bytes) = FILES.iter().find(|(known, _)| *known == name).unwrap();
        std::str::from_utf8(bytes).unwrap()
    }

    #[test]
    fn the_server_knows_the_same_pages_as_the_menu() {
        let routes: Vec<&str> = text("assets/routes.js")
            .split("path: '/")
            .skip(1)
            .map(|rest| rest.split('\'').next().unwrap())
            .filter(|path| !path.is_empty())
            .collect();
        let (routes, pages): (BTreeSet<_>, BTreeSet<_>) = (
            routes.into_iter().collect(),
            PAGES.iter().copied().collect(),
        );
        assert_eq!(routes, pages);
        assert!(is_page("uploads/") && is_page("uploads/up_1") && !is_page("uploads/a/b"));
        assert!(!is_page("uploads//") && !is_page("index.html"));
    }

    /// Files a module asks for, itself included. `import()` counts only where `lazily` says so: it belongs to one page.
    fn needs(name: &str, lazily: bool, found: &mut BTreeSet<String>) {
        if !found.insert(name.to_owned()) {
            return;
        }
        let folder = name.rsplit_once('/').unwrap().0;
        let source = text(name);
        let static_imports = source
            .lines()
            .filter(|line| {
                line.starts_with("import ")
                    || line.starts_with("export ") && line.contains(" from ")
            })
            .map(|line| line.rsplit('\'').nth(1).unwrap());
        let dynamic = source
            .split("import('")
            .skip(1)
            .map(|rest| rest.split('\'').next().unwrap());
        // A worker is named by its address, and is fetched when it is wanted.
        let workers = source
            .split("new Worker(new URL('")
            .skip(1)
            .map(|rest| rest.split('\'').next().unwrap());
        let dynamic = dynamic.chain(workers);
        let imports: Vec<&str> = static_imports.chain(dynamic.filter(|_| lazily)).collect();
        for import in imports {
            let mut parts: Vec<&str> = folder.split('/').collect();
            for part in import.split('/') {
                match part {
                    "." => {}
                    ".." => {
                        parts.pop();
                    }
                    part => parts.push(part),
                }
            }
            let target = parts.join("/");
            assert!(
                FILES.iter().any(|(known, _)| *known == target),
                "{name} imports {import}, which is no file"
            );
            needs(&target, lazily, found);
        }
    }

    #[test]
    fn every_module_is_there_and_used() {
        let mut used = BTreeSet::new();
        needs("assets/main.js", true, &mut used);
        let modules: BTreeSet<String> = FILES
            .iter()
            .map(|(name, _)| (*name).to_owned())
            .filter(|name| name.ends_with(".js") && name != "assets/old-browser.js")
            .collect();
        assert_eq!(used, modules);
    }

    #[test]
    fn no_page_takes_more_than_a_hundred_kilobytes() {
        let mut frame = BTreeSet::new();
        needs("assets/main.js", false, &mut frame);
        for page in text("assets/routes.js").split("import('./").skip(1) {
            let page = format!("assets/{}", page.split('\'').next().unwrap());
            let mut files = frame.clone();
            // 申请账号 loads its steps one by one; together they are the most it ever takes.
            needs(&page, true, &mut files);
            let fixed = ["shell.html", "assets/portal.css", "assets/icon.svg"];
            let bytes: usize = files
                .iter()
                .map(String::as_str)
                .chain(fixed)
                .map(|name| text(name).len())
                .sum();
            assert!(bytes < 100_000, "{page}: {bytes} bytes");
        }
    }

    #[test]
    fn nothing_runs_that_stands_in_a_page() {
        let shell = text("shell.html");
        assert!(!shell.contains("style=") && !shell.contains(" onclick"));
        for script in shell.split("<script").skip(1) {
            assert!(script.split('>').next().unwrap().contains(" src="));
        }
        for (name, _) in FILES.iter().filter(|(name, _)| name.ends_with(".js")) {
            for unsafe_way in ["innerHTML", "outerHTML", "insertAdjacentHTML", "eval("] {
                assert!(!text(name).contains(unsafe_way), "{name}: {unsafe_way}");
            }
        }
    }

    /// The pages' own scripts, with their names.
    fn scripts() -> impl Iterator<Item = (&'static str, &'static str)> {
        FILES
            .iter()
            .filter(|(name, _)| name.ends_with(".js"))
            .map(|(name, _)| (*name, text(name)))
    }

    #[test]
    fn passwords_are_masked_and_may_be_pasted_and_kept_by_the_browser() {
        let mut fields = 0;
        for (name, source) in scripts() {
            assert!(!source.contains("paste"), "{name} looks at what is pasted");
            for field in source.split("form.field({").skip(1) {
                let field = field.lines().next().unwrap();
                let of_password = ["'password'", "'new_password'", "'old'", "'new'", "'again'"]
                    .iter()
                    .any(|one| field.contains(&format!("name: {one}")));
                if of_password {
                    fields += 1;
                    assert!(field.contains("type: 'password'"), "{name}: {field}");
                    let helped = ["'current-password'", "'new-password'"];
                    assert!(
                        helped.iter().any(|kind| field.contains(kind)),
                        "{name}: {field}"
                    );
                }
            }
        }
        assert!(fields >= 4, "only {fields} fields");
    }

    #[test]
    fn the_browser_keeps_the_language_and_nothing_else() {
        for (name, source) in scripts() {
            for store in [
                "sessionStorage",
                "indexedDB",
                "document.cookie",
                "caches.",
                "serviceWorker",
            ] {
                assert!(!source.contains(store), "{name}: {store}");
            }
            for kept in source.split("localStorage.setItem(").skip(1) {
                assert!(kept.starts_with("'language'"), "{name}");
            }
            assert!(
                !source.contains("localStorage[") && !source.contains("localStorage ="),
                "{name}"
            );
        }
    }

    #[test]
    fn pages_load_nothing_from_elsewhere_and_listen_to_nobody() {
        for (name, bytes) in FILES.iter().filter(|(name, _)| !name.ends_with(".wasm")) {
            let Ok(source) = std::str::from_utf8(bytes) else {
                continue;
            };
            for address in source.split("http").skip(1) {
                let address: String = address.chars().take(40).collect();
                let host = address.trim_start_matches('s').strip_prefix("://");
                let outside = host
                    .is_some_and(|host| host.starts_with(|one: char| one.is_ascii_alphanumeric()));
                // Names of XML, and what a hospital may type as an example.
                let harmless = ["://www.w3.org/", "s://his.example", "s://example"];
                assert!(
                    !outside || harmless.iter().any(|known| address.starts_with(known)),
                    "{name}: http{}",
                    address
                );
            }
            for way in [
                "addEventListener('message'",
                "window.opener",
                "Function(",
                "document.write",
                "jsonp",
                "callback=",
            ] {
                // Only the page's own worker is heard, by the object that made it.
                let own_worker =
                    way == "addEventListener('message'" && *name == "assets/local-check/check.js";
                assert!(own_worker || !source.contains(way), "{name}: {way}");
            }
        }
    }
}
