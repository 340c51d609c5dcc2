//! New people: accounts, guests, the first admin.

use sha2::{Digest, Sha256};
use souk_domain::user::{Email, Role, User};
use souk_domain::{Event, EventId, EventRecord, Locale, UserId};

use super::sessions::{new_session, signed_in};
use super::{AccountError, Device, Fields, SignedIn, locale_or, quotas};
use crate::ports::store::{NewAccount, NewUser};
use crate::{Actor, App};

/// What somebody says who makes an account.
#[derive(Debug, Clone)]
pub struct RegisterRequest {
    /// Their address.
    pub email: String,
    /// Their password.
    pub password: String,
    /// What they are called.
    pub name: String,
    /// Their language, if they say.
    pub locale: Option<Locale>,
}

/// What somebody says who buys without an account.
#[derive(Debug, Clone, Default)]
pub struct GuestRequest {
    /// Where to send the receipt.
    pub email: Option<String>,
    /// What they are called.
    pub name: Option<String>,
    /// Their language, if they say.
    pub locale: Option<Locale>,
}

/// An account that the owner of the machine makes.
#[derive(Debug, Clone)]
pub struct NewUserRequest {
    /// The account.
    pub account: RegisterRequest,
    /// What they may do.
    pub role: Role,
    /// Whether the address counts as proved.
    pub email_verified: bool,
}

/// Makes an account. A guest who makes one keeps what is theirs: the guest becomes the account.
pub async fn register(
    app: &App,
    guest: Option<&Actor>,
    request: RegisterRequest,
    reading: Locale,
    device: &Device,
    trace: Option<String>,
) -> Result<SignedIn, AccountError> {
    quotas::take_from(app, app.options.quotas.sign_up_by_address, &device.address).await?;
    let guest = guest.filter(|actor| actor.role() == Role::Guest);
    let (email, name) = checked(&request)?;
    let user = User {
        id: guest.map_or_else(|| UserId(app.ids.uuid()), Actor::id),
        email: Some(email),
        email_verified: false,
        name,
        role: Role::Customer,
        locale: locale_or(request.locale, reading),
        created_at: guest.map_or_else(|| app.now(), |actor| actor.user.created_at),
    };
    let session = new_session(app, &user, device);
    let new = NewUser {
        password_hash: Some(app.passwords.hash(&request.password, &*app.ids).await?),
        session: Some(session.clone()),
        events: vec![verification_wanted(app, user.id, trace)],
        user: user.clone(),
    };
    let events = new.events.clone();
    let made = match guest {
        Some(_) => app.store.promote_guest(new).await?,
        None => app.store.create_user(new).await?,
    };
    done(made)?;
    app.relay.hand_over(events);
    if let Some(guest) = guest {
        super::guard::ended(app, guest.session).await;
    }
    Ok(signed_in(app, user, &session))
}

/// Lets somebody in without an account.
pub async fn create_guest(
    app: &App,
    request: GuestRequest,
    reading: Locale,
    device: &Device,
) -> Result<SignedIn, AccountError> {
    quotas::take_from(app, app.options.quotas.sign_up_by_address, &device.address).await?;
    let mut fields = Fields::default();
    let given = |text: Option<String>| text.filter(|text| !text.trim().is_empty());
    let email = given(request.email).and_then(|email| fields.email("email", &email));
    let name = given(request.name).and_then(|name| fields.name("name", &name));
    fields.done()?;
    let user = User {
        id: UserId(app.ids.uuid()),
        email,
        email_verified: false,
        name: name.unwrap_or_default(),
        role: Role::Guest,
        locale: locale_or(request.locale, reading),
        created_at: app.now(),
    };
    let session = new_session(app, &user, device);
    let new = NewUser {
        user: user.clone(),
        password_hash: None,
        session: Some(session.clone()),
        events: vec![],
    };
    done(app.store.create_user(new).await?)?;
    Ok(signed_in(app, user, &session))
}

/// Makes an account for the owner of the machine: no limits, no mail.
pub async fn create_user(app: &App, request: NewUserRequest) -> Result<User, AccountError> {
    let (email, name) = checked(&request.account)?;
    let user = User {
        id: UserId(app.ids.uuid()),
        email: Some(email),
        email_verified: request.email_verified,
        name,
        role: request.role,
        locale: request.account.locale.unwrap_or_default(),
        created_at: app.now(),
    };
    let password_hash = Some(
        app.passwords
            .hash(&request.account.password, &*app.ids)
            .await?,
    );
    done(
        app.store
            .create_user(NewUser {
                user: user.clone(),
                password_hash,
                session: None,
                events: vec![],
            })
            .await?,
    )?;
    Ok(user)
}

/// Makes the first admin, who knows the code that the server printed.
pub async fn set_up(
    app: &App,
    code: &str,
    request: RegisterRequest,
    reading: Locale,
    device: &Device,
) -> Result<SignedIn, AccountError> {
    quotas::take_from(app, app.options.quotas.recovery_by_address, &device.address).await?;
    if app.store.has_admin().await? {
        return Err(AccountError::AlreadySetUp);
    }
    let (email, name) = checked(&request)?;
    let user = User {
        id: UserId(app.ids.uuid()),
        email: Some(email),
        // Whoever reads the server's log owns the machine; their address needs no other proof.
        email_verified: true,
        name,
        role: Role::Admin,
        locale: locale_or(request.locale, reading),
        created_at: app.now(),
    };
    let session = new_session(app, &user, device);
    let new = NewUser {
        password_hash: Some(app.passwords.hash(&request.password, &*app.ids).await?),
        session: Some(session.clone()),
        events: vec![],
        user: user.clone(),
    };
    done(app.store.set_up(code_hash(code), new).await?)?;
    Ok(signed_in(app, user, &session))
}

/// Makes a set-up code for a shop that nobody runs yet; none when somebody does.
pub async fn offer_setup_code(app: &App) -> Result<Option<String>, AccountError> {
    let mut secret = [0; 8];
    app.ids.fill_secret(&mut secret);
    let code = secret.map(|byte| format!("{byte:02x}")).concat();
    let code = format!(
        "{}-{}-{}-{}",
        &code[..4],
        &code[4..8],
        &code[8..12],
        &code[12..]
    );
    let offered = app.store.offer_setup_code(code_hash(&code)).await?;
    Ok(offered.then_some(code))
}

fn code_hash(code: &str) -> [u8; 32] {
    Sha256::digest(code.trim().to_lowercase().as_bytes()).into()
}

/// The event that makes the verification mail go out.
pub(super) fn verification_wanted(
    app: &App,
    user_id: UserId,
    trace: Option<String>,
) -> EventRecord {
    EventRecord {
        id: EventId(app.ids.uuid()),
        event: Event::EmailVerificationRequested { user_id },
        at: app.now(),
        trace,
    }
}

fn checked(request: &RegisterRequest) -> Result<(Email, String), AccountError> {
    let mut fields = Fields::default();
    let email = fields.email("email", &request.email);
    fields.password("password", &request.password);
    let name = fields.name("name", &request.name);
    fields.done()?;
    email.zip(name).ok_or(AccountError::NotFound)
}

fn done(made: NewAccount) -> Result<(), AccountError> {
    match made {
        NewAccount::Done => Ok(()),
        NewAccount::EmailTaken => Err(AccountError::EmailTaken),
        NewAccount::NotAGuest => Err(AccountError::SessionExpired),
        NewAccount::SetupCodeWrong => Err(AccountError::SetupCodeWrong),
    }
}
