//! Coffee, spices, and what they are served in.

use std::fmt::Write as _;

use super::Palette;
use super::scene::{scatter, shadow, star, steam};

/// A coffee pot with its long beak.
pub(super) fn dallah(
    Palette {
        dark,
        light,
        accent,
        ink,
        ..
    }: Palette,
) -> String {
    let stars: String = (0..5)
        .map(|n| star(300.0 + 50.0 * f64::from(n), 540.0, 20.0, 8, 0.6))
        .collect();
    format!(
        r##"{shadow}
<path d="M470 372C590 340 622 470 536 572" fill="none" stroke="{dark}" stroke-width="26" stroke-linecap="round"/><path d="M474 366C582 342 606 462 530 560" fill="none" stroke="{light}" stroke-width="6" opacity=".7"/>
<path d="M346 470C286 448 258 396 244 336 236 312 214 302 182 314 198 276 250 270 272 312 288 356 310 388 356 400Z" fill="url(#body)"/>
<path d="M324 640C228 606 226 500 320 448 346 430 350 408 344 372H456C450 408 454 430 480 448 574 500 572 606 476 640Z" fill="url(#body)"/>
<path d="M338 372C334 318 366 300 400 284 434 300 466 318 462 372Z" fill="url(#body)"/><path d="M326 364H474V384H326Z" fill="{dark}"/>
<path d="M400 286V244" stroke="{dark}" stroke-width="10"/><circle cx="400" cy="262" r="13" fill="{light}"/><path d="M400 206C412 226 412 238 400 246 388 238 388 226 400 206Z" fill="{accent}"/>
<path d="M276 502Q400 528 524 502M262 578Q400 608 538 578" fill="none" stroke="{ink}" stroke-width="4" opacity=".55"/><path d="{stars}" fill="{accent}" opacity=".9"/>
<path d="M336 442Q400 458 464 442" fill="none" stroke="{ink}" stroke-width="4" opacity=".5"/><path d="M312 640H488L500 662H300Z" fill="{dark}"/>
<path d="M300 520C304 560 318 596 342 618" fill="none" stroke="#fff" stroke-width="10" stroke-linecap="round" opacity=".45"/>"##,
        shadow = shadow(400, 660, 170),
    )
}

/// Three small cups without handles.
pub(super) fn cups(
    Palette {
        dark,
        light,
        accent,
        ink,
        ..
    }: Palette,
) -> String {
    let cup = |x: i32, y: i32, size: f64| {
        format!(
            r##"<g transform="translate({x} {y}) scale({size})"><ellipse cx="0" cy="4" rx="84" ry="13" fill="#000" opacity=".18"/><path d="M-96-170C-88-80-60-20-46 0H46C60-20 88-80 96-170Z" fill="url(#body)"/><ellipse cx="0" cy="-170" rx="96" ry="24" fill="{light}"/><ellipse cx="0" cy="-166" rx="82" ry="17" fill="{ink}"/><ellipse cx="-18" cy="-170" rx="34" ry="6" fill="#c98a3d" opacity=".8"/><path d="M-89-132Q0-106 89-132L84-108Q0-82-84-108Z" fill="{accent}"/><path d="M-70-84l16 26 18-20 18 24 18-24 18 24 18-20 16-10" fill="none" stroke="{accent}" stroke-width="6" stroke-linejoin="round"/><path d="M-46 0H46L38 14H-38Z" fill="{dark}"/></g>"##
        )
    };
    [
        steam(400, 350),
        cup(255, 610, 1.05),
        cup(545, 610, 1.05),
        cup(400, 668, 1.3),
    ]
    .concat()
}

/// A big mug with a glaze that ran.
pub(super) fn mug(
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
        r##"{steam}{shadow}
<path d="M540 420C660 400 668 580 532 582" fill="none" stroke="{dark}" stroke-width="40"/><path d="M542 412C640 396 650 566 536 570" fill="none" stroke="{main}" stroke-width="16"/>
<path d="M240 366H560L546 612C544 646 520 664 488 664H312C280 664 256 646 254 612Z" fill="url(#body)"/>
<path d="M240 366H560L556 430C544 470 524 452 514 436 502 420 490 470 476 492 462 512 446 492 440 458 434 430 416 438 408 462 398 500 372 498 364 462 356 428 338 436 326 458 312 484 286 480 276 452 268 432 252 440 246 436Z" fill="{light}"/>
<ellipse cx="400" cy="366" rx="160" ry="38" fill="{light}"/><ellipse cx="400" cy="370" rx="140" ry="28" fill="{ink}"/><path d="M300 372Q400 398 500 372" fill="none" stroke="#b8783a" stroke-width="8" opacity=".7"/>
<path d="{star}" fill="none" stroke="{accent}" stroke-width="8" stroke-linejoin="round"/><path d="{dot}" fill="{accent}"/><path d="M274 500L284 610" stroke="#fff" stroke-width="12" stroke-linecap="round" opacity=".4"/>"##,
        steam = steam(400, 316),
        shadow = shadow(400, 662, 190),
        star = star(400.0, 572.0, 48.0, 8, 0.765),
        dot = star(400.0, 572.0, 18.0, 8, 0.765),
    )
}

