//! What is true of the address of a registration: whether messages about it are sent there.

use crate::domain::contact::Contact;
use crate::domain::contact_id::ContactId;
use crate::domain::registration::Registration;
use crate::http::App;
use crate::http::opt_in_bodies::ContactAgreement;
use crate::ports::Unavailable;

/// What is true of the address of a registration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AddressState {
    /// There is none.
    None,
    /// This server cannot send messages of this kind.
    NoSender,
    /// Its owner has not agreed to messages about this registration.
    Unconfirmed,
    On,
    Off,
}

pub async fn address_state(app: &App, registration: &Registration) -> Result<AddressState, Unavailable> {
    let can_send = match &registration.contact {
        None => return Ok(AddressState::None),
        Some(Contact::Email(_)) => app.delivery.email,
        Some(Contact::Sms(_)) => app.delivery.sms,
        Some(Contact::Webhook(_)) => app.delivery.webhooks,
    };
    if !can_send {
        return Ok(AddressState::NoSender);
    }
    if !registration.notify {
        return Ok(AddressState::Off);
    }
    Ok(match agreement(app, registration).await? {
        Some(ContactAgreement::Given) => AddressState::On,
        Some(ContactAgreement::Missing) | None => AddressState::Unconfirmed,
    })
}

/// Returns whether the owner of the registration's contact has agreed to notifications about it. `None` without a contact, or if
/// this server cannot know.
pub async fn agreement(app: &App, registration: &Registration) -> Result<Option<ContactAgreement>, Unavailable> {
    let Some(contact) = &registration.contact else { return Ok(None) };
    let Some(secret) = app.secrets.contact_secret().await? else { return Ok(None) };
    let opt_in = app.backend.contacts.opt_in(&ContactId::of(contact, &secret)).await?;
    let is_given = opt_in.is_some_and(|opt_in| opt_in.permits(registration));
    Ok(Some(if is_given { ContactAgreement::Given } else { ContactAgreement::Missing }))
}
