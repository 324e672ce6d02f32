use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::header::{AUTHORIZATION, USER_AGENT};
use axum::http::request::Parts;
use domain::application::Application;
use domain::{Account, AccountState, Place, Session, SessionPurpose, TokenHash};
use store::{applicants, sessions};

use crate::{ApiError, CookieName, ErrorCode, Service, cookie, subject};

/// Who makes the request: the account of the session whose token it carries, as the account is now.
///
/// Whose data a request may touch comes from here and never from the request's own words. It is a person: a session begun with
/// a machine's credential opens only what takes a [`Sender`].
#[derive(Debug, Clone)]
pub struct Caller {
    /// The account.
    pub account: Account,
    /// The session.
    pub session: Session,
    /// The digest the session is stored under.
    pub token: TokenHash,
}

/// Who sends data and asks what became of it: a person, or a front-end machine with a credential of its own. Whoever steals that
/// credential from a machine nobody watches can do no more than these routes.
#[derive(Debug, Clone)]
pub struct Sender(pub Caller);

/// A caller whose initial password may not have been changed yet: for the routes of the session itself. Every other route
/// takes a [`Caller`], so that nothing can be done with an initial password but to change it.
#[derive(Debug, Clone)]
pub struct Newcomer(pub Caller);

impl FromRequestParts<Service> for Newcomer {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, service: &Service) -> Result<Self, ApiError> {
        let token = token(parts, CookieName::Session)?.ok_or(ErrorCode::NotSignedIn)?;
        let now = service.clock.now();
        let (session, account) = sessions::resume(&service.store, &token, now)
            .await?
            .filter(|(_, account)| account.state != AccountState::Disabled)
            .ok_or(ErrorCode::NotSignedIn)?;
        subject::by_account(&account.id);
        Ok(Self(Caller {
            account,
            session,
            token,
        }))
    }
}

impl FromRequestParts<Service> for Caller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, service: &Service) -> Result<Self, ApiError> {
        let Sender(caller) = Sender::from_request_parts(parts, service).await?;
        if caller.session.machine.is_some() {
            return Err(ErrorCode::NotForMachines.into());
        }
        Ok(caller)
    }
}

impl FromRequestParts<Service> for Sender {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, service: &Service) -> Result<Self, ApiError> {
        let Newcomer(caller) = Newcomer::from_request_parts(parts, service).await?;
        if caller.account.state == AccountState::MustChangePassword {
            return Err(ErrorCode::MustChangePassword.into());
        }
        if caller.session.purpose == SessionPurpose::ChoosePassword {
            return Err(ErrorCode::PasswordTooOld.into());
        }
        Ok(Self(caller))
    }
}

/// Who fills in an application: the one a code by SMS opened. Its token opens no route of accounts, and theirs none of it.
#[derive(Debug, Clone)]
pub struct Applicant {
    /// The application as it is now.
    pub application: Application,
    /// The digest the session is stored under.
    pub token: TokenHash,
}

impl FromRequestParts<Service> for Applicant {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, service: &Service) -> Result<Self, ApiError> {
        let token = token(parts, CookieName::Applicant)?.ok_or(ErrorCode::NotIdentified)?;
        let now = service.clock.now();
        let (_, application) = applicants::resume(&service.store, &token, now)
            .await?
            .ok_or(ErrorCode::NotIdentified)?;
        subject::by_applicant(&application.id);
        Ok(Self { application, token })
    }
}

/// The token of a program, as bearer, or else that of a browser, as cookie.
fn token(parts: &Parts, name: CookieName) -> Result<Option<TokenHash>, ApiError> {
    let Some(value) = parts.headers.get(AUTHORIZATION) else {
        return cookie::token(parts, name);
    };
    let bearer = value.to_str().ok().and_then(|value| value.split_once(' '));
    Ok(bearer
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .map(|(_, token)| TokenHash::of(token.trim())))
}

/// The address the request comes from, as the platform saw it. What the client says about itself
/// (`X-Forwarded-For`) does not count, or whoever guesses passwords would choose another for each guess.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClientAddress(pub Option<IpAddr>);

impl ClientAddress {
    /// As text; all requests without an address are one.
    pub fn text(self) -> String {
        self.0
            .map_or_else(String::new, |address| address.to_string())
    }
}

impl<S: Sync> FromRequestParts<S> for ClientAddress {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Infallible> {
        let given = parts.extensions.get::<Self>().copied();
        let connected = || {
            let connection = parts.extensions.get::<ConnectInfo<SocketAddr>>();
            Self(connection.map(|connection| connection.0.ip()))
        };
        Ok(given.unwrap_or_else(connected))
    }
}

/// Where a session begins, for its owner to know it again.
#[derive(Debug, Clone)]
pub struct ClientPlace(pub Place);

impl<S: Sync> FromRequestParts<S> for ClientPlace {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Infallible> {
        let address = ClientAddress::from_request_parts(parts, state).await?.0;
        let named = parts.headers.get(USER_AGENT);
        let client = named.and_then(|name| name.to_str().ok());
        let client = client.map(|name| name.chars().take(Place::CLIENT_LETTERS).collect());
        Ok(Self(Place {
            address: address.map(|address| address.to_string()),
            client,
        }))
    }
}
