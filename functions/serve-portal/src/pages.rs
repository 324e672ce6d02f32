//! The files under `pages/`, one line each.

/// A file of the portal.
pub(crate) struct Page {
    pub(crate) path: &'static str,
    pub(crate) content_type: &'static str,
    pub(crate) bytes: &'static [u8],
}

macro_rules! pages {
    ($($path:literal: $content_type:literal,)*) => {
        pub(crate) const PAGES: &[Page] = &[
            $(Page {
                path: $path,
                content_type: $content_type,
                bytes: include_bytes!(concat!("../pages/", $path)),
            },)*
        ];
    };
}

pages! {
    "index.html": "text/html; charset=utf-8",
    "assets/api.js": "text/javascript; charset=utf-8",
    "assets/dom.js": "text/javascript; charset=utf-8",
    "assets/findings.js": "text/javascript; charset=utf-8",
    "assets/icon.svg": "image/svg+xml",
    "assets/main.js": "text/javascript; charset=utf-8",
    "assets/portal.css": "text/css; charset=utf-8",
    "assets/result.js": "text/javascript; charset=utf-8",
    "assets/send.js": "text/javascript; charset=utf-8",
    "assets/texts.js": "text/javascript; charset=utf-8",
    "assets/uploads.js": "text/javascript; charset=utf-8",
}
