//! Books, games, pens, beads, gifts.

use std::f64::consts::PI;
use std::fmt::Write as _;

use super::Palette;
use super::scene::{shadow, star};

/// A bound book, standing, with another lying before it.
pub(super) fn book(
    Palette {
        dark,
        light,
        main,
        accent,
        ink,
        ..
    }: Palette,
) -> String {
    format!(
        r##"{shadow}<path d="M250 180H560V640H250Z" fill="{dark}"/><path d="M536 196H574V626H536Z" fill="#fff7e6"/><path d="M544 196V626M552 196V626M560 196V626M568 196V626" stroke="{ink}" stroke-opacity=".2" stroke-width="2"/>
<path d="M232 172H540C548 172 552 178 552 186V636C552 644 548 650 540 650H232Z" fill="url(#cloth)"/><path d="M232 172H268V650H232Z" fill="{dark}"/><path d="M290 196H530V626H290Z" fill="none" stroke="{accent}" stroke-width="6"/><path d="M302 208H518V614H302Z" fill="none" stroke="{accent}" stroke-width="2.5"/>
<path d="M410 240C470 300 486 350 486 411 486 472 470 522 410 582 350 522 334 472 334 411 334 350 350 300 410 240Z" fill="{dark}" stroke="{accent}" stroke-width="5"/><path d="{star}" fill="{accent}"/><path d="{inner}" fill="{main}"/><path d="{core}" fill="{light}"/><path d="M302 208L352 208 302 258ZM518 208L468 208 518 258ZM302 614L352 614 302 564ZM518 614L468 614 518 564Z" fill="{accent}"/><path d="M240 230H260M240 250H260M240 560H260M240 580H260" stroke="{accent}" stroke-width="5"/>
<path d="M486 626V720L502 704 518 720V626Z" fill="{accent}"/><path d="M120 646H470C486 646 492 656 492 668 492 682 486 692 470 692H120Z" fill="#fff7e6"/><path d="M112 640H470C480 640 480 650 470 650H120C108 650 108 688 120 688H470C480 688 480 698 470 698H112C84 698 84 640 112 640Z" fill="{light}"/><path d="M124 660H486M124 670H488M124 680H486" stroke="{ink}" stroke-opacity=".25" stroke-width="2"/>"##,
        shadow = shadow(380, 694, 250),
        star = star(410.0, 411.0, 62.0, 8, 0.765),
        inner = star(410.0, 411.0, 44.0, 8, 0.6),
        core = star(410.0, 411.0, 18.0, 8, 0.765),
    )
}

/// A reed pen, an inkwell, and a sheet on which stands نور, light.
pub(super) fn calligraphy(
    Palette {
        dark,
        light,
        main,
        accent,
        ink,
        ..
    }: Palette,
) -> String {
    format!(
        r##"<path d="M150 268L600 222 640 640 190 690Z" fill="#000" opacity=".14"/><path d="M140 256L592 212 632 630 180 676Z" fill="#fffaf0"/><path d="M166 282L570 242 606 606 204 648Z" fill="none" stroke="{accent}" stroke-width="5"/><path d="{star}" fill="{accent}" opacity=".85"/>
<g fill="none" stroke="{ink}" stroke-linecap="round" stroke-linejoin="round"><path d="M532 366C536 408 534 440 500 442H452C418 442 410 388 446 384 482 384 478 440 466 464 450 492 420 506 376 504M318 398C340 446 314 498 240 504" stroke-width="23"/></g><g fill="{ink}"><path d="M520 306l17 17-17 17-17-17Z"/></g>
<path d="M250 590Q380 566 540 570" fill="none" stroke="{main}" stroke-width="7" stroke-linecap="round"/>
<g transform="rotate(-38 560 520)"><path d="M330 506H690V532H330Z" fill="#c89b5a"/><path d="M330 506H690V514H330Z" fill="#e7c58b"/><path d="M450 506V532M570 506V532" stroke="#8f6429" stroke-width="5"/><path d="M330 506L272 522 268 530 330 532Z" fill="#e7c58b"/><path d="M290 520L268 530 290 530Z" fill="{ink}"/></g>
<ellipse cx="600" cy="694" rx="104" ry="14" fill="#000" opacity=".2"/><path d="M520 600C504 620 500 640 500 656 500 684 520 696 600 696 680 696 700 684 700 656 700 640 696 620 680 600Z" fill="url(#body)"/><ellipse cx="600" cy="600" rx="80" ry="20" fill="{light}"/><ellipse cx="600" cy="602" rx="62" ry="13" fill="{ink}"/><path d="M512 640Q600 664 688 640" fill="none" stroke="{accent}" stroke-width="6"/><path d="M524 674Q600 690 676 674" fill="none" stroke="{dark}" stroke-width="4"/>"##,
        star = star(222.0, 600.0, 20.0, 8, 0.6),
    )
}

