//! What fields must be, in Arabic. The rules of the shop say it in English, in one short sentence each; here is the same for
//! readers of Arabic. A test walks the sources and fails when a sentence has no Arabic.

use std::borrow::Cow;

use souk_domain::Locale;

/// English sentence, Arabic sentence.
const SENTENCES: &[(&str, &str)] = &[
    ("must be 0 or more", "يجب أن يكون 0 أو أكثر"),
    (
        "must be message, edit or delete",
        "يجب أن يكون message أو edit أو delete",
    ),
    (
        "must be an object with the text alone",
        "يجب أن يكون كائنًا فيه text وحده",
    ),
    (
        "must be an object with seq and text",
        "يجب أن يكون كائنًا فيه seq وtext",
    ),
    (
        "must be an object with the seq alone",
        "يجب أن يكون كائنًا فيه seq وحده",
    ),
    (
        "must be 1 to 8000 characters",
        "يجب أن يكون من 1 إلى 8000 حرف",
    ),
    ("must not contain NUL", "يجب ألّا يحتوي على المحرف NUL"),
    (
        "must be 1 to 100 characters on one line",
        "يجب أن يكون من 1 إلى 100 حرف في سطر واحد",
    ),
    (
        "must not be more than 500: remove one first",
        "يجب ألّا تزيد الردود على 500: احذف واحدًا أولًا",
    ),
    (
        "must be a time zone such as Asia/Riyadh",
        "يجب أن تكون منطقة زمنية مثل Asia/Riyadh",
    ),
    (
        "must be at most 50 stretches of a day 1 to 7, from 00:00 to 24:00",
        "يجب أن تكون 50 فترة على الأكثر، في يوم من 1 إلى 7، بين 00:00 و24:00",
    ),
    ("must be 1 to 10080", "يجب أن يكون بين 1 و10080"),
    (
        "must be at most 200 names of streams",
        "يجب أن تكون 200 اسم مسار على الأكثر",
    ),
    (
        "must be somebody who works here",
        "يجب أن يكون أحد العاملين هنا",
    ),
    ("must be 0 to 10000", "يجب أن يكون بين 0 و10000"),
    ("must be 1 to 10000", "يجب أن يكون بين 1 و10000"),
    ("must be 1 to 100", "يجب أن يكون بين 1 و100"),
    ("must be 1 to 200", "يجب أن يكون بين 1 و200"),
    ("must be 1 to 250", "يجب أن يكون العدد بين 1 و250"),
    (
        "must be 1 to 100 characters",
        "يجب أن يكون من 1 إلى 100 حرف",
    ),
    (
        "must be 1 to 100 characters, without control characters",
        "يجب أن يكون من 1 إلى 100 حرف، بلا محارف تحكم",
    ),
    (
        "must be 1 to 200 characters, in one line",
        "يجب أن يكون من 1 إلى 200 حرف في سطر واحد",
    ),
    (
        "must be 1 to 200 letters, digits, hyphens, in lower case",
        "يجب أن يكون من 1 إلى 200 من الحروف الصغيرة والأرقام والشرطات",
    ),
    (
        "must be 1 to 255 characters",
        "يجب أن يكون من 1 إلى 255 حرفًا",
    ),
    (
        "must be 1 to 255 visible ASCII characters",
        "يجب أن يكون من 1 إلى 255 محرفًا مرئيًا من ASCII",
    ),
    (
        "must be 8 to 256 characters",
        "يجب أن تكون من 8 إلى 256 حرفًا",
    ),
    ("must be a UUID", "يجب أن يكون معرّفًا بصيغة UUID"),
    (
        "must be a country code of two letters (ISO 3166-1)",
        "يجب أن يكون رمز دولة من حرفين (ISO 3166-1)",
    ),
    (
        "must be a currency code of ISO 4217",
        "يجب أن يكون رمز عملة من ISO 4217",
    ),
    ("must be a list", "يجب أن يكون قائمة"),
    (
        "must be a telephone number of 5 to 20 digits",
        "يجب أن يكون رقم هاتف من 5 إلى 20 رقمًا",
    ),
    (
        "must be a variant of this product",
        "يجب أن يكون صنفًا من هذا المنتج",
    ),
    (
        "must be a way of paying that this shop takes",
        "يجب أن تكون طريقة دفع يقبلها هذا المتجر",
    ),
    ("must be a whole number", "يجب أن يكون عددًا صحيحًا"),
    (
        "must be a whole number that can be counted",
        "يجب أن يكون عددًا صحيحًا ضمن الحدود الممكنة",
    ),
    (
        "must be an amount of the shop's currency, not negative",
        "يجب أن يكون مبلغًا بعملة المتجر، غير سالب",
    ),
    (
        "must be an e-mail address such as name@example.com",
        "يجب أن يكون عنوان بريد إلكتروني مثل name@example.com",
    ),
    (
        "must be an https address or a /media/ path",
        "يجب أن يكون عنوان https أو مسارًا يبدأ بـ /media/",
    ),
    ("must be an object", "يجب أن يكون كائنًا (object)"),
    ("must be at most 3", "يجب ألا يزيد العدد على 3"),
    ("must be at most 250", "يجب ألا يزيد العدد على 250"),
    (
        "must be at most 100 characters, in one line",
        "يجب ألا يزيد على 100 حرف في سطر واحد",
    ),
    (
        "must be at most 500 characters, without control characters",
        "يجب ألا يزيد على 500 حرف، بلا محارف تحكم",
    ),
    (
        "must be at most 1000 characters, without control characters",
        "يجب ألا يزيد على 1000 حرف، بلا محارف تحكم",
    ),
    ("must be at most 255 characters", "يجب ألا يزيد على 255 حرفًا"),
    ("must be at most 512 characters", "يجب ألا يزيد على 512 حرفًا"),
    (
        "must be at most 2000 characters",
        "يجب ألا يزيد على 2000 حرف",
    ),
    (
        "must be at most 200,000 bytes",
        "يجب ألا يزيد على 200,000 بايت",
    ),
    (
        "must be at most 250 of 1 to 255 characters",
        "يجب ألا يزيد على 250، كل منها من 1 إلى 255 حرفًا",
    ),
    (
        "must be at most 1000 words of 1 to 255 characters",
        "يجب ألا يزيد على 1000 كلمة، كل منها من 1 إلى 255 حرفًا",
    ),
    (
        "must be filled, in one line that is not too long",
        "يجب ملؤه في سطر واحد غير طويل",
    ),
    ("must be given", "هذا الحقل مطلوب"),
    ("must be given once", "يجب أن يُذكر مرة واحدة"),
    (
        "must be left out: there is no such field",
        "حقل غير معروف، احذفه",
    ),
    (
        "must be left out when after is given",
        "يجب حذفه عند ذكر after",
    ),
    (
        "must be left out for a known variant: stock moves have a way of their own",
        "يجب حذفه للصنف المعروف، فللمخزون حركات خاصة به",
    ),
    (
        "must be one line that is not too long",
        "يجب أن يكون سطرًا واحدًا غير طويل",
    ),
    (
        "must be one of: guest, customer, staff, admin",
        "يجب أن يكون أحد: guest, customer, staff, admin",
    ),
    ("must be something else", "القيمة غير مقبولة"),
    ("must be text", "يجب أن يكون نصًا"),
    (
        "must be the password you have now",
        "يجب أن تكون كلمة مرورك الحالية",
    ),
    ("must be true or false", "يجب أن يكون true أو false"),
    (
        "must come to an amount that can be counted",
        "المبلغ الإجمالي أكبر مما يمكن حسابه",
    ),
    ("must come whole", "يجب أن يصل كاملًا"),
    (
        "must differ from every other variant's",
        "يجب أن يختلف عن بقية الأصناف",
    ),
    (
        "must give one value of 1 to 255 characters for each option",
        "يجب ذكر قيمة واحدة من 1 إلى 255 حرفًا لكل خيار",
    ),
    ("must have rows", "يجب أن يحوي صفوفًا"),
    (
        "must have fewer products",
        "عدد المنتجات أكبر من الحد المسموح لملف واحد",
    ),
    (
        "must have at least one line",
        "يجب أن يحوي صنفًا واحدًا على الأقل",
    ),
    ("must have at most 100 lines", "يجب ألا يحوي أكثر من 100 صنف"),
    (
        "must have different names of 1 to 100 characters",
        "يجب أن تكون الأسماء مختلفة، كل منها من 1 إلى 100 حرف",
    ),
    ("must name at least one", "يجب ذكر واحد على الأقل"),
    (
        "must name something that is sold here",
        "يجب أن يكون صنفًا معروضًا للبيع هنا",
    ),
    ("must not be 0", "يجب ألا يكون 0"),
    ("must not be named twice", "يجب ألا يُذكر مرتين"),
];

