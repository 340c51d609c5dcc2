//! The catalogue.

use std::collections::BTreeSet;

use souk_domain::catalog::search::question;
use souk_domain::catalog::{
    ImportOptions, ImportedProduct, ImportedVariant, Inventory, Product, ProductStatus, Translation,
};
use souk_domain::{Locale, Money, ProductId};

use super::Engine;
use super::fixtures::{
    assert_sound, at, buy, colours, commit, currency, customer, id, left, placed, product, put,
    shop_with, variant,
};
use crate::ports::Store;
use crate::ports::store::{ImportResult, ListError, ProductFilter, ProductRef, Written};

/// By id and by handle, whole; a handle is one product's.
pub async fn products_are_kept_and_found_by_name(engine: &mut dyn Engine) {
    let store = engine.store();
    let mut mug = colours("mug", &["Red", "Blue"]);
    mug.translations.insert(
        Locale::Ar,
        Translation {
            title: Some("كوب".into()),
            ..Translation::default()
        },
    );
    mug.tags = vec!["gift".into(), "gift".into()];
    let stock = [(mug.variants[0].id, 5), (mug.variants[1].id, 0)];
    assert_eq!(
        store
            .create_product(&mug, &stock, "first delivery")
            .await
            .expect("kept"),
        Written::Done
    );
    let by_id = store
        .product(&ProductRef::Id(mug.id))
        .await
        .expect("read")
        .expect("there");
    let by_handle = store
        .product(&ProductRef::Handle("mug".into()))
        .await
        .expect("read")
        .expect("there");
    assert_eq!((&by_id, &by_id.product), (&by_handle, &mug));
    assert_eq!(by_id.stock[&mug.variants[0].id].received, 5);
    assert_eq!(
        left(&*store, ProductRef::Id(mug.id), mug.variants[1].id).await,
        0
    );
    let other = product("mug", "Another mug");
    assert_eq!(
        store
            .create_product(&other, &[], "")
            .await
            .expect("answered"),
        Written::HandleTaken
    );
    assert_eq!(
        store
            .product(&ProductRef::Id(other.id))
            .await
            .expect("read"),
        None
    );
    assert!(store.delete_product(mug.id).await.expect("gone"));
    assert!(!store.delete_product(mug.id).await.expect("answered"));
    assert_eq!(
        store
            .product(&ProductRef::Handle("mug".into()))
            .await
            .expect("read"),
        None
    );
    assert_eq!(
        store.create_product(&other, &[], "").await.expect("kept"),
        Written::Done
    );
    assert_sound(&*store).await;
}

/// Of two who read the same product, one writes.
pub async fn what_changed_meanwhile_is_not_overwritten(engine: &mut dyn Engine) {
    let store = engine.store();
    let mug = product("mug", "Mug");
    put(&*store, &mug, 1).await;
    put(&*store, &product("jug", "Jug"), 1).await;
    let mut tasks = tokio::task::JoinSet::new();
    for n in 1..=10 {
        let (store, mut next) = (engine.store(), mug.clone());
        (next.title, next.updated_at) = (format!("Mug {n}"), at(n));
        tasks.spawn(async move {
            store
                .update_product(&next, &[], "", at(0))
                .await
                .expect("answered")
        });
    }
    let written = tasks.join_all().await;
    assert_eq!(
        written
            .iter()
            .filter(|written| **written == Written::Done)
            .count(),
        1
    );
    assert_eq!(
        written
            .iter()
            .filter(|written| **written == Written::Stale)
            .count(),
        9
    );
    let kept = store
        .product(&ProductRef::Id(mug.id))
        .await
        .expect("read")
        .expect("there")
        .product;
    let mut taken = kept.clone();
    taken.handle = "jug".into();
    assert_eq!(
        store
            .update_product(&taken, &[], "", kept.updated_at)
            .await
            .expect("answered"),
        Written::HandleTaken
    );
    let unknown = product("new", "New");
    assert_eq!(
        store
            .update_product(&unknown, &[], "", at(0))
            .await
            .expect("answered"),
        Written::Stale
    );
    assert_eq!(found(&*store, "Mug").await, [kept.id]);
    assert_sound(&*store).await;
}

