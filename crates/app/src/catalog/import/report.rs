//! What an import says at its end.

/// Most warnings, and most errors, that a report keeps; the rest is counted.
pub const MAX_NOTICES: usize = 1_000;

/// What an import did, or would do.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ImportReport {
    /// Whether nothing was changed.
    pub dry_run: bool,
    /// Records of the file, without the header and those that are empty.
    pub rows: u64,
    /// Records that changed nothing: those with errors, and the others of products that could not be imported.
    pub refused_rows: u64,
    /// Products that came in.
    pub products: Products,
    /// Their variants.
    pub variants: Variants,
    /// What was read otherwise than written: the first [`MAX_NOTICES`].
    pub warnings: Vec<Notice>,
    /// How many there were.
    pub warning_count: u64,
    /// What was not imported: the first [`MAX_NOTICES`].
    pub errors: Vec<Notice>,
    /// How many there were.
    pub error_count: u64,
}

/// Counts of products.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Products {
    /// New ones.
    pub created: u64,
    /// Known ones that changed, or a variant of which did.
    pub updated: u64,
    /// Known ones that stayed as they were.
    pub unchanged: u64,
}

/// Counts of variants.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Variants {
    /// New ones.
    pub created: u64,
    /// Known ones that changed.
    pub updated: u64,
    /// Known ones that stayed as they were.
    pub unchanged: u64,
    /// Known ones that the file no longer has.
    pub removed: u64,
}

/// Something about one record of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// The line on which the record starts; the header is line 1.
    pub line: u64,
    /// What it is, in a word that stays: `missing_price`.
    pub code: &'static str,
    /// What it is, for people.
    pub detail: String,
}

/// How far an import is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Progress {
    /// Records read.
    pub rows: u64,
    /// Products imported, or found as they were.
    pub products: u64,
}

/// What is noted while a file is read.
#[derive(Debug, Default)]
pub(super) struct Log {
    pub(super) warnings: Notices,
    pub(super) errors: Notices,
    pub(super) refused_rows: u64,
}

/// The first notices of a kind, and how many there were.
#[derive(Debug, Default)]
pub(super) struct Notices {
    pub(super) kept: Vec<Notice>,
    pub(super) count: u64,
}

impl Notices {
    fn add(&mut self, line: u64, code: &'static str, detail: impl Into<String>) {
        self.count += 1;
        if self.kept.len() < MAX_NOTICES {
            self.kept.push(Notice {
                line,
                code,
                detail: detail.into(),
            });
        }
    }
}

impl Log {
    /// Something is read otherwise than written.
    pub(super) fn warn(&mut self, line: u64, code: &'static str, detail: impl Into<String>) {
        self.warnings.add(line, code, detail);
    }

    /// So many rows are not imported, for one reason.
    pub(super) fn refuse(
        &mut self,
        rows: u64,
        line: u64,
        code: &'static str,
        detail: impl Into<String>,
    ) {
        self.refused_rows += rows;
        self.errors.add(line, code, detail);
    }
}
