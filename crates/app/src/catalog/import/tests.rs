//! What is read from files, good and bad, at the seam between the file and the store.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{Cursor, Read};

use proptest::prelude::*;
use souk_domain::Currency;
use souk_domain::catalog::{ImportedProduct, Inventory, ProductStatus};

use super::parse::{BATCH_VARIANTS, Batch, FileError, Parsed, parse};
use super::records::{Found, Records, fields};
use super::report::Notice;

fn currency() -> Currency {
    "SAR".parse().unwrap()
}

/// Everything that a file gives: batches, and what was noted.
fn read(file: impl AsRef<[u8]>) -> (Vec<Batch>, Parsed) {
    try_read(file).unwrap()
}

fn try_read(file: impl AsRef<[u8]>) -> Result<(Vec<Batch>, Parsed), FileError> {
    let mut batches = Vec::new();
    let parsed = parse(Cursor::new(file), currency(), |batch| {
        batches.push(batch);
        true
    })?;
    Ok((batches, parsed))
}

fn products(batches: Vec<Batch>) -> BTreeMap<String, ImportedProduct> {
    let all = batches.into_iter().flat_map(|batch| batch.products);
    all.map(|gathered| (gathered.product.handle.clone(), gathered.product))
        .collect()
}

fn codes(notices: &[Notice]) -> Vec<(u64, &'static str)> {
    notices
        .iter()
        .map(|notice| (notice.line, notice.code))
        .collect()
}

/// A file with the columns that tests of bad rows need.
fn small(rows: &str) -> String {
    format!(
        "Handle,Title,Option1 Name,Option1 Value,Variant SKU,Variant Inventory Tracker,Variant Inventory Qty,Variant Price,Image Src\n{rows}"
    )
}

