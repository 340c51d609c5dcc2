//! `souk user`

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Subcommand;
use souk_app::accounts::{self, AccountError, NewUserRequest, RegisterRequest};
use souk_domain::Locale;
use souk_domain::user::Role;

use crate::config::EngineOptions;
use crate::wire::Tool;

/// Keeps accounts.
#[derive(Debug, Subcommand)]
pub enum User {
    /// Make an account, beside a running server or before its first start.
    Create {
        /// E-mail address to sign in with.
        #[arg(long)]
        email: String,
        /// File with the password (its last line break is not part of it); `-` reads standard input.
        #[arg(long, value_name = "FILE")]
        password_file: PathBuf,
        /// What they may do: customer, staff or admin.
        #[arg(long)]
        role: Role,
        /// What they are called [default: what stands before the @].
        #[arg(long)]
        name: Option<String>,
        /// The language of their mails: ar or en.
        #[arg(long, default_value = "en")]
        locale: Locale,
    },
}

impl User {
    pub(super) fn run(self, engines: &EngineOptions) -> anyhow::Result<ExitCode> {
        let Self::Create {
            email,
            password_file,
            role,
            name,
            locale,
        } = self;
        anyhow::ensure!(
            role != Role::Guest,
            "a guest has no account: --role is customer, staff or admin"
        );
        let password = if password_file.as_os_str() == "-" {
            std::io::read_to_string(std::io::stdin())
        } else {
            std::fs::read_to_string(&password_file)
        };
        let password = password.with_context(|| {
            format!("the password in {} cannot be read", password_file.display())
        })?;
        let password = password.strip_suffix('\n').unwrap_or(&password);
        let password = password.strip_suffix('\r').unwrap_or(password).to_owned();
        let name = name.unwrap_or_else(|| email.split('@').next().unwrap_or_default().to_owned());
        super::block_on(async {
            let tool = Tool::open(engines).await?;
            let account = RegisterRequest {
                email,
                password,
                name,
                locale: Some(locale),
            };
            let request = NewUserRequest {
                account,
                role,
                email_verified: true,
            };
            let made = accounts::create_user(&tool.app, request).await;
            drop(tool);
            match made {
                Ok(user) => {
                    super::say(&format!("{} {}", user.role.as_str(), user.id));
                    Ok(ExitCode::SUCCESS)
                }
                Err(AccountError::Fields(faults)) => {
                    let faults: Vec<_> = faults
                        .iter()
                        .map(|fault| format!("{} {}", fault.path, fault.must))
                        .collect();
                    anyhow::bail!("{}", faults.join("; "))
                }
                Err(other) => Err(other.into()),
            }
        })
    }
}
