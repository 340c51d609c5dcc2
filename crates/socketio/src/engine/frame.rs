//! Frames of RFC 6455, as a server reads and writes them: client frames are masked, ours are not, no extensions.
//! Pure functions on buffers; `websocket` owns the buffers.

/// What a frame carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Opcode {
    Continuation,
    Text,
    Binary,
    Close,
    Ping,
    Pong,
}

impl Opcode {
    fn bits(self) -> u8 {
        match self {
            Self::Continuation => 0,
            Self::Text => 1,
            Self::Binary => 2,
            Self::Close => 8,
            Self::Ping => 9,
            Self::Pong => 10,
        }
    }

    fn of(bits: u8) -> Option<Self> {
        Some(match bits {
            0 => Self::Continuation,
            1 => Self::Text,
            2 => Self::Binary,
            8 => Self::Close,
            9 => Self::Ping,
            10 => Self::Pong,
            _ => return None,
        })
    }

    fn is_control(self) -> bool {
        self.bits() >= 8
    }
}

/// The header of a client's frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Header {
    pub fin: bool,
    pub opcode: Opcode,
    /// Bytes that the header takes.
    pub size: usize,
    /// Bytes of content that follow it.
    pub length: usize,
    pub mask: [u8; 4],
}

/// What is wrong with a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Bad {
    Protocol,
    TooLong,
}

/// Reads a header from the front of `buffer`; `None` when more bytes are needed. No frame is longer than `max`.
pub(super) fn parse(buffer: &[u8], max: usize) -> Result<Option<Header>, Bad> {
    let &[first, second, ref rest @ ..] = buffer else {
        return Ok(None);
    };
    let opcode = Opcode::of(first & 0x0f).ok_or(Bad::Protocol)?;
    let fin = first & 0x80 != 0;
    let short = second & 0x7f;
    let masked = second & 0x80 != 0;
    if first & 0x70 != 0 || !masked || (opcode.is_control() && (!fin || short > 125)) {
        return Err(Bad::Protocol);
    }
    let (length, extended) = match short {
        126 => match rest.first_chunk::<2>() {
            Some(bytes) => (u64::from(u16::from_be_bytes(*bytes)), 2),
            None => return Ok(None),
        },
        127 => match rest.first_chunk::<8>() {
            Some(bytes) => (u64::from_be_bytes(*bytes), 8),
            None => return Ok(None),
        },
        short => (u64::from(short), 0),
    };
    let length = usize::try_from(length).map_err(|_| Bad::TooLong)?;
    if length > max {
        return Err(Bad::TooLong);
    }
    let Some(mask) = rest[extended..].first_chunk::<4>() else {
        return Ok(None);
    };
    Ok(Some(Header {
        fin,
        opcode,
        size: 2 + extended + 4,
        length,
        mask: *mask,
    }))
}

/// Takes the mask off `content`.
pub(super) fn unmask(content: &mut [u8], mask: [u8; 4]) {
    let wide = u64::from_ne_bytes([
        mask[0], mask[1], mask[2], mask[3], mask[0], mask[1], mask[2], mask[3],
    ]);
    let mut chunks = content.chunks_exact_mut(8);
    for chunk in &mut chunks {
        let mut bytes = [0; 8];
        bytes.copy_from_slice(chunk);
        chunk.copy_from_slice(&(u64::from_ne_bytes(bytes) ^ wide).to_ne_bytes());
    }
    for (byte, key) in chunks
        .into_remainder()
        .iter_mut()
        .zip(mask.into_iter().cycle())
    {
        *byte ^= key;
    }
}

/// Appends a whole frame to `out`.
pub(super) fn write(out: &mut Vec<u8>, opcode: Opcode, content: &[u8]) {
    out.push(0x80 | opcode.bits());
    let length = content.len();
    if let Some(short) = u8::try_from(length).ok().filter(|short| *short < 126) {
        out.push(short);
    } else if let Ok(medium) = u16::try_from(length) {
        out.push(126);
        out.extend_from_slice(&medium.to_be_bytes());
    } else {
        out.push(127);
        out.extend_from_slice(&(length as u64).to_be_bytes());
    }
    out.extend_from_slice(content);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn masked(opcode: u8, content: &[u8], mask: [u8; 4]) -> Vec<u8> {
        let mut frame = Vec::new();
        write(&mut frame, Opcode::Binary, content);
        let header = frame.len() - content.len();
        frame[0] = opcode;
        frame[1] |= 0x80;
        let mut body: Vec<u8> = frame.split_off(header);
        for (index, byte) in body.iter_mut().enumerate() {
            *byte ^= mask[index % 4];
        }
        frame.extend_from_slice(&mask);
        frame.extend_from_slice(&body);
        frame
    }

    proptest! {
        #[test]
        fn content_survives_the_mask(content in prop::collection::vec(any::<u8>(), 0..70_000), mask: [u8; 4]) {
            let mut frame = masked(0x82, &content, mask);
            let header = parse(&frame, 100_000).unwrap().unwrap();
            prop_assert_eq!(header.length, content.len());
            prop_assert_eq!(header.size + header.length, frame.len());
            let body = &mut frame[header.size..];
            unmask(body, header.mask);
            prop_assert_eq!(&*body, &content[..]);
        }

        #[test]
        fn garbage_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..32)) {
            let _ = parse(&bytes, 1000);
        }
    }

    #[test]
    fn limits_and_rules_hold() {
        let frame = masked(0x82, &[0; 300], [1, 2, 3, 4]);
        assert_eq!(parse(&frame, 299), Err(Bad::TooLong));
        for cut in 0..8 {
            assert_eq!(parse(&frame[..cut], 300), Ok(None));
        }
        assert_eq!(parse(&masked(0x09, &[], [0; 4]), 10), Err(Bad::Protocol));
        assert_eq!(parse(&masked(0xc2, &[], [0; 4]), 10), Err(Bad::Protocol));
        assert_eq!(parse(&[0x82, 0x00], 10), Err(Bad::Protocol));
        assert_eq!(parse(&[0x83, 0x80, 0, 0, 0, 0], 10), Err(Bad::Protocol));
    }
}
