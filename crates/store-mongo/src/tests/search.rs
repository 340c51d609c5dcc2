//! The same question gets the same answer of both engines, page by page: on products made up here, in Arabic and English,
//! and on real exports where they lie beside the repository.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use souk_app::ports::contract::fixtures::{at, currency, id, product, variant};
use souk_app::ports::store::{CatalogStore, ProductFilter, ProductRef};
use souk_domain::catalog::search::{question, search_text};
use souk_domain::catalog::{
    ImportOptions, ImportedProduct, ImportedVariant, Inventory, Product, ProductStatus, Translation,
};
use souk_domain::{Locale, Money, ProductId};
use souk_store_sqlite::{SqliteOptions, SqliteStore};

use super::{OnServer, start};

/// Numbers that look random and are the same each time.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).expect("31 bits") % sides
    }

    fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.roll(from.len())]
    }
}

/// Both engines, with the same in them.
struct Both {
    mongo: OnServer,
    sqlite: SqliteStore,
    _folder: tempfile::TempDir,
}

impl Both {
    async fn start() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let sqlite = SqliteStore::open(&folder.path().join("souk.db"), SqliteOptions::default());
        Self {
            mongo: start().await,
            sqlite: sqlite.expect("opens"),
            _folder: folder,
        }
    }

    async fn create(&self, product: &Product, units: i64) {
        let stock: Vec<_> = product
            .variants
            .iter()
            .map(|variant| (variant.id, units))
            .collect();
        let one = self
            .mongo
            .now()
            .create_product(product, &stock, "start")
            .await;
        let other = self.sqlite.create_product(product, &stock, "start").await;
        assert_eq!(one.expect("kept"), other.expect("kept"));
    }

    async fn import(
        &self,
        products: Vec<(ProductId, ImportedProduct)>,
        options: ImportOptions,
        second: i64,
    ) {
        let one = self
            .mongo
            .now()
            .import_products(products.clone(), options, at(second))
            .await;
        let other = self
            .sqlite
            .import_products(products, options, at(second))
            .await;
        assert_eq!(one.expect("imported"), other.expect("imported"));
    }

    /// Walks all pages of a list (at most `most` of them) in both; how many products there were.
    async fn same_pages(&self, filter: &ProductFilter, limit: u32, most: usize) -> usize {
        let (mut cursor, mut seen) = (None, 0);
        for _ in 0..most {
            let one = self
                .mongo
                .now()
                .products(filter, cursor.as_deref(), limit)
                .await;
            let other = self.sqlite.products(filter, cursor.as_deref(), limit).await;
            let (one, other) = (one.expect("listed"), other.expect("listed"));
            assert_eq!(one, other, "{filter:?} by {limit} after {cursor:?}");
            seen += one.items.len();
            cursor = one.next;
            if cursor.is_none() {
                break;
            }
        }
        seen
    }

    /// Everything that was ever kept, in both.
    async fn all(&self) -> Vec<Product> {
        let (mut cursor, mut all) = (None, Vec::new());
        loop {
            let any = ProductFilter::default();
            let page = self
                .sqlite
                .products(&any, cursor.as_deref(), 200)
                .await
                .expect("listed");
            all.extend(page.items.into_iter().map(|item| item.product));
            cursor = page.next;
            if cursor.is_none() {
                return all;
            }
        }
    }
}

const TITLES: &[(&str, &str)] = &[
    ("Arabic Coffee, roasted", "قهوة عربيّة مُحمَّصة"),
    ("Green Tea 250 g", "شاي أخضر ٢٥٠ غرام"),
    ("Café Noir", "مقهى أسود"),
    ("Men's Running Shoes", "حذاء جري رجالي"),
    ("Women’s T-Shirt L/XL", "قميص نسائي"),
    ("Oud Perfume — 50ml", "عطر عُود فاخر"),
    ("Prayer Rug", "سجّادة صلاة"),
    ("Dates of Madinah (Ajwa)", "تمر عجوة المدينة"),
    ("Łódź lamp & Søn", "مصباح طاولة"),
    ("ΛΌΓΟΣ notebook", "دفتر ملاحظات"),
    ("Ｗide headphones №5", "سمّاعات رأس"),
    ("Coffee-mug «قهوة»", "كوب قهوة"),
    ("Tea towel, tea green", "منشفة شاي"),
    ("Straße map ½ price", "خريطة الطريق"),
    ("हिन्दी चाय", "شاي هندي"),
];

