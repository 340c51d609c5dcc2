//! People, as they are asked for and change. How they are kept is in [`crate::people`], their sessions in
//! [`crate::sessions`].
//!
//! A password's hash stands beside the person, never in their `body`, so that it does not leave by accident. An address
//! is the id of a document of its own in `emails`, written in the transaction of its account: so it belongs to one
//! account wherever people are kept, and no index must reach over all shards. Guests have addresses and own none.
//!
//! Whoever becomes an admin takes the set-up code away with them: the two ways to the first admin meet at that document.

use async_trait::async_trait;
use mongodb::bson::{Document, doc};
use souk_app::ports::EngineError;
use souk_app::ports::store::{AccountStore, Credentials, NewAccount, NewUser, SessionState};
use souk_domain::user::{Email, Role, Rotation, Session, User};
use souk_domain::{EventRecord, Locale, SessionId, Timestamp, UserId};

use crate::failure::Failure;
use crate::people::{
    Address, CODE, EMAILS, Person, SETUP, USERS, admins, claim, of, replace, save, use_up_code,
};
use crate::records::{self, binary};
use crate::transaction::{RETRY, Transaction, Update};
use crate::{MongoStore, outbox, sessions};

#[async_trait]
impl AccountStore for MongoStore {
    async fn create_user(&self, new: NewUser) -> Result<NewAccount, EngineError> {
        let new = &new;
        let made = self
            .inner
            .transact(RETRY, |transaction| async move {
                create(&transaction, new).await
            })
            .await?;
        Ok(made)
    }

    async fn promote_guest(&self, new: NewUser) -> Result<NewAccount, EngineError> {
        let new = &new;
        let made = self
            .inner
            .transact(RETRY, |transaction| async move {
                promote(&transaction, new).await
            })
            .await?;
        Ok(made)
    }

    async fn set_up(&self, code_hash: [u8; 32], new: NewUser) -> Result<NewAccount, EngineError> {
        let new = &new;
        let made = self
            .inner
            .transact(RETRY, |transaction| async move {
                set_up(&transaction, code_hash, new).await
            })
            .await?;
        Ok(made)
    }

    async fn offer_setup_code(&self, code_hash: [u8; 32]) -> Result<bool, EngineError> {
        let offered = self
            .inner
            .transact(RETRY, |transaction| async move {
                if transaction
                    .find_one::<Document>(USERS, admins())
                    .await?
                    .is_some()
                {
                    return Ok(false);
                }
                let code = Update {
                    filter: doc! { "_id": CODE },
                    change: doc! { "$set": { "hash": binary(code_hash) } },
                    upsert: true,
                };
                transaction.update(SETUP, vec![code]).await?;
                Ok(true)
            })
            .await?;
        Ok(offered)
    }

    async fn has_admin(&self) -> Result<bool, EngineError> {
        Ok(self
            .inner
            .find_one::<Document>(USERS, admins())
            .await?
            .is_some())
    }

    async fn user(&self, id: UserId) -> Result<Option<User>, EngineError> {
        self.asked.users.one(id).await
    }

    async fn credentials(&self, email: &Email) -> Result<Option<Credentials>, EngineError> {
        let key = doc! { "_id": email.key() };
        match self.inner.find_one::<Address>(EMAILS, key).await? {
            Some(address) => {
                let id = UserId(records::uuid(address.user_id));
                let known = self.credentials_of(id).await?;
                // Between the two reads the address may have gone to another account.
                Ok(known.filter(|known| {
                    known.user.role != Role::Guest
                        && known.user.email.as_ref().map(Email::key) == Some(email.key())
                }))
            }
            None => Ok(None),
        }
    }

    async fn credentials_of(&self, id: UserId) -> Result<Option<Credentials>, EngineError> {
        let found = self.inner.find_one::<Person>(USERS, of(id)).await?;
        let credentials = found.map(|person| {
            Ok::<_, Failure>(Credentials {
                user: person.user()?,
                password_hash: person.password_hash,
            })
        });
        Ok(credentials.transpose()?)
    }

    async fn staff(&self) -> Result<Vec<User>, EngineError> {
        let staff = self.asked.staff.one(()).await?;
        Ok(staff.unwrap_or_default().to_vec())
    }

    async fn change_profile(
        &self,
        id: UserId,
        name: Option<String>,
        locale: Option<Locale>,
    ) -> Result<Option<User>, EngineError> {
        let name = &name;
        self.change(id, move |user| {
            if let Some(name) = name {
                user.name.clone_from(name);
            }
            user.locale = locale.unwrap_or(user.locale);
            true
        })
        .await
    }

    async fn change_role(&self, id: UserId, role: Role) -> Result<bool, EngineError> {
        let changed = self
            .change(id, |user| {
                user.role = role;
                true
            })
            .await?;
        Ok(changed.is_some())
    }