/// A variant, or a product, that goes takes nothing of what was counted; its orders can still be taken back.
pub async fn variants_that_go_leave_their_counts(engine: &mut dyn Engine) {
    let store = engine.store();
    shop_with(&*store, 1).await;
    let pens = colours("pens", &["Red", "Blue"]);
    put(&*store, &pens, 5).await;
    let (red, blue) = (pens.variants[0].id, pens.variants[1].id);
    let order = placed(&*store, &customer("Sara"), "k", red, 2).await;
    let mut fewer = pens.clone();
    fewer.variants.remove(0);
    fewer
        .variants
        .push(variant("Green", 1_000, Inventory::Tracked));
    let green = fewer.variants[1].id;
    assert_eq!(
        store
            .update_product(&fewer, &[(green, 7)], "new colour", at(0))
            .await
            .expect("kept"),
        Written::Done
    );
    assert!(
        commit(&*store, buy(&customer("Omar"), "k", &[(red, 1)]))
            .await
            .is_err()
    );
    assert_eq!(left(&*store, ProductRef::Id(pens.id), blue).await, 5);
    assert_eq!(left(&*store, ProductRef::Id(pens.id), green).await, 7);
    let back = super::fixtures::step(order.id, souk_domain::order::OrderStatus::Cancelled, None);
    commit(&*store, back)
        .await
        .expect("stock goes back to a variant that is gone");
    store.delete_product(pens.id).await.expect("gone");
    assert!(
        commit(&*store, buy(&customer("Omar"), "l", &[(blue, 1)]))
            .await
            .is_err()
    );
    assert_sound(&*store).await;
}

async fn found(store: &dyn Store, words: &str) -> Vec<ProductId> {
    pages(
        store,
        &ProductFilter {
            words: question(words),
            ..ProductFilter::default()
        },
    )
    .await
}

/// All products of a filter, read in small pages.
async fn pages(store: &dyn Store, filter: &ProductFilter) -> Vec<ProductId> {
    let mut ids = Vec::new();
    let mut cursor = None;
    loop {
        let page = store
            .products(filter, cursor.as_deref(), 3)
            .await
            .expect("listed");
        assert!(page.items.len() <= 3);
        ids.extend(page.items.iter().map(|item| item.product.id));
        cursor = page.next;
        if cursor.is_none() {
            return ids;
        }
    }
}

/// Arabic and Latin words by their beginnings, however they are written.
pub async fn words_are_found_in_every_form(engine: &mut dyn Engine) {
    let store = engine.store();
    let mut coffee = product("coffee", "Arabic Coffee");
    coffee.translations.insert(
        Locale::Ar,
        Translation {
            title: Some("قهوة عربيّة مُحمَّصة ٢٥٠".into()),
            ..Translation::default()
        },
    );
    coffee.variants[0].sku = "CF-250".into();
    let mut mug = product("mug", "Café Mug");
    (mug.category, mug.vendor) = (Some("أكواب".into()), Some("Łódź & Søn".into()));
    mug.tags = vec!["men's".into()];
    put(&*store, &coffee, 1).await;
    put(&*store, &mug, 1).await;
    for words in [
        "قهوه",
        "قهوة",
        "قهـــوة",
        "عربي",
        "مُحَمَّصَة",
        "محمصه 250",
        "٢٥٠",
        "coffee ARABIC",
        "cof",
        "cf 250",
        "قَهْ",
    ] {
        assert_eq!(found(&*store, words).await, [coffee.id], "{words}");
    }
    for words in ["cafe", "CAFÉ mug", "اكواب", "أَكواب", "mens", "łódź", "søn"] {
        assert_eq!(found(&*store, words).await, [mug.id], "{words}");
    }
    for words in ["offee", "coffee mug", "قهوة شاي"] {
        assert_eq!(found(&*store, words).await, [], "{words}");
    }
    let mut tea = coffee.clone();
    (tea.title, tea.translations, tea.updated_at) =
        ("Tea".into(), std::collections::BTreeMap::new(), at(1));
    assert_eq!(
        store
            .update_product(&tea, &[], "", at(0))
            .await
            .expect("kept"),
        Written::Done
    );
    assert_eq!(
        found(&*store, "قهوة").await,
        [],
        "words that went are not found"
    );
    assert_eq!(found(&*store, "tea").await, [coffee.id]);
    store.delete_product(coffee.id).await.expect("gone");
    assert_eq!(found(&*store, "tea").await, []);
    assert_sound(&*store).await;
}

