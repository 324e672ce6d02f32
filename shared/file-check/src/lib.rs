#![doc = include_str!("../README.md")]

mod image_file;
mod kind;
mod limits;
mod pdf;
mod refusal;
mod second;

pub use kind::MediaType;
pub use limits::Limits;
pub use refusal::Refusal;

/// What the file is, if it is one of `allowed` and keeps the limits.
///
/// # Errors
/// Why it can't be kept, in a form that a person can act on.
pub fn inspect(bytes: &[u8], allowed: &[MediaType], limits: &Limits) -> Result<MediaType, Refusal> {
    if bytes.is_empty() {
        return Err(Refusal::Empty);
    }
    if bytes.len() as u64 > limits.bytes {
        return Err(Refusal::TooLarge {
            limit: limits.bytes,
        });
    }
    let media_type = kind::recognise(bytes)?;
    if !allowed.contains(&media_type) {
        return Err(Refusal::NotAllowed { media_type });
    }
    let end = match media_type {
        MediaType::Jpeg => image_file::jpeg(bytes, limits)?,
        MediaType::Png => image_file::png(bytes, limits)?,
        MediaType::Pdf => pdf::end(bytes)?,
    };
    second::refuse(bytes, end, media_type)?;
    if media_type == MediaType::Pdf {
        pdf::open(bytes, limits)?;
    }
    Ok(media_type)
}
