//! What holds messages back that nobody asked for, or that cost more than somebody wants to spend.

use std::time::Duration;

use super::SmsGuard;
use crate::domain::limit::Limit;
use crate::domain::timestamp::Timestamp;
use crate::ports::{Budgets, Unavailable};

const HOUR: Duration = Duration::from_secs(60 * 60);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// How often somebody can have their own link sent again in a day, whoever asks for it.
const LINKS_A_DAY: u64 = 3;

/// What a text is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TextFor {
    News,
    /// A question or a link again. Anybody can set those off, so half of a day's texts is for news alone.
    Answer,
}

/// What is taken of a budget.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Take {
    /// It is looked at.
    Nothing,
    One,
}

/// A home's guards.
#[derive(Debug, Clone)]
pub struct Guards {
    /// How many owners of addresses may be asked in an hour, whoever signs up with which.
    pub confirmations_an_hour: u64,
    /// Without it no text messages go out.
    pub sms: Option<SmsGuard>,
}

/// How much of a budget is spent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spent {
    pub spent: u64,
    pub limit: u64,
}

impl Spent {
    pub fn is_all(self) -> bool {
        self.spent >= self.limit
    }
}

/// A budget for one hour or one day, of which the next one has another name.
struct Budget {
    name: String,
    limit: u64,
    ends_at: Timestamp,
}

impl Budget {
    async fn spend(self, budgets: &dyn Budgets) -> Result<bool, Unavailable> {
        budgets.spend(&self.name, self.limit, self.ends_at).await
    }

    async fn look(self, budgets: &dyn Budgets) -> Result<Spent, Unavailable> {
        Ok(Spent { spent: budgets.spent(&self.name).await?, limit: self.limit })
    }

    async fn admits(self, take: Take, budgets: &dyn Budgets) -> Result<bool, Unavailable> {
        match take {
            Take::Nothing => Ok(!self.look(budgets).await?.is_all()),
            Take::One => self.spend(budgets).await,
        }
    }
}

impl Guards {
    fn confirmations(&self, now: Timestamp) -> Budget {
        let name = format!("confirmations {}", now.as_seconds() / 3_600);
        Budget { name, limit: self.confirmations_an_hour, ends_at: now.plus(HOUR) }
    }

    /// Takes one of this hour's questions.
    pub async fn may_ask(&self, budgets: &dyn Budgets, now: Timestamp) -> Result<bool, Unavailable> {
        self.confirmations(now).spend(budgets).await
    }

    /// Opt-in requests sent in this hour.
    pub async fn opt_ins(&self, budgets: &dyn Budgets, now: Timestamp) -> Result<Spent, Unavailable> {
        self.confirmations(now).look(budgets).await
    }

    /// Text messages of this day, in UTC, and answers among them; none where none are sent.
    pub async fn texts(
        &self,
        budgets: &dyn Budgets,
        now: Timestamp,
    ) -> Result<Option<(&SmsGuard, Spent, Spent)>, Unavailable> {
        let Some(sms) = &self.sms else { return Ok(None) };
        let (texts, answers) = (sms.texts(now).look(budgets), sms.answers(now).look(budgets));
        Ok(Some((sms, texts.await?, answers.await?)))
    }

    /// Takes one of this day's for somebody, known by `contact`.
    pub async fn may_send_link(
        &self,
        contact: &str,
        budgets: &dyn Budgets,
        now: Timestamp,
    ) -> Result<bool, Unavailable> {
        let name = format!("links {contact} {}", now.date());
        Budget { name, limit: LINKS_A_DAY, ends_at: now.plus(DAY) }.spend(budgets).await
    }
}

impl SmsGuard {
    fn texts(&self, now: Timestamp) -> Budget {
        Budget { name: format!("sms {}", now.date()), limit: self.a_day, ends_at: now.plus(DAY) }
    }

    fn answers(&self, now: Timestamp) -> Budget {
        Budget { name: format!("sms answers {}", now.date()), limit: self.a_day.div_ceil(2), ends_at: now.plus(DAY) }
    }

    /// Whether a text may go, and its part of the budgets if `take` says so; else which guard holds it back.
    pub async fn admit(
        &self,
        text: TextFor,
        take: Take,
        budgets: &dyn Budgets,
        now: Timestamp,
    ) -> Result<Result<(), Limit>, Unavailable> {
        if !self.daytime.is_at(now) {
            return Ok(Err(Limit::SmsHours));
        }
        if text == TextFor::Answer && !self.answers(now).admits(take, budgets).await? {
            return Ok(Err(Limit::SmsAnswersPerDay));
        }
        Ok(if self.texts(now).admits(take, budgets).await? { Ok(()) } else { Err(Limit::SmsPerDay) })
    }
}
