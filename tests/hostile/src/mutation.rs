use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};

/// Numbers that readers of formats trip over, in one to four bytes.
const NUMBERS: [u32; 9] = [
    0,
    1,
    0x7f,
    0xff,
    0x7fff,
    0xffff,
    0x7fff_ffff,
    0xffff_fffe,
    0xffff_ffff,
];

/// The bytes, changed in a few places; the same seed changes them alike.
pub fn mutated(bytes: &[u8], seed: u64) -> Vec<u8> {
    let mut random = SmallRng::seed_from_u64(seed);
    let mut bytes = bytes.to_vec();
    for _ in 0..random.random_range(1..=4) {
        change(&mut bytes, &mut random);
    }
    bytes
}

fn change(bytes: &mut Vec<u8>, random: &mut SmallRng) {
    if bytes.is_empty() {
        bytes.push(random.random());
        return;
    }
    let at = random.random_range(0..bytes.len());
    match random.random_range(0..7) {
        0 => bytes[at] ^= 1 << random.random_range(0..8),
        1 => bytes[at] = random.random(),
        2 => bytes.truncate(at),
        3 => {
            let end = (at + random.random_range(1..=64)).min(bytes.len());
            bytes.drain(at..end);
        }
        4 => {
            let end = (at + random.random_range(1..=64)).min(bytes.len());
            let piece = bytes[at..end].to_vec();
            let to = random.random_range(0..=bytes.len());
            bytes.splice(to..to, piece);
        }
        5 => {
            let number = NUMBERS[random.random_range(0..NUMBERS.len())].to_le_bytes();
            let width = [1, 2, 4][random.random_range(0..3)];
            for (byte, new) in bytes[at..].iter_mut().zip(&number[..width]) {
                *byte = *new;
            }
        }
        _ => {
            let special = [b'"', b',', b'\n', b'\r', 0, 0x81, 0xff, b'='];
            bytes.insert(at, special[random.random_range(0..special.len())]);
        }
    }
}