const TAGS: &[&str] = &[
    "gift", "هدية", "new", "sale 50%", "men's", "coffee", "قهوة", "tea",
];

const CATEGORIES: &[&str] = &["Drinks", "مشروبات", "Clothes", "Home", "coffee"];

fn made_up(dice: &mut Dice, n: usize) -> Product {
    let (english, arabic) = *dice.pick(TITLES);
    let (other, _) = *dice.pick(TITLES);
    let mut one = product(&format!("p-{n}-قهوة"), english);
    if dice.roll(3) == 0 {
        one.title = format!("{english} {other} {}", dice.roll(30));
    }
    let terms = [
        ("Drinks".to_owned(), "مشروبات".to_owned()),
        ("Red".to_owned(), "أحمر".to_owned()),
    ];
    if dice.roll(4) > 0 {
        let texts = Translation {
            title: (dice.roll(5) > 0).then(|| arabic.to_owned()),
            description_html: Some("<p>وصف</p>".to_owned()),
            terms: terms.into_iter().filter(|_| dice.roll(2) == 0).collect(),
        };
        one.translations.insert(Locale::Ar, texts);
    }
    one.category = (dice.roll(4) > 0).then(|| (*dice.pick(CATEGORIES)).to_owned());
    one.tags = (0..dice.roll(4))
        .map(|_| (*dice.pick(TAGS)).to_owned())
        .collect();
    one.vendor = (dice.roll(2) == 0).then(|| dice.pick(TITLES).0.to_owned());
    if dice.roll(4) == 0 {
        one.status = ProductStatus::Draft;
    }
    if dice.roll(3) == 0 {
        one.options = vec![souk_domain::catalog::ProductOption {
            name: "Colour".into(),
            values: vec![],
        }];
        one.variants = ["Red", "أزرق", "Grün"]
            .map(|colour| variant(colour, 1_000, Inventory::Tracked))
            .into();
        one.collect_option_values();
    }
    for variant in &mut one.variants {
        variant.sku = format!("SKU-{}-{}", dice.roll(50), dice.roll(9));
    }
    one
}

/// Questions of words of the catalogue: whole or their beginnings, of one product or of several, rare and common ones.
fn questions(dice: &mut Dice, products: &[Product], many: usize) -> Vec<Vec<String>> {
    let words = |product: &Product| -> Vec<String> {
        let text = search_text(product);
        let all = text.title.split(' ').chain(text.rest.split(' '));
        all.filter(|word| !word.is_empty())
            .map(str::to_owned)
            .collect()
    };
    let catalogue: Vec<Vec<String>> = products
        .iter()
        .map(words)
        .filter(|words| !words.is_empty())
        .collect();
    let mut questions: Vec<Vec<String>> = [
        "",
        "ق",
        "قهوه",
        "a",
        "c",
        "co",
        "tea",
        "tea green",
        "coffee قهوة",
        "λόγος",
        "ΛΟΓΟΣ",
        "ss",
        "strasse",
        "½",
        "1",
        "5",
        "50%",
        "p 1",
        "t shirt",
        "mens",
        "men's",
        "चाय",
        "xl l",
        "zzz",
        "tea zzz",
        "tea tea te",
    ]
    .map(question)
    .into();
    for _ in 0..many {
        let one = dice.pick(&catalogue);
        let other = dice.pick(&catalogue);
        let asked = (0..=dice.roll(3)).map(|_| {
            let from = if dice.roll(4) == 0 { other } else { one };
            let word = dice.pick(from);
            let letters = word.chars().count();
            let kept = if dice.roll(2) == 0 {
                letters
            } else {
                1 + dice.roll(letters)
            };
            word.chars().take(kept).collect::<String>()
        });
        let asked: Vec<_> = asked.collect();
        questions.push(question(&asked.join(" ")));
    }
    questions
}