    async fn change_password(
        &self,
        id: UserId,
        before: Option<&str>,
        after: &str,
        keep: Option<SessionId>,
    ) -> Result<bool, EngineError> {
        let changed = self
            .inner
            .transact(RETRY, |transaction| async move {
                let known = transaction.find_one::<Person>(USERS, of(id)).await?;
                let Some(mut person) =
                    known.filter(|person| person.password_hash.as_deref() == before)
                else {
                    return Ok(false);
                };
                person.password_hash = Some(after.to_owned());
                replace(&transaction, &person).await?;
                sessions::end_all(&transaction, id, keep).await?;
                Ok(true)
            })
            .await?;
        Ok(changed)
    }

    async fn verify_email(&self, id: UserId, email: &Email) -> Result<bool, EngineError> {
        let verified = self
            .change(id, |user| {
                let theirs = user.email.as_ref().map(Email::key) == Some(email.key());
                user.email_verified |= theirs;
                theirs
            })
            .await?;
        Ok(verified.is_some())
    }

    async fn state(&self, events: Vec<EventRecord>) -> Result<(), EngineError> {
        let events = &events;
        self.inner
            .transact(RETRY, |transaction| async move {
                outbox::state(&transaction, events).await
            })
            .await?;
        Ok(())
    }

    async fn open_session(&self, session: &Session) -> Result<(), EngineError> {
        Ok(sessions::open(&self.inner, session).await?)
    }

    async fn rotate_session(
        &self,
        id: SessionId,
        generation: u32,
        address: &str,
        now: Timestamp,
    ) -> Result<Option<(Rotation, User)>, EngineError> {
        Ok(sessions::rotate(&self.inner, id, generation, address, now).await?)
    }

    async fn session_state(&self, id: SessionId) -> Result<Option<SessionState>, EngineError> {
        Ok(sessions::state(&self.inner, id).await?)
    }

    async fn sessions(&self, user: UserId) -> Result<Vec<Session>, EngineError> {
        Ok(sessions::of_user(&self.inner, user).await?)
    }

    async fn end_session(&self, user: UserId, session: SessionId) -> Result<bool, EngineError> {
        Ok(sessions::end(&self.inner, user, session).await?)
    }

    async fn end_sessions(
        &self,
        user: UserId,
        keep: Option<SessionId>,
    ) -> Result<Vec<SessionId>, EngineError> {
        let ended = self
            .inner
            .transact(RETRY, |transaction| async move {
                sessions::end_all(&transaction, user, keep).await
            })
            .await?;
        Ok(ended)
    }
}

impl MongoStore {
    /// Changes a person; the person then. None when they are not there, or `change` says no, which changes nothing.
    async fn change(
        &self,
        id: UserId,
        change: impl Fn(&mut User) -> bool + Send + Sync,
    ) -> Result<Option<User>, EngineError> {
        let change = &change;
        let changed = self
            .inner
            .transact(RETRY, |transaction| async move {
                let known = transaction.find_one::<Person>(USERS, of(id)).await?;
                let Some(person) = known else { return Ok(None) };
                let before = person.user()?;
                let mut after = before.clone();
                if !change(&mut after) {
                    return Ok(None);
                }
                if after != before {
                    save(&transaction, &before, &after, person.password_hash).await?;
                }
                Ok(Some(after))
            })
            .await?;
        Ok(changed)
    }
}

async fn create(transaction: &Transaction, new: &NewUser) -> Result<NewAccount, Failure> {
    if !claim(transaction, &new.user).await? {
        return Ok(NewAccount::EmailTaken);
    }
    let person = Person::new(&new.user, new.password_hash.clone())?;
    transaction.insert(USERS, &[person]).await?;
    if new.user.role == Role::Admin {
        use_up_code(transaction).await?;
    }
    follow(transaction, new).await
}

async fn promote(transaction: &Transaction, new: &NewUser) -> Result<NewAccount, Failure> {
    let known = transaction
        .find_one::<Person>(USERS, of(new.user.id))
        .await?;
    let known = known.map(|person| person.user()).transpose()?;
    let Some(guest) = known.filter(|known| known.role == Role::Guest) else {
        return Ok(NewAccount::NotAGuest);
    };
    if !claim(transaction, &new.user).await? {
        return Ok(NewAccount::EmailTaken);
    }
    save(transaction, &guest, &new.user, new.password_hash.clone()).await?;
    // Whoever had the guest's tokens has not the account's.
    sessions::end_all(transaction, new.user.id, None).await?;
    follow(transaction, new).await
}

async fn set_up(
    transaction: &Transaction,
    code_hash: [u8; 32],
    new: &NewUser,
) -> Result<NewAccount, Failure> {
    let code = doc! { "_id": CODE, "hash": binary(code_hash) };
    let code = transaction.find_one::<Document>(SETUP, code).await?;
    let admin = transaction.find_one::<Document>(USERS, admins()).await?;
    if code.is_none() || admin.is_some() {
        return Ok(NewAccount::SetupCodeWrong);
    }
    let account = create(transaction, new).await?;
    if account == NewAccount::Done {
        use_up_code(transaction).await?;
    }
    Ok(account)
}

/// What follows from a new account: its session, its events.
async fn follow(transaction: &Transaction, new: &NewUser) -> Result<NewAccount, Failure> {
    if let Some(session) = &new.session {
        sessions::begin(transaction, session).await?;
    }
    outbox::state(transaction, &new.events).await?;
    Ok(NewAccount::Done)
}
