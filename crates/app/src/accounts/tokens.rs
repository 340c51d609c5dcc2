//! Tokens: JSON Web Tokens signed with Ed25519 (RFC 7519, RFC 8037).
//!
//! Refresh tokens are made of their session alone, and Ed25519 is deterministic: two tabs that refresh at once get the
//! very same successor, and no token, nor a hash of one, is ever stored.

use std::collections::HashMap;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use souk_domain::user::{Session, User};
use souk_domain::{SessionId, Timestamp, UserId};

use super::AccountError;
use crate::ports::store::Credentials;

/// How long an access token is good.
pub const ACCESS_LIFETIME: Duration = Duration::from_mins(10);
/// How long the link of a verification mail is good.
const VERIFICATION_LIFETIME: Duration = Duration::from_hours(48);
/// How long the link of a password mail is good.
const RESET_LIFETIME: Duration = Duration::from_hours(1);

/// A key that tokens are signed with.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SigningKey {
    /// Its name, in the header of each token (`kid`).
    pub id: String,
    /// The Ed25519 seed, 32 bytes in base64url.
    pub seed: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// From when on it signs; none: from when it was made on. Until then processes that do not know it yet can be given it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signs_from: Option<Timestamp>,
}

impl SigningKey {
    /// A key of a secret seed.
    #[must_use]
    pub fn new(seed: &[u8; 32], now: Timestamp) -> Self {
        // The name tells nothing of the seed, and differs with it.
        let name = Sha256::new()
            .chain_update(b"souk signing key name")
            .chain_update(seed)
            .finalize();
        Self {
            id: URL_SAFE_NO_PAD.encode(&name[..9]),
            seed: URL_SAFE_NO_PAD.encode(seed),
            created_at: now,
            signs_from: None,
        }
    }
}

/// The keys cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the signing keys cannot be read: each needs an id and a seed of 32 bytes in base64url")]
pub struct BadSigningKeys;

/// What a token is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Purpose {
    Access,
    Refresh,
    VerifyEmail,
    ResetPassword,
}

#[derive(Debug, Serialize, Deserialize)]
struct Claims {
    #[serde(rename = "use")]
    purpose: Purpose,
    sub: UserId,
    exp: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sid: Option<SessionId>,
    #[serde(default, skip_serializing_if = "Option::is_none", rename = "gen")]
    generation: Option<u32>,
    /// Fingerprint of what the token may be used on once: the address, or the password's hash.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    fp: Option<String>,
}

/// Signs and reads tokens.
pub struct Tokens {
    /// From when on each key signs, its name, and the key; the last one last. There is at least one.
    signing: Vec<(Timestamp, String, EncodingKey)>,
    known: HashMap<String, DecodingKey>,
}

impl Tokens {
    /// Signs with the newest key whose time has come, reads what any of them signed.
    pub fn new(keys: &[SigningKey]) -> Result<Self, BadSigningKeys> {
        let mut known = HashMap::new();
        let mut signing = Vec::new();
        for key in keys {
            let seed = URL_SAFE_NO_PAD
                .decode(&key.seed)
                .map_err(|_| BadSigningKeys)?;
            let seed: [u8; 32] = seed.try_into().map_err(|_| BadSigningKeys)?;
            let encoding = EncodingKey::from_ed_der(&pkcs8(&seed));
            let jwk =
                Jwk::from_encoding_key(&encoding, Algorithm::EdDSA).map_err(|_| BadSigningKeys)?;
            known.insert(
                key.id.clone(),
                DecodingKey::from_jwk(&jwk).map_err(|_| BadSigningKeys)?,
            );
            let from = key.signs_from.unwrap_or(key.created_at);
            signing.push((from, key.id.clone(), encoding));
        }
        if signing.is_empty() {
            return Err(BadSigningKeys);
        }
        signing.sort_by_key(|(from, ..)| *from);
        Ok(Self { signing, known })
    }

    /// An access token of a session.
    #[must_use]
    pub fn access(&self, session: &Session, now: Timestamp) -> String {
        let claims = Claims {
            purpose: Purpose::Access,
            sub: session.user_id,
            exp: after(now, ACCESS_LIFETIME),
            sid: Some(session.id),
            generation: None,
            fp: None,
        };
        self.sign(&claims, now)
    }

    /// The refresh token of a session's newest generation.
    #[must_use]
    pub fn refresh(&self, session: &Session, now: Timestamp) -> String {
        let claims = Claims {
            purpose: Purpose::Refresh,
            sub: session.user_id,
            exp: session.expires_at.as_second(),
            sid: Some(session.id),
            generation: Some(session.generation),
            fp: None,
        };
        self.sign(&claims, now)
    }

