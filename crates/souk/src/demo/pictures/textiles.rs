//! What is woven.

use std::fmt::Write as _;

use super::Palette;
use super::scene::{shadow, star};

/// Stepped diamonds of a kilim in a band from `left` to `right` around the line `y`.
fn kilim_band(left: i32, right: i32, y: i32, half: i32, fills: [&str; 3]) -> String {
    let mut band = String::new();
    let width = half * 2;
    let mut x = left + half;
    let mut place = 0;
    while x + half <= right {
        for (step, fill) in fills.into_iter().enumerate() {
            let reach = half - half * i32::try_from(step).unwrap_or_default() / 3;
            // A diamond with stairs for sides, as a loom makes it.
            let third = reach / 3;
            let _ = write!(
                band,
                r#"<path d="M{} {y}h{third}v-{third}h{third}v-{third}h{third}v-{third}v{third}h{third}v{third}h{third}v{third}h{third}h-{third}v{third}h-{third}v{third}h-{third}v{third}v-{third}h-{third}v-{third}h-{third}v-{third}Z" fill="{fill}"/>"#,
                x - reach,
            );
        }
        x += width;
        place += 1;
    }
    debug_assert!(place > 0, "a band is wide enough for a diamond");
    band
}

/// A row of triangles.
fn teeth(left: i32, right: i32, y: i32, size: i32, fill: &str) -> String {
    let count = (right - left) / size;
    let path: String = (0..count)
        .map(|n| {
            format!(
                "M{} {y}l{} {}l{} {}Z",
                left + n * size,
                size / 2,
                -size,
                size - size / 2,
                size
            )
        })
        .collect();
    format!(r#"<path d="{path}" fill="{fill}"/>"#)
}

/// A kilim rug, hung on the wall of the niche.
pub(super) fn rug(
    Palette {
        dark,
        light,
        main,
        accent,
        ink,
        ..
    }: Palette,
) -> String {
    let fringe = |y: i32, long: i32| {
        (0..43)
            .map(|n| format!("M{} {y}v{long}", 204 + n * 9 + n / 2))
            .collect::<String>()
    };
    let mut field = String::new();
    for (row, fills) in [
        [light, dark, accent],
        [accent, light, dark],
        [light, dark, accent],
    ]
    .into_iter()
    .enumerate()
    {
        field.push_str(&kilim_band(
            232,
            568,
            306 + 122 * i32::try_from(row).unwrap_or_default(),
            56,
            fills,
        ));
    }
    format!(
        r##"<path d="M170 168H630" stroke="{ink}" stroke-width="14" stroke-linecap="round"/><circle cx="164" cy="168" r="14" fill="{accent}"/><circle cx="636" cy="168" r="14" fill="{accent}"/><path d="M206 184H606V690H206Z" fill="#000" opacity=".14"/>
<path d="{top}{bottom}" stroke="{light}" stroke-width="5" stroke-linecap="round"/><path d="M196 176H604V676H196Z" fill="{main}"/><path d="M196 176H604V236H196ZM196 616H604V676H196Z" fill="{dark}"/>{teeth_top}{teeth_bottom}<path d="M196 240H604M196 612H604" stroke="{accent}" stroke-width="7"/><path d="M214 250V602M586 250V602" stroke="{light}" stroke-width="8" stroke-dasharray="14 10"/>{field}
<path d="M196 176H604V676H196Z" fill="url(#glass)" opacity=".18"/>"##,
        top = fringe(160, 16),
        bottom = fringe(676, 34),
        teeth_top = teeth(204, 604, 228, 40, light),
        teeth_bottom = teeth(204, 604, 668, 40, light),
    )
}

/// A cushion in a kilim cover.
pub(super) fn cushion(
    Palette {
        dark,
        light,
        main,
        accent,
        ink,
        ..
    }: Palette,
) -> String {
    let outline = "M200 300C250 320 330 326 400 326 470 326 550 320 600 300 622 294 634 306 628 328 606 400 606 540 628 622 634 646 620 658 598 650 540 632 470 628 400 628 330 628 260 632 202 650 180 658 166 646 172 622 194 540 194 400 172 328 166 306 178 294 200 300Z";
    let middle = kilim_band(210, 590, 476, 62, [accent, dark, light]);
    let tassel = |x: i32, y: i32| {
        format!(
            r#"<circle cx="{x}" cy="{y}" r="15" fill="{accent}"/><path d="M{x} {y}l-18 44M{x} {y}l-6 48M{x} {y}l6 48M{x} {y}l18 44" stroke="{accent}" stroke-width="7" stroke-linecap="round"/>"#
        )
    };
    let tassels = [
        tassel(186, 308),
        tassel(614, 308),
        tassel(186, 640),
        tassel(614, 640),
    ]
    .concat();
    format!(
        r##"{shadow}<clipPath id="cover"><path d="{outline}"/></clipPath><path d="{outline}" fill="{main}"/><g clip-path="url(#cover)"><path d="M160 280H640V384H160ZM160 568H640V670H160Z" fill="{dark}"/>{upper}{lower}<path d="M160 388H640M160 564H640" stroke="{light}" stroke-width="8"/><path d="M160 402H640M160 550H640" stroke="{accent}" stroke-width="5" stroke-dasharray="16 10"/>{middle}<ellipse cx="330" cy="400" rx="230" ry="120" fill="#fff" opacity=".13"/><path d="M160 670C300 600 500 600 640 670Z" fill="#000" opacity=".2"/></g><path d="{outline}" fill="none" stroke="{ink}" stroke-opacity=".4" stroke-width="5"/>{tassels}"##,
        shadow = shadow(400, 660, 240),
        upper = teeth(172, 628, 376, 44, accent),
        lower = teeth(172, 628, 632, 44, accent)
            + &format!(
                r#"<path d="{}" fill="{light}"/>"#,
                star(400.0, 346.0, 14.0, 8, 0.6)
            ),
    )
}