/// Sentences that go on with names from the contract.
const BEGINNINGS: &[(&str, &str)] = &[
    ("must be one of: ", "يجب أن يكون أحد: "),
    ("must have these columns: ", "تنقص الملف هذه الأعمدة: "),
];

/// What a field must be, in the reader's language; in English where nobody translated it.
pub(crate) fn say(must: &str, locale: Locale) -> String {
    match locale {
        Locale::En => must.to_owned(),
        Locale::Ar => in_arabic(must).map_or_else(|| must.to_owned(), Cow::into_owned),
    }
}

fn in_arabic(must: &str) -> Option<Cow<'static, str>> {
    let whole = SENTENCES
        .iter()
        .find(|(english, _)| *english == must)
        .map(|(_, arabic)| Cow::Borrowed(*arabic));
    whole.or_else(|| {
        BEGINNINGS.iter().find_map(|(english, arabic)| {
            must.strip_prefix(english)
                .map(|names| Cow::Owned(format!("{arabic}{names}")))
        })
    })
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    /// Every string literal of the sources that says what a field must be.
    fn sentences(folder: &Path, found: &mut Vec<String>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                sentences(&path, found);
            } else if path.extension().is_some_and(|extension| extension == "rs")
                && !path.ends_with("messages.rs")
            {
                let text = std::fs::read_to_string(&path).unwrap();
                let literals = text
                    .split("\"must ")
                    .skip(1)
                    .filter_map(|rest| rest.split_once('"'));
                found.extend(literals.map(|(rest, _)| format!("must {rest}")));
            }
        }
    }

    #[test]
    fn every_sentence_has_its_arabic() {
        let crates = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let mut found = Vec::new();
        for krate in ["domain", "app", "api"] {
            sentences(&crates.join(krate).join("src"), &mut found);
        }
        assert!(
            found.len() > 60,
            "only {} sentences were found",
            found.len()
        );
        // Limits are filled in from constants; what they come to is in the table.
        let numbers = [
            ("{MAX_LINES}", "100"),
            ("{MAX_QUANTITY}", "10000"),
            ("{MAX_PAGE}", "200"),
            ("{MAX_TEXT}", "8000"),
        ];
        let filled = found.into_iter().map(|sentence| {
            numbers.iter().fold(sentence, |sentence, (name, number)| {
                sentence.replace(name, number)
            })
        });
        let missing: Vec<String> = filled
            .filter(|sentence| in_arabic(sentence).is_none())
            .collect();
        assert!(missing.is_empty(), "no Arabic for {missing:#?}");
    }

    #[test]
    fn readers_get_their_language_and_unknown_sentences_stay() {
        assert_eq!(say("must be text", Locale::En), "must be text");
        assert_eq!(say("must be text", Locale::Ar), "يجب أن يكون نصًا");
        assert_eq!(
            say("must be one of: ar, en", Locale::Ar),
            "يجب أن يكون أحد: ar, en"
        );
        assert_eq!(say("cannot be said", Locale::Ar), "cannot be said");
    }
}