/// All words in the title first, then the newest; every page goes on where the one before ended.
pub async fn titles_come_first_and_pages_do_not_repeat(engine: &mut dyn Engine) {
    let store = engine.store();
    let (mut titled, mut others) = (Vec::new(), Vec::new());
    for n in 0..8 {
        let mut in_title = product(&format!("title-{n}"), &format!("Green tea {n}"));
        in_title.tags = vec!["leaf".into()];
        let mut half = product(&format!("tag-{n}"), &format!("Green box {n}"));
        half.tags = vec!["tea".into()];
        put(&*store, &in_title, 1).await;
        put(&*store, &half, 1).await;
        titled.push(in_title.id);
        others.push(half.id);
    }
    titled.reverse();
    others.reverse();
    let filter = ProductFilter {
        words: question("green tea"),
        ..ProductFilter::default()
    };
    let expected: Vec<_> = titled.iter().chain(&others).copied().collect();
    assert_eq!(pages(&*store, &filter).await, expected);
    let first = store.products(&filter, None, 10).await.expect("listed");
    let mut newer = product("newer", "Green tea, newer");
    newer.tags = vec!["tea".into()];
    put(&*store, &newer, 1).await;
    let second = store
        .products(&filter, first.next.as_deref(), 10)
        .await
        .expect("listed");
    let seen: Vec<_> = first
        .items
        .iter()
        .chain(&second.items)
        .map(|item| item.product.id)
        .collect();
    assert_eq!(
        (seen, second.next),
        (expected, None),
        "what comes meanwhile moves nothing"
    );
    let plain = store
        .products(&ProductFilter::default(), first.next.as_deref(), 10)
        .await;
    assert!(
        matches!(plain, Err(ListError::Cursor)),
        "a cursor of a list by words"
    );
    assert!(matches!(
        store.products(&filter, Some("s1"), 10).await,
        Err(ListError::Cursor)
    ));
}

/// Signs that mean something to an index mean nothing here.
pub async fn words_are_never_syntax(engine: &mut dyn Engine) {
    let store = engine.store();
    let mug = product("mug", "Mug title");
    put(&*store, &mug, 1).await;
    for word in [
        "\"",
        "mug\" OR \"x",
        "title:mug",
        "{title}",
        "NEAR(mug)",
        "*",
        "-mug",
        "mug)",
        "(",
        "^mug",
        "$where",
        "\0",
        "'",
        "%",
        "_",
    ] {
        let filter = ProductFilter {
            words: vec![word.to_owned(), "zzz".to_owned()],
            ..ProductFilter::default()
        };
        assert_eq!(pages(&*store, &filter).await, [], "{word:?}");
    }
    for word in ["or", "and", "not", "near", "title"] {
        let expected: &[ProductId] = if word == "title" { &[mug.id] } else { &[] };
        assert_eq!(found(&*store, word).await, expected, "{word:?}");
    }
}

/// Category, tag and status, alone and together with words.
pub async fn lists_are_filtered_and_newest_first(engine: &mut dyn Engine) {
    let store = engine.store();
    let mut made = Vec::new();
    for n in 0..12 {
        let mut one = product(&format!("p{n}"), &format!("Thing {n}"));
        one.category = Some(if n % 2 == 0 { "Even" } else { "Odd" }.into());
        one.tags = if n % 3 == 0 {
            vec!["third".into(), "x".into()]
        } else {
            vec![]
        };
        one.status = if n % 4 == 0 {
            ProductStatus::Draft
        } else {
            ProductStatus::Published
        };
        put(&*store, &one, 1).await;
        made.push(one);
    }
    made.reverse();
    let expect = |fits: &dyn Fn(&Product) -> bool| {
        made.iter()
            .filter(|one| fits(one))
            .map(|one| one.id)
            .collect::<Vec<_>>()
    };
    let any = ProductFilter::default();
    assert_eq!(pages(&*store, &any).await, expect(&|_| true));
    let published = ProductFilter {
        status: Some(ProductStatus::Published),
        ..any.clone()
    };
    assert_eq!(
        pages(&*store, &published).await,
        expect(&|one| one.status == ProductStatus::Published)
    );
    let even = ProductFilter {
        category: Some("Even".into()),
        ..published.clone()
    };
    let is_even = |one: &Product| one.category.as_deref() == Some("Even");
    assert_eq!(
        pages(&*store, &even).await,
        expect(&|one| is_even(one) && one.status == ProductStatus::Published)
    );
    let third = ProductFilter {
        tag: Some("third".into()),
        ..any.clone()
    };
    assert_eq!(
        pages(&*store, &third).await,
        expect(&|one| !one.tags.is_empty())
    );
    let all = ProductFilter {
        words: question("thing"),
        tag: Some("x".into()),
        category: Some("Even".into()),
        status: Some(ProductStatus::Draft),
    };
    assert_eq!(
        pages(&*store, &all).await,
        expect(&|one| is_even(one) && !one.tags.is_empty() && one.status == ProductStatus::Draft)
    );
    let none = ProductFilter {
        category: Some("even".into()),
        ..any
    };
    assert_eq!(pages(&*store, &none).await, []);
}

