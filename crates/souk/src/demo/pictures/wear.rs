//! What is worn.

use std::fmt::Write as _;

use super::Palette;
use super::scene::{shadow, star};

const HANGER: &str =
    "M400 196C400 168 430 172 430 150 430 128 398 122 388 142M400 196L536 262H264Z";

/// A thobe on a hanger.
pub(super) fn thobe(
    Palette {
        dark,
        light,
        main,
        accent,
        ink,
        ..
    }: Palette,
) -> String {
    let buttons: String = (0..5).fold(String::new(), |mut buttons, n| {
        let _ = write!(
            buttons,
            r#"<circle cx="400" cy="{}" r="6" fill="{accent}"/>"#,
            296 + n * 32
        );
        buttons
    });
    format!(
        r#"{shadow}<path d="{HANGER}" fill="none" stroke="{ink}" stroke-width="9" stroke-linejoin="round" stroke-linecap="round"/>
<path d="M352 226C300 240 262 256 240 280L150 478 214 512 276 392 250 664H550L524 392 586 512 650 478 560 280C538 256 500 240 448 226 430 250 370 250 352 226Z" fill="{main}"/><path d="M352 226C300 240 262 256 240 280L150 478 214 512 276 392 250 664H340C330 520 320 380 352 226Z" fill="{light}"/><path d="M448 226C500 240 538 256 560 280L650 478 586 512 524 392 550 664H496C506 520 500 360 448 226Z" fill="{dark}" opacity=".35"/>
<path d="M276 392C288 360 292 330 288 300M524 392C512 360 508 330 512 300" fill="none" stroke="{dark}" stroke-width="4" opacity=".7"/><path d="M310 664C322 580 326 500 322 430M470 664C462 580 460 500 466 430M372 664C378 600 378 560 376 520" fill="none" stroke="{dark}" stroke-width="4" opacity=".4"/>
<path d="M350 224C366 256 434 256 450 224L458 240C440 280 360 280 342 240Z" fill="{light}" stroke="{dark}" stroke-width="4"/><path d="M384 270H416V448L400 464 384 448Z" fill="{light}" stroke="{dark}" stroke-width="4"/>{buttons}<path d="M156 466L220 500M644 466L580 500" stroke="{accent}" stroke-width="6"/><path d="M440 340H500V392H440Z" fill="none" stroke="{dark}" stroke-width="4"/><path d="M452 652H548M252 652H452" stroke="{dark}" stroke-width="4" stroke-dasharray="10 8"/>"#,
        shadow = shadow(400, 684, 180),
    )
}

/// An open abaya with embroidered borders, on a hanger.
pub(super) fn abaya(
    Palette {
        dark,
        light,
        main,
        accent,
        ink,
        ..
    }: Palette,
) -> String {
    let mut border = String::new();
    for n in 0..9 {
        let y = 290.0 + 44.0 * f64::from(n);
        let spread = 3.4 * f64::from(n);
        for x in [370.0 - spread, 430.0 + spread] {
            let _ = write!(
                border,
                r#"<path d="{}" fill="{accent}"/>"#,
                star(x, y, 13.0, 8, 0.55)
            );
        }
    }
    format!(
        r#"{shadow}<path d="{HANGER}" fill="none" stroke="{ink}" stroke-width="9" stroke-linejoin="round" stroke-linecap="round"/><path d="M380 244H420L450 668H350Z" fill="{light}" opacity=".55"/>
<path d="M356 222C296 236 256 254 232 282L112 500C140 540 200 556 240 548L262 470 214 676C280 690 330 688 354 680L384 250Z" fill="{main}"/><path d="M444 222C504 236 544 254 568 282L688 500C660 540 600 556 560 548L538 470 586 676C520 690 470 688 446 680L416 250Z" fill="{dark}"/>
<path d="M262 470C284 420 292 360 288 310M538 470C516 420 508 360 512 310" fill="none" stroke="{ink}" stroke-width="5" opacity=".6"/><path d="M270 676C286 590 292 530 290 450M530 676C514 590 508 530 510 450M318 684C328 600 330 540 328 480M482 684C472 600 470 540 472 480" fill="none" stroke="{ink}" stroke-width="4" opacity=".35"/>
<path d="M356 222L384 250 354 680 336 682 360 262 344 228ZM444 222L416 250 446 680 464 682 440 262 456 228Z" fill="{ink}" opacity=".55"/>{border}<path d="M112 500C140 540 200 556 240 548L246 530C206 536 152 522 124 484ZM688 500C660 540 600 556 560 548L554 530C594 536 648 522 676 484Z" fill="{accent}"/>
<path d="M218 660C280 674 330 672 356 664M582 660C520 674 470 672 444 664" fill="none" stroke="{accent}" stroke-width="7"/>"#,
        shadow = shadow(400, 690, 200),
    )
}