async fn compare(both: &Both, seed: u64, many: usize) {
    let mut dice = Dice(seed);
    let products = both.all().await;
    let mut categories: BTreeSet<String> = products
        .iter()
        .filter_map(|one| one.category.clone())
        .collect();
    categories.insert("nothing".into());
    let categories: Vec<_> = categories.into_iter().collect();
    let mut tags: BTreeSet<String> = products.iter().flat_map(|one| one.tags.clone()).collect();
    tags.insert("nothing".into());
    let tags: Vec<_> = tags.into_iter().collect();
    let (mut answers, mut titles_first) = (0, 0);
    for words in questions(&mut dice, &products, many) {
        let filter = ProductFilter {
            words,
            category: (dice.roll(5) == 0).then(|| dice.pick(&categories).clone()),
            tag: (dice.roll(6) == 0).then(|| dice.pick(&tags).clone()),
            status: match dice.roll(4) {
                0 => Some(ProductStatus::Draft),
                1 => Some(ProductStatus::Published),
                _ => None,
            },
        };
        let limit = *dice.pick(&[1, 2, 3, 7, 20, 50, 200]);
        let seen = both.same_pages(&filter, limit, 12).await;
        answers += usize::from(seen > 0);
        titles_first += usize::from(seen > 3 && !filter.words.is_empty());
    }
    assert!(
        answers > many / 3 && titles_first > many / 20,
        "{answers} {titles_first} of {many}"
    );
    // The filters alone, and everything.
    for category in categories {
        let filter = ProductFilter {
            category: Some(category),
            ..ProductFilter::default()
        };
        both.same_pages(&filter, 20, 5).await;
    }
    both.same_pages(&ProductFilter::default(), 33, usize::MAX)
        .await;
    let (one, other) = (
        both.mongo.now().categories().await,
        both.sqlite.categories().await,
    );
    assert_eq!(one.expect("counted"), other.expect("counted"));
    for product in products.iter().step_by(7) {
        for which in [
            ProductRef::Id(product.id),
            ProductRef::Handle(product.handle.clone()),
        ] {
            let one = both.mongo.now().product(&which).await.expect("read");
            assert_eq!(one, both.sqlite.product(&which).await.expect("read"));
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn made_up_products_are_found_alike() {
    let both = Both::start().await;
    let mut dice = Dice(1);
    let mut made = Vec::new();
    for n in 0..150 {
        let one = made_up(&mut dice, n);
        both.create(&one, i64::try_from(n % 5).expect("small"))
            .await;
        made.push(one);
    }
    // Some change, some go: nothing of them may be found by what they were.
    for (n, before) in made.iter().enumerate().filter(|(n, _)| n % 3 == 0) {
        if n % 2 == 0 {
            let one = both
                .mongo
                .now()
                .delete_product(before.id)
                .await
                .expect("gone");
            assert_eq!(
                one,
                both.sqlite.delete_product(before.id).await.expect("gone")
            );
            continue;
        }
        let mut after = made_up(&mut dice, n);
        (after.id, after.updated_at) = (before.id, at(1));
        let stock: Vec<_> = after
            .variants
            .iter()
            .map(|variant| (variant.id, 2))
            .collect();
        let one = both
            .mongo
            .now()
            .update_product(&after, &stock, "new", at(0))
            .await;
        let other = both
            .sqlite
            .update_product(&after, &stock, "new", at(0))
            .await;
        assert_eq!(one.expect("kept"), other.expect("kept"));
    }
    compare(&both, 2, 400).await;
}

/// Products of an export, read no better than a comparison needs: a row is a variant or a further picture.
fn read_export(path: &Path) -> Vec<(ProductId, ImportedProduct)> {
    let mut reader = csv::Reader::from_path(path).expect("opens");
    let columns: BTreeMap<String, usize> = reader
        .headers()
        .expect("a header")
        .iter()
        .enumerate()
        .map(|(place, name)| (name.to_owned(), place))
        .collect();
    let mut products: Vec<ImportedProduct> = Vec::new();
    for row in reader.records() {
        let row = row.expect("a row");
        let cell = |name: &str| {
            columns
                .get(name)
                .and_then(|place| row.get(*place))
                .unwrap_or_default()
                .trim()
        };
        let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        let handle = cell("Handle").to_lowercase();
        if products.last().is_none_or(|last| last.handle != handle) {
            let options = (1..=3).map(|n| cell(&format!("Option{n} Name")));
            products.push(ImportedProduct {
                handle: handle.clone(),
                title: cell("Title").to_owned(),
                description_html: cell("Body (HTML)").to_owned(),
                status: if cell("Published") == "false" {
                    ProductStatus::Draft
                } else {
                    ProductStatus::Published
                },
                options: options
                    .filter(|name| !name.is_empty() && *name != "Title")
                    .map(str::to_owned)
                    .collect(),
                variants: vec![],
                images: vec![],
                tags: cell("Tags")
                    .split(',')
                    .map(str::trim)
                    .filter(|tag| !tag.is_empty())
                    .map(str::to_owned)
                    .collect(),
                category: some(cell("Type")),
                vendor: some(cell("Vendor")),
                complete: true,
            });
        }
        let product = products.last_mut().expect("begun");
        let options: Vec<_> = (1..=product.options.len())
            .map(|n| cell(&format!("Option{n} Value")).to_owned())
            .collect();
        if cell("Variant Price").is_empty()
            || product
                .variants
                .iter()
                .any(|known| known.options == options)
        {
            continue;
        }
        let digits = cell("Variant Price").replace('.', "");
        product.variants.push(ImportedVariant {
            sku: cell("Variant SKU").to_owned(),
            options,
            price: Money::new(digits.parse().expect("a price"), currency()),
            compare_at: None,
            inventory: if cell("Variant Inventory Tracker").is_empty() {
                Inventory::Untracked
            } else {
                Inventory::Tracked
            },
            quantity: cell("Variant Inventory Qty").parse().unwrap_or(0),
        });
    }
    products
        .into_iter()
        .map(|product| (ProductId(id()), product))
        .collect()
}

/// The exports that may lie beside the repository.
fn exports() -> Vec<PathBuf> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data");
    let files = std::fs::read_dir(folder)
        .into_iter()
        .flatten()
        .map(|file| file.expect("listed").path());
    let is_export = |path: &PathBuf| {
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        name.starts_with("shopify-") && path.extension().is_some_and(|kind| kind == "csv")
    };
    let mut files: Vec<_> = files.filter(is_export).collect();
    files.sort();
    files
}

/// A product as a file would describe it.
fn as_imported(one: Product) -> ImportedProduct {
    ImportedProduct {
        handle: one.handle,
        title: one.title,
        description_html: one.description_html,
        status: one.status,
        options: one.options.into_iter().map(|option| option.name).collect(),
        variants: one
            .variants
            .into_iter()
            .map(|variant| ImportedVariant {
                sku: variant.sku,
                options: variant.options,
                price: variant.price,
                compare_at: None,
                inventory: variant.inventory,
                quantity: 4,
            })
            .collect(),
        images: vec![],
        tags: one.tags,
        category: one.category,
        vendor: one.vendor,
        complete: true,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn imported_products_are_found_alike() {
    let both = Both::start().await;
    let mut catalogues: Vec<_> = exports().iter().map(|path| read_export(path)).collect();
    // Without exports the same is done on what was made up.
    let mut dice = Dice(3);
    let made_up = (1_000..1_100).map(|n| (ProductId(id()), as_imported(made_up(&mut dice, n))));
    catalogues.push(made_up.collect());
    let plain = ImportOptions::default();
    for (second, catalogue) in (1..).zip(&catalogues) {
        for some in catalogue.chunks(20) {
            both.import(some.to_vec(), plain, second).await;
        }
    }
    // Again, a little different: the one engine must see the same changes as the other.
    let set = ImportOptions {
        set_stock: true,
        dry_run: false,
    };
    for catalogue in &mut catalogues {
        for (_, one) in catalogue.iter_mut() {
            if dice.roll(3) == 0 {
                one.title = format!("{} renewed", one.title);
            }
            if one.variants.len() > 1 && dice.roll(3) == 0 {
                one.variants.pop();
            }
            one.complete = dice.roll(4) > 0;
            for variant in &mut one.variants {
                variant.quantity += i64::try_from(dice.roll(3)).expect("small") - 1;
            }
        }
        for some in catalogue.chunks(15) {
            let dry = ImportOptions {
                dry_run: true,
                ..set
            };
            both.import(some.to_vec(), dry, 50).await;
            both.import(some.to_vec(), set, 50).await;
        }
    }
    compare(&both, 4, 400).await;
}
