//! A map in parts, each with a lock of its own, so that no lock is taken by everyone.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hash, RandomState};
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

/// How many parts; a power of two.
const PARTS: usize = 32;

/// A map from `K` to `V` in 32 parts.
#[derive(Debug)]
pub(crate) struct Shards<K, V> {
    parts: Box<[RwLock<HashMap<K, V>>]>,
    hasher: RandomState,
}

impl<K: Hash + Eq, V> Default for Shards<K, V> {
    fn default() -> Self {
        Self {
            parts: (0..PARTS).map(|_| RwLock::default()).collect(),
            hasher: RandomState::new(),
        }
    }
}

impl<K: Hash + Eq, V> Shards<K, V> {
    fn part<Q: Hash + ?Sized>(&self, key: &Q) -> &RwLock<HashMap<K, V>> {
        let hash = self.hasher.hash_one(key);
        &self.parts[usize::try_from(hash >> 59).unwrap_or_default() % PARTS]
    }

    /// The part that `key` belongs to, for reading.
    pub(crate) fn read<Q: Hash + ?Sized>(&self, key: &Q) -> RwLockReadGuard<'_, HashMap<K, V>> {
        self.part(key)
            .read()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// The part that `key` belongs to, for writing.
    pub(crate) fn write<Q: Hash + ?Sized>(&self, key: &Q) -> RwLockWriteGuard<'_, HashMap<K, V>> {
        self.part(key)
            .write()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Each part in turn, for reading.
    pub(crate) fn each(&self) -> impl Iterator<Item = RwLockReadGuard<'_, HashMap<K, V>>> {
        self.parts
            .iter()
            .map(|part| part.read().unwrap_or_else(PoisonError::into_inner))
    }
}
