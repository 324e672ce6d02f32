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
}
