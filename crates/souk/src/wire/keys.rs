//! The file of signing keys: made on first start, readable by its owner alone, rotated by `souk keys rotate`.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;
use std::time::Duration;

use anyhow::Context as _;
use serde::{Deserialize, Serialize};
use souk_app::accounts::SigningKey;
use souk_app::ports::Ids;
use souk_domain::Timestamp;

/// Retired keys are kept as long as a session may live, and a day.
const KEPT_DAYS: i64 = 31;

#[derive(Serialize, Deserialize)]
struct KeyFile {
    keys: Vec<SigningKey>,
}

/// The keys of the file; none when there is no file.
pub fn load(path: &Path) -> anyhow::Result<Option<Vec<SigningKey>>> {
    let shown = path.display();
    let unreadable = || format!("the signing keys in {shown} cannot be read");
    let bytes = match std::fs::read(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        read => read.with_context(unreadable)?,
    };
    let file: KeyFile = serde_json::from_slice(&bytes).with_context(unreadable)?;
    let mode = std::fs::metadata(path)?.permissions().mode();
    if mode & 0o077 != 0 {
        tracing::warn!(file = %shown, mode = format!("{:o}", mode & 0o777), "others can read the signing keys: chmod 600");
    }
    Ok(Some(file.keys))
}

/// The keys of the file; a new file with one key when there is none.
pub fn load_or_make(path: &Path, ids: &dyn Ids, now: Timestamp) -> anyhow::Result<Vec<SigningKey>> {
    if let Some(keys) = load(path)? {
        return Ok(keys);
    }
    let keys = vec![fresh(ids, now)];
    match write(path, &keys) {
        // Another process was quicker: its keys are the ones.
        Err(error) if error.kind() == ErrorKind::AlreadyExists => load_or_make(path, ids, now),
        written => {
            written.with_context(|| {
                format!("the signing keys cannot be written to {}", path.display())
            })?;
            Ok(keys)
        }
    }
}

/// Adds a key that signs `after` so long; those too old to matter go. Servers know it from their next start on. When there
/// is no file yet, one is made whose only key signs at once.
pub fn rotate(
    path: &Path,
    ids: &dyn Ids,
    now: Timestamp,
    after: Duration,
) -> anyhow::Result<Vec<SigningKey>> {
    let Some(mut keys) = load(path)? else {
        return load_or_make(path, ids, now);
    };
    let oldest = now.saturating_sub(jiff::SignedDuration::from_hours(24 * KEPT_DAYS))?;
    let newest = keys.iter().map(|key| key.created_at).max();
    // A key is retired when its successor signs, not by its own age.
    keys.sort_by_key(|key| key.created_at);
    let retired_before: Vec<bool> = keys
        .iter()
        .enumerate()
        .map(|(place, _)| {
            keys.get(place + 1)
                .is_some_and(|next| next.signs_from.unwrap_or(next.created_at) < oldest)
        })
        .collect();
    let mut retired = retired_before.into_iter();
    keys.retain(|_| !retired.next().unwrap_or(false));
    let mut key = fresh(ids, newest.map_or(now, |newest| now.max(newest)));
    key.signs_from = Some(key.created_at.checked_add(after)?);
    keys.push(key);
    let beside = path.with_extension("json.new");
    match std::fs::remove_file(&beside) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error.into()),
        _ => {}
    }
    write(&beside, &keys)?;
    std::fs::rename(&beside, path)?;
    Ok(keys)
}

fn fresh(ids: &dyn Ids, now: Timestamp) -> SigningKey {
    let mut seed = [0; 32];
    ids.fill_secret(&mut seed);
    SigningKey::new(&seed, now)
}

/// Writes a new file whole: a crash in between leaves none that looks good, since it is linked into place at the end.
fn write(path: &Path, keys: &[SigningKey]) -> std::io::Result<()> {
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder)?;
    let temporary = path.with_extension(format!("{}.tmp", std::process::id()));
    let json = serde_json::to_vec_pretty(&KeyFile {
        keys: keys.to_vec(),
    })?;
    let mut file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&temporary)?;
    file.write_all(&json)?;
    file.sync_all()?;
    let linked = std::fs::hard_link(&temporary, path);
    std::fs::remove_file(&temporary)?;
    linked?;
    std::fs::File::open(folder)?.sync_all()
}