/// A checked scarf, folded and hanging over a rail.
pub(super) fn scarf(
    Palette {
        dark,
        light,
        main,
        accent,
        ink,
        ..
    }: Palette,
) -> String {
    let fringe = |from: i32, to: i32, y: i32| {
        (0..(to - from) / 11)
            .map(|n| format!("M{} {y}l{} 46", from + n * 11, (n % 3) * 3 - 3))
            .collect::<String>()
    };
    format!(
        r##"<defs><pattern id="check" width="44" height="44" patternUnits="userSpaceOnUse"><rect width="44" height="44" fill="#fffaf4"/><path d="M0 0H22V22H0ZM22 22H44V44H22Z" fill="{main}"/><path d="M22 0L44 22M0 22L22 44" stroke="{main}" stroke-width="7"/><path d="M22 11H44M0 33H22" stroke="{light}" stroke-width="4"/></pattern></defs>
<path d="M120 196H680" stroke="{ink}" stroke-width="18" stroke-linecap="round"/><circle cx="116" cy="196" r="17" fill="{accent}"/><circle cx="684" cy="196" r="17" fill="{accent}"/>
<path d="{back}" stroke="{dark}" stroke-width="6" stroke-linecap="round"/><path d="M392 176C420 176 560 172 576 190 590 230 580 400 588 560H404Z" fill="url(#check)"/><path d="M392 176C420 176 560 172 576 190 590 230 580 400 588 560H404Z" fill="{ink}" opacity=".28"/><path d="M404 536H587V560H404Z" fill="{dark}"/>
<path d="{front}" stroke="{main}" stroke-width="6" stroke-linecap="round"/><path d="M236 196C240 172 300 168 352 172 420 176 470 170 480 196 488 300 470 480 482 636H222C236 480 226 320 236 196Z" fill="url(#check)"/><path d="M300 180C292 340 300 500 288 636H222C236 480 226 320 236 196 240 180 270 172 300 180Z" fill="#000" opacity=".1"/><path d="M420 176C412 330 424 500 414 636H482C470 480 488 300 480 196 472 176 450 174 420 176Z" fill="#000" opacity=".16"/><path d="M340 176C334 330 346 500 338 636" fill="none" stroke="#000" stroke-width="8" opacity=".08"/>
<path d="M224 596H480V636H222Z" fill="{dark}"/><path d="M226 616H480" stroke="{accent}" stroke-width="7" stroke-dasharray="14 10"/>"##,
        back = fringe(410, 586, 560),
        front = fringe(228, 480, 636),
    )
}

/// A pair of leather sandals.
pub(super) fn sandals(
    Palette {
        dark,
        light,
        main,
        accent,
        ink,
        ..
    }: Palette,
) -> String {
    let one = |x: i32, y: i32, mirror: i32| {
        let stitches = "M-66-156C-84-90-72-40-62 10-52 70-60 120-58 158-50 214 50 214 60 158 66 100 70 60 74 0 80-60 90-110 70-160 44-226-46-222-66-156Z";
        format!(
            r#"<g transform="translate({x} {y}) scale({mirror} 1) rotate(8)"><path d="M-84-150C-104-90-92-40-82 10-70 70-80 120-78 164-68 240 70 240 80 164 86 100 90 60 94 0 100-60 112-110 88-166 56-244-58-240-84-150Z" fill="{ink}" transform="translate(6 14)"/><path d="M-84-150C-104-90-92-40-82 10-70 70-80 120-78 164-68 240 70 240 80 164 86 100 90 60 94 0 100-60 112-110 88-166 56-244-58-240-84-150Z" fill="{light}"/><path d="{stitches}" fill="none" stroke="{dark}" stroke-width="4" stroke-dasharray="10 8"/><ellipse cx="2" cy="140" rx="46" ry="40" fill="{dark}" opacity=".18"/><ellipse cx="0" cy="-110" rx="58" ry="48" fill="{dark}" opacity=".15"/>
<path d="M-112-66C-60-130 60-130 114-70L104 0C60-50-50-50-102-4Z" fill="{main}"/><path d="M-112-66C-60-130 60-130 114-70L112-56C58-112-58-112-110-54Z" fill="{accent}"/><path d="M-104-16C-50-60 60-60 106-12" fill="none" stroke="{dark}" stroke-width="5" stroke-dasharray="9 7"/><path d="{star}" fill="{accent}"/><path d="M-8-168C-30-150-34-110-20-84L18-84C28-112 20-150-8-168Z" fill="{main}" stroke="{dark}" stroke-width="4"/></g>"#,
            star = star(2.0, -62.0, 26.0, 8, 0.55),
        )
    };
    format!(
        "{}{}{}",
        shadow(400, 690, 260),
        one(276, 460, 1),
        one(524, 460, -1)
    )
}
