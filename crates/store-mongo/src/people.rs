//! People as they are kept, and their addresses. Whoever writes a person writes what hangs on them, in one transaction.

use std::sync::Arc;

use futures::FutureExt as _;
use mongodb::bson::{Document, Uuid as BsonUuid, doc};
use mongodb::options::FindOptions;
use serde::{Deserialize, Serialize};
use souk_domain::UserId;
use souk_domain::user::{Email, Role, User};

use crate::ask::{Answer, Known};
use crate::failure::Failure;
use crate::jobs::among;
use crate::records;
use crate::single::document;
use crate::store::Inner;
use crate::transaction::{Transaction, Update};

/// People, by id.
pub(crate) const USERS: &str = "users";
/// Addresses of accounts: `{_id: the address in lower case, user_id}`.
pub(crate) const EMAILS: &str = "emails";
/// The set-up code, while there is one.
pub(crate) const SETUP: &str = "setup_code";
/// Its id.
pub(crate) const CODE: i64 = 1;

/// A person as they are kept.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Person {
    #[serde(rename = "_id")]
    pub(crate) id: BsonUuid,
    /// Of those who work here alone: they are few, and found by it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) role: Option<i64>,
    /// Their address in lower case, while they are a guest: orders are looked for by it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) guest_key: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) password_hash: Option<String>,
    pub(crate) body: String,
}

/// Whose an address is.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Address {
    #[serde(rename = "_id")]
    pub(crate) key: String,
    pub(crate) user_id: BsonUuid,
}

impl Person {
    pub(crate) fn new(user: &User, password_hash: Option<String>) -> Result<Self, Failure> {
        Ok(Self {
            id: records::id(user.id.0),
            role: user.role.is_staff().then(|| records::role(user.role)),
            guest_key: user
                .email
                .as_ref()
                .filter(|_| user.role == Role::Guest)
                .map(Email::key),
            password_hash,
            body: serde_json::to_string(user)?,
        })
    }

    pub(crate) fn user(&self) -> Result<User, Failure> {
        Ok(serde_json::from_str(&self.body)?)
    }
}

impl Address {
    /// That of an account; none for guests.
    pub(crate) fn of(user: &User) -> Option<Self> {
        let email = user.email.as_ref().filter(|_| user.role != Role::Guest)?;
        Some(Self {
            key: email.key(),
            user_id: records::id(user.id.0),
        })
    }
}

/// Finds a person.
pub(crate) fn of(id: UserId) -> Document {
    doc! { "_id": records::id(id.0) }
}

/// These people.
pub(crate) fn known(inner: &Inner, ids: Vec<UserId>) -> Answer<'_, UserId, User> {
    async move {
        let asked = among(ids.iter().map(|user| user.0));
        let found: Vec<Person> = inner.find(USERS, asked).await?;
        let user = |person: Person| person.user().map(|user| (user.id, user));
        found.into_iter().map(user).collect()
    }
    .boxed()
}

/// Those who work here, by id.
pub(crate) fn staff(inner: &Inner, _: Vec<()>) -> Answer<'_, (), Arc<[User]>> {
    async {
        let by_id = FindOptions::builder().sort(doc! { "_id": 1 }).build();
        let filter = doc! { "role": { "$gte": records::role(Role::Staff) } };
        let found: Vec<Person> = inner.find_with(USERS, filter, by_id).await?;
        let staff: Vec<User> = found.iter().map(Person::user).collect::<Result<_, _>>()?;
        Ok(Known::from([((), staff.into())]))
    }
    .boxed()
}

/// Finds those who run the shop.
pub(crate) fn admins() -> Document {
    doc! { "role": records::role(Role::Admin) }
}

/// Gives an account its address; whether no other has it.
pub(crate) async fn claim(transaction: &Transaction, user: &User) -> Result<bool, Failure> {
    let Some(address) = Address::of(user) else {
        return Ok(true);
    };
    let known = transaction
        .find_one::<Address>(EMAILS, doc! { "_id": &address.key })
        .await?;
    if let Some(known) = known {
        return Ok(known.user_id == address.user_id);
    }
    match transaction.insert(EMAILS, &[address]).await {
        // Somebody was faster: the next attempt sees them.
        Err(failure) if failure.duplicate().is_some() => Err(Failure::Conflict),
        claimed => claimed.map(|()| true),
    }
}

/// Puts a person in the place of what they were.
pub(crate) async fn replace(transaction: &Transaction, person: &Person) -> Result<(), Failure> {
    let person = Update {
        filter: doc! { "_id": person.id },
        change: document(person)?,
        upsert: false,
    };
    transaction.update(USERS, vec![person]).await?;
    Ok(())
}

/// Writes a person who is there in their new form, with what hangs on it.
pub(crate) async fn save(
    transaction: &Transaction,
    before: &User,
    after: &User,
    password_hash: Option<String>,
) -> Result<(), Failure> {
    if !claim(transaction, after).await? {
        return Err(Failure::Refused("another account has this address"));
    }
    let (had, has) = (Address::of(before), Address::of(after));
    if let Some(had) = had.filter(|had| has.as_ref().is_none_or(|has| has.key != had.key)) {
        let theirs = doc! { "_id": had.key, "user_id": had.user_id };
        transaction.delete_each(EMAILS, vec![theirs]).await?;
    }
    if after.role == Role::Admin {
        use_up_code(transaction).await?;
    }
    replace(transaction, &Person::new(after, password_hash)?).await
}

/// Ends the set-up, if one is offered.
pub(crate) async fn use_up_code(transaction: &Transaction) -> Result<(), Failure> {
    transaction
        .delete_each(SETUP, vec![doc! { "_id": CODE }])
        .await?;
    Ok(())
}