    /// A token for the link of a verification mail: good for the address that the user has now.
    #[must_use]
    pub fn email_verification(&self, user: &User, now: Timestamp) -> String {
        let claims = Claims {
            purpose: Purpose::VerifyEmail,
            sub: user.id,
            exp: after(now, VERIFICATION_LIFETIME),
            sid: None,
            generation: None,
            fp: Some(email_fingerprint(user)),
        };
        self.sign(&claims, now)
    }

    /// A token for the link of a password mail: good until the password changes.
    #[must_use]
    pub fn password_reset(&self, account: &Credentials, now: Timestamp) -> String {
        let claims = Claims {
            purpose: Purpose::ResetPassword,
            sub: account.user.id,
            exp: after(now, RESET_LIFETIME),
            sid: None,
            generation: None,
            fp: Some(fingerprint(
                account.password_hash.as_deref().unwrap_or_default(),
            )),
        };
        self.sign(&claims, now)
    }

    /// The user and session of an access token.
    pub fn read_access(
        &self,
        token: &str,
        now: Timestamp,
    ) -> Result<(UserId, SessionId, Timestamp), AccountError> {
        let claims = self.read(token, Purpose::Access, now)?;
        let session = claims.sid.ok_or(AccountError::TokenInvalid)?;
        let ends = Timestamp::from_second(claims.exp).map_err(|_| AccountError::TokenInvalid)?;
        Ok((claims.sub, session, ends))
    }

    /// The session and generation of a refresh token.
    pub fn read_refresh(
        &self,
        token: &str,
        now: Timestamp,
    ) -> Result<(SessionId, u32), AccountError> {
        let claims = self.read(token, Purpose::Refresh, now)?;
        claims
            .sid
            .zip(claims.generation)
            .ok_or(AccountError::TokenInvalid)
    }

    /// The user of a verification token; [`Self::proves_email`] says whether it is still about their address.
    pub fn read_email_verification(
        &self,
        token: &str,
        now: Timestamp,
    ) -> Result<(UserId, String), AccountError> {
        let claims = self.read(token, Purpose::VerifyEmail, now)?;
        Ok((claims.sub, claims.fp.unwrap_or_default()))
    }

    /// The user of a password token, and the fingerprint of the password that it may replace.
    pub fn read_password_reset(
        &self,
        token: &str,
        now: Timestamp,
    ) -> Result<(UserId, String), AccountError> {
        let claims = self.read(token, Purpose::ResetPassword, now)?;
        Ok((claims.sub, claims.fp.unwrap_or_default()))
    }

    /// Whether a verification token's fingerprint is of the address that the user has now.
    #[must_use]
    pub fn proves_email(user: &User, fp: &str) -> bool {
        email_fingerprint(user) == fp
    }

    /// Whether a password token's fingerprint is of the password that the account has now.
    #[must_use]
    pub fn replaces_password(hash: &str, fp: &str) -> bool {
        fingerprint(hash) == fp
    }

    fn sign(&self, claims: &Claims, now: Timestamp) -> String {
        // By a clock that is behind, the time of the first key may not have come: it signs all the same.
        let come = self.signing.partition_point(|(from, ..)| *from <= now);
        let (_, id, key) = &self.signing[come.saturating_sub(1)];
        let mut header = Header::new(Algorithm::EdDSA);
        header.kid = Some(id.clone());
        // Serialising plain values and signing with a parsed key cannot fail; an empty token would be refused anyway.
        jsonwebtoken::encode(&header, claims, key).unwrap_or_default()
    }

    fn read(&self, token: &str, purpose: Purpose, now: Timestamp) -> Result<Claims, AccountError> {
        let header = jsonwebtoken::decode_header(token).map_err(|_| AccountError::TokenInvalid)?;
        let key = header
            .kid
            .and_then(|kid| self.known.get(&kid))
            .ok_or(AccountError::TokenInvalid)?;
        let mut validation = Validation::new(Algorithm::EdDSA);
        // Time comes from the clock port, below.
        validation.validate_exp = false;
        validation.required_spec_claims.clear();
        let data = jsonwebtoken::decode::<Claims>(token, key, &validation);
        let claims = data.map_err(|_| AccountError::TokenInvalid)?.claims;
        if claims.purpose != purpose {
            return Err(AccountError::TokenInvalid);
        }
        if claims.exp <= now.as_second() {
            return Err(AccountError::TokenExpired);
        }
        Ok(claims)
    }
}

/// PKCS #8 of an Ed25519 seed (RFC 8410 §7).
fn pkcs8(seed: &[u8; 32]) -> Vec<u8> {
    let mut der = vec![
        0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04,
        0x20,
    ];
    der.extend_from_slice(seed);
    der
}

fn after(now: Timestamp, lifetime: Duration) -> i64 {
    now.as_second()
        .saturating_add(i64::try_from(lifetime.as_secs()).unwrap_or(i64::MAX))
}

