//! Perfume, incense, light, soap.

use std::fmt::Write as _;

use super::Palette;
use super::scene::{scatter, shadow, star};

/// A cut bottle of oud oil with a gold stopper.
pub(super) fn oud_oil(
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
        r##"{shadow}<path d="M286 400L240 470V612L286 664H514L560 612V470L514 400Z" fill="#fff" opacity=".6"/>
<path d="M258 520H542V606L506 648H294L258 606Z" fill="url(#body)" opacity=".95"/><ellipse cx="400" cy="520" rx="142" ry="15" fill="{light}"/>
<path d="M286 400L240 470V612L286 664H514L560 612V470L514 400Z" fill="url(#glass)" stroke="{ink}" stroke-opacity=".4" stroke-width="5" stroke-linejoin="round"/>
<path d="M240 470L318 500 400 474 482 500 560 470M318 500L300 664M482 500L500 664M286 400L318 500M514 400L482 500" fill="none" stroke="#fff" stroke-width="4" opacity=".8"/>
<path d="M352 352H448V404H352Z" fill="{accent}"/><path d="M352 352H376V404H352Z" fill="#fff" opacity=".35"/><path d="M344 344H456V360H344Z" fill="{ink}" opacity=".55"/>
<path d="M400 176C446 214 470 252 452 300 444 322 428 338 400 346 372 338 356 322 348 300 330 252 354 214 400 176Z" fill="{accent}"/><path d="M400 176C424 214 436 262 400 346M400 176C376 214 364 262 400 346" fill="none" stroke="{ink}" stroke-opacity=".4" stroke-width="4"/><path d="M372 226C360 250 358 280 370 306" fill="none" stroke="#fff" stroke-width="9" stroke-linecap="round" opacity=".6"/>
<path d="{star}" fill="{accent}" stroke="{dark}" stroke-width="3"/><path d="{small}" fill="{main}"/>"##,
        shadow = shadow(400, 664, 180),
        star = star(400.0, 576.0, 44.0, 8, 0.7),
        small = star(400.0, 576.0, 18.0, 8, 0.7),
    )
}

/// Chips of oud wood in a dish, one of them smoking.
pub(super) fn oud_chips(
    Palette {
        dark,
        light,
        accent,
        ink,
        ..
    }: Palette,
) -> String {
    let mut chips = String::new();
    for (n, (x, y, turn)) in scatter(26, 400.0, 500.0, 150.0, 62.0).enumerate() {
        let (face, side) = if n % 3 == 0 {
            ("#8a5a33", "#5a361b")
        } else {
            ("#6f4526", "#432610")
        };
        let _ = write!(
            chips,
            r##"<g transform="translate({x:.0} {y:.0}) rotate({:.0})"><path d="M-46-12L30-22 48 2 40 18-40 22Z" fill="{side}"/><path d="M-46-12L30-22 44-2-40 8Z" fill="{face}"/><path d="M-34-6L26-14M-30 2L34-6" stroke="#2f1a0a" stroke-width="3" opacity=".6"/></g>"##,
            turn / 4.0
        );
    }
    format!(
        r##"<g fill="none" stroke="#fff" stroke-linecap="round" opacity=".85"><path d="M400 430C340 372 470 336 404 268 356 216 440 186 408 132" stroke-width="14"/><path d="M430 430C398 384 486 352 448 300 424 262 468 240 452 206" stroke-width="8"/></g>{shadow}
<ellipse cx="400" cy="540" rx="240" ry="64" fill="{dark}"/><ellipse cx="400" cy="530" rx="240" ry="62" fill="{light}"/><ellipse cx="400" cy="532" rx="212" ry="48" fill="{ink}" opacity=".55"/>{chips}
<path d="M160 536C168 618 262 664 400 664 538 664 632 618 640 536 620 590 520 616 400 616 280 616 180 590 160 536Z" fill="url(#body)"/><path d="M204 610Q400 668 596 610" fill="none" stroke="{accent}" stroke-width="6" stroke-dasharray="20 12"/><path d="M330 662H470L486 686H314Z" fill="{dark}"/>"##,
        shadow = shadow(400, 682, 180),
    )
}

