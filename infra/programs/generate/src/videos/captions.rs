//! Captions as WebVTT, from what a script says and when it was said.

use std::fmt::Write;

/// One caption, in seconds.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Caption {
    pub(super) from: f64,
    pub(super) until: f64,
    pub(super) text: String,
}

/// Letters in a line of captions.
const LINE: usize = 24;

/// How long a caption must stand to be read: five Chinese characters a second.
pub(super) fn reading_time(text: &str) -> f64 {
    let letters = text.chars().count();
    1.2 + f64::from(u32::try_from(letters).unwrap_or(u32::MAX)) * 0.2
}

/// The file of a track.
pub(super) fn web_vtt(captions: &[Caption]) -> String {
    let mut file = String::from("WEBVTT\n");
    for (number, caption) in (1..).zip(captions) {
        // Writing to a string cannot fail.
        let _ = write!(
            file,
            "\n{number}\n{} --> {}\n{}\n",
            moment(caption.from),
            moment(caption.until),
            lines(&caption.text)
        );
    }
    file
}

/// `00:01:02.500`.
fn moment(seconds: f64) -> String {
    let milliseconds = (seconds.max(0.0) * 1000.0).round() as u64;
    let (rest, milliseconds) = (milliseconds / 1000, milliseconds % 1000);
    format!(
        "{:02}:{:02}:{:02}.{milliseconds:03}",
        rest / 3600,
        rest / 60 % 60,
        rest % 60
    )
}

/// Broken where the players would break it anyhow, but after a comma where there is one. What the format reads as markup is written as it wants.
fn lines(text: &str) -> String {
    let safe = |text: &str| {
        let text = text.replace('&', "&amp;").replace('<', "&lt;");
        text.replace("-->", "→")
    };
    let letters: Vec<char> = text.chars().collect();
    if letters.len() <= LINE {
        return safe(text);
    }
    let middle = letters.len() / 2;
    let near = |at: &usize| at.abs_diff(middle);
    let commas = (1..letters.len()).filter(|at| "，。；：、".contains(letters[at - 1]));
    let at = commas.min_by_key(near).filter(|at| near(at) < LINE / 2);
    let (first, second) = letters.split_at(at.unwrap_or(middle));
    let line = |letters: &[char]| safe(&letters.iter().collect::<String>());
    format!("{}\n{}", line(first), line(second))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_track_has_times_and_breaks_long_lines_after_commas() {
        let long = "选择需要上传的数据文件，也可以把文件拖到这里，可以一次选择多个文件，文件须为包含 csv 的 zip。";
        let caption = |from, until, text: &str| Caption {
            from,
            until,
            text: text.to_owned(),
        };
        let track = web_vtt(&[caption(0.0, 2.5, "a < b"), caption(62.0, 3723.25, long)]);
        assert!(
            track.starts_with("WEBVTT\n\n1\n00:00:00.000 --> 00:00:02.500\na &lt; b\n\n2\n"),
            "{track}"
        );
        assert!(track.contains("00:01:02.000 --> 01:02:03.250\n选择需要上传的数据文件，也可以把文件拖到这里，\n可以"), "{track}");
        assert!(reading_time(long) > 8.0);
    }
}