/// Published products by category, with what other languages call it.
pub async fn categories_are_counted(engine: &mut dyn Engine) {
    let store = engine.store();
    for (n, (category, arabic, status)) in [
        (Some("Mugs"), Some("أكواب"), ProductStatus::Published),
        (Some("Mugs"), None, ProductStatus::Published),
        (Some("Mugs"), Some("قديم"), ProductStatus::Draft),
        (Some("Bags"), None, ProductStatus::Published),
        (Some("Hidden"), None, ProductStatus::Draft),
        (None, None, ProductStatus::Published),
    ]
    .into_iter()
    .enumerate()
    {
        let mut one = product(&format!("p{n}"), "Thing");
        (one.category, one.status) = (category.map(Into::into), status);
        if let (Some(category), Some(arabic)) = (category, arabic) {
            let terms = [
                (category.to_owned(), arabic.to_owned()),
                ("Red".to_owned(), "أحمر".to_owned()),
            ]
            .into();
            one.translations.insert(
                Locale::Ar,
                Translation {
                    terms,
                    ..Translation::default()
                },
            );
        }
        put(&*store, &one, 1).await;
    }
    let categories = store.categories().await.expect("read");
    let told: Vec<_> = categories
        .iter()
        .map(|one| {
            (
                one.name.as_str(),
                one.count,
                one.translations.get(&Locale::Ar).map(String::as_str),
            )
        })
        .collect();
    assert_eq!(told, [("Bags", 1, None), ("Mugs", 2, Some("أكواب"))]);
}

fn file(handle: &str, variants: &[(&str, i64)]) -> (ProductId, ImportedProduct) {
    let product = ImportedProduct {
        handle: handle.to_owned(),
        title: handle.to_uppercase(),
        description_html: "<p>x</p>".into(),
        status: ProductStatus::Published,
        options: vec!["Colour".into()],
        variants: variants
            .iter()
            .map(|(colour, quantity)| ImportedVariant {
                sku: String::new(),
                options: vec![(*colour).to_owned()],
                price: Money::new(900, currency()),
                compare_at: None,
                inventory: Inventory::Tracked,
                quantity: *quantity,
            })
            .collect(),
        images: vec![],
        tags: vec!["new".into()],
        category: None,
        vendor: None,
        complete: true,
    };
    (ProductId(id()), product)
}

const PLAIN: ImportOptions = ImportOptions {
    set_stock: false,
    dry_run: false,
};

/// Nothing the second time; stock that was sold stays sold.
pub async fn a_second_import_changes_nothing(engine: &mut dyn Engine) {
    let store = engine.store();
    shop_with(&*store, 1).await;
    let rows = || {
        vec![
            file("pens", &[("Red", 5), ("Blue", 3)]),
            file("pads", &[("Red", 1)]),
        ]
    };
    let first = store
        .import_products(rows(), PLAIN, at(1))
        .await
        .expect("imported");
    let new = |created| ImportResult {
        known: false,
        changed: true,
        created,
        updated: 0,
        unchanged: 0,
        removed: 0,
    };
    assert_eq!(first, [new(2), new(1)]);
    let pens = store
        .product(&ProductRef::Handle("pens".into()))
        .await
        .expect("read")
        .expect("there")
        .product;
    let red = pens.variants[0].id;
    placed(&*store, &customer("Sara"), "k", red, 2).await;
    let again = store
        .import_products(rows(), PLAIN, at(2))
        .await
        .expect("imported");
    let same = |unchanged| ImportResult {
        known: true,
        changed: false,
        created: 0,
        updated: 0,
        unchanged,
        removed: 0,
    };
    assert_eq!(again, [same(2), same(1)]);
    let after = store
        .product(&ProductRef::Handle("pens".into()))
        .await
        .expect("read")
        .expect("there");
    assert_eq!((&after.product, after.stock[&red].remaining()), (&pens, 3));
    assert_eq!(found(&*store, "pens").await, [pens.id]);
    let changed = vec![file("pens", &[("Red", 9), ("Green", 4)])];
    let merged = store
        .import_products(changed, PLAIN, at(3))
        .await
        .expect("imported");
    assert_eq!(
        merged,
        [ImportResult {
            known: true,
            changed: true,
            created: 1,
            updated: 0,
            unchanged: 1,
            removed: 1
        }]
    );
    let after = store
        .product(&ProductRef::Handle("pens".into()))
        .await
        .expect("read")
        .expect("there");
    assert_eq!(
        (after.product.updated_at, after.stock[&red].remaining()),
        (at(3), 3)
    );
    assert_eq!(after.stock[&after.product.variants[1].id].remaining(), 4);
    assert_sound(&*store).await;
}