/// A painted plate, standing.
pub(super) fn plate(
    Palette {
        dark,
        light,
        main,
        accent,
        ink,
        ..
    }: Palette,
) -> String {
    let mut petals = String::new();
    for turn in 0..16 {
        let angle = f64::from(turn) * 22.5;
        let fill = if turn % 2 == 0 { main } else { accent };
        let _ = write!(
            petals,
            r#"<path d="M400 400C370 340 380 300 400 276 420 300 430 340 400 400Z" fill="{fill}" transform="rotate({angle} 400 400)"/>"#
        );
        let _ = write!(
            petals,
            r#"<g transform="rotate({angle} 400 400)"><circle cx="400" cy="196" r="15" fill="{accent}"/><path d="M362 214Q400 168 438 214" fill="none" stroke="{main}" stroke-width="7"/></g>"#
        );
    }
    format!(
        r##"{shadow}<path d="M270 610L230 668H262L330 600ZM530 610L570 668H538L470 600Z" fill="{ink}" opacity=".75"/>
<circle cx="400" cy="400" r="246" fill="{dark}"/><circle cx="400" cy="394" r="240" fill="{light}"/><circle cx="400" cy="394" r="240" fill="#fff" opacity=".72"/><circle cx="400" cy="398" r="236" fill="none" stroke="{main}" stroke-width="8"/><g transform="translate(0 -6)">{petals}<circle cx="400" cy="400" r="166" fill="none" stroke="{dark}" stroke-width="6"/><circle cx="400" cy="400" r="152" fill="none" stroke="{accent}" stroke-width="3"/><path d="{star}" fill="#fff" stroke="{dark}" stroke-width="6"/><path d="{small}" fill="{accent}"/></g>
<path d="M214 330C236 266 276 222 326 196" fill="none" stroke="#fff" stroke-width="14" stroke-linecap="round" opacity=".6"/>"##,
        shadow = shadow(400, 660, 210),
        star = star(400.0, 400.0, 52.0, 8, 0.765),
        small = star(400.0, 400.0, 26.0, 8, 0.6),
    )
}

