//! What holds messages back that nobody asked for, or that cost more than somebody wants to spend.

use std::sync::Arc;
use std::time::Duration;

use super::SmsGuard;
use crate::ports::{Budgets, Unavailable};
use crate::timestamp::Timestamp;

const HOUR: Duration = Duration::from_secs(60 * 60);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// How often somebody can have their own link sent again in a day, whoever asks for it.
const LINKS_A_DAY: u64 = 3;

/// Which guard held something back, as logs and metrics name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Guard {
    /// So many owners of addresses were asked in this hour.
    Confirmations,
    /// The phone's calling code is not listed.
    CallingCodes,
    /// It is night where texts go to.
    Daytime,
    /// So many texts went out on this day.
    SmsADay,
    /// Half of this day's texts were [`TextFor::Answer`].
    SmsAnswers,
    /// The same link was sent again so often on this day.
    LinksADay,
}

impl Guard {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Confirmations => "confirmations",
            Self::CallingCodes => "calling_codes",
            Self::Daytime => "daytime",
            Self::SmsADay => "sms_a_day",
            Self::SmsAnswers => "sms_answers",
            Self::LinksADay => "links_a_day",
        }
    }
}

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

/// The guards, and what is spent of them, for whoever looks after a home.
pub struct GuardWatch {
    pub guards: Guards,
    pub budgets: Arc<dyn Budgets>,
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

impl GuardWatch {
    /// Owners asked in this hour.
    pub async fn asked(&self, now: Timestamp) -> Result<Spent, Unavailable> {
        self.guards.confirmations(now).look(&*self.budgets).await
    }

    /// Texts of this day, in UTC, and answers among them; none where none go out.
    pub async fn texted(&self, now: Timestamp) -> Result<Option<(&SmsGuard, Spent, Spent)>, Unavailable> {
        let Some(sms) = &self.guards.sms else { return Ok(None) };
        let (texts, answers) = (sms.texts(now).look(&*self.budgets), sms.answers(now).look(&*self.budgets));
        Ok(Some((sms, texts.await?, answers.await?)))
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
    ) -> Result<Result<(), Guard>, Unavailable> {
        if !self.daytime.is_at(now) {
            return Ok(Err(Guard::Daytime));
        }
        if text == TextFor::Answer && !self.answers(now).admits(take, budgets).await? {
            return Ok(Err(Guard::SmsAnswers));
        }
        Ok(if self.texts(now).admits(take, budgets).await? { Ok(()) } else { Err(Guard::SmsADay) })
    }
}