/// The variants of each product as `value price`, and the errors.
fn outcome(rows: &str) -> (Vec<String>, Vec<(u64, &'static str)>) {
    let (batches, parsed) = read(small(rows));
    let told = products(batches).into_values().map(|product| {
        let variants: Vec<_> = product
            .variants
            .iter()
            .map(|variant| {
                format!(
                    "{} {}",
                    variant.options.join("/"),
                    variant.price.to_decimal()
                )
                .trim()
                .to_owned()
            })
            .collect();
        let mark = if product.complete { "" } else { "?" };
        format!("{}{mark}: {}", product.handle, variants.join(", "))
    });
    (told.collect(), codes(&parsed.log.errors.kept))
}

#[test]
fn the_columns_of_old_exports_are_read() {
    let (batches, parsed) = read(include_bytes!("fixtures/old.csv"));
    assert_eq!(
        (parsed.rows, parsed.log.errors.kept, parsed.log.refused_rows),
        (8, vec![], 0)
    );
    assert_eq!(codes(&parsed.log.warnings.kept), [(5, "negative_stock")]);
    let products = products(batches);
    let dallah = &products["dallah"];
    assert_eq!(
        dallah.description_html,
        "<p>For \"qahwa\",\n\nmade by hand.</p>"
    );
    assert_eq!(
        (dallah.tags.join("|"), dallah.category.as_deref()),
        ("coffee|copper|gift".into(), Some("Coffee"))
    );
    assert_eq!(
        (dallah.vendor.as_deref(), dallah.status),
        (Some("Al-Najjar"), ProductStatus::Published)
    );
    let pictures: Vec<_> = dallah
        .images
        .iter()
        .map(|image| (image.url.as_str(), image.alt.as_str()))
        .collect();
    assert_eq!(
        pictures,
        [
            ("https://cdn.example/dallah-1.jpg", "Dallah, from the side"),
            ("https://cdn.example/dallah-2.jpg", ""),
            ("https://cdn.example/dallah-3.jpg", ""),
            ("https://cdn.example/dallah-small.jpg", ""),
        ]
    );
    let small = &dallah.variants[0];
    assert_eq!(
        (
            small.sku.as_str(),
            small.price.amount,
            small.compare_at.map(|money| money.amount)
        ),
        ("D-S", 18_900, Some(22_900))
    );
    assert_eq!((small.inventory, small.quantity), (Inventory::Tracked, 4));
    assert_eq!(
        (dallah.variants[1].compare_at, dallah.variants[1].quantity),
        (None, 0)
    );
    assert_eq!(
        (
            products["voucher"].options.len(),
            products["voucher"].variants[0].inventory
        ),
        (0, Inventory::Untracked)
    );
    let lamp = &products["lamp"];
    assert_eq!(
        (lamp.options.len(), lamp.status, lamp.variants[0].inventory),
        (0, ProductStatus::Draft, Inventory::Backorder)
    );
    assert_eq!(products["abaya"].options, ["Colour", "Size", "Fabric"]);
    assert_eq!(
        products["abaya"].variants[2].options,
        ["Sand", "52", "Linen"]
    );
}

#[test]
fn the_columns_of_new_exports_are_read() {
    let (batches, parsed) = read(include_bytes!("fixtures/new.csv"));
    assert_eq!(
        (
            parsed.rows,
            codes(&parsed.log.errors.kept),
            parsed.log.warnings.kept
        ),
        (4, vec![], vec![])
    );
    let products = products(batches);
    let oud = &products["oud-wood"];
    assert_eq!(
        (oud.category.as_deref(), oud.options.as_slice()),
        (Some("Incense"), ["Weight".to_owned()].as_slice())
    );
    assert_eq!(
        oud.variants
            .iter()
            .map(|variant| variant.inventory)
            .collect::<Vec<_>>(),
        [Inventory::Tracked, Inventory::Backorder]
    );
    assert_eq!(
        (oud.images.len(), oud.images[0].alt.as_str()),
        (2, "Oud chips")
    );
    assert_eq!(products["old-stock"].status, ProductStatus::Draft);
    assert_eq!(
        products["prayer-beads"].variants[0].quantity, 3,
        "a handle is made of the title"
    );
}

#[test]
fn a_bad_row_is_named_and_the_good_ones_stay() {
    for (rows, told, errors) in [
        (
            "a,A,Size,S,,,,1,\na,,,M,,,,,\na,,,L,,,,3,\nb,B,,,,,,9,\n",
            vec!["a?: S 1.00, L 3.00", "b: 9.00"],
            vec![(3, "missing_price")],
        ),
        (
            "a,A,Size,S,,,,1,\na,,,M,,,,SAR 2,\n",
            vec!["a?: S 1.00"],
            vec![(3, "bad_price")],
        ),
        (
            "a,A,Size,S,,,,1,\na,,,M,,,,-2,\n",
            vec!["a?: S 1.00"],
            vec![(3, "bad_price")],
        ),
        (
            "a,A,Size,S,,,,1,\na,,,S,,,,2,\n",
            vec!["a?: S 1.00"],
            vec![(3, "duplicate_variant")],
        ),
        (
            "a,A,Size,S,,,,1,\na,,,,X-1,,,2,\n",
            vec!["a?: S 1.00"],
            vec![(3, "missing_option_value")],
        ),
        (
            "a,A,,S,,,,1,\nb,B,,,,,,2,\n",
            vec!["b: 2.00"],
            vec![(2, "missing_option_name"), (2, "no_variants")],
        ),
        (
            "a,A,Size,S,,shopify,many,1,\nb,B,,,,,,2,\n",
            vec!["b: 2.00"],
            vec![(2, "bad_quantity"), (2, "no_variants")],
        ),
        (
            "a,,Size,S,,,,1,\nb,B,,,,,,2,\n",
            vec!["b: 2.00"],
            vec![(2, "missing_title")],
        ),
        (
            ",,,,,,,1,\nb,B,,,,,,2,\n",
            vec!["b?: 2.00"],
            vec![(2, "missing_handle")],
        ),
        ("a b,A,,,,,,1,\n", vec![], vec![(2, "bad_handle")]),
        (
            "a,A,Size,S,,,,1,\na,,,M,,2,\nb,B,,,,,,2,\nc,C,,,,,,3,\n",
            vec!["a?: S 1.00", "b?: 2.00", "c: 3.00"],
            vec![(3, "wrong_field_count")],
        ),
        (
            "a,A,Size,S,,,,1,\n,,,,,,,,\n\na,,,M,,,,2,\n",
            vec!["a: S 1.00, M 2.00"],
            vec![],
        ),
    ] {
        let told: Vec<_> = told.into_iter().map(str::to_owned).collect();
        assert_eq!(outcome(rows), (told, errors), "{rows}");
    }
    let long = "x".repeat(256);
    assert_eq!(
        outcome(&format!(
            "a,A,Size,S,{long},,,1,\na,,,{long},,,,1,\na,,,M,,,,1,\n"
        ))
        .1,
        [(2, "too_long"), (3, "too_long")]
    );
    assert_eq!(
        outcome(&format!("a,{long},,,,,,1,\nb,B,,,,,,2,\n")),
        (vec!["b: 2.00".to_owned()], vec![(2, "invalid_product")])
    );
}

#[test]
fn bytes_that_are_no_text_are_named_by_line() {
    let mut file = small("a,A,Size,S,,,,1,\na,,,").into_bytes();
    file.extend_from_slice(b"Gr\xfcn,,,,2,\nb,B,,,,,,3,\nc,C,,,,,,4,\n");
    let (batches, parsed) = read(file);
    assert_eq!(codes(&parsed.log.errors.kept), [(3, "not_utf8")]);
    assert_eq!(
        products(batches).into_keys().collect::<Vec<_>>(),
        ["a", "b", "c"]
    );
}

#[test]
fn a_broken_quote_costs_its_own_rows_alone() {
    let good = |of: std::ops::Range<u32>| {
        of.fold(String::new(), |mut rows, n| {
            let _ = writeln!(rows, "g{n},Good 5\" {n},,,,,,1,");
            rows
        })
    };
    let (one, two) = (good(0..50), good(50..100));
    let rows = format!("a,\"A,Size,S,,,,1,\n{one}b,\"Broken\" more,,,,,,1,\n{two}c,C,,,,,,\"5\n");
    let (batches, parsed) = read(small(&rows));
    let errors = codes(&parsed.log.errors.kept);
    assert_eq!(
        errors,
        [
            (2, "misplaced_quote"),
            (53, "misplaced_quote"),
            (104, "unclosed_quote")
        ]
    );
    assert_eq!(
        parsed.log.errors.kept[2].detail,
        "the quote that opens on line 104 is not closed"
    );
    assert_eq!((parsed.rows, products(batches).len()), (103, 100));
    let many = good(0..3_000);
    let (batches, parsed) = read(small(&format!(
        "a,\"A,Size,S,,,,1,\n{}",
        many.replace('"', "")
    )));
    assert_eq!(
        codes(&parsed.log.errors.kept),
        [(2, "unclosed_quote")],
        "the whole file is inside the quote"
    );
    assert_eq!(products(batches).len(), 3_000);
}

#[test]
fn what_reaches_past_the_limits_is_left_out_and_reading_goes_on() {
    let endless = "y".repeat(3 << 20);
    let (batches, parsed) = read(small(&format!(
        "a,{endless},,,,,,1,\nb,\"{endless}\",,,,,,1,\nc,C,,,,,,1,\n"
    )));
    assert_eq!(
        codes(&parsed.log.errors.kept),
        [(2, "row_too_long"), (3, "unclosed_quote")]
    );
    assert_eq!(products(batches).into_keys().collect::<Vec<_>>(), ["c"]);
    let rows: String = (0..260).fold(String::from("a,A,Size,S,,,,1,\n"), |mut rows, n| {
        let _ = writeln!(rows, "a,,,S{n},,,,1,");
        rows
    });
    let (batches, parsed) = read(small(&rows));
    assert_eq!(products(batches)["a"].variants.len(), 250);
    assert_eq!(
        (parsed.log.errors.count, parsed.log.errors.kept[0].code),
        (11, "too_many_variants")
    );
    let many: String = (0..1_500).map(|_| "a b,A,,,,,,1,\n").collect();
    let (_, parsed) = read(small(&many));
    assert_eq!(
        (parsed.log.errors.kept.len(), parsed.log.errors.count),
        (1_000, 1_500)
    );
}

#[test]
fn a_file_of_nothing_but_broken_quotes_is_given_up() {
    // Every line leaves a quote open, and every quote stays open to the end of what may be read.
    let rows =
        format!("a,\"{}\n", "z".repeat(300)).repeat(3) + &format!("b,\"{}", "z\n".repeat(2 << 20));
    let (_, parsed) = read(small(&rows));
    assert!(parsed.log.errors.count > 3);
    let rows = format!("a\",\"{}\n", "z".repeat(1 << 11)).repeat(5_000);
    let (_, parsed) = read(small(&rows));
    assert_eq!(
        parsed.log.errors.kept.last().map(|notice| notice.code),
        Some("not_csv")
    );
}

#[test]
fn files_that_cannot_be_read_say_why() {
    assert!(matches!(try_read(""), Err(FileError::Empty)));
    assert!(matches!(try_read("\u{feff}\r\n"), Err(FileError::Empty)));
    assert!(matches!(
        try_read([0xff, 0xfe, b'H', 0]),
        Err(FileError::Encoding)
    ));
    let missing = try_read("Title,Vendor\nA,B\n").unwrap_err();
    assert!(
        missing
            .to_string()
            .ends_with("are missing: Handle, Variant Price"),
        "{missing}"
    );
    assert_eq!(read(small("")).1.rows, 0);
}

#[test]
fn semicolons_and_tabs_are_understood_with_their_decimal_commas() {
    let (batches, parsed) = read("Handle;Title;Variant Price\na;\"A; or b\";1234,50\nb;B;7.25\n");
    assert_eq!(parsed.log.errors.kept, []);
    let products_read = products(batches);
    assert_eq!(
        (
            products_read["a"].title.as_str(),
            products_read["a"].variants[0].price.amount
        ),
        ("A; or b", 123_450)
    );
    assert_eq!(products_read["b"].variants[0].price.amount, 725);
    assert_eq!(
        products(read("Handle\tTitle\tPrice\na\tA\t1.5\n").0)["a"].variants[0]
            .price
            .amount,
        150
    );
    assert_eq!(
        outcome("a,A,,,,,,\"1,5\",\n").1,
        [(2, "bad_price"), (2, "no_variants")]
    );
}

#[test]
fn rows_that_come_back_join_their_product_or_are_refused() {
    assert_eq!(
        outcome("a,A,Size,S,,,,1,\nb,B,,,,,,2,\na,,,M,,,,3,\n").0,
        ["a: S 1.00, M 3.00", "b: 2.00"]
    );
    let mut rows = String::from("a,A,Size,S,,,,1,\n");
    for n in 0..BATCH_VARIANTS {
        let _ = writeln!(rows, "g{n},G,,,,,,1,");
    }
    rows.push_str("a,,,M,,,,3,\nlast,Last,Size,S,,,,1,\n");
    let (batches, parsed) = read(small(&rows));
    assert_eq!(codes(&parsed.log.errors.kept), [(203, "product_split")]);
    let products = products(batches);
    assert_eq!(
        (products["a"].variants.len(), products["a"].complete),
        (1, true)
    );
    assert!(
        !products["last"].complete,
        "what else comes back is not known, so nothing goes any more"
    );
}

/// An export of so many rows, made while it is read.
struct Export {
    rows: u64,
    written: u64,
    rest: Cursor<Vec<u8>>,
}

impl Export {
    fn new(rows: u64) -> Self {
        Self {
            rows,
            written: 0,
            rest: Cursor::new(small("").into_bytes()),
        }
    }
}

impl Read for Export {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        if self.rest.position() == self.rest.get_ref().len() as u64 && self.written < self.rows {
            let (product, variant) = (self.written / 20, self.written % 20);
            let title = if variant == 0 {
                format!("\"Product\n{product}\",Size")
            } else {
                ",".into()
            };
            let row = format!(
                "p-{product},{title},V{variant},,shopify,3,12.50,https://cdn.example/{product}.jpg\n"
            );
            self.rest = Cursor::new(row.into_bytes());
            self.written += 1;
        }
        self.rest.read(buffer)
    }
}