/// An incense burner, smoking.
pub(super) fn burner(
    Palette {
        dark,
        light,
        main,
        accent,
        ink,
        ..
    }: Palette,
) -> String {
    let studs: String = (0..7).fold(String::new(), |mut studs, n| {
        let _ = write!(
            studs,
            r#"<circle cx="{}" cy="384" r="9" fill="{light}"/>"#,
            262 + n * 46
        );
        studs
    });
    format!(
        r##"<g fill="none" stroke="#fff" stroke-linecap="round" opacity=".85"><path d="M396 320C330 268 462 232 400 170 360 128 430 104 410 70" stroke-width="15"/><path d="M430 320C400 280 486 254 450 206" stroke-width="8"/></g>{shadow}
<path d="M222 340L250 424H550L578 340 544 322 512 346 478 322 446 346 412 322 388 322 354 346 322 322 288 346 256 322Z" fill="url(#body)"/><path d="M262 342H538L524 356H276Z" fill="{ink}"/><g fill="#e2572b"><circle cx="352" cy="340" r="20"/><circle cx="402" cy="332" r="24" fill="#f08a36"/><circle cx="450" cy="340" r="19"/></g><path d="M330 336l40-16M420 330l48-12" stroke="#432610" stroke-width="12" stroke-linecap="round"/>
<path d="M236 362H564L550 412H250Z" fill="{main}"/>{studs}<path d="M250 424H550L452 500H348Z" fill="url(#body)"/><path d="M250 424H550L544 432H256Z" fill="{accent}"/>
<path d="M360 500H440L452 540H348Z" fill="{accent}"/><path d="M348 540H452L548 640H252Z" fill="url(#body)"/><path d="{star}" fill="{accent}"/><path d="M276 616H524" stroke="{light}" stroke-width="5" opacity=".7"/><path d="M240 640H560V668H240Z" fill="{dark}"/><path d="M244 646H556" stroke="{accent}" stroke-width="5" stroke-dasharray="12 10"/>"##,
        shadow = shadow(400, 668, 190),
        star = star(400.0, 588.0, 28.0, 8, 0.6),
    )
}

/// A tall bottle of rose water, with a rose.
pub(super) fn rose_water(
    Palette {
        dark,
        light,
        main,
        accent,
        ink,
        ..
    }: Palette,
) -> String {
    let rose = format!(
        r##"<g transform="translate(574 606)"><path d="M-6 40C-60 70-120 74-150 66M-70 66C-96 40-120 34-140 40-124 62-98 72-70 66Z" fill="#6d8f4e" stroke="#4f6d36" stroke-width="7"/><circle r="62" fill="{dark}"/><path d="M-62 0C-56-50-6-70 34-52 66-34 72 10 46 40 20 10-26 4-62 0Z" fill="{main}"/><path d="M-44 14C-44-26-8-48 26-34 46-20 46 12 22 28-6 36-34 34-44 14Z" fill="{light}"/><path d="M-22 8C-22-14 0-24 16-14 26-2 18 16 2 18-12 20-20 16-22 8Z" fill="{main}"/><path d="M-8 6C-6-6 6-8 10 0" fill="none" stroke="{dark}" stroke-width="5" stroke-linecap="round"/></g>"##
    );
    format!(
        r##"{shadow}<path d="M340 250V330C340 356 270 372 270 430V620C270 648 288 664 312 664H468C492 664 510 648 510 620V430C510 372 440 356 440 330V250Z" fill="#fff" opacity=".6"/>
<path d="M282 470H498V614C498 636 486 650 466 650H314C294 650 282 636 282 614Z" fill="{light}" opacity=".75"/><ellipse cx="390" cy="470" rx="108" ry="13" fill="{light}"/>
<path d="M340 250V330C340 356 270 372 270 430V620C270 648 288 664 312 664H468C492 664 510 648 510 620V430C510 372 440 356 440 330V250Z" fill="url(#glass)" stroke="{ink}" stroke-opacity=".35" stroke-width="5"/>
<path d="M330 180H450V256H330Z" fill="{accent}"/><path d="M330 180H356V256H330Z" fill="#fff" opacity=".35"/><path d="M330 200H450M330 220H450M330 238H450" stroke="{ink}" stroke-opacity=".35" stroke-width="3"/>
<path d="M304 500H476V620H304Z" fill="#fffaf5" stroke="{accent}" stroke-width="4"/><path d="{star}" fill="{main}"/><path d="{small}" fill="{light}"/><path d="M330 606H450" stroke="{dark}" stroke-width="5" opacity=".6"/>{rose}"##,
        shadow = shadow(420, 664, 200),
        star = star(390.0, 552.0, 36.0, 12, 0.7),
        small = star(390.0, 552.0, 18.0, 12, 0.7),
    )
}

