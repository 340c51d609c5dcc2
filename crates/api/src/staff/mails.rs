//! The mails of a folder, where mails go to one. Where they go by SMTP there is nothing to see.

use axum::extract::State;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use souk_app::Actor;
use souk_app::ports::Mailbox;
use souk_app::ports::mailer::KeptMail;
use souk_domain::user::Role;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::extract::{Id, Json, Query, Staff, checked_limit};
use crate::problem::{Code, Problem};
use crate::state::ApiState;

/// A mail, from its headers.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MailSummary {
    /// Which.
    id: String,
    /// To whom.
    to: String,
    /// What it is about.
    subject: String,
    /// When it was caused.
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// The order that it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    order_id: Option<Uuid>,
}

impl From<KeptMail> for MailSummary {
    fn from(mail: KeptMail) -> Self {
        Self {
            id: mail.id,
            to: mail.to,
            subject: mail.subject,
            at: mail.at,
            order_id: mail.order_id.map(|id| id.0),
        }
    }
}

/// A mail with its text.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Mail {
    /// Which.
    id: String,
    /// To whom.
    to: String,
    /// What it is about.
    subject: String,
    /// When it was caused.
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// The order that it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    order_id: Option<Uuid>,
    /// The HTML part, a whole page.
    html: String,
    /// The plain text part.
    text: String,
}

/// A part of a list of mails.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MailList {
    /// The newest first.
    items: Vec<MailSummary>,
    /// Give this back as `cursor` for the next ones; null at the end.
    #[schema(required)]
    next_cursor: Option<String>,
}

/// Which part of the list.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct MailParams {
    /// How many: 1 to 100, 24 unless said.
    #[param(minimum = 1, maximum = 100, default = 24)]
    limit: Option<i64>,
    /// Where the part before ended: its `nextCursor`.
    cursor: Option<String>,
}

/// Mails that are not about an order hold links that sign people in, admins among them: they are for admins.
fn may_open(actor: &Actor, mail: &KeptMail) -> bool {
    mail.order_id.is_some() || actor.role() == Role::Admin
}

fn mailbox(state: &ApiState) -> Result<&dyn Mailbox, Problem> {
    state
        .app()
        .mailer
        .mailbox()
        .ok_or_else(|| Problem::new(Code::NotFound))
}

/// The mails that went out, the newest first; where they go to a folder.
#[utoipa::path(
    get, path = "/admin/mails", tag = "staff", params(MailParams),
    security(("bearer" = ["staff"])),
    responses(
        (status = 200, description = "A part of them", body = MailList),
        (status = 400, description = "`bad_cursor`"),
        (status = 404, description = "`not_found`: mails go by SMTP"),
    )
)]
pub(crate) async fn list_mails(
    State(state): State<ApiState>,
    Staff(actor): Staff,
    Query(params): Query<MailParams>,
) -> Result<Json<MailList>, Problem> {
    let limit = checked_limit(params.limit)? as usize;
    // One more than asked for tells whether this is the end; the folder gives at most 100.
    let mut mails = mailbox(&state)?
        .list(params.cursor.as_deref(), (limit + 1).min(100))
        .await?;
    let more = mails.len() > limit || (limit == 100 && mails.len() == 100);
    mails.truncate(limit);
    let next_cursor = mails.last().filter(|_| more).map(|mail| mail.id.clone());
    Ok(Json(MailList {
        items: mails
            .into_iter()
            .filter(|mail| may_open(&actor, mail))
            .map(MailSummary::from)
            .collect(),
        next_cursor,
    }))
}

/// One mail with its text; where mails go to a folder.
#[utoipa::path(
    get, path = "/admin/mails/{id}", tag = "staff",
    params(("id" = String, Path, description = "Which mail")),
    security(("bearer" = ["staff"])),
    responses(
        (status = 200, description = "The mail", body = Mail),
        (status = 403, description = "`forbidden`: mails with links that sign people in are for admins"),
    )
)]
pub(crate) async fn get_mail(
    State(state): State<ApiState>,
    Staff(actor): Staff,
    Id(id): Id<String>,
) -> Result<Json<Mail>, Problem> {
    let opened = mailbox(&state)?.open(&id).await?;
    let (mail, text) = opened.ok_or_else(|| Problem::new(Code::NotFound))?;
    if !may_open(&actor, &mail) {
        return Err(Problem::new(Code::Forbidden));
    }
    Ok(Json(Mail {
        id: mail.id,
        to: mail.to,
        subject: mail.subject,
        at: mail.at,
        order_id: mail.order_id.map(|id| id.0),
        html: text.html,
        text: text.text,
    }))
}