/// With the option, known variants get the file's stock too, by a move that says so.
pub async fn an_import_sets_stock_only_when_asked(engine: &mut dyn Engine) {
    let store = engine.store();
    shop_with(&*store, 1).await;
    let set = ImportOptions {
        set_stock: true,
        dry_run: false,
    };
    store
        .import_products(vec![file("pens", &[("Red", 5), ("Blue", 3)])], set, at(1))
        .await
        .expect("imported");
    let pens = store
        .product(&ProductRef::Handle("pens".into()))
        .await
        .expect("read")
        .expect("there")
        .product;
    placed(&*store, &customer("Sara"), "k", pens.variants[0].id, 2).await;
    // The same handle twice in one file: the second meets the first.
    let twice = vec![
        file("pens", &[("Red", 5), ("Blue", 3)]),
        file("pens", &[("Red", 1), ("Blue", 3)]),
    ];
    let results = store
        .import_products(twice, set, at(2))
        .await
        .expect("imported");
    assert_eq!(
        results
            .iter()
            .map(|result| (result.updated, result.unchanged))
            .collect::<Vec<_>>(),
        [(1, 1), (1, 1)]
    );
    let after = store
        .product(&ProductRef::Id(pens.id))
        .await
        .expect("read")
        .expect("there");
    let red = after.stock[&pens.variants[0].id];
    assert_eq!((red.remaining(), red.sold, red.received), (1, 2, 3));
    let again = store
        .import_products(vec![file("pens", &[("Red", 1), ("Blue", 3)])], set, at(2))
        .await
        .expect("imported");
    assert_eq!(
        again[0],
        ImportResult {
            known: true,
            changed: false,
            created: 0,
            updated: 0,
            unchanged: 2,
            removed: 0
        }
    );
    assert_sound(&*store).await;
}

/// The same results, and nothing written.
pub async fn a_dry_run_says_the_same_and_changes_nothing(engine: &mut dyn Engine) {
    let store = engine.store();
    store
        .import_products(vec![file("pens", &[("Red", 5)])], PLAIN, at(1))
        .await
        .expect("imported");
    let before = store
        .product(&ProductRef::Handle("pens".into()))
        .await
        .expect("read");
    let rows = vec![
        file("pens", &[("Red", 6), ("Blue", 1)]),
        file("pads", &[("Red", 1)]),
        file("pads", &[("Blue", 1)]),
    ];
    let dry = ImportOptions {
        set_stock: true,
        dry_run: true,
    };
    let told = store
        .import_products(rows.clone(), dry, at(2))
        .await
        .expect("tried");
    assert_eq!(
        store
            .product(&ProductRef::Handle("pens".into()))
            .await
            .expect("read"),
        before
    );
    assert_eq!(
        store
            .product(&ProductRef::Handle("pads".into()))
            .await
            .expect("read"),
        None
    );
    assert_eq!(found(&*store, "pads").await, []);
    let done = store
        .import_products(
            rows,
            ImportOptions {
                dry_run: false,
                ..dry
            },
            at(2),
        )
        .await
        .expect("imported");
    assert_eq!(told, done);
    assert_eq!(
        done[2],
        ImportResult {
            known: true,
            changed: true,
            created: 1,
            updated: 0,
            unchanged: 0,
            removed: 1
        }
    );
    let ids: BTreeSet<_> = pages(&*store, &ProductFilter::default())
        .await
        .into_iter()
        .collect();
    assert_eq!(ids.len(), 2);
    assert_sound(&*store).await;
}
