//! Tells a contact that its registration is on the waiting list, or has a place: once each.

use super::addressee::{Addressee, Transport};
use super::budget::{Charges, NotCharged};
use super::message_attempt::{MessageSender, Outcome};
use super::opt_in::{Attempt, Permission};
use super::sms_limits::SmsPurpose;
use super::{NotificationSender, digest, parse_webhook_url};
use crate::domain::contact_id::ContactId;
use crate::domain::registration::RegistrationKey;
use crate::domain::seat::{Seat, SeatNews, Standing};
use crate::domain::seat_tag::SeatTag;
use crate::domain::timestamp::Timestamp;
use crate::domain::worker_id;
use crate::formats::cloud_event;
use crate::ports::{
    Claimed, LastAttempt, Mail, SendError, Sms, Unavailable, WatermarkClaim, WatermarkKey, WatermarkRecipient,
    WebhookCall,
};

/// The right to tell a party that its seat has one standing.
struct Claim {
    tag: SeatTag,
    watermark: WatermarkClaim,
    /// Whether the party was told before.
    is_told: bool,
    /// Whether an earlier attempt may have told the party.
    is_in_doubt: bool,
}

/// What the party was told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Told {
    Now,
    /// It was told before, or there is nothing to tell.
    Nothing,
}

impl MessageSender<'_> {
    /// Tells the contact of a registration what its seat is now, unless it was told before.
    pub(super) async fn send_seat_news(
        &self,
        registration: &RegistrationKey,
        attempt: Attempt,
    ) -> Result<Outcome, SendError> {
        let Some(attendee) = self.attendee(registration).await? else { return Ok(Outcome::Finished) };
        let stored = self.digests.events.stored(&attendee.event).await?;
        if stored.details().is_some_and(|details| !details.takes_place(attempt.now)) {
            return Ok(Outcome::Finished);
        }
        let Some(to) = self.sender.addressee(&attendee) else { return Ok(Outcome::Finished) };
        match self.sender.permission_for_seat_news(&to, attempt).await? {
            Permission::Granted => {}
            Permission::Denied => return Ok(Outcome::Finished),
            Permission::RequestDeferred => return Ok(Outcome::not_asked_yet(attempt)),
        }
        let Some(seat) = self.seat(&to).await? else { return Ok(Outcome::Finished) };
        let told = self.tell(&to, &seat, attempt.now).await;
        Ok(told.unwrap_or_else(Outcome::of_watermarked_failure))
    }

    /// Whoever tells a party anything about its seat has the claim of the standing `Waiting`. So nobody tells the party that it
    /// waits after somebody else has told it that it has a place.
    async fn tell(&self, to: &Addressee<'_>, seat: &Seat, now: Timestamp) -> Result<Outcome, SendError> {
        let Some(waiting) = self.claim(seat, Standing::Waiting, now).await? else { return Ok(being_told()) };
        // It may have changed since.
        let current = match self.seat(to).await {
            Ok(Some(seat)) if seat.is_waiting() => self.position(&seat).await.map(Some),
            Ok(Some(_)) => Ok(Some(SeatNews::Confirmed)),
            Ok(None) => Ok(None),
            Err(unavailable) => Err(unavailable),
        };
        let news = match current {
            Ok(Some(news)) => news,
            Ok(None) => return self.settle(&waiting, Ok(Told::Nothing), now).await,
            Err(unavailable) => return self.settle(&waiting, Err(SendError::NotSent(unavailable)), now).await,
        };
        if news.standing() == Standing::Waiting {
            let sent = self.send_once(to, news, &waiting, now).await;
            return self.settle(&waiting, sent, now).await;
        }
        let outcome = match self.claim(seat, Standing::Confirmed, now).await {
            Ok(Some(place)) => {
                let sent = self.send_once(to, news, &place, now).await;
                self.settle(&place, sent, now).await
            }
            Ok(None) => Ok(being_told()),
            Err(unavailable) => Err(unavailable.into()),
        };
        self.settle(&waiting, Ok(Told::Nothing), now).await?;
        outcome
    }

    /// Returns the seat of a registration as stored now. `None` if it has none yet.
    async fn seat(&self, to: &Addressee<'_>) -> Result<Option<Seat>, Unavailable> {
        let seats = self.seats.seats(&[to.attendee.key()]).await?;
        Ok(seats.into_iter().flatten().find(|seat| seat.is_of(to.registration)))
    }

    async fn position(&self, seat: &Seat) -> Result<SeatNews, Unavailable> {
        Ok(SeatNews::Waiting { position: self.seats.waiting_before(seat).await?.saturating_add(1) })
    }

    /// Returns `None` if somebody else has the claim.
    async fn claim(&self, seat: &Seat, standing: Standing, now: Timestamp) -> Result<Option<Claim>, Unavailable> {
        let tag = SeatTag::of(seat, standing, &self.sender.contact_secret);
        let recipient = WatermarkRecipient::Seat(tag.clone());
        let key = WatermarkKey { event: seat.attendee.event.clone(), recipient };
        let ends_at = now.plus(self.digests.claim_duration);
        let watermark = WatermarkClaim { key, holder: worker_id::random(), ends_at };
        Ok(match self.digests.watermarks.claim(&watermark, now).await? {
            Claimed::Granted { told_until, is_in_doubt } => {
                Some(Claim { tag, watermark, is_told: told_until.is_some(), is_in_doubt })
            }
            Claimed::Held => None,
        })
    }

    async fn send_once(
        &self,
        to: &Addressee<'_>,
        news: SeatNews,
        claim: &Claim,
        now: Timestamp,
    ) -> Result<Told, SendError> {
        if claim.is_told {
            return Ok(Told::Nothing);
        }
        self.sender.tell_seat(to, news, claim, now).await.map(|()| Told::Now)
    }

    /// Stores whether the party was told, and gives the claim back.
    async fn settle(&self, claim: &Claim, told: Result<Told, SendError>, now: Timestamp) -> Result<Outcome, SendError> {
        let told_until = told.as_ref().map(|told| (*told == Told::Now).then_some(now));
        digest::settle(self.digests.watermarks, &claim.watermark, told_until, claim.is_in_doubt, now).await?;
        told.map(|told| match told {
            Told::Now => Outcome::Delivered,
            Told::Nothing => Outcome::Finished,
        })
    }
}

