//! The function that serves the Alexa skill.

use serde_json::Value;

use super::{optional_setting, required_setting};
use crate::adapters::aws::config;
use crate::adapters::dynamodb::EventsTable;
use crate::adapters::secrets_manager as secrets;
use crate::adapters::sqs::Sqs;
use crate::alexa::{InvalidRequest, Response, Skill};
use crate::domain::secret::Secret;
use crate::domain::timestamp::Timestamp;

pub struct AlexaSkill {
    skill_id: String,
    queue: Sqs,
    table: EventsTable,
    user_secret: Secret,
}

impl AlexaSkill {
    pub async fn from_environment() -> anyhow::Result<Self> {
        let config = config::load_for_function()?;
        Ok(Self {
            // Without a skill id every request is refused.
            skill_id: optional_setting("COUNTMEIN_ALEXA_SKILL_ID").unwrap_or_default(),
            queue: Sqs::new(&config, required_setting("COUNTMEIN_QUEUE_URL")?),
            table: EventsTable::new(&config, required_setting("COUNTMEIN_TABLE")?),
            user_secret: secrets::read_current(&config, &required_setting("COUNTMEIN_CONTACT_SECRET")?).await?,
        })
    }

    /// Answers a request of the skill.
    ///
    /// # Errors
    /// Returns an error if the request does not come from the skill.
    pub async fn handle(&self, request: &Value) -> Result<Response, InvalidRequest> {
        let skill = Skill {
            skill_id: &self.skill_id,
            queue: &self.queue,
            roster: &self.table,
            seats: &self.table,
            events: &self.table,
            households: &self.table,
            user_secret: &self.user_secret,
        };
        skill.answer(request.to_string().as_bytes(), Timestamp::now()).await
    }
}
