//! The pictures of the demo's products, drawn by code: the same bytes every time, small, and nobody else's.
//!
//! A picture is a scene (a tiled wall, a niche, a table) with one thing in it. Things are drawn on a square of 800, stand
//! on the line y = 640, and take all their colours from a palette.

// A picture has some hundred shapes: that they read well counts for more than how often they allocate.
#![allow(clippy::format_collect)]

mod leisure;
mod scene;
mod scent;
mod table;
mod textiles;
mod wear;

use serde::Deserialize;

/// What a picture shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Subject {
    Abaya,
    Backgammon,
    Beads,
    Book,
    Burner,
    Calligraphy,
    Coffee,
    Cups,
    Cushion,
    Dallah,
    Dates,
    Gift,
    Lantern,
    Mug,
    OudChips,
    OudOil,
    Plate,
    RoseWater,
    Rug,
    Saffron,
    Sandals,
    Scarf,
    Soap,
    Spices,
    Thobe,
}

/// The colours of a picture.
#[derive(Debug, Clone, Copy)]
pub(super) struct Palette {
    /// The wall.
    wall: &'static str,
    /// The niche in it.
    niche: &'static str,
    /// The table.
    table: &'static str,
    /// The thing, in light, as it is, and in shadow.
    light: &'static str,
    main: &'static str,
    dark: &'static str,
    /// What is set against it.
    accent: &'static str,
    /// Its darkest lines.
    ink: &'static str,
}

/// A set of colours, by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Colours {
    Amber,
    Clay,
    Indigo,
    Olive,
    Rose,
    Sand,
    Teal,
}

impl Colours {
    fn palette(self) -> Palette {
        let of =
            |wall, niche, table, [light, main, dark]: [&'static str; 3], accent, ink| Palette {
                wall,
                niche,
                table,
                light,
                main,
                dark,
                accent,
                ink,
            };
        match self {
            Self::Amber => of(
                "#f3e3c3",
                "#fbf4e4",
                "#d9b27c",
                ["#f6cf7e", "#d9942f", "#9a5b16"],
                "#1f6f6b",
                "#4a2a0b",
            ),
            Self::Clay => of(
                "#f0d9c8",
                "#fbf0e8",
                "#cf9b7b",
                ["#eba27d", "#c8653f", "#8a3b22"],
                "#f2c14e",
                "#4b1e12",
            ),
            Self::Indigo => of(
                "#d7deea",
                "#f1f4fa",
                "#a9b4cb",
                ["#7f9fd6", "#34569b", "#1c2f63"],
                "#e0a83e",
                "#101b3c",
            ),
            Self::Olive => of(
                "#e3e5cd",
                "#f6f6e8",
                "#b7b585",
                ["#b9c27a", "#7c8a3a", "#4c5721"],
                "#c8653f",
                "#2a3010",
            ),
            Self::Rose => of(
                "#f4dcdc",
                "#fdf3f2",
                "#d6a3a1",
                ["#f0a9b0", "#c9526a", "#862b45"],
                "#e0b04c",
                "#45122a",
            ),
            Self::Sand => of(
                "#ece2d2",
                "#faf6ee",
                "#c9b391",
                ["#fbf3e2", "#e6d3b0", "#b39a70"],
                "#9c4a2f",
                "#4b3a24",
            ),
            Self::Teal => of(
                "#cfe3df",
                "#eef7f5",
                "#9dbcb4",
                ["#6fc0b4", "#23837a", "#0f4f4c"],
                "#e9a13b",
                "#06302f",
            ),
        }
    }
}

/// Draws a picture, as an SVG document.
#[must_use]
pub fn draw(subject: Subject, colours: Colours) -> String {
    let palette = colours.palette();
    let thing = match subject {
        Subject::Abaya => wear::abaya(palette),
        Subject::Backgammon => leisure::backgammon(palette),
        Subject::Beads => leisure::beads(palette),
        Subject::Book => leisure::book(palette),
        Subject::Burner => scent::burner(palette),
        Subject::Calligraphy => leisure::calligraphy(palette),
        Subject::Coffee => table::coffee(palette),
        Subject::Cups => table::cups(palette),
        Subject::Cushion => textiles::cushion(palette),
        Subject::Dallah => table::dallah(palette),
        Subject::Dates => table::dates(palette),
        Subject::Gift => leisure::gift(palette),
        Subject::Lantern => scent::lantern(palette),
        Subject::Mug => table::mug(palette),
        Subject::OudChips => scent::oud_chips(palette),
        Subject::OudOil => scent::oud_oil(palette),
        Subject::Plate => table::plate(palette),
        Subject::RoseWater => scent::rose_water(palette),
        Subject::Rug => textiles::rug(palette),
        Subject::Saffron => table::saffron(palette),
        Subject::Sandals => wear::sandals(palette),
        Subject::Scarf => wear::scarf(palette),
        Subject::Soap => scent::soap(palette),
        Subject::Spices => table::spices(palette),
        Subject::Thobe => wear::thobe(palette),
    };
    scene::around(palette, &thing)
}