fn being_told() -> Outcome {
    Outcome::Deferred {
        last_attempt: LastAttempt::Resolved,
        reason: "another message about the seat is on its way to this contact".to_owned(),
    }
}

impl NotificationSender {
    /// Checks whether the contact may get messages about this registration. Nobody is asked for it, except a webhook: it answers at
    /// once, and the message with its opt-in request may come later.
    async fn permission_for_seat_news(&self, to: &Addressee<'_>, attempt: Attempt) -> Result<Permission, SendError> {
        if matches!(to.transport, Transport::Webhook(..)) {
            return self.check_or_request_opt_in(to, attempt).await;
        }
        let id = ContactId::of(to.contact, &self.contact_secret);
        let opt_in = self.contacts.opt_in(&id).await?;
        Ok(Permission::of(opt_in.is_some_and(|opt_in| opt_in.permits(to.registration))))
    }

    async fn tell_seat(
        &self,
        to: &Addressee<'_>,
        news: SeatNews,
        claim: &Claim,
        now: Timestamp,
    ) -> Result<(), SendError> {
        let charges = match self.charge_seat_news(to, claim.is_in_doubt, now).await {
            Ok(charges) => charges,
            Err(NotCharged::Unavailable(unavailable)) => return Err(SendError::NotSent(unavailable)),
            Err(NotCharged::LimitReached(limit)) => {
                self.record_suppressed(limit);
                return Err(SendError::LimitReached(limit));
            }
        };
        let sent = self.call_with_seat_news(to, news, claim.tag.message_id().to_owned(), now).await;
        if matches!(sent, Err(SendError::NotSent(_) | SendError::Rejected(_))) {
            charges.refund().await;
        }
        sent
    }

    /// Counts a message in the budgets that apply to it. A webhook has none: it is a program. If the mailbox may have got this
    /// message before, it was counted then.
    async fn charge_seat_news(
        &self,
        &Addressee { contact, transport, .. }: &Addressee<'_>,
        is_in_doubt: bool,
        now: Timestamp,
    ) -> Result<Charges<'_>, NotCharged> {
        let mut charges = Charges::new(&*self.budgets);
        let mut charged = match transport {
            Transport::Webhook(..) => return Ok(charges),
            Transport::Sms(_, sms, _) => sms.charge(SmsPurpose::DirectMessage, &mut charges, now).await,
            Transport::Email(..) => Ok(()),
        };
        if charged.is_ok() && !is_in_doubt {
            let mailbox = ContactId::of_mailbox(contact, &self.contact_secret);
            charged = self.limits.charge_seat_news(&mailbox, &mut charges, now).await;
        }
        charges.if_all(charged).await
    }

    async fn call_with_seat_news(
        &self,
        &Addressee { attendee, contact, transport, .. }: &Addressee<'_>,
        news: SeatNews,
        id: String,
        now: Timestamp,
    ) -> Result<(), SendError> {
        let ended = || SendError::Rejected("the recipient's registration has ended".to_owned());
        let link = self.links.manage(attendee).ok_or_else(ended)?;
        let contact = ContactId::of(contact, &self.contact_secret);
        match transport {
            Transport::Email(mailer, to) => {
                let email = self.texts.seat_email(&attendee.title, attendee.name.as_str(), news, link.as_str());
                let unsubscribe = Some(self.links.opt_in(&contact));
                let (to, subject, body) = (to.to_owned(), email.subject, email.body);
                mailer.send(&Mail { id, contact, to, subject, body, unsubscribe }).await
            }
            Transport::Webhook(caller, to) => {
                let (source, text) = (self.links.event(&attendee.event), self.texts.seat_line(&attendee.title, news));
                let body = cloud_event::seat(&id, &source, attendee, news, &text, &link, now).to_string();
                caller.call(&WebhookCall { id, contact, to: parse_webhook_url(to)?, body }).await
            }
            Transport::Sms(sms_sender, _, to) => {
                let body = self.texts.seat_sms(&attendee.title, news, link.as_str());
                sms_sender.send(&Sms { to: to.to_owned(), body }).await
            }
        }
    }
}
