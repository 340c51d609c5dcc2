//! Importing products from files.
