//! The limits on messages, and how much of each is used.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;

use crate::domain::timestamp::Timestamp;
use crate::http::App;
use crate::http::bodies::{LimitsBody, TextsBody, UsageBody};
use crate::http::problem::Problem;
use crate::http::routes::organiser::Organiser;
use crate::notify::Usage;
use crate::ports::Unavailable;

impl From<Usage> for UsageBody {
    fn from(Usage { spent, limit }: Usage) -> Self {
        Self { spent, limit }
    }
}

/// Shows the limits on messages, and how much of each is used.
#[utoipa::path(
    get, path = "/organiser/limits", operation_id = "showLimits", tag = "organiser", security(("organiser" = [])),
    responses(
        (status = 200, body = LimitsBody),
        (status = "4XX", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub async fn show(State(app): State<Arc<App>>, _organiser: Organiser) -> Result<Json<LimitsBody>, Problem> {
    Ok(Json(read_limits(&app).await?))
}

pub async fn read_limits(app: &App) -> Result<LimitsBody, Unavailable> {
    let Some(limits) = &app.limits else { return Ok(LimitsBody { opt_ins: None, texts: None }) };
    let (now, budgets) = (Timestamp::now(), &*app.backend.budgets);
    let texts = match &limits.sms {
        None => None,
        Some(sms) => {
            let usage = sms.usage(budgets, now).await?;
            Some(TextsBody {
                usage: usage.all.into(),
                answers: usage.answers.into(),
                countries: sms.countries.codes(),
                hours: sms.hours.to_string(),
            })
        }
    };
    Ok(LimitsBody { opt_ins: Some(limits.opt_in_usage(budgets, now).await?.into()), texts })
}
