//! Good files pass, and those that only look like them do not.

#![allow(
    clippy::unwrap_used,
    reason = "helpers of tests fail by panicking, as tests do"
)]

use std::io::{Cursor, Write};
use std::time::Duration;

use file_check::{Limits, MediaType, Refusal, inspect};
use image::{DynamicImage, ImageFormat};
use lopdf::{Dictionary, Document, Object, Stream, dictionary};
use proptest::prelude::*;

const ALL: [MediaType; 3] = [MediaType::Jpeg, MediaType::Png, MediaType::Pdf];

fn check(bytes: &[u8]) -> Result<MediaType, Refusal> {
    inspect(bytes, &ALL, &Limits::SCAN)
}

fn image(format: ImageFormat) -> Vec<u8> {
    let mut bytes = Vec::new();
    let picture = DynamicImage::new_rgb8(64, 48);
    picture
        .write_to(&mut Cursor::new(&mut bytes), format)
        .unwrap();
    bytes
}

/// A PDF of some pages; `change` gets the document and its catalogue.
fn pdf(pages: usize, change: impl FnOnce(&mut Document, &mut Dictionary)) -> Vec<u8> {
    let mut document = Document::with_version("1.5");
    let tree = document.new_object_id();
    let mut kids = Vec::new();
    for _ in 0..pages {
        let content = document.add_object(Stream::new(Dictionary::new(), b"q Q".to_vec()));
        let page = dictionary! { "Type" => "Page", "Parent" => tree, "Contents" => content,
        "MediaBox" => vec![0.into(), 0.into(), 595.into(), 842.into()] };
        kids.push(document.add_object(page).into());
    }
    let count = i64::try_from(pages).unwrap();
    let root = dictionary! { "Type" => "Pages", "Kids" => kids, "Count" => count };
    document.objects.insert(tree, Object::Dictionary(root));
    let mut catalogue = dictionary! { "Type" => "Catalog", "Pages" => tree };
    change(&mut document, &mut catalogue);
    let catalogue = document.add_object(catalogue);
    document.trailer.set("Root", catalogue);
    let mut bytes = Vec::new();
    document.save_to(&mut bytes).unwrap();
    bytes
}

fn zip() -> Vec<u8> {
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    archive
        .start_file("x.exe", zip::write::SimpleFileOptions::default())
        .unwrap();
    archive.write_all(b"MZ").unwrap();
    archive.finish().unwrap().into_inner()
}

#[test]
fn what_scanners_make_passes() {
    assert_eq!(check(&image(ImageFormat::Jpeg)), Ok(MediaType::Jpeg));
    assert_eq!(check(&image(ImageFormat::Png)), Ok(MediaType::Png));
    assert_eq!(check(&pdf(2, |_, _| ())), Ok(MediaType::Pdf));
    let jump = pdf(1, |_, catalogue| {
        catalogue.set("OpenAction", dictionary! { "S" => "GoTo", "D" => "first" });
    });
    assert_eq!(check(&jump), Ok(MediaType::Pdf), "opens at a page");
}

#[test]
fn photographs_may_carry_a_second_photograph() {
    let mut photo = image(ImageFormat::Jpeg);
    photo.extend(image(ImageFormat::Jpeg));
    assert_eq!(check(&photo), Ok(MediaType::Jpeg));
}

