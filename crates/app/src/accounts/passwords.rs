//! Passwords: Argon2id (RFC 9106) with the parameters that OWASP names first (19 MiB, 2 passes, 1 lane).

use std::sync::Arc;

use argon2::Argon2;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use tokio::sync::Semaphore;

use crate::ports::{EngineError, Ids};

/// Hashes and checks passwords, off the async threads, so many at a time that memory and cores are bounded.
#[derive(Clone)]
pub struct Passwords {
    at_once: Arc<Semaphore>,
    /// The hash of a password that nobody has: checked when there is no account, so that the answer takes as long.
    nobody: Arc<str>,
}

impl Passwords {
    /// At most `at_once` hashes are worked on together; each takes 19 MiB.
    pub fn new(at_once: usize, ids: &dyn Ids) -> Result<Self, EngineError> {
        let mut secret = [0; 16];
        ids.fill_secret(&mut secret);
        let nobody = hash(&secret, &secret)?.into();
        Ok(Self {
            at_once: Arc::new(Semaphore::new(at_once.max(1))),
            nobody,
        })
    }

    /// The PHC string of a password.
    pub async fn hash(&self, password: &str, ids: &dyn Ids) -> Result<String, EngineError> {
        let mut salt = [0; 16];
        ids.fill_secret(&mut salt);
        let password = password.to_owned();
        self.work(move || hash(password.as_bytes(), &salt)).await?
    }

    /// Whether the password is the one of this hash; without a hash it takes as long and is not.
    pub async fn matches(&self, password: &str, phc: Option<&str>) -> Result<bool, EngineError> {
        let known = phc.is_some();
        let phc = phc.unwrap_or(&self.nobody).to_owned();
        let password = password.to_owned();
        let good = self.work(move || {
            Argon2::default()
                .verify_password(password.as_bytes(), phc.as_str())
                .is_ok()
        });
        Ok(good.await? && known)
    }

    async fn work<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, EngineError> {
        let permit = Arc::clone(&self.at_once).acquire_owned().await;
        let permit = permit.map_err(|closed| EngineError::Unavailable(closed.into()))?;
        let done = tokio::task::spawn_blocking(move || {
            let done = work();
            drop(permit);
            done
        });
        done.await
            .map_err(|panicked| EngineError::Refused(panicked.into()))
    }
}

fn hash(password: &[u8], salt: &[u8]) -> Result<String, EngineError> {
    let hashed = Argon2::default().hash_password_with_salt(password, salt);
    hashed
        .map(|hash| hash.to_string())
        .map_err(|error| EngineError::Refused(error.to_string().into()))
}