fn email_fingerprint(user: &User) -> String {
    fingerprint(
        &user
            .email
            .as_ref()
            .map(souk_domain::user::Email::key)
            .unwrap_or_default(),
    )
}

fn fingerprint(text: &str) -> String {
    URL_SAFE_NO_PAD.encode(&Sha256::digest(text.as_bytes())[..12])
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).expect("in range")
    }

    fn session() -> Session {
        Session::open(
            SessionId(Uuid::from_u128(1)),
            UserId(Uuid::from_u128(2)),
            "",
            "",
            at(0),
        )
    }

    #[test]
    fn a_token_is_good_for_its_purpose_and_its_time() {
        let tokens = Tokens::new(&[SigningKey::new(&[7; 32], at(0))]).expect("a good key");
        let access = tokens.access(&session(), at(100));
        let refresh = tokens.refresh(&session(), at(0));
        assert_eq!(
            tokens.read_access(&access, at(699)).expect("good"),
            (session().user_id, session().id, at(700))
        );
        assert!(matches!(
            tokens.read_access(&access, at(700)),
            Err(AccountError::TokenExpired)
        ));
        assert!(matches!(
            tokens.read_access(&refresh, at(100)),
            Err(AccountError::TokenInvalid)
        ));
        assert_eq!(
            tokens.read_refresh(&refresh, at(100)).expect("good"),
            (session().id, 1)
        );
        assert_eq!(
            refresh,
            tokens.refresh(&session(), at(0)),
            "the same session gives the same token"
        );
    }

    #[test]
    fn forged_tokens_are_refused() {
        let tokens = Tokens::new(&[SigningKey::new(&[7; 32], at(0))]).expect("a good key");
        let others = Tokens::new(&[SigningKey::new(&[8; 32], at(0))]).expect("a good key");
        let good = tokens.access(&session(), at(0));
        let (head, rest) = good.split_once('.').expect("three parts");
        let (body, signature) = rest.split_once('.').expect("three parts");
        let none = URL_SAFE_NO_PAD.encode(r#"{"alg":"none","typ":"JWT"}"#);
        let tampered = URL_SAFE_NO_PAD.encode(
            String::from_utf8(URL_SAFE_NO_PAD.decode(body).expect("base64"))
                .expect("utf-8")
                .replace("600", "999999"),
        );
        for wrong in [
            String::new(),
            "a.b.c".to_owned(),
            others.access(&session(), at(0)),
            format!("{head}.{tampered}.{signature}"),
            format!("{none}.{body}."),
            format!("{head}.{body}.{}", "A".repeat(86)),
        ] {
            assert!(
                matches!(
                    tokens.read_access(&wrong, at(1)),
                    Err(AccountError::TokenInvalid)
                ),
                "{wrong}"
            );
        }
    }

    #[test]
    fn after_a_rotation_of_keys_old_tokens_still_read() {
        let (old, new) = (
            SigningKey::new(&[7; 32], at(0)),
            SigningKey::new(&[8; 32], at(10)),
        );
        let before = Tokens::new(std::slice::from_ref(&old)).expect("a good key");
        let both = Tokens::new(&[new.clone(), old]).expect("good keys");
        let only_new = Tokens::new(&[new]).expect("a good key");
        let token = before.access(&session(), at(20));
        assert!(both.read_access(&token, at(21)).is_ok());
        assert!(only_new.read_access(&token, at(21)).is_err());
        assert!(
            only_new
                .read_access(&both.access(&session(), at(20)), at(21))
                .is_ok(),
            "signed with the newest"
        );
    }

    #[test]
    fn a_key_is_read_before_it_signs() {
        let old = SigningKey::new(&[7; 32], at(0));
        let mut new = SigningKey::new(&[8; 32], at(10));
        new.signs_from = Some(at(3_600));
        let before = Tokens::new(std::slice::from_ref(&old)).expect("a good key");
        let only_new = Tokens::new(std::slice::from_ref(&new)).expect("a good key");
        let both = Tokens::new(&[new, old]).expect("good keys");
        let reads = |reader: &Tokens, signer: &Tokens, now: Timestamp| {
            let access = reader
                .read_access(&signer.access(&session(), now), now)
                .is_ok();
            let refresh = reader
                .read_refresh(&signer.refresh(&session(), now), now)
                .is_ok();
            assert_eq!(access, refresh);
            access
        };
        assert!(reads(&before, &both, at(3_599)) && !reads(&only_new, &both, at(3_599)));
        assert!(!reads(&before, &both, at(3_600)) && reads(&only_new, &both, at(3_600)));
        assert!(
            reads(&both, &only_new, at(1)),
            "whose time has not come, and who is alone"
        );
    }
}
