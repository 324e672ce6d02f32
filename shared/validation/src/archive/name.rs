use encoding_rs::GB18030;

/// Header id of Info-ZIP's Unicode path.
const UNICODE_PATH: u16 = 0x7075;

/// How the name of an entry was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Name {
    /// The name with its folders.
    pub(super) text: String,
    /// Whether it was GB18030 without saying so, as Windows writes it.
    pub(super) gbk: bool,
}

/// Reads a name: UTF-8 where the flag says so, Info-ZIP's field where it fits, UTF-8 where the bytes are, else GB18030.
pub(super) fn read(raw: &[u8], flagged_utf8: bool, extra: &[u8]) -> Name {
    let plain = |text: &str| Name {
        text: text.to_owned(),
        gbk: false,
    };
    if flagged_utf8 && let Ok(text) = std::str::from_utf8(raw) {
        return plain(text);
    }
    // Also for a name of ASCII: Info-ZIP writes `#U6570` or `?` for what its own characters lack.
    if let Some(text) = unicode_path(raw, extra) {
        return plain(text);
    }
    if let Ok(text) = std::str::from_utf8(raw) {
        return plain(text);
    }
    Name {
        text: GB18030.decode_without_bom_handling(raw).0.into_owned(),
        gbk: true,
    }
}

fn unicode_path<'a>(raw: &[u8], extra: &'a [u8]) -> Option<&'a str> {
    let mut rest = extra;
    while let [id_low, id_high, length_low, length_high, more @ ..] = rest {
        let length = usize::from(u16::from_le_bytes([*length_low, *length_high]));
        let field = more.get(..length)?;
        if u16::from_le_bytes([*id_low, *id_high]) == UNICODE_PATH {
            let (head, path) = field.split_at_checked(5)?;
            // The field names the checksum of the name it replaces: a tool that renamed the entry left it stale.
            let checksum = u32::from_le_bytes([head[1], head[2], head[3], head[4]]);
            return (head[0] == 1 && checksum == crc32fast::hash(raw))
                .then(|| std::str::from_utf8(path).ok())
                .flatten();
        }
        rest = &more[length..];
    }
    None
}

/// What a path that leads out of the archive, or to different places on different systems, is refused for.
pub(super) fn trick(name: &str) -> Option<&'static str> {
    if name.is_empty() || name.chars().any(char::is_control) {
        Some("path_characters")
    } else if name.contains('\\') {
        Some("path_backslash")
    } else if name.starts_with('/') || name.chars().nth(1) == Some(':') {
        Some("path_absolute")
    } else if name.split('/').any(|part| part == ".." || part == ".") {
        Some("path_parent")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(raw: &[u8], path: &str) -> Vec<u8> {
        let mut extra = vec![0x55, 0x54, 1, 0, 9];
        extra.extend(UNICODE_PATH.to_le_bytes());
        extra.extend((5 + path.len() as u16).to_le_bytes());
        extra.push(1);
        extra.extend(crc32fast::hash(raw).to_le_bytes());
        extra.extend(path.as_bytes());
        extra
    }

    #[test]
    fn reads_names_as_windows_tools_write_them() {
        let (gbk, _, _) = GB18030.encode("流感/flu_数据.csv");
        let name = read(&gbk, false, &[]);
        assert_eq!((name.text.as_str(), name.gbk), ("流感/flu_数据.csv", true));
        let name = read(&gbk, false, &field(&gbk, "flu_乙.csv"));
        assert_eq!((name.text.as_str(), name.gbk), ("flu_乙.csv", false));
        let name = read(&gbk, false, &field(b"other", "flu_乙.csv"));
        assert_eq!(name.text, "流感/flu_数据.csv");
        assert_eq!(read("flu_甲.csv".as_bytes(), false, &[]).text, "flu_甲.csv");
    }

    #[test]
    fn a_backslash_inside_a_character_is_none() {
        // The second byte of 乗 in GBK is 0x5c.
        let raw = [0x81, 0x5c];
        assert_eq!(trick(&read(&raw, false, &[]).text), None);
    }

    #[test]
    fn refuses_paths_that_lead_elsewhere() {
        for (name, detail) in [
            ("../flu_1.csv", "path_parent"),
            ("a/../../flu_1.csv", "path_parent"),
            ("/flu_1.csv", "path_absolute"),
            ("C:/flu_1.csv", "path_absolute"),
            ("a\\flu_1.csv", "path_backslash"),
            ("flu_1.csv\0.zip", "path_characters"),
            ("", "path_characters"),
        ] {
            assert_eq!(trick(name), Some(detail), "{name}");
        }
        assert_eq!(trick("流感/flu_1..csv"), None);
    }
}
