//! What stands around every thing, and the shapes that several of them share.

use std::f64::consts::PI;
use std::fmt::Write as _;

use super::Palette;

/// The document: wall, niche, table, and the thing.
pub(super) fn around(palette: Palette, thing: &str) -> String {
    let Palette {
        wall,
        niche,
        table,
        light,
        main,
        dark,
        accent,
        ink,
    } = palette;
    let tile = star(60.0, 60.0, 34.0, 8, 0.765);
    let inner = star(60.0, 60.0, 17.0, 8, 0.765);
    format!(
        r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 800 800">
<defs>
<linearGradient id="body"><stop offset="0" stop-color="{dark}"/><stop offset=".28" stop-color="{main}"/><stop offset=".46" stop-color="{light}"/><stop offset=".66" stop-color="{main}"/><stop offset="1" stop-color="{dark}"/></linearGradient>
<linearGradient id="cloth" x1="0" y1="0" x2="1" y2="1"><stop offset="0" stop-color="{light}"/><stop offset=".45" stop-color="{main}"/><stop offset="1" stop-color="{dark}"/></linearGradient>
<linearGradient id="glass"><stop offset="0" stop-color="#fff" stop-opacity=".15"/><stop offset=".25" stop-color="#fff" stop-opacity=".75"/><stop offset=".4" stop-color="#fff" stop-opacity=".2"/><stop offset="1" stop-color="#fff" stop-opacity=".1"/></linearGradient>
<linearGradient id="floor" x1="0" y1="0" x2="0" y2="1"><stop offset="0" stop-color="{table}"/><stop offset="1" stop-color="{dark}" stop-opacity=".55"/></linearGradient>
<radialGradient id="glow"><stop offset="0" stop-color="#fff" stop-opacity=".95"/><stop offset="1" stop-color="#fff" stop-opacity="0"/></radialGradient>
<pattern id="tiles" width="120" height="120" patternUnits="userSpaceOnUse"><g fill="none" stroke="{dark}" stroke-width="2.5"><path d="{tile}"/><path d="{inner}"/><path d="M60 0V26M60 94V120M0 60H26M94 60H120M0 0L36 36M120 0L84 36M0 120L36 84M120 120L84 84"/></g></pattern>
</defs>
<rect width="800" height="800" fill="{wall}"/><rect width="800" height="800" fill="url(#tiles)" opacity=".2"/>
<path d="M128 800V372C128 250 300 236 400 92 500 236 672 250 672 372V800Z" fill="{niche}"/>
<path d="M150 800V378C150 268 308 254 400 126 492 254 650 268 650 378V800Z" fill="none" stroke="{accent}" stroke-width="4" opacity=".55"/>
<circle cx="400" cy="400" r="270" fill="url(#glow)"/>
<path d="M0 620H800V800H0Z" fill="{table}"/><path d="M0 620H800V800H0Z" fill="url(#floor)" opacity=".5"/>
<path d="M0 620H800" stroke="{ink}" stroke-opacity=".12" stroke-width="3"/>
{thing}
</svg>
"##
    )
}

/// The shadow of a thing so wide.
pub(super) fn shadow(x: i32, y: i32, half: i32) -> String {
    let flat = half / 7;
    format!(r##"<ellipse cx="{x}" cy="{y}" rx="{half}" ry="{flat}" fill="#000" opacity=".2"/>"##)
}

/// The path of a star with `points` points; `inside` is the radius of its inner corners, in parts of the outer one.
pub(super) fn star(x: f64, y: f64, radius: f64, points: u32, inside: f64) -> String {
    let mut path = String::new();
    for corner in 0..points * 2 {
        let reach = if corner % 2 == 0 {
            radius
        } else {
            radius * inside
        };
        let angle = PI * f64::from(corner) / f64::from(points) - PI / 2.0;
        let sign = if corner == 0 { 'M' } else { 'L' };
        let _ = write!(
            path,
            "{sign}{:.1} {:.1}",
            x + reach * angle.cos(),
            y + reach * angle.sin()
        );
    }
    path.push('Z');
    path
}

/// Steam above a cup.
pub(super) fn steam(x: i32, y: i32) -> String {
    let wisp = |x: i32, high: i32| {
        let (low, middle, top) = (y - high / 3, y - 2 * high / 3, y - high);
        format!(
            "M{x} {y}C{} {low} {} {low} {x} {middle}S{} {top} {} {top}",
            x - 26,
            x + 22,
            x - 18,
            x + 4
        )
    };
    let paths: String = [wisp(x - 34, 120), wisp(x, 160), wisp(x + 34, 120)].concat();
    format!(
        r##"<path d="{paths}" fill="none" stroke="#fff" stroke-width="9" stroke-linecap="round" opacity=".75"/>"##
    )
}

/// Places that look thrown, the same every time: `count` of them within an ellipse.
pub(super) fn scatter(
    count: u32,
    x: f64,
    y: f64,
    wide: f64,
    high: f64,
) -> impl Iterator<Item = (f64, f64, f64)> {
    // The golden angle spreads points evenly without showing a grid.
    (0..count).map(move |n| {
        let angle = f64::from(n) * 2.399_963;
        let reach = ((f64::from(n) + 0.5) / f64::from(count)).sqrt();
        (
            x + wide * reach * angle.cos(),
            y + high * reach * angle.sin(),
            angle.to_degrees() % 360.0,
        )
    })
}