#[test]
fn other_files_are_named_for_what_they_are_whatever_they_are_called() {
    for (content, refusal) in [
        (&b""[..], Refusal::Empty),
        (b"MZ\x90\x00", Refusal::Program),
        (b"\x7FELF\x02", Refusal::Program),
        (b"#!/bin/sh\n", Refusal::Program),
        (
            b"<!DOCTYPE html><script>alert(1)</script>",
            Refusal::WebPage,
        ),
        (b"\xEF\xBB\xBF \n<svg onload=alert(1)>", Refusal::WebPage),
        (&zip(), Refusal::Archive),
        (b"Rar!\x1A\x07", Refusal::Archive),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", Refusal::Heic),
        (b"GIF89a", Refusal::OtherType),
        ("流感".as_bytes(), Refusal::OtherType),
        (b" %PDF-1.7", Refusal::OtherType),
    ] {
        assert_eq!(check(content), Err(refusal), "{content:?}");
    }
    let png = image(ImageFormat::Png);
    let refusal = inspect(
        &png,
        &[MediaType::Jpeg, MediaType::Pdf],
        &Limits::ATTACHMENT,
    );
    assert_eq!(
        refusal,
        Err(Refusal::NotAllowed {
            media_type: MediaType::Png
        })
    );
}

#[test]
fn cut_off_anywhere_it_is_refused() {
    for whole in [image(ImageFormat::Jpeg), image(ImageFormat::Png)] {
        for length in 1..whole.len() {
            assert!(
                check(&whole[..length]).is_err(),
                "{length} of {}",
                whole.len()
            );
        }
    }
    let whole = pdf(1, |_, _| ());
    assert_eq!(check(&whole[..whole.len() - 10]), Err(Refusal::Truncated));
}

#[test]
fn a_file_of_the_right_size_passes_and_one_byte_more_does_not() {
    let mut photo = image(ImageFormat::Jpeg);
    photo.resize(5 << 20, 0);
    assert_eq!(check(&photo), Ok(MediaType::Jpeg));
    photo.push(0);
    assert_eq!(check(&photo), Err(Refusal::TooLarge { limit: 5 << 20 }));
}

#[test]
fn two_files_in_one_are_refused() {
    for whole in [
        image(ImageFormat::Jpeg),
        image(ImageFormat::Png),
        pdf(1, |_, _| ()),
    ] {
        for second in [
            zip(),
            b"<script>alert(1)</script>".to_vec(),
            b"<!DocType html><body>".to_vec(),
            b"MZ\x90\x00\x03".to_vec(),
            b"Rar!\x1A\x07\x00".to_vec(),
        ] {
            let both = [whole.clone(), second].concat();
            assert_eq!(check(&both), Err(Refusal::SecondFile));
        }
    }
    let behind = [image(ImageFormat::Png), pdf(1, |_, _| ())].concat();
    assert_eq!(check(&behind), Err(Refusal::SecondFile));
}

/// In a comment segment, where the image is still whole.
#[test]
fn a_page_or_pdf_hidden_inside_an_image_is_refused() {
    for hidden in [&b"%PDF-1.4 1 0 obj"[..], b"<ScRipt src=x>"] {
        let whole = image(ImageFormat::Jpeg);
        let length = u16::try_from(hidden.len() + 2).unwrap().to_be_bytes();
        let comment = [b"\xFF\xFE", &length[..], hidden].concat();
        let both = [&whole[..2], &comment, &whole[2..]].concat();
        assert_eq!(check(&both), Err(Refusal::SecondFile));
    }
}

#[test]
fn a_few_bytes_that_claim_to_be_a_giant_picture_are_refused() {
    let mut png = image(ImageFormat::Png);
    for (width, height) in [(60_000_u32, 60_000_u32), (15_000, 15_000), (1, 30_000)] {
        png[16..20].copy_from_slice(&width.to_be_bytes());
        png[20..24].copy_from_slice(&height.to_be_bytes());
        let sum = crc32fast::hash(&png[12..29]);
        png[29..33].copy_from_slice(&sum.to_be_bytes());
        assert_eq!(check(&png), Err(Refusal::Dimensions), "{width} × {height}");
    }
    let mut jpeg = image(ImageFormat::Jpeg);
    let frame = jpeg
        .windows(2)
        .position(|w| w[0] == 0xFF && (w[1] == 0xC0 || w[1] == 0xC2))
        .unwrap();
    jpeg[frame + 5..frame + 9].copy_from_slice(&[0xFF; 4]);
    assert_eq!(check(&jpeg), Err(Refusal::Dimensions));
}