/// An open backgammon board, seen from above.
pub(super) fn backgammon(
    Palette {
        dark,
        light,
        main,
        accent,
        ink,
        ..
    }: Palette,
) -> String {
    let mut points = String::new();
    for n in 0..12_i32 {
        let x = 152 + n * 39 + if n > 5 { 28 } else { 0 };
        let (one, other) = if n % 2 == 0 { (main, ink) } else { (ink, main) };
        let _ = write!(
            points,
            r#"<path d="M{x} 274L{} 430 {} 274Z" fill="{one}"/><path d="M{x} 646L{} 490 {} 646Z" fill="{other}"/>"#,
            x + 19,
            x + 38,
            x + 19,
            x + 38
        );
    }
    let checker = |point: i32, place: i32, from_top: bool, fill: &str| {
        let x = 171 + point * 39 + if point > 5 { 28 } else { 0 };
        let y = if from_top {
            292 + place * 34
        } else {
            628 - place * 34
        };
        format!(
            r##"<circle cx="{x}" cy="{}" r="17" fill="#000" opacity=".3"/><circle cx="{x}" cy="{y}" r="17" fill="{fill}"/><circle cx="{x}" cy="{y}" r="10" fill="none" stroke="#000" stroke-opacity=".3" stroke-width="3"/>"##,
            y + 4
        )
    };
    let mut men = String::new();
    for (point, count, top, fill) in [
        (0, 5, true, "#fff4dc"),
        (4, 3, true, accent),
        (6, 5, true, accent),
        (11, 2, true, "#fff4dc"),
        (0, 5, false, accent),
        (4, 3, false, "#fff4dc"),
        (6, 4, false, "#fff4dc"),
        (11, 2, false, accent),
    ] {
        for place in 0..count {
            men.push_str(&checker(point, place, top, fill));
        }
    }
    let die = |x: i32, y: i32, turn: i32, dots: &[(i32, i32)]| {
        let dots: String = dots
            .iter()
            .map(|(x, y)| format!(r#"<circle cx="{x}" cy="{y}" r="5" fill="{ink}"/>"#))
            .collect();
        format!(
            r##"<g transform="translate({x} {y}) rotate({turn})"><rect x="-22" y="-22" width="44" height="44" rx="8" fill="#fffaf0" stroke="{ink}" stroke-opacity=".4" stroke-width="3"/>{dots}</g>"##
        )
    };
    let dice = die(256, 462, 14, &[(-10, -10), (0, 0), (10, 10)])
        + &die(
            312,
            452,
            -20,
            &[(-10, -10), (10, -10), (-10, 10), (10, 10), (0, 0)],
        );
    format!(
        r#"{shadow}<path d="M108 232H692C704 232 708 240 708 248V676C708 686 702 692 692 692H108C98 692 92 686 92 676V248C92 238 98 232 108 232Z" fill="{dark}"/><path d="M108 232H692V256H108Z" fill="{main}"/><path d="M116 244H684" stroke="{accent}" stroke-width="6" stroke-dasharray="10 8"/><path d="M116 678H684" stroke="{accent}" stroke-width="6" stroke-dasharray="10 8"/>
<path d="M140 270H392V650H140ZM408 270H660V650H408Z" fill="{light}"/>{points}<path d="M392 256H408V664H392Z" fill="{ink}"/><circle cx="400" cy="330" r="10" fill="{accent}"/><circle cx="400" cy="590" r="10" fill="{accent}"/>{men}{dice}<path d="{star}" fill="none" stroke="{accent}" stroke-width="5"/>"#,
        shadow = shadow(400, 696, 310),
        star = star(534.0, 460.0, 30.0, 8, 0.765),
    )
}

/// A string of prayer beads in a loop, with a tassel.
pub(super) fn beads(
    Palette {
        dark,
        light,
        main,
        accent,
        ink,
        ..
    }: Palette,
) -> String {
    let mut string = String::new();
    for n in 0..33_i32 {
        let angle = PI * 2.0 * (f64::from(n) + 0.5) / 33.0 + PI / 2.0;
        // A loop that hangs: narrower at the top, where the hand was.
        let (x, y) = (
            400.0 + 196.0 * angle.cos() * (1.0 + 0.12 * angle.sin()),
            372.0 + 196.0 * angle.sin(),
        );
        let special = n % 11 == 10;
        let (radius, fill) = if special {
            (14.0, accent)
        } else {
            (19.0, main)
        };
        let _ = write!(
            string,
            r##"<circle cx="{:.1}" cy="{:.1}" r="{radius}" fill="#000" opacity=".16"/><circle cx="{x:.1}" cy="{y:.1}" r="{radius}" fill="{dark}"/><circle cx="{x:.1}" cy="{y:.1}" r="{:.1}" fill="{fill}"/><circle cx="{:.1}" cy="{:.1}" r="{:.1}" fill="{light}"/><circle cx="{:.1}" cy="{:.1}" r="3" fill="#fff" opacity=".9"/>"##,
            x + 6.0,
            y + 10.0,
            radius - 2.5,
            x - 4.0,
            y - 4.0,
            radius * 0.42,
            x - 6.0,
            y - 7.0,
        );
    }
    let tassel: String = (0..9)
        .map(|n| {
            format!(
                "M400 {}C{} 660 {} 700 {} 728",
                644,
                400 + (n - 4) * 4,
                400 + (n - 4) * 9,
                400 + (n - 4) * 8
            )
        })
        .collect();
    format!(
        r##"<ellipse cx="400" cy="730" rx="80" ry="9" fill="#000" opacity=".16"/><ellipse cx="400" cy="372" rx="196" ry="196" fill="none" stroke="{ink}" stroke-opacity=".5" stroke-width="4"/>{string}<path d="M392 566H408V584H392Z" fill="{ink}"/><path d="M400 574C420 590 424 612 414 636H386C376 612 380 590 400 574Z" fill="{accent}"/><path d="M392 594C388 608 388 620 392 630" stroke="#fff" stroke-width="5" fill="none" stroke-linecap="round" opacity=".6"/><path d="M382 632H418V648H382Z" fill="{dark}"/><path d="{tassel}" fill="none" stroke="{main}" stroke-width="6" stroke-linecap="round"/><path d="{star}" fill="none" stroke="{accent}" stroke-width="4" opacity=".7"/>"##,
        star = star(400.0, 372.0, 76.0, 8, 0.765),
    )
}

/// A gift box with a bow.
pub(super) fn gift(
    Palette {
        dark,
        light,
        main,
        accent,
        ink,
        ..
    }: Palette,
) -> String {
    let mut paper = String::new();
    for row in 0..3_i32 {
        for place in 0..5_i32 {
            let (x, y) = (f64::from(226 + place * 87), f64::from(474 + row * 68));
            let _ = write!(
                paper,
                r#"<path d="{}" fill="none" stroke="{light}" stroke-width="4" opacity=".75"/>"#,
                star(x, y, 24.0, 8, 0.765)
            );
        }
    }
    format!(
        r##"{shadow}<path d="M182 420H618V652C618 660 612 666 604 666H196C188 666 182 660 182 652Z" fill="{main}"/>{paper}<path d="M500 420H618V652C618 660 612 666 604 666H500Z" fill="{dark}" opacity=".3"/><path d="M162 352H638V428H162Z" fill="{dark}"/><path d="M162 352H638V370H162Z" fill="{main}"/><path d="M362 352H438V666H362Z" fill="{accent}"/><path d="M362 352H380V666H362Z" fill="#fff" opacity=".3"/>
<path d="M400 350C340 236 220 228 226 300 232 356 330 360 400 350ZM400 350C460 236 580 228 574 300 568 356 470 360 400 350Z" fill="{accent}"/><path d="M400 350C352 280 276 262 272 304 272 334 340 350 400 350ZM400 350C448 280 524 262 528 304 528 334 460 350 400 350Z" fill="{ink}" opacity=".28"/><path d="M384 330H416C426 330 426 368 416 368H384C374 368 374 330 384 330Z" fill="{accent}" stroke="{ink}" stroke-opacity=".25" stroke-width="4"/><path d="M386 366L320 440 352 436 362 462 402 372ZM414 366L480 440 448 436 438 462 398 372Z" fill="{accent}"/>"##,
        shadow = shadow(400, 666, 240),
    )
}
