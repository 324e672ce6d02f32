//! What is served, made once: the frame with the addresses of its files filled in, tags, and the policy.

use std::collections::HashMap;

use axum::body::Bytes;
use axum::http::HeaderValue;
use domain::Sha256;

use crate::pages::FILES;

/// A file as it goes out.
pub(crate) struct File {
    pub(crate) content_type: &'static str,
    pub(crate) bytes: Bytes,
    /// `ETag`, in its quotes.
    pub(crate) tag: String,
}

/// Everything under one version.
pub(crate) struct Site {
    pub(crate) shell: File,
    pub(crate) policy: HeaderValue,
    version: String,
    assets: HashMap<&'static str, File>,
}

impl Site {
    pub(crate) fn new(store: &str) -> Self {
        let mut everything = Vec::new();
        for (name, bytes) in FILES {
            everything.extend_from_slice(name.as_bytes());
            everything.extend_from_slice(bytes);
        }
        let version = short(&everything);
        let assets = FILES
            .iter()
            .filter_map(|(name, bytes)| {
                let name = name.strip_prefix("assets/")?;
                Some((
                    name,
                    File::new(content_type(name), Bytes::from_static(bytes)),
                ))
            })
            .collect();
        let shell = FILES.iter().find(|(name, _)| *name == "shell.html");
        let shell = shell.map_or(&b""[..], |(_, bytes)| bytes);
        // Modules name each other relatively, so that all of a page come from one version, and may be kept for ever.
        let shell =
            String::from_utf8_lossy(shell).replace("@ASSETS@", &format!("/assets/{version}"));
        // The module is built apart (`shared/browser-check/build`); pages do without where it is not there.
        let has_module = FILES.iter().any(|(name, _)| *name == "assets/check.wasm");
        let shell = shell.replace("@LOCAL_CHECK@", if has_module { "yes" } else { "no" });
        Self {
            shell: File::new("text/html; charset=utf-8", Bytes::from(shell)),
            policy: policy(store),
            version,
            assets,
        }
    }

    /// A file by its name, or by version and name, and how long it may be kept.
    pub(crate) fn asset(&self, path: &str) -> Option<(&File, &'static str)> {
        let (version, name) = path.split_once('/').unwrap_or(("", path));
        if version == self.version {
            return Some((
                self.assets.get(name)?,
                "public, max-age=31536000, immutable",
            ));
        }
        Some((self.assets.get(path)?, "no-cache"))
    }
}

impl File {
    fn new(content_type: &'static str, bytes: Bytes) -> Self {
        let tag = format!("\"{}\"", short(&bytes));
        Self {
            content_type,
            bytes,
            tag,
        }
    }
}

fn short(bytes: &[u8]) -> String {
    Sha256::of(bytes).to_string().chars().take(16).collect()
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit_once('.').map(|(_, extension)| extension) {
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml; charset=utf-8",
        Some("png") => "image/png",
        Some("wasm") => "application/wasm",
        Some("mp4") => "video/mp4",
        Some("webm") => "video/webm",
        Some("vtt") => "text/vtt; charset=utf-8",
        _ => "application/octet-stream",
    }
}

/// Of a file that is no page. A worker is held to the policy of its own file, and the one that checks archives compiles WebAssembly
/// of this origin; pages themselves may not.
pub(crate) const FILE_POLICY: &str = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'; \
     object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// Scripts and styles come from the pages' own files only, so text from a hospital's file can start nothing. Scans are looked at as
/// pictures from the store, and as PDFs that were fetched and are shown in a frame of their own (`blob:`).
fn policy(store: &str) -> HeaderValue {
    let text = format!(
        "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self' blob: {store}; \
         connect-src 'self' {store}; media-src 'self' {store}; frame-src blob:; worker-src 'self'; \
         object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    );
    HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static("default-src 'none'"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_frame_names_files_that_may_be_kept_for_ever() {
        let site = Site::new("https://store.example");
        let shell = String::from_utf8(site.shell.bytes.to_vec()).unwrap();
        assert!(!shell.contains("@ASSETS@"));
        for address in shell.split("\"/assets/").skip(1) {
            let (_, caching) = site.asset(address.split('"').next().unwrap()).unwrap();
            assert!(caching.contains("immutable"), "{address}");
        }
        assert_eq!(site.asset("portal.css").unwrap().1, "no-cache");
        assert!(site.asset("0123456789abcdef/main.js").is_none());
        assert!(site.asset("../shell.html").is_none());
    }

    #[test]
    fn pages_talk_to_the_service_and_its_store_only() {
        let policy = Site::new("https://store.example").policy;
        let policy = policy.to_str().unwrap();
        assert!(policy.contains("connect-src 'self' https://store.example;"));
        assert!(!policy.contains('*') && !policy.contains("unsafe"));
    }
}