#[test]
fn a_changed_byte_of_a_png_is_noticed() {
    let mut png = image(ImageFormat::Png);
    let middle = png.len() / 2;
    png[middle] ^= 1;
    assert!(matches!(
        check(&png),
        Err(Refusal::Damaged | Refusal::Truncated)
    ));
}

#[test]
fn pdfs_that_do_more_than_show_pages_are_refused() {
    let action = |action: Dictionary| pdf(1, |_, catalogue| catalogue.set("OpenAction", action));
    let named = |name: &str, value: Object| {
        pdf(1, |_, catalogue| {
            catalogue.set("Names", dictionary! { name => value })
        })
    };
    let text = Object::string_literal("app.alert(1)");
    for active in [
        action(dictionary! { "S" => "JavaScript", "JS" => text.clone() }),
        action(dictionary! { "S" => "Launch", "F" => text.clone() }),
        action(dictionary! { "S" => "SubmitForm" }),
        named("JavaScript", Object::Array(Vec::new())),
        named("EmbeddedFiles", Object::Array(Vec::new())),
        pdf(1, |document, _| {
            let file = dictionary! { "Type" => "EmbeddedFile" };
            document.add_object(Stream::new(file, b"MZ".to_vec()));
        }),
        pdf(1, |document, _| {
            document.add_object(dictionary! { "Type" => "Annot", "Subtype" => "FileAttachment" });
        }),
    ] {
        assert_eq!(check(&active), Err(Refusal::Active));
    }
    // A name may be written with any of its letters as a number.
    let plain = action(dictionary! { "S" => "JavaScript" });
    let at = plain.windows(11).position(|w| w == b"/JavaScript").unwrap();
    let mut hidden = plain.clone();
    hidden.splice(at..at + 2, *b"/#4A");
    assert_eq!(check(&hidden), Err(Refusal::Active));
}

#[test]
fn pdfs_without_pages_with_a_password_or_with_too_many_pages_are_refused() {
    assert_eq!(check(&pdf(0, |_, _| ())), Err(Refusal::NoPages));
    assert_eq!(check(&pdf(501, |_, _| ())), Err(Refusal::TooComplex));
    let encrypted = pdf(1, |document, _| {
        let lock = dictionary! { "Filter" => "Standard", "V" => 1, "R" => 2, "P" => -4,
        "O" => Object::string_literal("x".repeat(32)), "U" => Object::string_literal("y".repeat(32)) };
        let lock = document.add_object(lock);
        document.trailer.set("Encrypt", lock);
        let id = Object::string_literal("0123456789abcdef");
        document.trailer.set("ID", vec![id.clone(), id]);
    });
    assert_eq!(check(&encrypted), Err(Refusal::Encrypted));
    assert_eq!(check(b"%PDF-1.4\nnothing\n%%EOF\n"), Err(Refusal::Damaged));
}

#[test]
fn brackets_without_end_end_nothing_but_the_check() {
    let deep = [
        b"%PDF-1.4\n1 0 obj\n".to_vec(),
        b"[".repeat(2_000_000),
        b"\ntrailer<</Root 1 0 R>>\n%%EOF".to_vec(),
    ];
    let limits = Limits {
        time: Duration::from_secs(20),
        ..Limits::SCAN
    };
    assert!(inspect(&deep.concat(), &ALL, &limits).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_bytes_break_it(kind in 0_usize..3, at in any::<prop::sample::Index>(), with in prop::collection::vec(any::<u8>(), 0..40)) {
        let mut bytes = match kind {
            0 => image(ImageFormat::Jpeg),
            1 => image(ImageFormat::Png),
            _ => pdf(1, |_, _| ()),
        };
        let at = at.index(bytes.len());
        bytes.splice(at.., with.iter().copied().chain(bytes.clone().into_iter().skip(at + with.len() / 2)));
        let _ = check(&bytes);
    }
}