/// A hanging lantern of brass and coloured glass.
pub(super) fn lantern(
    Palette {
        dark,
        light,
        accent,
        ink,
        ..
    }: Palette,
) -> String {
    let mut panes = String::new();
    for (x, glass) in [
        (276.0, "#c8443a"),
        (338.0, "#e9a13b"),
        (400.0, "#2f8f86"),
        (462.0, "#e9a13b"),
        (524.0, "#c8443a"),
    ] {
        let x: f64 = x;
        let _ = write!(
            panes,
            r##"<path d="M{:.0} 560V414C{:.0} 392 {:.0} 378 {x:.0} 360 {:.0} 378 {:.0} 392 {:.0} 414V560Z" fill="{glass}"/><path d="{}" fill="#fff3c4" opacity=".9"/>"##,
            x - 24.0,
            x - 24.0,
            x - 12.0,
            x + 12.0,
            x + 24.0,
            x + 24.0,
            star(x, 470.0, 19.0, 8, 0.6)
        );
    }
    format!(
        r##"<path d="M400 0V120" stroke="{ink}" stroke-width="6" stroke-dasharray="16 6"/><circle cx="400" cy="470" r="300" fill="#ffd36b" opacity=".22"/><circle cx="400" cy="470" r="220" fill="#ffe08a" opacity=".28"/>{shadow}
<circle cx="400" cy="142" r="24" fill="none" stroke="{dark}" stroke-width="10"/><path d="M400 166C408 186 426 196 434 214H366C374 196 392 186 400 166Z" fill="{dark}"/><path d="M366 214H434C450 262 540 276 560 330H240C260 276 350 262 366 214Z" fill="url(#body)"/><path d="M330 262L344 300M400 250V300M470 262L456 300" stroke="{ink}" stroke-width="5" opacity=".45"/>
<path d="M224 330H576V352H224Z" fill="{dark}"/><path d="M236 352H564L552 572H248Z" fill="{ink}"/>{panes}<path d="M236 352H564L552 572H248Z" fill="url(#glass)" opacity=".35"/><path d="M236 572H564V596H236Z" fill="{dark}"/><path d="M250 596H550L506 640H294Z" fill="url(#body)"/><path d="M294 640H506L520 664H280Z" fill="{dark}"/><path d="M252 341H548" stroke="{light}" stroke-width="5" stroke-dasharray="10 10"/><path d="M250 584H550" stroke="{accent}" stroke-width="6" stroke-dasharray="10 10"/>"##,
        shadow = shadow(400, 664, 160),
    )
}

/// Three bars of soap and a twig of olive.
pub(super) fn soap(
    Palette {
        dark,
        light,
        main,
        accent,
        ink,
        ..
    }: Palette,
) -> String {
    let bar = |x: i32, y: i32, turn: i32| {
        let (star_path, inner) = (star(0.0, 6.0, 34.0, 8, 0.765), star(0.0, 6.0, 16.0, 8, 0.6));
        format!(
            r##"<g transform="translate({x} {y}) rotate({turn})"><path d="M-136-52H136L160 44C160 58 152 66 138 66H-138C-152 66-160 58-160 44Z" fill="{dark}"/><rect x="-150" y="-64" width="300" height="112" rx="22" fill="{main}"/><rect x="-150" y="-64" width="300" height="112" rx="22" fill="{light}" opacity=".5"/><rect x="-132" y="-48" width="264" height="80" rx="12" fill="none" stroke="{dark}" stroke-width="4" opacity=".6"/><path d="{star_path}" transform="translate(0 -14)" fill="none" stroke="{dark}" stroke-width="5"/><path d="{inner}" transform="translate(0 -14)" fill="{dark}" opacity=".7"/><path d="M-126-52H-20" stroke="#fff" stroke-width="7" stroke-linecap="round" opacity=".55"/></g>"##
        )
    };
    let leaves: String = (0..5).fold(String::new(), |mut leaves, n| {
        let x = 470 + n * 38;
        let y = 300 - n * 12;
        let _ = write!(leaves, r##"<path d="M{x} {y}c10-34 40-46 64-40-8 26-34 44-64 40ZM{x} {y}c28 2 42 22 44 46-26 0-42-20-44-46Z" fill="#6f8a45" stroke="#4d6430" stroke-width="3"/>"##);
        leaves
    });
    format!(
        r##"{shadow}{low}{middle}{high}<path d="M440 310Q540 290 680 232" fill="none" stroke="{ink}" stroke-width="7" stroke-linecap="round"/>{leaves}<ellipse cx="520" cy="326" rx="17" ry="22" fill="#3d4a1d"/><ellipse cx="515" cy="319" rx="5" ry="7" fill="#fff" opacity=".5"/><path d="M250 470C330 486 470 486 552 470L548 486C470 502 330 502 252 486Z" fill="{accent}" opacity=".9"/>"##,
        shadow = shadow(400, 672, 230),
        low = bar(400, 606, 0),
        middle = bar(392, 486, -3),
        high = bar(404, 368, 4),
    )
}