#[test]
fn long_exports_come_in_whole_in_small_batches() {
    let (mut variants, mut largest) = (0, 0);
    let parsed = parse(Export::new(100_000), currency(), |batch| {
        let count = batch
            .products
            .iter()
            .map(|gathered| gathered.product.variants.len())
            .sum::<usize>();
        variants += count;
        largest = largest.max(count);
        true
    })
    .unwrap();
    assert_eq!(
        (parsed.rows, variants, parsed.log.errors.count),
        (100_000, 100_000, 0)
    );
    assert!(largest <= BATCH_VARIANTS);
}

#[test]
fn reading_stops_when_nobody_takes_more() {
    let mut batches = 0;
    let parsed = parse(Export::new(10_000), currency(), |_| {
        batches += 1;
        false
    })
    .unwrap();
    assert!(
        batches <= 2 && parsed.rows < 1_000,
        "{batches} batches, {} rows",
        parsed.rows
    );
}

/// Text that looks enough like a file to reach every corner.
fn nearly_a_file() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        4 => prop::sample::select(vec!["a", "b", "Title", "S", "M", "1.00", "-1", "shopify", "https://x.example/1", "é", "ق"])
            .prop_map(|text| text.as_bytes().to_vec()),
        6 => Just(b",".to_vec()),
        2 => Just(b"\n".to_vec()),
        1 => Just(b"\r\n".to_vec()),
        1 => Just(b"\r".to_vec()),
        2 => Just(b"\"".to_vec()),
        1 => prop::collection::vec(any::<u8>(), 0..4),
        3 => Just(b"\na,A,Size,S,,,,1,\n".to_vec()),
    ];
    prop::collection::vec(piece, 0..120).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn every_row_is_imported_or_refused(body in nearly_a_file()) {
        let mut file = small("").into_bytes();
        file.extend_from_slice(&body);
        let (batches, parsed) = read(file);
        let imported: u64 = batches.iter().flat_map(|batch| &batch.products).map(|gathered| gathered.rows).sum();
        prop_assert_eq!(parsed.rows, imported + parsed.log.refused_rows);
        for gathered in batches.iter().flat_map(|batch| &batch.products) {
            prop_assert!(gathered.rows >= gathered.product.variants.len() as u64);
        }
    }

    #[test]
    fn no_bytes_make_it_fail(file in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = try_read(file);
    }

    /// What another writer of CSV writes is read as it was meant.
    #[test]
    fn tables_are_read_as_they_were_written(
        table in prop::collection::vec(prop::collection::vec("[a\",;\r\n ق]{0,8}", 3), 1..8),
        always in any::<bool>(),
    ) {
        let style = if always { csv::QuoteStyle::Always } else { csv::QuoteStyle::Necessary };
        let mut writer = csv::WriterBuilder::new().quote_style(style).from_writer(Vec::new());
        for record in &table {
            writer.write_record(record).unwrap();
        }
        let file = writer.into_inner().unwrap();
        let mut records = Records::new(Cursor::new(file));
        let mut read = Vec::new();
        while let Some(found) = records.next().unwrap() {
            let Found::Record { bytes, .. } = found else { panic!("a broken record") };
            let text = std::str::from_utf8(bytes).unwrap();
            read.push(fields(text, ',').into_iter().map(std::borrow::Cow::into_owned).collect::<Vec<_>>());
        }
        prop_assert_eq!(read, table);
    }
}
