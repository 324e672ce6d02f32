//! An adaptive binary range coder.
//!
//! A findings page is small (some ten kilobytes) and made of many short columns of digits. A general compressor spends
//! one table of symbols on all of them; here every bit has a model of its own, chosen by what is known already (the rule, the place
//! within the value, the byte before), and a model is useful after a few dozen findings.

/// Probability that a bit is clear, in 1/65536, and how many bits it has seen.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bit {
    clear: u16,
    seen: u8,
}

impl Bit {
    pub(super) const NEW: Bit = Bit {
        clear: 1 << 15,
        seen: 0,
    };

    /// Whether the model has seen enough to be trusted before a coarser one.
    fn is_known(self) -> bool {
        self.seen >= 3
    }

    // The first bits move the model far, later ones less: columns are short, and a fixed rate would still be learning at their end.
    fn update(&mut self, bit: bool) {
        let target: i32 = if bit { 64 } else { 65_472 };
        let step = (target - i32::from(self.clear)) * 2 / (2 * i32::from(self.seen) + 3);
        self.clear = (i32::from(self.clear) + step).clamp(64, 65_472) as u16;
        self.seen = (self.seen + 1).min(60);
    }
}

/// Either direction: an encoder writes the bit it is given, a decoder ignores it and answers the one it reads.
/// So the shape of a page is written down once, for both.
pub(super) trait Coder {
    fn code(&mut self, clear: u16, bit: bool) -> bool;
}

/// Writes bits.
#[derive(Debug)]
pub(super) struct Encoder {
    low: u64,
    range: u32,
    cache: u8,
    pending: u64,
    bytes: Vec<u8>,
}

impl Encoder {
    pub(super) fn new() -> Self {
        Self {
            low: 0,
            range: u32::MAX,
            cache: 0,
            pending: 0,
            bytes: Vec::new(),
        }
    }

    /// Bytes if it were finished now.
    pub(super) fn len(&self) -> usize {
        self.bytes.len() + self.pending as usize + 5
    }

    pub(super) fn finish(mut self) -> Vec<u8> {
        for _ in 0..5 {
            self.shift();
        }
        // The decoder reads zeros beyond the end.
        while self.bytes.last() == Some(&0) {
            self.bytes.pop();
        }
        self.bytes
    }

    // A carry may still run through bytes of 0xFF, so those wait until the byte before them is certain.
    fn shift(&mut self) {
        let carry = (self.low >> 32) as u8;
        if self.low < 0xFF00_0000 || carry != 0 {
            self.bytes.push(self.cache.wrapping_add(carry));
            for _ in 0..self.pending {
                self.bytes.push(0xFF_u8.wrapping_add(carry));
            }
            self.pending = 0;
            self.cache = (self.low >> 24) as u8;
        } else {
            self.pending += 1;
        }
        self.low = (self.low & 0x00FF_FFFF) << 8;
    }
}

impl Coder for Encoder {
    fn code(&mut self, clear: u16, bit: bool) -> bool {
        let bound = (self.range >> 16) * u32::from(clear);
        if bit {
            self.low += u64::from(bound);
            self.range -= bound;
        } else {
            self.range = bound;
        }
        while self.range < 1 << 24 {
            self.range <<= 8;
            self.shift();
        }
        bit
    }
}

/// Reads bits; beyond the end of the bytes it goes on with zeros.
#[derive(Debug)]
pub(super) struct Decoder<'a> {
    code: u32,
    range: u32,
    bytes: std::slice::Iter<'a, u8>,
}

impl<'a> Decoder<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        let mut decoder = Self {
            code: 0,
            range: u32::MAX,
            bytes: bytes.iter(),
        };
        // The encoder's first byte is the empty cache.
        for _ in 0..5 {
            decoder.next();
        }
        decoder
    }

    fn next(&mut self) {
        self.code = self.code << 8 | u32::from(self.bytes.next().copied().unwrap_or(0));
    }
}

impl Coder for Decoder<'_> {
    fn code(&mut self, clear: u16, _bit: bool) -> bool {
        let bound = (self.range >> 16) * u32::from(clear);
        let bit = self.code >= bound;
        if bit {
            self.code -= bound;
            self.range -= bound;
        } else {
            self.range = bound;
        }
        while self.range < 1 << 24 {
            self.range <<= 8;
            self.next();
        }
        bit
    }
}

/// Numbers and symbols over a [`Coder`], each under a context.
#[derive(Debug)]
pub(super) struct Symbols<C> {
    pub(super) coder: C,
    models: Vec<Bit>,
}

/// Number of models; contexts are hashed into them, and a rare collision only costs a fraction of a bit.
const MODELS: usize = 1 << 17;

/// What is known when a symbol is coded: finely, and more coarsely for as long as the finer ones have seen too little.
#[derive(Debug, Clone, Copy)]
pub(super) struct Context {
    pub(super) fine: u32,
    pub(super) coarse: u32,
    /// Known of every rule and place alike: what a page begins with.
    pub(super) common: u32,
}

/// A context from its parts.
pub(super) fn context(parts: &[u32]) -> u32 {
    parts.iter().fold(0x9E37_79B9, |hash, part| {
        (hash ^ part)
            .wrapping_mul(0x85EB_CA6B)
            .rotate_left(13)
            .wrapping_mul(0xC2B2_AE35)
    })
}

impl<C: Coder> Symbols<C> {
    pub(super) fn new(coder: C) -> Self {
        Self {
            coder,
            models: vec![Bit::NEW; MODELS],
        }
    }

    fn bit(&mut self, at: Context, node: u32, bit: bool) -> bool {
        let place =
            |context: u32| context.wrapping_add(node.wrapping_mul(0x9E37_79B1)) as usize % MODELS;
        let places = [place(at.fine), place(at.coarse), place(at.common)];
        let known = places.iter().find(|place| self.models[**place].is_known());
        let model = self.models[*known.unwrap_or(&places[2])];
        let bit = self.coder.code(model.clear, bit);
        for (index, place) in places.iter().enumerate() {
            if !places[..index].contains(place) {
                self.models[*place].update(bit);
            }
        }
        bit
    }

    /// A symbol of `width` bits, highest first.
    pub(super) fn symbol(&mut self, at: Context, width: u32, value: u32) -> u32 {
        let mut node = 1;
        for place in (0..width).rev() {
            let bit = self.bit(at, node, value >> place & 1 == 1);
            node = node << 1 | u32::from(bit);
        }
        node - (1 << width)
    }

    /// Any number: how many bits it has, then the bits, of which the three highest have models.
    pub(super) fn number(&mut self, at: Context, value: u32) -> u32 {
        let length = self
            .symbol(at, 6, u32::BITS - value.leading_zeros())
            .min(32);
        if length <= 1 {
            return length;
        }
        let mut result = 1;
        for place in (0..length - 1).rev() {
            let bit = value >> place & 1 == 1;
            let bit = if length - 1 - place <= 3 {
                self.bit(at, 64 + length * 16 + result, bit)
            } else {
                self.coder.code(1 << 15, bit)
            };
            result = result << 1 | u32::from(bit);
        }
        result
    }
}