/// A sack of coffee with cardamom beside it.
pub(super) fn coffee(
    Palette {
        dark,
        light,
        main,
        accent,
        ink,
        ..
    }: Palette,
) -> String {
    let bean = |x: f64, y: f64, turn: f64| {
        format!(
            r##"<g transform="translate({x:.0} {y:.0}) rotate({turn:.0})"><ellipse rx="21" ry="14" fill="#7a4a22"/><ellipse rx="21" ry="14" cy="-3" fill="#96602f"/><path d="M-19-3C-8-9 8 5 19-3" fill="none" stroke="{ink}" stroke-width="3.5"/></g>"##
        )
    };
    let heap: String = scatter(70, 400.0, 322.0, 134.0, 42.0)
        .map(|(x, y, turn)| bean(x, y, turn / 6.0))
        .collect();
    let spilt: String = [
        (214.0, 664.0, 20.0),
        (262.0, 690.0, 80.0),
        (598.0, 690.0, 150.0),
        (170.0, 692.0, 110.0),
        (334.0, 706.0, 30.0),
    ]
    .into_iter()
    .map(|(x, y, turn)| bean(x, y, turn))
    .collect();
    let pods: String = [(566.0, 668.0, 24.0), (620.0, 652.0, -30.0), (648.0, 690.0, 60.0)]
        .into_iter()
        .map(|(x, y, turn)| format!(r##"<g transform="translate({x} {y}) rotate({turn})"><path d="M-34 0C-20-22 16-22 36 0 16 20-20 20-34 0Z" fill="#a9b86a"/><path d="M-30 0C-10-8 14-8 34 0M-28 4C-8 12 14 10 32 2" fill="none" stroke="#6d7a35" stroke-width="3"/></g>"##))
        .collect();
    format!(
        r#"{shadow}<path d="M252 340C214 440 206 560 250 664 330 682 470 682 550 664 594 560 586 440 548 340Z" fill="url(#cloth)"/>
<path d="M252 340C214 440 206 560 250 664 330 682 470 682 550 664 594 560 586 440 548 340Z" fill="{light}" opacity=".35"/>
<ellipse cx="400" cy="334" rx="152" ry="46" fill="{ink}"/>{heap}<path d="M246 330C240 372 300 396 400 398 500 396 560 372 554 330 566 366 560 396 534 410 480 436 320 436 266 410 240 396 234 366 246 330Z" fill="{main}"/><path d="M262 404Q400 444 538 404" fill="none" stroke="{dark}" stroke-width="5" stroke-dasharray="14 9"/>
<path d="M286 476C276 540 280 590 296 640M514 476C524 540 520 590 504 640" fill="none" stroke="{dark}" stroke-width="5" opacity=".45"/>
<circle cx="400" cy="548" r="70" fill="{light}"/><circle cx="400" cy="548" r="70" fill="none" stroke="{accent}" stroke-width="6"/><path d="{star}" fill="none" stroke="{accent}" stroke-width="4"/><g transform="translate(400 548) rotate(-28) scale(1.7)"><ellipse rx="21" ry="14" fill="{ink}"/><path d="M-19 0C-8-6 8 8 19 0" fill="none" stroke="{light}" stroke-width="3"/></g>{spilt}{pods}"#,
        shadow = shadow(400, 668, 200),
        star = star(400.0, 548.0, 60.0, 8, 0.85),
    )
}

/// Three bowls of ground spice.
pub(super) fn spices(
    Palette {
        dark, light, ink, ..
    }: Palette,
) -> String {
    let bowl = |x: i32, y: i32, size: f64, spice: &str, shade: &str| {
        let grains: String = scatter(26, 0.0, -176.0, 62.0, 34.0)
            .map(|(x, y, _)| format!(r#"<circle cx="{x:.0}" cy="{y:.0}" r="3" fill="{shade}"/>"#))
            .collect();
        format!(
            r##"<g transform="translate({x} {y}) scale({size})"><ellipse cy="4" rx="110" ry="16" fill="#000" opacity=".18"/><path d="M-120-130C-80-178-46-236 0-248 46-236 80-178 120-130Z" fill="{spice}"/><path d="M0-248C46-236 80-178 120-130H30C50-170 30-220 0-248Z" fill="{shade}" opacity=".6"/>{grains}<path d="M-140-132C-132-56-80-8-54 0H54C80-8 132-56 140-132Z" fill="url(#body)"/><ellipse cy="-132" rx="140" ry="15" fill="{light}"/><path d="M-120-134C-80-124 80-124 120-134 90-142-90-142-120-134Z" fill="{spice}"/><path d="M-118-84Q0-52 118-84" fill="none" stroke="{ink}" stroke-width="4" opacity=".5"/><path d="M-104-64l22-14 20 24 22-20 20 24 20-24 20 24 22-20 22 4" fill="none" stroke="{dark}" stroke-width="5"/><path d="M-54 0H54L46 14H-46Z" fill="{dark}"/></g>"##
        )
    };
    [
        bowl(236, 606, 0.98, "#e3a21a", "#b9770b"),
        bowl(564, 606, 0.98, "#8f2338", "#5f1022"),
        bowl(400, 676, 1.16, "#a8702c", "#744714"),
    ]
    .concat()
}

/// A glass jar of red threads.
pub(super) fn saffron(
    Palette {
        dark,
        main,
        accent,
        ink,
        ..
    }: Palette,
) -> String {
    let thread = |x: f64, y: f64, turn: f64| {
        format!(
            r#"<path d="M-20 6C-8-10 6 12 20-6M20-6l8-5" transform="translate({x:.0} {y:.0}) rotate({turn:.0})"/>"#
        )
    };
    let inside: String = scatter(260, 400.0, 566.0, 150.0, 112.0)
        .map(|(x, y, turn)| thread(x, y, turn))
        .collect();
    let outside: String = scatter(14, 596.0, 684.0, 84.0, 18.0)
        .map(|(x, y, turn)| thread(x, y, turn))
        .collect();
    format!(
        r##"{shadow}<path d="M270 400C262 410 258 424 258 440V626C258 650 276 668 300 668H500C524 668 542 650 542 626V440C542 424 538 410 530 400Z" fill="#fff" opacity=".55"/>
<clipPath id="jar"><path d="M266 446H534V626C534 644 520 660 498 660H302C280 660 266 644 266 626Z"/></clipPath><g clip-path="url(#jar)"><path d="M266 474H534V660H266Z" fill="#8e1218"/><g fill="none" stroke="#d2323a" stroke-width="5" stroke-linecap="round">{inside}</g></g><path d="M270 400C262 410 258 424 258 440V626C258 650 276 668 300 668H500C524 668 542 650 542 626V440C542 424 538 410 530 400Z" fill="url(#glass)" stroke="{ink}" stroke-opacity=".35" stroke-width="4"/>
<path d="M262 330H538V400H262Z" fill="url(#body)"/><path d="M262 348H538M262 366H538M262 384H538" stroke="{ink}" stroke-opacity=".3" stroke-width="3"/><ellipse cx="400" cy="330" rx="138" ry="20" fill="{main}"/><path d="M330 486H470V598H330Z" fill="#fffaf0" stroke="{accent}" stroke-width="5"/>
<g fill="#7d4fa3"><ellipse cx="400" cy="528" rx="13" ry="32"/><ellipse cx="400" cy="528" rx="13" ry="32" transform="rotate(40 400 556)"/><ellipse cx="400" cy="528" rx="13" ry="32" transform="rotate(-40 400 556)"/></g><path d="M400 556V584" stroke="{dark}" stroke-width="5"/><path d="M400 548L392 524M400 548L408 524" stroke="#d8342b" stroke-width="4"/>
<g fill="none" stroke="#b3161f" stroke-width="5" stroke-linecap="round">{outside}</g>"##,
        shadow = shadow(400, 666, 170),
    )
}

/// An open box of dates.
pub(super) fn dates(
    Palette {
        dark,
        light,
        main,
        accent,
        ink,
        ..
    }: Palette,
) -> String {
    let mut fruit = String::new();
    for row in 0..3_i32 {
        for place in 0..6_i32 {
            let (x, y) = (222 + place * 71 + (row % 2) * 8, 512 + row * 48);
            let turn = (place * 7 + row * 11) % 24 - 12;
            let _ = write!(
                fruit,
                r##"<g transform="translate({x} {y}) rotate({turn})"><ellipse rx="32" ry="24" fill="#3d1c10"/><ellipse rx="31" ry="22" cy="-3" fill="#6b3319"/><path d="M-22-8C-8-18 12-18 22-8M-24 2C-8-4 10-4 24 2" fill="none" stroke="#8d4a24" stroke-width="4"/><path d="M-14-14Q0-20 12-14" fill="none" stroke="#e0a070" stroke-width="4" stroke-linecap="round" opacity=".8"/></g>"##
            );
        }
    }
    format!(
        r#"{shadow}<path d="M170 470L208 244H592L630 470Z" fill="url(#cloth)"/><path d="M200 450L232 268H568L600 450Z" fill="{light}" opacity=".45"/><path d="{star}" fill="none" stroke="{accent}" stroke-width="7"/><path d="{small}" fill="{accent}"/>
<g stroke="{accent}" stroke-width="7" fill="none" stroke-linecap="round"><path d="M260 400C270 350 276 320 276 290M276 290C262 300 250 316 246 334M276 290C290 300 302 316 306 334M276 290C260 286 244 290 232 300M276 290C292 286 308 290 318 300"/><path d="M540 400C530 350 524 320 524 290M524 290C538 300 550 316 554 334M524 290C510 300 498 316 494 334M524 290C540 286 556 290 568 300M524 290C508 286 492 290 482 300"/></g>
<path d="M160 470H640L662 640C662 656 650 668 634 668H166C150 668 138 656 138 640Z" fill="{dark}"/><path d="M176 486H624L640 630H160Z" fill="{ink}"/>{fruit}<path d="M138 632H662V650C662 662 652 672 640 672H160C148 672 138 662 138 650Z" fill="{main}"/><path d="M170 652H630" stroke="{accent}" stroke-width="5" stroke-dasharray="18 12"/>"#,
        shadow = shadow(400, 670, 270),
        star = star(400.0, 356.0, 54.0, 8, 0.765),
        small = star(400.0, 356.0, 24.0, 8, 0.6),
    )
}
