//! Signing in with a credential made for a front-end machine.

use domain::audit::Act;
use domain::machine::MachineLogin;
use domain::{Account, Place, Session, SessionToken};
use metrics::Metric;
use store::{machines, sessions};
use web::{ApiError, ClientAddress, ErrorCode, Service};

use crate::audit::note;

/// Begins a session that ends with the credential. The attempt has been counted already.
pub(crate) async fn sign_in(
    service: &Service,
    login: &MachineLogin,
    secret: &str,
    address: ClientAddress,
    place: Place,
) -> Result<(Account, SessionToken, Session), ApiError> {
    let (store, now) = (&service.store, service.clock.now());
    let Some((account, credential)) = machines::open(store, login, secret).await? else {
        note(service, None, Act::SignInRefused, address).await?;
        tracing::info!("sign-in of a machine refused");
        metrics::record(&[(Metric::SignInsRefused, 1)]);
        return Err(ErrorCode::WrongLogin.into());
    };
    note(service, Some(&account), Act::SignedIn, address).await?;
    let (token, session) =
        sessions::begin_for_machine(store, &account, &credential.id, place, now).await?;
    tracing::info!(account = %account.id, machine = %credential.id, "machine {} signed in", credential.id);
    Ok((account, token, session))
}
