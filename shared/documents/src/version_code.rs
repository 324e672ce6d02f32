use qrcode::{Color, QrCode};

use crate::DocumentError;

/// Modules of quiet zone around the code, as the symbology asks for.
const QUIET: usize = 4;

/// The QR code of a form version: one text per line, `1` for a dark module.
pub(crate) fn matrix(code: &str) -> Result<Vec<String>, DocumentError> {
    let code = QrCode::new(code).map_err(|_| DocumentError::VersionCode)?;
    let width = code.width();
    let colours = code.into_colors();
    let side = width + 2 * QUIET;
    Ok((0..side)
        .map(|y| {
            (0..side)
                .map(|x| {
                    let inside =
                        (QUIET..QUIET + width).contains(&x) && (QUIET..QUIET + width).contains(&y);
                    let dark = inside && colours[(y - QUIET) * width + x - QUIET] == Color::Dark;
                    if dark { '1' } else { '0' }
                })
                .collect()
        })
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_square_with_its_three_corners_and_a_quiet_border() {
        let matrix = matrix("FLU-F-01-12345678X51010212A1001-3").unwrap();
        let side = matrix.len();
        assert!(matrix.iter().all(|line| line.len() == side));
        assert!(matrix[..QUIET].iter().all(|line| !line.contains('1')));
        let corner = |x: usize, y: usize| &matrix[y][x..x + 7] == "1111111";
        assert!(
            corner(QUIET, QUIET)
                && corner(side - QUIET - 7, QUIET)
                && corner(QUIET, side - QUIET - 7)
        );
    }
}
